package ecrlogin

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/identity"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// serviceAccount returns the Kubernetes service account that a token (JWT) belongs to. It does not
// check the signature, which STS does: here the account only selects the cache entry.
func serviceAccount(jwt string) (identity.ServiceAccount, error) {
	unusable := func(reason string) (identity.ServiceAccount, error) {
		return identity.ServiceAccount{}, &Error{Kind: token.Refused, Message: "the service account token of the request is unusable: " + reason}
	}
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return unusable("it is not a JSON Web Token")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return unusable("its payload is not base64")
	}
	var claims struct {
		Subject    string `json:"sub"`
		Kubernetes struct {
			Namespace      string `json:"namespace"`
			ServiceAccount struct {
				Name string `json:"name"`
				UID  string `json:"uid"`
			} `json:"serviceaccount"`
		} `json:"kubernetes.io"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return unusable("its payload is not JSON as Kubernetes writes it")
	}
	// A role's trust policy checks the subject, so the subject decides.
	name, ok := strings.CutPrefix(claims.Subject, "system:serviceaccount:")
	namespace, name, both := strings.Cut(name, ":")
	if !ok || !both || namespace == "" || name == "" || strings.Contains(name, ":") {
		return unusable(fmt.Sprintf("its subject %q is not a service account", claims.Subject))
	}
	k := claims.Kubernetes
	if k.Namespace != "" && k.Namespace != namespace || k.ServiceAccount.Name != "" && k.ServiceAccount.Name != name {
		return unusable("its subject and its kubernetes.io claim name different service accounts")
	}
	return identity.ServiceAccount{Namespace: namespace, Name: name, UID: k.ServiceAccount.UID}, nil
}
