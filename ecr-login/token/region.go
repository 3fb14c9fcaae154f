package token

import "context"

// Region returns the region that the AWS CLI uses: AWS_REGION, AWS_DEFAULT_REGION, or the region of
// the profile, in that order. An empty profile is the one of the environment. Region is empty if
// none of them is set; it makes no call. Every error it returns is an *Error.
func (c *Client) Region(ctx context.Context, profile string) (string, error) {
	f := newFetch(c, Request{Profile: profile})
	cfg, err := f.configure(ctx)
	if err != nil {
		return "", f.explain(ctx, err)
	}
	return cfg.Region, nil
}
