package token

import (
	"context"
	"os"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

const (
	// unknownSession is how long a session token of unknown end is taken to
	// live when it fetched a public token, which may die with it (reported for
	// ECR Public; an hour is STS's default).
	unknownSession = time.Hour

	// leastSession stands for a session that has ended or nearly so: 0 would say
	// that it never ends. The SDK reports container credentials five minutes
	// short, so an end in the past is nothing odd.
	leastSession = time.Second
)

// sources is where the SDK's chain takes credentials from.
type sources struct {
	list    []aws.CredentialSource
	profile config.SharedConfig // the profile at the end of the source_profile chain
}

// sourcesOf reads them off the provider that the SDK chose.
func sourcesOf(provider aws.CredentialsProvider, shared config.SharedConfig) sources {
	for shared.Source != nil {
		shared = *shared.Source
	}
	s := sources{profile: shared}
	if p, ok := provider.(aws.CredentialProviderSource); ok {
		s.list = p.ProviderSources()
	}
	return s
}

func (s sources) has(source aws.CredentialSource) bool { return slices.Contains(s.list, source) }

// sso reports whether they come from an SSO session. The SDK calls a session
// legacy as soon as the profile names account or role, which every one does.
func (s sources) sso() bool {
	return s.has(aws.CredentialSourceSSO) || s.has(aws.CredentialSourceSSOLegacy)
}

// environment reports whether the environment alone decides who is asking, so
// that no profile is to be named.
func (s sources) environment() bool {
	return s.has(aws.CredentialSourceEnvVars) || s.has(aws.CredentialSourceEnvVarsSTSWebIDToken)
}

// named reports whether a profile says credential_source, rather than the SDK
// trying one thing after another.
func (s sources) named() bool { return s.has(aws.CredentialSourceProfileNamedProvider) }

// credentials retrieves them exactly once, and assumes the request's role.
func (f *fetch) credentials(ctx context.Context, cfg aws.Config) (aws.Credentials, error) {
	provider := cfg.Credentials
	if w := f.request.WebIdentity; w != nil {
		provider = stscreds.NewWebIdentityRoleProvider(sts.NewFromConfig(cfg, f.tuneSTS), w.RoleARN, identityToken(w.Token),
			func(o *stscreds.WebIdentityRoleOptions) { o.RoleSessionName = sessionName(w.SessionName) })
	}
	found, err := f.retrieve(ctx, provider)
	if err != nil || f.request.RoleARN == "" {
		return found, err
	}

	f.secrets = append(f.secrets, found.SecretAccessKey, found.SessionToken)
	cfg.Credentials = credentials.StaticCredentialsProvider{Value: found}
	provider = stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg, f.tuneSTS), f.request.RoleARN,
		func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = sessionName(f.request.SessionName)
			if f.request.ExternalID != "" {
				o.ExternalID = aws.String(f.request.ExternalID)
			}
		})
	return provider.Retrieve(ctx)
}

// retrieve asks the chain, one process after another when a session must be
// renewed. The SDK reads the session's file when it is asked, hence after the
// lock was got, and finds what the process before it wrote.
func (f *fetch) retrieve(ctx context.Context, provider aws.CredentialsProvider) (aws.Credentials, error) {
	if path := f.sources.sessionToRefresh(f.now()); path != "" && f.client.SessionLock != nil {
		waiting := f.begin(StageSessionWait)
		unlock, err := f.client.SessionLock(ctx, path)
		waiting(err)
		if err != nil {
			return aws.Credentials{}, err
		}
		defer unlock()
	}
	if f.sources.has(aws.CredentialSourceProcess) {
		running := f.begin(StageProcess)
		found, err := provider.Retrieve(ctx)
		running(err)
		return found, err
	}
	found, err := provider.Retrieve(ctx)
	if err == nil && !found.HasKeys() {
		err = errIncomplete
	}
	return found, err
}

// session is what credentials have left at the server's time now; see
// Token.Session.
func session(c aws.Credentials, service registry.Service, now time.Time) time.Duration {
	expires, known := c.Expires, c.CanExpire
	if !known && c.Source == config.CredentialsSourceName {
		// The SDK does not read this variable, in which the AWS CLI's
		// export-credentials and others say when the exported keys end.
		if t, err := time.Parse(time.RFC3339, os.Getenv("AWS_CREDENTIAL_EXPIRATION")); err == nil {
			expires, known = t, true
		}
	}
	switch {
	case known:
		return max(expires.Sub(now), leastSession)
	case service == registry.Public && c.SessionToken != "":
		return unknownSession
	}
	return 0
}

// identityToken is a web identity token that is at hand.
type identityToken string

// GetIdentityToken implements stscreds.IdentityTokenRetriever.
func (t identityToken) GetIdentityToken() ([]byte, error) { return []byte(t), nil }

func sessionName(name string) string {
	if name == "" {
		return DefaultSessionName
	}
	return name
}
