package token

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// anyRegion is the region of the STS call if none is configured: AWS's global endpoints are there.
const anyRegion = "us-east-1"

// Caller is the principal of credentials, according to STS.
type Caller struct {
	Account string // twelve digits
	ARN     string

	// Source is the code of where the credentials come from, such as "env" or "sso". SourceProfile
	// is the profile that has them, if any. AssumesRole reports whether a role was assumed with
	// them.
	Source        string
	SourceProfile string
	AssumesRole   bool

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
// GetCallerIdentity, which every principal may call. The request's Registry may be zero. Every
// error it returns is an *Error. One with StageCaller means that credentials were found, so a token
// may still be available.
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
		Source:  string(f.chain.Kind),
		Region:  cmp.Or(f.endpoints.env.Region, f.endpoints.shared.Region),
		Session: f.session(server),
		Skew:    server.Sub(now),

		SourceProfile: f.chain.Profile,
		AssumesRole:   len(f.chain.Roles) > 0,
	}
	if f.request.WebIdentity != nil {
		caller.Source = string(awsconfig.ServiceAccount)
	} else if !f.fromEnvironment() {
		caller.Profile = f.awsProfile()
	}
	return caller, nil
}

// fromEnvironment reports whether only environment variables decide where credentials come from.
func (f *fetch) fromEnvironment() bool {
	return len(f.chain.Roles) == 0 && (f.chain.Kind == awsconfig.Environment || f.chain.Kind == awsconfig.WebIdentity)
}
