package ecrtest_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecrpublic"
	"github.com/aws/smithy-go"
)

func TestTokenFormat(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Second).Add(250 * time.Millisecond)
	s := ecrtest.New(t)
	s.SetClock(func() time.Time { return now })
	cfg := sdkConfig(s, s.AddUser("developer"))
	cfg.Region = "eu-west-1"

	out, err := ecr.NewFromConfig(cfg).GetAuthorizationToken(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	data := out.AuthorizationData[0]
	if got := aws.ToString(data.ProxyEndpoint); got != "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com" {
		t.Errorf("proxyEndpoint %q", got)
	}
	if want := now.Add(12 * time.Hour); !data.ExpiresAt.Equal(want) {
		t.Errorf("expiresAt %v, want %v, with its milliseconds", data.ExpiresAt, want)
	}
	password, err := passwordOf(data.AuthorizationToken)
	if err != nil {
		t.Fatal(err)
	}
	if len(password) < 2300 || len(password) > 2700 {
		t.Errorf("password has %d bytes, want about 2500", len(password))
	}
	text, err := base64.StdEncoding.DecodeString(password)
	if err != nil {
		t.Fatal(err)
	}
	var inside struct {
		Payload, DataKey, Version, Type string
		Expiration                      int64
	}
	if err := json.Unmarshal(text, &inside); err != nil {
		t.Fatal(err)
	}
	if inside.Expiration != now.Add(12*time.Hour).Unix() || inside.Version == "" || inside.Type != "DATA_KEY" ||
		inside.Payload == "" || inside.DataKey == "" {
		t.Errorf("password holds %.300s", text)
	}

	token, ok := s.Token(password)
	if !ok || token.Service != "ecr" || token.Region != "eu-west-1" || !token.Issued.Equal(now) || token.Basic() != *data.AuthorizationToken {
		t.Errorf("the server knows of the token: %t, %+v", ok, token)
	}
	if _, ok := s.PrincipalOf("not-a-real-token"); ok {
		t.Error("the server knows a password it never issued")
	}
}

func TestTokensDiffer(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	a, b := s.AddUser("a"), s.AddUser("b")
	want := map[string]string{
		mustFetch(t, sdkConfig(s, a)):                                 a.Principal.ARN,
		mustFetch(t, sdkConfig(s, b)):                                 b.Principal.ARN,
		s.IssueToken(a.Principal, "ecr-public", "us-east-1").Password: a.Principal.ARN,
	}
	if len(want) != 3 || len(s.Tokens()) != 3 {
		t.Fatalf("%d passwords, %d tokens, want 3", len(want), len(s.Tokens()))
	}
	for password, arn := range want {
		if p, _ := s.PrincipalOf(password); p.ARN != arn || p.Account != ecrtest.Account {
			t.Errorf("token is %q's, want %q's", p.ARN, arn)
		}
	}
}

func TestPublicToken(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	user := s.AddUser("developer")
	out, err := ecrpublic.NewFromConfig(sdkConfig(s, user)).GetAuthorizationToken(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	password, err := passwordOf(out.AuthorizationData.AuthorizationToken)
	if err != nil {
		t.Fatal(err)
	}
	if token, _ := s.Token(password); token.Service != "ecr-public" || token.Principal.ARN != user.Principal.ARN {
		t.Errorf("token %+v", token)
	}
	if s.Calls("ecr-public:GetAuthorizationToken") != 1 || s.Calls("ecr:GetAuthorizationToken") != 0 {
		t.Error("the call was counted as another")
	}
}

func TestTokenIssuedExpired(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	s.SetTokenLife(-time.Hour)
	out, err := ecr.NewFromConfig(sdkConfig(s, s.AddUser("developer"))).GetAuthorizationToken(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if expires := *out.AuthorizationData[0].ExpiresAt; expires.After(s.Now()) {
		t.Errorf("expires at %v, which is yet to come", expires)
	}
}

// TestRegistryIDs checks a deprecated field that old programs send.
func TestRegistryIDs(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	user := s.AddUser("developer")
	for _, tc := range []struct {
		body   string
		status int
		want   string
	}{
		{`{"registryIds":["111122223333","444455556666"]}`, 200, `"proxyEndpoint":"https://444455556666.dkr.ecr.us-east-1.amazonaws.com"`},
		{`{"registryIds":[]}`, 200, `"proxyEndpoint":"https://123456789012.dkr.ecr.us-east-1.amazonaws.com"`},
		{``, 200, `"proxyEndpoint":"https://123456789012.dkr.ecr.us-east-1.amazonaws.com"`},
		{`{"registryIds":["1"]}`, 400, `"__type":"InvalidParameterException"`},
		{`{"registryIds":"111122223333"}`, 400, `"__type":"SerializationException"`},
		{`registryIds`, 400, `"__type":"SerializationException"`},
	} {
		status, _, body := signedRequest{
			url: s.URL + "/", body: tc.body, creds: user, region: "us-east-1", service: "ecr", at: time.Now(),
			header: http.Header{"X-Amz-Target": {ecrTarget}},
		}.send(t, &http.Client{Transport: s.Transport()})
		if status != tc.status || !strings.Contains(string(body), tc.want) {
			t.Errorf("%s: status %d, %.300s", tc.body, status, body)
		}
	}
}

func TestRefusedCredentials(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	user := s.AddUser("developer")
	s.SetSessionLife(-time.Second)
	ended := s.NewSession("arn:aws:sts::123456789012:assumed-role/deployer/one")

	if _, err := fetch(t.Context(), sdkConfig(s, user)); err != nil {
		t.Fatal(err)
	}
	s.RemoveCredentials(user.AccessKeyID)
	_, err := fetch(t.Context(), sdkConfig(s, user))
	wantAPIError(t, err, "UnrecognizedClientException", "The security token included in the request is invalid.")

	_, err = fetch(t.Context(), sdkConfig(s, ended))
	wantAPIError(t, err, "ExpiredTokenException", "The security token included in the request is expired")
}

func TestWrongClockIsReported(t *testing.T) {
	t.Parallel()
	for _, offset := range []time.Duration{48 * time.Hour, -48 * time.Hour} {
		s := ecrtest.New(t)
		s.SetClockOffset(offset)
		client := ecr.NewFromConfig(sdkConfig(s, s.AddUser("developer")))
		_, err := client.GetAuthorizationToken(t.Context(), nil)
		var api smithy.APIError
		if !errors.As(err, &api) || api.ErrorCode() != "InvalidSignatureException" {
			t.Errorf("a signature off by %v: got %v", offset, err)
		}
		// The SDK's client learns the skew from the Date header, for its next call.
		if _, err := client.GetAuthorizationToken(t.Context(), nil); err != nil {
			t.Errorf("off by %v, and put right by the server's Date: %v", offset, err)
		}
		if n := s.Calls("ecr:GetAuthorizationToken"); n != 2 {
			t.Errorf("%d calls counted, want 2: refused attempts count", n)
		}
	}
}
