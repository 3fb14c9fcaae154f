package token

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/neterr"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/regularfile"
)

// maxBundle is the size limit of a CA bundle. The bundle of all public CAs has about 220 KB.
const maxBundle = 16 << 20

// load reads the AWS configuration once, for everything that follows. Package awsconfig decides
// where the credentials come from, because the SDK's own chain differs from the AWS CLI. The SDK
// reads the environment for everything else, and never the shared files.
func (f *fetch) load(ctx context.Context) (aws.Config, error) {
	if f.client.Config != nil {
		return f.loadExplicit(ctx)
	}
	env, err := config.NewEnvConfig()
	if err != nil {
		return aws.Config{}, &configError{err}
	}
	f.files = awsconfig.FromContext(ctx, awsconfig.Input{Profile: f.request.Profile})
	shared := f.sharedConfig()
	f.endpoints.env, f.endpoints.shared = env, shared
	client, err := f.builtClient()
	if err != nil {
		return aws.Config{}, err
	}
	cfg := aws.Config{
		Region:           cmp.Or(env.Region, shared.Region, f.request.Registry.Region),
		HTTPClient:       client,
		Logger:           logging.Nop{}, // by default the SDK writes warnings to standard error
		APIOptions:       []func(*middleware.Stack) error{f.calls.attach(ctx)},
		ConfigSources:    []any{env, shared},
		RetryMode:        cmp.Or(env.RetryMode, shared.RetryMode),
		RetryMaxAttempts: cmp.Or(env.RetryMaxAttempts, shared.RetryMaxAttempts),
		DefaultsMode:     cmp.Or(env.DefaultsMode, shared.DefaultsMode),
		AppID:            cmp.Or(env.AppID, shared.AppID),
	}
	if f.retryer = f.newRetryer(ctx); f.retryer != nil {
		cfg.Retryer = func() aws.Retryer { return f.retryer }
	}
	f.endpoints.ignored, _, _ = config.GetIgnoreConfiguredEndpoints(ctx, cfg.ConfigSources)
	f.calls.endpoint = f.endpoints.of
	f.secrets.add(env.Credentials.SecretAccessKey, env.Credentials.SessionToken, env.ContainerAuthorizationToken)
	if f.request.WebIdentity != nil {
		return cfg, nil // no other source is used
	}
	if f.chain, err = f.files.Resolve(); err != nil {
		return aws.Config{}, err
	}
	f.secrets.add(f.chain.Keys.SecretAccessKey, f.chain.Keys.SessionToken)
	cfg.Credentials = f.provider(cfg)
	return cfg, f.checkSources()
}

// builtClient returns the HTTP client for calls to AWS, with the CAs of the configured bundle.
func (f *fetch) builtClient() (*awshttp.BuildableClient, error) {
	var roots *x509.CertPool
	f.clientKey = bundleKey{}
	// Go reads the file of SSL_CERT_FILE without a limit.
	if path := os.Getenv("SSL_CERT_FILE"); path != "" {
		if _, err := regularfile.Read(path, maxBundle); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, &Error{Kind: Configuration, Message: fmt.Sprintf("cannot read SSL_CERT_FILE %q: %v", path, err), Err: err}
		}
	}
	if path := f.endpoints.caBundle(); path != "" {
		pem, err := regularfile.Read(path, maxBundle)
		if err != nil {
			var cause *fs.PathError
			if errors.As(err, &cause) {
				err = cause.Err
			}
			return nil, &Error{Kind: Configuration, Message: fmt.Sprintf("cannot read the CA bundle %q: %v", path, err), Err: err}
		}
		f.clientKey = bundleKey{path, sha256.Sum256(pem)}
		if roots = x509.NewCertPool(); !roots.AppendCertsFromPEM(pem) {
			return nil, &Error{Kind: Configuration, Message: fmt.Sprintf("the CA bundle %q has no certificate in PEM form", path)}
		}
	}
	return newClient(roots), nil
}

// bundleKey is the key in Client.clients of a client with the CAs of a bundle, or without one.
type bundleKey struct {
	path string
	sum  [sha256.Size]byte
}

// newClient returns an HTTP client that trusts the CAs in roots; nil means those of the system.
func newClient(roots *x509.CertPool) *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.IdleConnTimeout = maxIdle
		t.MaxResponseHeaderBytes = maxHeader
		t.OnProxyConnectResponse = neterr.RefuseProxy
		if roots != nil {
			if t.TLSClientConfig == nil {
				t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
			}
			t.TLSClientConfig.RootCAs = roots
		}
	})
}

// sharedConfig returns the settings of the profile that applies, without credentials, in the form
// in which the SDK's clients read them.
func (f *fetch) sharedConfig() config.SharedConfig {
	name, s := f.files.Profile()
	shared := config.SharedConfig{
		Region:          s.Get("region"),
		CustomCABundle:  s.Get("ca_bundle"),
		BaseEndpoint:    s.Get("endpoint_url"),
		EC2IMDSEndpoint: s.Get("ec2_metadata_service_endpoint"),
		RetryMode:       aws.RetryMode(strings.ToLower(s.Get("retry_mode"))),
		AppID:           s.Get("sdk_ua_app_id"),
	}
	if s != nil {
		shared.Profile = name
	}
	_ = shared.DefaultsMode.SetFromString(s.Get("defaults_mode")) // another text sets nothing
	_ = shared.EC2IMDSEndpointMode.SetFromString(s.Get("ec2_metadata_service_endpoint_mode"))
	shared.RetryMaxAttempts, _ = strconv.Atoi(s.Get("max_attempts"))
	if fips, ok := boolean(s.Get("use_fips_endpoint")); ok {
		shared.UseFIPSEndpoint = aws.FIPSEndpointStateDisabled
		if fips {
			shared.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
		}
	}
	if dual, ok := boolean(s.Get("use_dualstack_endpoint")); ok {
		shared.UseDualStackEndpoint = aws.DualStackEndpointStateDisabled
		if dual {
			shared.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled
		}
	}
	if ignore, ok := boolean(s.Get("ignore_configured_endpoint_urls")); ok {
		shared.IgnoreConfiguredEndpoints = &ignore
	}
	if disabled, ok := boolean(s.Get("ec2_metadata_v1_disabled")); ok {
		shared.EC2IMDSv1Disabled = &disabled
	}
	if services := s.Get("services"); services != "" {
		shared.Services.ServiceValues = map[string]map[string]string{}
		for service, values := range f.files.Section("services", services) {
			shared.Services.ServiceValues[service] = awsconfig.Nested(values)
		}
	}
	return shared
}

func boolean(text string) (value, ok bool) {
	return strings.EqualFold(text, "true"), strings.EqualFold(text, "true") || strings.EqualFold(text, "false")
}

// metadataClient returns the client of the EC2 instance metadata service.
func metadataClient(cfg aws.Config) *imds.Client { return imds.NewFromConfig(cfg) }
