package ecrlogin

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/identity"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// Annotations by which a Kubernetes service account names the IAM role that pulls its images. The first that is
// there counts.
const (
	PullRoleAnnotation = "eks.amazonaws.com/ecr-role-arn" // that of AWS's own provider (kubernetes/cloud-provider-aws)
	RoleAnnotation     = "eks.amazonaws.com/role-arn"     // that of EKS's IAM roles for service accounts
)

// ErrNoRole is in the chain of errors about a service account for which neither an annotation nor the settings
// name a role: its token alone opens nothing at AWS.
var ErrNoRole = errors.New("no IAM role")

// maxProvide bounds a Provide whatever the settings say: the kubelet kills its credential providers after a
// minute, and would then have no error to show.
const maxProvide = 30 * time.Second

// ImageRequest is what a kubelet tells its credential provider.
type ImageRequest struct {
	Image string // the image's name, with or without tag and digest

	// ServiceAccountToken is the token (JWT) of the service account of the pod that needs the image. Empty: the
	// node's own credentials are used.
	ServiceAccountToken string

	// Annotations are those of the service account that the kubelet was configured to pass. Only
	// PullRoleAnnotation and RoleAnnotation count.
	Annotations map[string]string
}

// ImageCredentials are what a kubelet gets.
type ImageCredentials struct {
	Credentials

	// Registry is the host that they open, port included, as the image spells it.
	Registry string

	// Fresh is how long nobody need ask again: until the cache's own refresh point, which lies before the end of
	// the token and of the session that fetched it. 0 when that has passed, or nothing may be kept.
	Fresh time.Duration
}

// Provide returns the credentials for the registry of an image. With a service account's token it asks as the role
// of that account (AssumeRoleWithWebIdentity) and as nobody else: neither the node's credentials nor a login
// stored for the host are used then, and two accounts never share a token.
//
// Errors are those of Get, and ErrNoRole. A fallback helper is not asked: a kubelet has other providers for other
// registries. A call takes no longer than Get's, and never longer than 30 s.
func (h *Helper) Provide(ctx context.Context, r ImageRequest) (ImageCredentials, error) {
	if h.settingsErr != nil {
		return ImageCredentials{}, h.settingsErr
	}
	limited := *h
	limited.settings.Timeout = min(h.settings.Timeout, maxProvide)
	return limited.provide(ctx, r)
}

func (h *Helper) provide(ctx context.Context, r ImageRequest) (ImageCredentials, error) {
	ctx, cancel := context.WithTimeout(ctx, h.settings.Timeout)
	defer cancel()
	host, _, named := strings.Cut(r.Image, "/")
	if !named { // "nginx" is short for an image of Docker Hub, whatever it looks like
		return ImageCredentials{}, notFound{fmt.Errorf("%w: the image %q names no registry", ErrNotECR, r.Image)}
	}
	m, err := h.settings.Match(host)
	if errors.Is(err, ErrNotECR) {
		return ImageCredentials{}, notFound{err}
	}
	if err != nil {
		return ImageCredentials{}, err
	}
	planner := h.planner()
	if r.ServiceAccountToken != "" {
		account, err := serviceAccount(r.ServiceAccountToken)
		if err != nil {
			return ImageCredentials{}, err
		}
		account.RoleARN = cmp.Or(r.Annotations[PullRoleAnnotation], r.Annotations[RoleAnnotation], m.WithProfile(h.options.Profile).RoleARN)
		planner.Account = &account
	}
	p, err := planner.For(host)
	if err != nil {
		return ImageCredentials{}, err
	}
	e, err := h.entry(ctx, p, planner.Account, r.ServiceAccountToken)
	if err != nil {
		return ImageCredentials{}, err
	}
	l, ok := plan.LoginOf(e.Value)
	if !ok {
		return ImageCredentials{}, &Error{Kind: token.UnusableAnswer, Message: "the cache returned something that is no login"}
	}
	if planner.Account == nil {
		h.disk.AddHost(p.Host) // list answers for the node's own principal
	}
	// Whole seconds: nobody needs less, and the answer is read by people too.
	fresh := min(e.Fetched.Add(e.Refresh).Sub(h.now()), e.Refresh).Truncate(time.Second)
	return ImageCredentials{Credentials: l, Registry: host, Fresh: max(fresh, 0)}, nil
}

// entry is what the cache keeps for the plan, or what AWS answers.
func (h *Helper) entry(ctx context.Context, p plan.Plan, account *identity.ServiceAccount, jwt string) (cache.Entry, error) {
	if p.Anonymous {
		return cache.Entry{}, notFound{errAnonymous}
	}
	r := request(p)
	if account == nil {
		if e, _, err := h.cache.Lookup(p.LoginKey); err == nil {
			return e, nil
		}
	} else {
		if account.RoleARN == "" {
			return cache.Entry{}, h.failure(p, &Error{Kind: token.NoCredentials, Err: ErrNoRole, Message: fmt.Sprintf(
				"the service account %s/%s has no IAM role: it lacks the annotation %s, and no rule of the settings gives %s a role_arn",
				account.Namespace, account.Name, RoleAnnotation, p.Host)})
		}
		// The rule's role, where it is the one, is assumed with the token, which knows no external id.
		r.RoleARN, r.ExternalID = "", ""
		r.WebIdentity = &token.WebIdentity{Token: jwt, RoleARN: account.RoleARN, SessionName: p.SessionName}
	}
	e, err := h.cache.Do(ctx, p.TokenKey, func(ctx context.Context) (cache.Entry, error) { return h.fetch(ctx, p, r) })
	if err != nil {
		return cache.Entry{}, h.failure(p, err)
	}
	return e, nil
}

// serviceAccount reads out of a token whose it is. The signature is STS's to check: here it only names the cache's
// entry, and who forges a request to this process could as well ask it for anything else.
func serviceAccount(jwt string) (identity.ServiceAccount, error) {
	bad := func(reason string) (identity.ServiceAccount, error) {
		return identity.ServiceAccount{}, &Error{Kind: token.Refused, Message: "the service account token of the request is unusable: " + reason}
	}
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return bad("it is no JSON Web Token")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return bad("its payload is no base64")
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
		return bad("its payload is no JSON of the form that Kubernetes writes")
	}
	// The subject is what a role's trust policy looks at, so it must be there and have the last word.
	name, ok := strings.CutPrefix(claims.Subject, "system:serviceaccount:")
	namespace, name, both := strings.Cut(name, ":")
	if !ok || !both || namespace == "" || name == "" || strings.Contains(name, ":") {
		return bad(fmt.Sprintf("its subject %q is no service account", claims.Subject))
	}
	k := claims.Kubernetes
	if k.Namespace != "" && k.Namespace != namespace || k.ServiceAccount.Name != "" && k.ServiceAccount.Name != name {
		return bad("its subject and its kubernetes.io claim name different service accounts")
	}
	return identity.ServiceAccount{Namespace: namespace, Name: name, UID: k.ServiceAccount.UID}, nil
}
