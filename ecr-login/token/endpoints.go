package token

import (
	"context"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecrpublic"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	transport "github.com/aws/smithy-go/endpoints"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// Endpoints are the URLs that a Fetch calls.
type Endpoints struct {
	ECR string // for GetAuthorizationToken
	STS string // for a role or a web identity; empty if STS is not called

	// CABundle is the file with the CAs that are trusted instead of the system's: AWS_CA_BUNDLE, or
	// the profile's ca_bundle. It is empty if there is none.
	CABundle string
}

// Endpoints returns the URLs that Fetch would call for the request. It makes no call. Every error
// it returns is an *Error.
func (c *Client) Endpoints(ctx context.Context, r Request) (Endpoints, error) {
	f := newFetch(c, r)
	e, err := f.resolveEndpoints(ctx)
	if err != nil {
		return Endpoints{}, f.explain(ctx, err)
	}
	return e, nil
}

func (f *fetch) resolveEndpoints(ctx context.Context) (Endpoints, error) {
	cfg, err := f.configure(ctx)
	if err != nil {
		return Endpoints{}, err
	}
	override, err := f.ecrEndpoint()
	if err != nil {
		return Endpoints{}, err
	}
	e := Endpoints{CABundle: f.endpoints.caBundle()}
	var at transport.Endpoint
	if f.request.Registry.Service == registry.Public {
		o := ecrpublic.NewFromConfig(cfg, f.tuneECRPublic(override)).Options()
		at, err = o.EndpointResolverV2.ResolveEndpoint(ctx, ecrpublic.EndpointParameters{
			Region: aws.String(o.Region), Endpoint: o.BaseEndpoint,
			UseFIPS:      aws.Bool(o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled),
			UseDualStack: aws.Bool(o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
		})
	} else {
		o := ecr.NewFromConfig(cfg, f.tuneECR(override)).Options()
		at, err = o.EndpointResolverV2.ResolveEndpoint(ctx, ecr.EndpointParameters{
			Region: aws.String(o.Region), Endpoint: o.BaseEndpoint,
			UseFIPS:      aws.Bool(o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled),
			UseDualStack: aws.Bool(o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
		})
	}
	if err != nil {
		return Endpoints{}, err
	}
	e.ECR = withoutUser(&at.URI)
	if !f.callsSTS() {
		return e, nil
	}
	o := sts.NewFromConfig(cfg, f.tuneSTS).Options()
	configured, err := f.endpoints.of(sts.ServiceID)
	if err != nil {
		return Endpoints{}, err
	}
	if configured != nil {
		e.STS = withoutUser(configured)
		return e, nil
	}
	at, err = o.EndpointResolverV2.ResolveEndpoint(ctx, sts.EndpointParameters{
		Region: aws.String(o.Region), Endpoint: o.BaseEndpoint,
		UseFIPS:      aws.Bool(o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled),
		UseDualStack: aws.Bool(o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
	})
	if err != nil {
		return Endpoints{}, err
	}
	e.STS = withoutUser(&at.URI)
	return e, nil
}

// withoutUser returns a URL without its user name and password, which an endpoint in the
// environment may have.
func withoutUser(u *url.URL) string {
	shown := *u
	shown.User = nil
	return shown.String()
}

// callsSTS reports whether credentials come from STS: a role or a web identity is configured.
func (f *fetch) callsSTS() bool {
	switch f.chain.Kind {
	case awsconfig.WebIdentity, awsconfig.ProfileWebIdentity:
		return true
	}
	return f.request.RoleARN != "" || f.request.WebIdentity != nil || len(f.chain.Roles) > 0
}
