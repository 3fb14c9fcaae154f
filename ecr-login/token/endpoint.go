package token

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecrpublic"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// endpoints finds the configured endpoint of a service, in the order of the AWS SDKs and Tools
// Reference Guide ("Service-specific endpoints").
type endpoints struct {
	env     config.EnvConfig
	shared  config.SharedConfig
	ignored bool // AWS_IGNORE_CONFIGURED_ENDPOINT_URLS or the profile's twin
}

// caBundle returns the file with the CAs that are trusted instead of the system's; "" for none.
func (e endpoints) caBundle() string { return cmp.Or(e.env.CustomCABundle, e.shared.CustomCABundle) }

// of returns the configured endpoint of a service; nil for none.
func (e endpoints) of(service string) (*url.URL, error) {
	if e.ignored {
		return nil, nil
	}
	if raw, ok, _ := e.env.GetServiceBaseEndpoint(context.Background(), service); ok {
		return parseEndpoint(raw, "AWS_ENDPOINT_URL_"+strings.ToUpper(strings.ReplaceAll(service, " ", "_")))
	}
	if e.env.BaseEndpoint != "" {
		return parseEndpoint(e.env.BaseEndpoint, "AWS_ENDPOINT_URL")
	}
	if raw, ok, _ := e.shared.GetServiceBaseEndpoint(context.Background(), service); ok {
		return parseEndpoint(raw, fmt.Sprintf("the services section of profile %q", e.shared.Profile))
	}
	if e.shared.BaseEndpoint != "" {
		return parseEndpoint(e.shared.BaseEndpoint, fmt.Sprintf("endpoint_url of profile %q", e.shared.Profile))
	}
	return nil, nil
}

func parseEndpoint(raw, from string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		// The message does not contain the value: a URL may have a password.
		return nil, &Error{Kind: Configuration, Message: fmt.Sprintf("the endpoint in %s is not an http or https URL", from)}
	}
	return u, nil
}

// switches are the SDK's two endpoint switches and its override.
type switches struct {
	base      *string
	fips      aws.FIPSEndpointState
	dualStack aws.DualStackEndpointState
}

// endpointSwitches merges what a registry's host name requires with what the SDK read from the
// environment and the profile. A plain host turns nothing off. An override turns both off, because
// the SDK refuses the combination. An explicit Config takes precedence over all that; base is its
// endpoint.
func (f *fetch) endpointSwitches(override *url.URL, base *string, fips aws.FIPSEndpointState, dualStack aws.DualStackEndpointState) switches {
	r := f.request.Registry
	if f.client.Config != nil && (base != nil || override == nil) {
		return f.explicitEndpoint(base, fips, dualStack)
	}
	if override != nil {
		return switches{aws.String(override.String()), aws.FIPSEndpointStateDisabled, aws.DualStackEndpointStateDisabled}
	}
	if r.FIPS {
		fips = aws.FIPSEndpointStateEnabled
	}
	if r.DualStack {
		dualStack = aws.DualStackEndpointStateEnabled
	}
	return switches{nil, fips, dualStack}
}

// ecrEndpoint returns the override for the ECR call; nil for none.
func (f *fetch) ecrEndpoint() (*url.URL, error) {
	if f.request.Endpoint != "" {
		return parseEndpoint(f.request.Endpoint, "the settings")
	}
	if f.request.Registry.Service == registry.Public {
		return f.endpoints.of(ecrpublic.ServiceID)
	}
	return f.endpoints.of(ecr.ServiceID)
}

// tuneECR sets the registry's region and endpoint in an ECR client's options.
func (f *fetch) tuneECR(override *url.URL) func(*ecr.Options) {
	return func(o *ecr.Options) {
		s := f.endpointSwitches(override, o.BaseEndpoint, o.EndpointOptions.UseFIPSEndpoint, o.EndpointOptions.UseDualStackEndpoint)
		o.BaseEndpoint, o.EndpointOptions.UseFIPSEndpoint, o.EndpointOptions.UseDualStackEndpoint = s.base, s.fips, s.dualStack
		o.Region = f.request.Registry.Region
	}
}

// tuneECRPublic is tuneECR for ECR Public.
func (f *fetch) tuneECRPublic(override *url.URL) func(*ecrpublic.Options) {
	return func(o *ecrpublic.Options) {
		s := f.endpointSwitches(override, o.BaseEndpoint, o.EndpointOptions.UseFIPSEndpoint, o.EndpointOptions.UseDualStackEndpoint)
		o.BaseEndpoint, o.EndpointOptions.UseFIPSEndpoint, o.EndpointOptions.UseDualStackEndpoint = s.base, s.fips, s.dualStack
		o.Region = f.request.Registry.Region
	}
}

// tuneSTS sets an STS client's region and, for a FIPS registry, the FIPS endpoint if the SDK's
// resolver knows one.
func (f *fetch) tuneSTS(o *sts.Options) {
	if f.request.STSRegion != "" {
		o.Region = f.request.STSRegion
	}
	if !f.request.Registry.FIPS || o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled {
		return
	}
	if f.client.Config != nil && (o.BaseEndpoint != nil || o.EndpointOptions.UseFIPSEndpoint != aws.FIPSEndpointStateUnset) {
		return
	}
	_, err := sts.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), sts.EndpointParameters{
		Region:       aws.String(o.Region),
		UseFIPS:      aws.Bool(true),
		UseDualStack: aws.Bool(o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
	})
	if err == nil {
		o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
	}
}

// profileWords returns the profile in use, in words.
func (f *fetch) profileWords() string {
	if f.client.Config != nil {
		return "the aws.Config"
	}
	if name := f.awsProfile(); name != "" {
		return fmt.Sprintf("the AWS profile %q", name)
	}
	return "the default AWS profile"
}

// awsProfile returns the profile in use, for messages; "" if none is known.
func (f *fetch) awsProfile() string {
	if f.client.Config != nil {
		return ""
	}
	for _, name := range []string{f.endpoints.shared.Profile, f.request.Profile, os.Getenv("AWS_PROFILE"), os.Getenv("AWS_DEFAULT_PROFILE")} {
		if name != "" {
			return name
		}
	}
	return ""
}
