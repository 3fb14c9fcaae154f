package ecrtest_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecrpublic"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// sdkConfig returns a configuration for SDK clients in this process: with the server's endpoint and
// without retries.
func sdkConfig(s *ecrtest.Server, c ecrtest.Credentials) aws.Config {
	return aws.Config{
		Region:           "us-east-1",
		BaseEndpoint:     aws.String(s.URL),
		HTTPClient:       &http.Client{Transport: s.Transport()},
		RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID:     c.AccessKeyID,
				SecretAccessKey: c.SecretAccessKey,
				SessionToken:    c.SessionToken,
			}, nil
		}),
	}
}

// fetch gets a private token and returns its password.
func fetch(ctx context.Context, cfg aws.Config) (string, error) {
	out, err := ecr.NewFromConfig(cfg).GetAuthorizationToken(ctx, nil)
	if err != nil {
		return "", err
	}
	return passwordOf(out.AuthorizationData[0].AuthorizationToken)
}

// fetchPublic gets a token of ECR Public and returns its password.
func fetchPublic(ctx context.Context, cfg aws.Config) (string, error) {
	out, err := ecrpublic.NewFromConfig(cfg).GetAuthorizationToken(ctx, nil)
	if err != nil {
		return "", err
	}
	return passwordOf(out.AuthorizationData.AuthorizationToken)
}

func identity(ctx context.Context, cfg aws.Config) (string, error) {
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil {
		return "", err
	}
	return aws.ToString(out.Arn), nil
}

func mustFetch(t *testing.T, cfg aws.Config) string {
	t.Helper()
	password, err := fetch(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return password
}

// wantAPIError checks the error of a service.
func wantAPIError(t *testing.T, err error, code, message string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		t.Fatalf("got %v, want an API error %s", err, code)
	}
	if api.ErrorCode() != code || api.ErrorMessage() != message {
		t.Errorf("got %q %q, want %q %q", api.ErrorCode(), api.ErrorMessage(), code, message)
	}
}
