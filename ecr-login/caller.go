package ecrlogin

import (
	"context"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// Caller is who AWS takes somebody to be: account, ARN, which credentials said so, and how long they last.
type Caller = token.Caller

// Caller asks STS who would fetch the token for the server URL: the same rule of the settings, profile, role,
// credentials and endpoints as Get's, and neither the cache nor a stored login. An empty server URL means the
// current credentials as such: the profile in the program's name, else the environment and the default profile.
//
// Errors are those of Get, but a host that is not ECR is ErrNotECR, and ECR Public without credentials is an
// *Error like any other. A call takes no longer than the settings' timeout (15 s), and no longer than ctx.
func (h *Helper) Caller(ctx context.Context, serverURL string) (Caller, error) {
	if h.settingsErr != nil {
		return Caller{}, h.settingsErr
	}
	ctx, cancel := context.WithTimeout(ctx, h.settings.Timeout)
	defer cancel()
	r := token.Request{Profile: h.options.Profile}
	if serverURL != "" {
		p, err := h.planner().For(serverURL)
		if err != nil {
			return Caller{}, err
		}
		r = request(p)
	}
	return h.tokens.Caller(ctx, r)
}
