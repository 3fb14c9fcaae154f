package token

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// anyRegion is the region of the STS call if none is configured: AWS's global endpoints are there.
const anyRegion = "us-east-1"

// Caller is the principal of credentials, according to STS.
type Caller struct {
	Account string // twelve digits
	ARN     string

	Source  string // where the credentials come from, in words
	Profile string // the AWS profile in use; empty if only the environment decides
	Region  string // of the environment or the profile; empty if neither names one

	// Session is how long the credentials are still valid; 0 if they do not expire, as far as is
	// known.
	Session time.Duration
	Skew    time.Duration // the server's clock minus the local one
}

// Registry returns the host of the private registry of the caller's account in its region; "" if
// there is no region.
func (c Caller) Registry(p registry.Parser) string {
	arn := strings.SplitN(c.ARN, ":", 3)
	if len(arn) != 3 || c.Region == "" {
		return ""
	}
	return p.Host(registry.Registry{Account: c.Account, Region: c.Region, Partition: arn[1], Service: registry.Private})
}

// Caller resolves AWS credentials as Fetch does, and identifies their principal with STS's
// GetCallerIdentity, which every principal may call. The request's Registry may be zero. Every error
// it returns is an *Error. One with StageCaller means that credentials were found, so a token may
// still be available.
func (c *Client) Caller(ctx context.Context, r Request) (Caller, error) {
	r.Registry.Region = cmp.Or(r.Registry.Region, anyRegion)
	f := newFetch(c, r)
	caller, err := f.caller(ctx)
	if err != nil {
		return Caller{}, f.explain(ctx, err)
	}
	return caller, nil
}

func (f *fetch) caller(ctx context.Context) (Caller, error) {
	cfg, err := f.configure(ctx)
	if err != nil {
		return Caller{}, err
	}
	client := sts.NewFromConfig(cfg, f.tuneSTS, func(o *sts.Options) {
		o.Credentials = aws.CredentialsProviderFunc(f.resolved)
		f.useClient(o.HTTPClient)
	})
	if err := f.resolve(ctx, cfg); err != nil {
		return Caller{}, err
	}
	out, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if isSkewed(err) {
		out, err = client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	}
	if err != nil {
		return Caller{}, err
	}
	now := f.now()
	server, ok := awsmiddleware.GetServerTime(out.ResultMetadata)
	if !ok {
		server = now
	}
	caller := Caller{
		Account: *out.Account,
		ARN:     *out.Arn,
		Source:  f.sources.words(),
		Region:  cmp.Or(f.endpoints.env.Region, f.endpoints.shared.Region),
		Session: session(f.found, f.request.Registry.Service, server),
		Skew:    server.Sub(now),
	}
	if f.request.WebIdentity != nil {
		caller.Source = "web identity token of the request"
	} else if !f.sources.environment() {
		caller.Profile = f.awsProfile()
	}
	return caller, nil
}

// words returns where credentials come from, in words, with the profile's name.
func (s sources) words() string {
	kind := ""
	switch profile := fmt.Sprintf("profile %q", s.profile.Profile); {
	case s.has(aws.CredentialSourceEnvVarsSTSWebIDToken):
		return "web identity token in the environment"
	case s.profile.CredentialSource == "Environment", s.has(aws.CredentialSourceEnvVars):
		kind = "access key in the environment"
	case s.has(aws.CredentialSourceProfileSTSWebIDToken):
		kind = "web identity token of " + profile
	case s.sso():
		kind = "SSO session of " + profile
	case s.has(aws.CredentialSourceLogin):
		kind = "aws login session of " + profile
	case s.has(aws.CredentialSourceProcess):
		kind = "credential process of " + profile
	case s.has(aws.CredentialSourceIMDS):
		kind = "EC2 instance metadata"
	case s.has(aws.CredentialSourceHTTP):
		kind = "container credentials"
	default:
		kind = "access key in " + profile
	}
	if s.has(aws.CredentialSourceSTSAssumeRole) || s.has(aws.CredentialSourceProfileSTSWebIDToken) {
		return "role assumed with " + kind
	}
	return kind
}
