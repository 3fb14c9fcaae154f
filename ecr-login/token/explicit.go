package token

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/logging"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
)

// defaultClientKey is the key in Client.clients of the client for a Config without an HTTP client.
const defaultClientKey = "default"

// loadExplicit returns the configuration of Client.Config for this Fetch, instead of the one from
// the environment and the AWS files.
func (f *fetch) loadExplicit(ctx context.Context) (aws.Config, error) {
	f.chain.Kind = awsconfig.Explicit
	if f.request.Profile != "" {
		return aws.Config{}, &Error{Kind: Configuration, Message: fmt.Sprintf(
			"profile %q cannot be used: the credentials are those of an explicit aws.Config", f.request.Profile)}
	}
	cfg := f.client.Config.Copy()
	cfg.Region = cmp.Or(cfg.Region, f.request.Registry.Region)
	if cfg.Retryer == nil && cfg.RetryMode == "" && cfg.RetryMaxAttempts == 0 {
		if f.retryer = f.newRetryer(ctx); f.retryer != nil {
			cfg.Retryer = func() aws.Retryer { return f.retryer }
		}
	}
	cfg.APIOptions = append(slices.Clone(cfg.APIOptions), f.calls.attach(ctx))
	if cfg.Logger == nil {
		cfg.Logger = logging.Nop{}
	}
	f.clientKey = cfg.HTTPClient
	if cfg.HTTPClient == nil {
		cfg.HTTPClient, f.clientKey = newClient(nil), defaultClientKey
	}
	if cfg.Credentials == nil && f.request.WebIdentity == nil {
		return aws.Config{}, &Error{Kind: NoCredentials, Message: "no AWS credentials: the aws.Config has none"}
	}
	return cfg, nil
}

// explicitEndpoint returns the endpoint settings of an explicit Config's client: its own, and those
// of the host name where it has none.
func (f *fetch) explicitEndpoint(base *string, fips aws.FIPSEndpointState, dualStack aws.DualStackEndpointState) switches {
	if base != nil {
		return switches{base, fips, dualStack}
	}
	if f.request.Registry.FIPS && fips == aws.FIPSEndpointStateUnset {
		fips = aws.FIPSEndpointStateEnabled
	}
	if f.request.Registry.DualStack && dualStack == aws.DualStackEndpointStateUnset {
		dualStack = aws.DualStackEndpointStateEnabled
	}
	return switches{nil, fips, dualStack}
}
