package token

import (
	"context"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

const (
	// unknownSession is the assumed lifetime of a session token without a known expiry, where it
	// fetched a token of ECR Public, which may expire with it. An hour is the default of STS.
	unknownSession = time.Hour

	// leastSession stands for a session that has expired or is about to: 0 would mean that it never
	// expires.
	leastSession = time.Second
)

// credentials retrieves credentials exactly once, and assumes the request's role with them.
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

	f.secrets.add(found.SecretAccessKey, found.SessionToken)
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

// retrieve retrieves credentials from the chain. Processes that must refresh a session do it one
// after another: the session's file is read while the lock is held, so it contains what the
// previous process wrote.
func (f *fetch) retrieve(ctx context.Context, provider aws.CredentialsProvider) (aws.Credentials, error) {
	if path := f.sessionToRefresh(); path != "" && f.client.SessionLock != nil {
		end := f.begin(StageSessionWait)
		unlock, err := f.client.SessionLock(ctx, path)
		end(err)
		if err != nil {
			return aws.Credentials{}, err
		}
		defer unlock()
	}
	if f.chain.Kind == awsconfig.Process {
		end := f.begin(StageProcess)
		found, err := provider.Retrieve(ctx)
		end(err)
		return found, err
	}
	found, err := provider.Retrieve(ctx)
	if err == nil && !found.HasKeys() {
		err = errIncomplete
	}
	return found, err
}

// session returns how long the credentials are valid at the server's time now; see Token.Session.
func (f *fetch) session(now time.Time) time.Duration {
	c := f.found
	expires, known := c.Expires, c.CanExpire
	if !known && f.chain.Kind == awsconfig.Environment {
		// `aws configure export-credentials` and others set it to the expiry of the keys.
		if t, err := awsconfig.ParseTime(os.Getenv("AWS_CREDENTIAL_EXPIRATION")); err == nil {
			expires, known = t, true
		}
	}
	switch {
	case known:
		return max(expires.Sub(now), leastSession)
	case f.request.Registry.Service == registry.Public && c.SessionToken != "":
		return unknownSession
	}
	return 0
}

// identityToken is the web identity token of a request.
type identityToken string

// GetIdentityToken implements stscreds.IdentityTokenRetriever.
func (t identityToken) GetIdentityToken() ([]byte, error) { return []byte(t), nil }

func sessionName(name string) string {
	if name == "" {
		return DefaultSessionName
	}
	return name
}
