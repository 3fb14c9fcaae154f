package ecrlogin

import (
	"fmt"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/identity"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/jwt"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// serviceAccount returns the Kubernetes service account that a token (JWT) belongs to. It does not
// check the signature, which STS does: here the account only selects the cache entry.
func serviceAccount(serviceToken string) (identity.ServiceAccount, error) {
	unusable := func(reason string) (identity.ServiceAccount, error) {
		return identity.ServiceAccount{}, &Error{Kind: token.Refused, Message: "the service account token of the request is unusable: " + reason}
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
	if err := jwt.Decode(serviceToken, &claims); err != nil {
		return unusable(err.Error())
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
