package token

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/regularfile"
)

// maxTokenFile is the size limit of a file with a token or a session.
const maxTokenFile = 1 << 20

// provider returns the provider for the chain: its source, and the roles assumed with it.
func (f *fetch) provider(cfg aws.Config) aws.CredentialsProvider {
	provider := f.source(cfg)
	for _, role := range f.chain.Roles {
		cfg.Credentials = aws.NewCredentialsCache(provider)
		provider = stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg, f.tuneSTS), role.ARN, func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = role.SessionName
			o.Duration = role.Duration
			if role.ExternalID != "" {
				o.ExternalID = aws.String(role.ExternalID)
			}
		})
	}
	return provider
}

func (f *fetch) source(cfg aws.Config) aws.CredentialsProvider {
	switch f.chain.Kind {
	case awsconfig.Environment, awsconfig.Static:
		k := f.chain.Keys
		return credentials.NewStaticCredentialsProvider(k.AccessKeyID, k.SecretAccessKey, k.SessionToken)
	case awsconfig.WebIdentity, awsconfig.ProfileWebIdentity:
		t := f.chain.Token
		return stscreds.NewWebIdentityRoleProvider(sts.NewFromConfig(cfg, f.tuneSTS), t.RoleARN, tokenFile{f, t.Path},
			func(o *stscreds.WebIdentityRoleOptions) { o.RoleSessionName = t.SessionName })
	case awsconfig.SSO:
		return ssoProvider{f, cfg}
	case awsconfig.Login:
		return loginProvider{f, cfg}
	case awsconfig.Process:
		return processProvider{f}
	case awsconfig.Container:
		return aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) { return f.container(ctx, cfg) })
	}
	return ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = metadataClient(cfg) })
}

// tokenFile is a file with a web identity token.
type tokenFile struct {
	f    *fetch
	path string
}

// GetIdentityToken implements stscreds.IdentityTokenRetriever.
func (t tokenFile) GetIdentityToken() ([]byte, error) {
	token, err := regularfile.Read(t.path, maxTokenFile)
	if err != nil {
		return nil, &tokenFileError{t.path, err}
	}
	t.f.secrets.add(string(token))
	return token, nil
}

// tokenFileError reports a web identity token file that cannot be read.
type tokenFileError struct {
	path string
	err  error
}

func (e *tokenFileError) Error() string { return e.err.Error() }
func (e *tokenFileError) Unwrap() error { return e.err }

// ecsAddress is the address of the ECS agent, to which relative URIs belong.
const ecsAddress = "http://169.254.170.2"

// container calls the credential endpoint of the container.
func (f *fetch) container(ctx context.Context, cfg aws.Config) (aws.Credentials, error) {
	env := f.endpoints.env
	target := env.ContainerCredentialsEndpoint
	if env.ContainerCredentialsRelativePath != "" {
		target = ecsAddress + env.ContainerCredentialsRelativePath
	} else if err := checkContainerURL(ctx, target); err != nil {
		return aws.Credentials{}, err
	}
	return endpointcreds.New(target, func(o *endpointcreds.Options) {
		o.APIOptions = cfg.APIOptions
		o.AuthorizationToken = env.ContainerAuthorizationToken
		if path := os.Getenv(tokenFileVariable); path != "" {
			o.AuthorizationTokenProvider = endpointcreds.TokenProviderFunc(func() (string, error) {
				token, err := regularfile.Read(path, maxTokenFile)
				if err != nil {
					return "", fmt.Errorf("failed to read authorization token from %v: %w", path, err)
				}
				return string(token), nil
			})
		}
	}).Retrieve(ctx)
}

// containerAddresses are those of ECS and EKS agents, besides the loopback addresses.
var containerAddresses = []netip.Addr{
	netip.MustParseAddr("169.254.170.2"), netip.MustParseAddr("169.254.170.23"), netip.MustParseAddr("fd00:ec2::23"),
}

// checkContainerURL returns an error for an http URL to another machine, as the AWS SDKs do: the
// authorization token would be sent there in plain text.
func checkContainerURL(ctx context.Context, raw string) error {
	const variable = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return &Error{Kind: Configuration, Message: variable + " is not an http or https URL"}
	}
	if u.Scheme == "https" {
		return nil
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil {
		return fmt.Errorf("failed to resolve the host of %s: %w", variable, err)
	}
	for _, address := range addresses {
		if a := address.Unmap().WithZone(""); !a.IsLoopback() && !slices.Contains(containerAddresses, a) {
			return &Error{Kind: Configuration, Message: fmt.Sprintf(
				"the host of %s is %q: with http it must be a loopback, ECS or EKS address", variable, u.Hostname())}
		}
	}
	return nil
}
