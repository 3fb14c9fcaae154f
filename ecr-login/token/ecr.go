package token

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecrpublic"
	"github.com/aws/smithy-go/middleware"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/authtoken"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// maxLife is the longest lifetime that is accepted from a response. A longer one is a mistake, and
// authtoken.Life is used instead.
const maxLife = 2 * authtoken.Life

// An authorization is the result of GetAuthorizationToken, private or public.
type authorization struct {
	token     *string
	expiresAt *time.Time
}

// ecr creates the client for the registry's service and returns its one call. The authorization is
// nil if the response has none.
func (f *fetch) ecr(cfg aws.Config, credentials aws.CredentialsProvider) (func(context.Context) (*authorization, middleware.Metadata, error), error) {
	override, err := f.ecrEndpoint()
	if err != nil {
		return nil, err
	}
	if f.request.Registry.Service == registry.Public {
		client := ecrpublic.NewFromConfig(cfg, f.tuneECRPublic(override), func(o *ecrpublic.Options) {
			o.Credentials = credentials
			f.useClient(o.HTTPClient)
		})
		return func(ctx context.Context) (*authorization, middleware.Metadata, error) {
			out, err := client.GetAuthorizationToken(ctx, &ecrpublic.GetAuthorizationTokenInput{})
			if err != nil {
				return nil, middleware.Metadata{}, err
			}
			if out.AuthorizationData == nil {
				return nil, out.ResultMetadata, nil
			}
			data := out.AuthorizationData
			return &authorization{data.AuthorizationToken, data.ExpiresAt}, out.ResultMetadata, nil
		}, nil
	}
	client := ecr.NewFromConfig(cfg, f.tuneECR(override), func(o *ecr.Options) {
		o.Credentials = credentials
		f.useClient(o.HTTPClient)
	})
	return func(ctx context.Context) (*authorization, middleware.Metadata, error) {
		out, err := client.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
		if err != nil {
			return nil, middleware.Metadata{}, err
		}
		if len(out.AuthorizationData) == 0 {
			return nil, out.ResultMetadata, nil
		}
		data := out.AuthorizationData[0]
		return &authorization{data.AuthorizationToken, data.ExpiresAt}, out.ResultMetadata, nil
	}, nil
}

// token returns the Token of an authorization, or why it is not usable.
func (f *fetch) token(ctx context.Context, a *authorization, metadata middleware.Metadata) (Token, error) {
	fetched := f.now()
	server, ok := awsmiddleware.GetServerTime(metadata)
	if !ok {
		server = fetched
	}
	username, password, err := a.decode()
	if err != nil {
		return Token{}, &Error{Kind: UnusableAnswer, Message: f.peer(f.calls.last()) + " sent an unusable response: " + err.Error()}
	}
	t := Token{
		Username: username,
		Password: password,
		Fetched:  fetched,
		Lifetime: lifetime(a.expiresAt, password, server),
		Session:  f.session(server),
		Skew:     server.Sub(fetched),
	}
	f.log.DebugContext(ctx, "authorization token received", "lifetime", t.Lifetime, "session", t.Session, "after", time.Since(f.started))
	return t, nil
}

// decode returns the user name and password of an authorization.
func (a *authorization) decode() (username, password string, err error) {
	if a == nil {
		return "", "", errors.New("it has no authorization data")
	}
	return authtoken.Decode(aws.ToString(a.token))
}

// lifetime returns how long a token lives from the server's time now. If the end is missing or
// absurd, the password's own payload decides, else what AWS documents.
func lifetime(expiresAt *time.Time, password string, now time.Time) time.Duration {
	if expiresAt != nil && !expiresAt.IsZero() {
		if life := expiresAt.Sub(now); life <= maxLife {
			return max(life, -maxLife)
		}
	}
	if end, ok := authtoken.Expiration(password); ok {
		if life := end.Sub(now); life > -maxLife && life <= maxLife {
			return life
		}
	}
	return authtoken.Life
}
