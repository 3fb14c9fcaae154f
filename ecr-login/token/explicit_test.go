package token_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// An explicit Config's endpoint, FIPS and dual-stack settings take precedence over the host name
// and the environment.
func TestExplicitEndpoints(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", "https://environment.example")
	t.Setenv("AWS_USE_FIPS_ENDPOINT", "true")
	const plain, fips, dual = "123456789012.dkr.ecr.us-east-1.amazonaws.com", "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", "123456789012.dkr-ecr.us-east-1.on.aws"
	yes, no := aws.FIPSEndpointStateEnabled, aws.FIPSEndpointStateDisabled
	for _, test := range []struct {
		name, host, endpoint string
		base                 string
		sources              []any
		ecr, sts             string
	}{
		{name: "plain", host: plain, ecr: "https://api.ecr.us-east-1.amazonaws.com", sts: "https://sts.eu-west-1.amazonaws.com"},
		{name: "FIPS host", host: fips, ecr: "https://api.ecr-fips.us-east-1.amazonaws.com"},
		{name: "dual-stack host", host: dual, ecr: "https://ecr.us-east-1.api.aws"},
		{name: "FIPS from the Config", host: plain, sources: []any{config.EnvConfig{UseFIPSEndpoint: yes}}, ecr: "https://api.ecr-fips.us-east-1.amazonaws.com"},
		{name: "FIPS host, not the Config", host: fips, sources: []any{config.EnvConfig{UseFIPSEndpoint: no}}, ecr: "https://api.ecr.us-east-1.amazonaws.com"},
		{name: "endpoint", host: fips, base: "https://config.example", ecr: "https://config.example", sts: "https://config.example"},
		{name: "endpoint of a rule", host: plain, endpoint: "https://rule.example", ecr: "https://rule.example"},
		{name: "endpoint of both", host: plain, endpoint: "https://rule.example", base: "https://config.example", ecr: "https://config.example"},
	} {
		r, err := registry.Parse(test.host)
		if err != nil {
			t.Fatal(err)
		}
		cfg := aws.Config{Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("AKIATEST", "not-a-real-secret", ""), ConfigSources: test.sources}
		if test.base != "" {
			cfg.BaseEndpoint = aws.String(test.base)
		}
		c := &token.Client{Config: &cfg}
		e, err := c.Endpoints(t.Context(), token.Request{Registry: r, Endpoint: test.endpoint, RoleARN: "arn:aws:iam::123456789012:role/pull"})
		if err != nil || e.ECR != test.ecr || test.sts != "" && e.STS != test.sts {
			t.Errorf("%s: %+v, %v; want %s and %s", test.name, e, err, test.ecr, test.sts)
		}
	}
}

func TestExplicitConfigErrors(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "not-a-real-secret")
	keys := credentials.NewStaticCredentialsProvider("AKIATEST", "not-a-real-secret", "")
	for _, test := range []struct {
		name    string
		config  aws.Config
		request token.Request
		kind    token.Kind
	}{
		{"no credentials", aws.Config{}, token.Request{}, token.NoCredentials},
		{"profile", aws.Config{Credentials: keys}, token.Request{Profile: "prod"}, token.Configuration},
		{"nothing listens", aws.Config{Credentials: keys, BaseEndpoint: aws.String("http://127.0.0.1:1"), RetryMaxAttempts: 1}, token.Request{}, token.Unreachable},
	} {
		test.request.Registry = registry.Registry{Account: "123456789012", Region: "us-east-1", Partition: "aws", Service: registry.Private}
		c := &token.Client{Config: &test.config}
		_, err := c.Fetch(t.Context(), test.request)
		var e *token.Error
		if !errors.As(err, &e) || e.Kind != test.kind {
			t.Errorf("%s: %v, want the kind %s", test.name, err, test.kind)
			continue
		}
		// A hint about the environment or files would be wrong: they have no effect.
		if hint := e.Hint(); !strings.Contains(hint, "aws.Config") || strings.Contains(hint, "AWS_") || strings.Contains(hint, "aws configure") {
			t.Errorf("%s: hint %q", test.name, hint)
		}
	}
}
