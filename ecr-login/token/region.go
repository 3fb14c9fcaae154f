package token

import "context"

// Region is the region that the AWS SDK and the AWS CLI would use: AWS_REGION, AWS_DEFAULT_REGION, else the profile's,
// in that order. An empty profile lets the SDK decide. It is empty when none of them names one: nobody is asked over
// the network. Every error it returns is an *Error.
func (c *Client) Region(ctx context.Context, profile string) (string, error) {
	f := newFetch(c, Request{Profile: profile})
	end := f.begin(StageConfig)
	cfg, err := f.load(ctx)
	end(err)
	if err != nil {
		return "", f.explain(ctx, err)
	}
	return cfg.Region, nil
}
