package ecrlogin

import (
	"context"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// Caller is the identity that STS reports for credentials: account and ARN, the source of the
// credentials and how long they are valid.
type Caller = token.Caller

// Caller returns the identity that a Get for the server URL would request a token with. It uses the
// same rule of the settings, profile, role, credentials and endpoints as Get, but neither the cache
// nor a stored login. An empty server URL means the current credentials: those of the Helper's
// profile, else of the environment and the default profile.
//
// The errors are those of Get, except that a host that is not ECR gives ErrNotECR, and ECR Public
// without credentials gives an *Error. A call takes no longer than the timeout of the settings
// (15 s), and no longer than ctx.
func (h *Helper) Caller(ctx context.Context, serverURL string) (Caller, error) {
	ctx, cancel := context.WithTimeout(ctx, h.settings.Timeout)
	defer cancel()
	if _, err := h.planner(); err != nil {
		return Caller{}, err
	}
	r := token.Request{Profile: h.options.Profile}
	if serverURL != "" {
		p, err := h.plan(serverURL)
		if err != nil {
			return Caller{}, err
		}
		r = request(p)
	}
	return h.tokens.Caller(ctx, r)
}
