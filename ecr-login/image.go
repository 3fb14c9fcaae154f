package ecrlogin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/authtoken"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/identity"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// Annotations of a Kubernetes service account that name the IAM role for pulling its images. The
// first one that is set is used.
const (
	PullRoleAnnotation = "eks.amazonaws.com/ecr-role-arn" // of AWS's own provider (kubernetes/cloud-provider-aws)
	RoleAnnotation     = "eks.amazonaws.com/role-arn"     // of EKS's IAM roles for service accounts
)

// ErrNoRole is wrapped by the error about a service account for which neither an annotation nor the
// settings name an IAM role.
var ErrNoRole = errors.New("no IAM role")

// ImageRequest is a request for the credentials of an image, as a kubelet makes it.
type ImageRequest struct {
	Image string // the image's name, with or without tag and digest

	// ServiceAccountToken is the token (JWT) of the service account of the pod that needs the
	// image. Empty means the Helper's own credentials: on a node, those of the node.
	ServiceAccountToken string

	// Annotations are the service account's annotations. Only PullRoleAnnotation and RoleAnnotation
	// are used.
	Annotations map[string]string
}

// ImageCredentials are the result of GetForImage.
type ImageCredentials struct {
	Credentials

	// Registry is the image's registry host, with its port, as the image name spells it.
	Registry string

	// CacheFor is how long the caller may cache the credentials: until the refresh point of this
	// package's own cache, which lies before the end of the token and of the session that fetched
	// it. It is 0 when that point has passed.
	CacheFor time.Duration
}

// GetForImage returns the credentials for the registry of an image. With a service account token it
// uses the role of that account (AssumeRoleWithWebIdentity) and nothing else: neither the process's
// own credentials nor a login stored for the host, and two accounts never share a token.
//
// The errors are those of Get, and ErrNoRole. A fallback helper is not used: a kubelet has other
// providers for other registries. A call takes at most 30 s, or the timeout of the settings if that
// is set and shorter.
func (h *Helper) GetForImage(ctx context.Context, r ImageRequest) (ImageCredentials, error) {
	o := h.observe()
	o.timeout = h.settings.ImageTimeout
	c, err := h.getForImage(ctx, r, &o)
	o.end(ctx, c.Credentials, err)
	return c, err
}

func (h *Helper) getForImage(ctx context.Context, r ImageRequest, o *observation) (ImageCredentials, error) {
	planner, err := h.planner()
	if err != nil {
		return ImageCredentials{}, err
	}
	host, _, named := strings.Cut(r.Image, "/")
	if !named { // "nginx" is short for an image of Docker Hub
		return ImageCredentials{}, notFound{fmt.Errorf("%w: the image %q names no registry", ErrNotECR, r.Image)}
	}
	o.Host = h.hostOf(host)
	m, err := h.settings.Match(host)
	if errors.Is(err, ErrNotECR) {
		return ImageCredentials{}, notFound{err}
	}
	if err != nil {
		return ImageCredentials{}, err
	}
	if r.ServiceAccountToken != "" {
		account, err := serviceAccount(r.ServiceAccountToken)
		if err != nil {
			return ImageCredentials{}, err
		}
		account.RoleARN = cmp.Or(r.Annotations[PullRoleAnnotation], r.Annotations[RoleAnnotation], m.WithProfile(h.options.Profile).RoleARN)
		planner.Account = &account
	}
	p := planner.ForMatch(m)
	o.Host, o.Region = p.Host, p.Registry.Region
	c, err := h.imageCredentials(ctx, p, planner.Account, r.ServiceAccountToken, o)
	if err != nil {
		return ImageCredentials{}, err
	}
	if planner.Account == nil {
		h.addHost(p.Host) // List serves only the Helper's own principal
	}
	until := c.Refresh
	if until.IsZero() { // a stored login
		until = c.Expires
	}
	// Whole seconds are precise enough, and easier to read in the kubelet's log.
	rest := min(until.Sub(h.now()), authtoken.Life).Truncate(time.Second)
	return ImageCredentials{Credentials: c, Registry: host, CacheFor: max(rest, 0)}, nil
}

// imageCredentials returns the credentials of a plan for the account, nil for the Helper's own.
func (h *Helper) imageCredentials(ctx context.Context, p plan.Plan, account *identity.ServiceAccount, jwt string, o *observation) (Credentials, error) {
	if p.Anonymous {
		return Credentials{}, notFound{errAnonymous}
	}
	var pod *token.WebIdentity
	switch {
	case account == nil:
		if c, ok := h.storedLogin(&p); ok {
			o.Outcome = Hit
			return c, nil
		}
	case account.RoleARN == "":
		f := h.newFetch(ctx, p, nil)
		return Credentials{}, f.failure(&Error{Kind: token.NoCredentials, Code: token.CodeNoRole, Err: ErrNoRole, Message: fmt.Sprintf(
			"the service account %s/%s has no IAM role: it has no annotation %s, and no rule of the settings has a role_arn for %s",
			account.Namespace, account.Name, RoleAnnotation, p.Host)})
	default:
		pod = &token.WebIdentity{Token: jwt, RoleARN: account.RoleARN, SessionName: p.SessionName}
	}
	return h.token(ctx, &p, pod, o)
}
