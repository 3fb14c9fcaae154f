package ecrtest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/smithy-go"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// TestFaultsSeenBySDKClients checks the error of each fault in the SDK's clients of each protocol.
func TestFaultsSeenBySDKClients(t *testing.T) {
	t.Parallel()
	type client struct {
		op   string
		call func(context.Context, aws.Config) error
		code map[string]string // where the service has a name of its own
	}
	clients := []client{
		{"ecr:GetAuthorizationToken", func(ctx context.Context, cfg aws.Config) error { _, err := fetch(ctx, cfg); return err }, nil},
		{"ecr-public:GetAuthorizationToken", func(ctx context.Context, cfg aws.Config) error { _, err := fetchPublic(ctx, cfg); return err }, nil},
		{"sts:GetCallerIdentity", func(ctx context.Context, cfg aws.Config) error { _, err := identity(ctx, cfg); return err },
			map[string]string{"AccessDeniedException": "AccessDenied", "ThrottlingException": "Throttling"}},
	}
	for _, tc := range []struct {
		name    string
		fault   ecrtest.Fault
		code    string // of the API error; "" wants an error that is none
		message string
	}{
		{"access denied", ecrtest.AccessDenied(), "AccessDeniedException",
			"User: arn:aws:iam::123456789012:user/developer is not authorized to perform: OP on resource: * because no identity-based policy allows the OP action"},
		{"throttled", ecrtest.Throttled(), "ThrottlingException", "Rate exceeded"},
		{"503", ecrtest.Unavailable(), "ServiceUnavailableException", "a fault set by the test"},
		{"500", ecrtest.Fault{Status: 500}, "InternalServerException", "a fault set by the test"},
		{"any other error", ecrtest.Fault{Status: 400, Code: "LimitExceededException", Message: "too much"}, "LimitExceededException", "too much"},
		{"garbage", ecrtest.Fault{Garbage: true}, "", "deserialization"},
		{"truncated", ecrtest.Fault{Truncate: true}, "", "deserialization"},
		{"closed connection", ecrtest.Fault{CloseConnection: true}, "", "EOF"},
	} {
		for _, c := range clients {
			t.Run(tc.name+"/"+c.op, func(t *testing.T) {
				t.Parallel()
				s := ecrtest.New(t)
				cfg := sdkConfig(s, s.AddUser("developer"))
				fault := tc.fault
				fault.Times = 1
				s.SetFault(c.op, fault)
				err := c.call(t.Context(), cfg)
				var api smithy.APIError
				if tc.code == "" {
					if err == nil || errors.As(err, &api) || !strings.Contains(err.Error(), tc.message) {
						t.Errorf("got %v, want an error of the transport with %q", err, tc.message)
					}
				} else {
					code := tc.code
					if own := c.code[code]; own != "" {
						code = own
					}
					wantAPIError(t, err, code, strings.ReplaceAll(tc.message, "OP", c.op))
				}
				if err := c.call(t.Context(), cfg); err != nil {
					t.Errorf("the fault was for one request, the next failed too: %v", err)
				}
				if n := s.Calls(c.op); n != 2 {
					t.Errorf("%d calls counted, want 2", n)
				}
			})
		}
	}
}

func TestSilenceEndsWithConnection(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	cfg := sdkConfig(s, s.AddUser("developer"))
	s.SetFault("ecr:GetAuthorizationToken", ecrtest.Fault{Silence: true})
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { _, err := fetch(ctx, cfg); result <- err }()
	if err := s.Wait(t.Context(), "ecr:GetAuthorizationToken", 1); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-result:
		t.Fatalf("an answer from a silent service: %v", err)
	default:
	}
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the client's own cancellation", err)
	}
}

func TestHeldRequestIsAnsweredWhenReleased(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	cfg := sdkConfig(s, s.AddUser("developer"))
	release := make(chan struct{})
	s.SetFault("ecr:GetAuthorizationToken", ecrtest.Fault{Until: release})
	const n = 5
	results := make(chan error, n)
	for range n {
		go func() { _, err := fetch(t.Context(), cfg); results <- err }()
	}
	if err := s.Wait(t.Context(), "ecr:GetAuthorizationToken", n); err != nil {
		t.Fatal(err)
	}
	if got := len(s.Tokens()); got != 0 {
		t.Errorf("%d tokens issued to held requests", got)
	}
	close(release)
	for range n {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if got := len(s.Tokens()); got != n {
		t.Errorf("%d tokens issued, want %d", got, n)
	}
}

func TestLatencyWithClientTimeout(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	cfg := sdkConfig(s, s.AddUser("developer"))
	s.SetFault("ecr:GetAuthorizationToken", ecrtest.Fault{Latency: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { _, err := fetch(ctx, cfg); result <- err }()
	if err := s.Wait(t.Context(), "ecr:GetAuthorizationToken", 1); err != nil {
		t.Fatal(err)
	}
	s.SetFault("ecr:GetAuthorizationToken", ecrtest.Fault{Latency: time.Millisecond})
	if _, err := fetch(t.Context(), cfg); err != nil {
		t.Errorf("a second client, after a millisecond: %v", err)
	}
	select {
	case err := <-result:
		t.Errorf("the first client was answered within the hour: %v", err)
	default:
	}
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the client's own cancellation", err)
	}
}

func TestFaultSequence(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	cfg := sdkConfig(s, s.AddUser("developer"))
	s.SetFault("*", ecrtest.Fault{Status: 501})
	s.SetFault("ecr:GetAuthorizationToken", ecrtest.Fault{Status: 500, Times: 2}, ecrtest.Fault{Status: 503, Times: 1})
	for _, want := range []int{500, 500, 503, 501, 501} {
		_, err := fetch(t.Context(), cfg)
		var re *awshttp.ResponseError
		if !errors.As(err, &re) || re.HTTPStatusCode() != want {
			t.Errorf("got %v, want status %d", err, want)
		}
	}
	s.SetFault("*")
	if _, err := fetch(t.Context(), cfg); err != nil {
		t.Errorf("well again: %v", err)
	}
}

func TestUnusableAnswer(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	s.SetFault("ecr:GetAuthorizationToken", ecrtest.Fault{Body: []byte(`{"authorizationData":[]}`)})
	out, err := ecr.NewFromConfig(sdkConfig(s, s.AddUser("developer"))).GetAuthorizationToken(t.Context(), nil)
	if err != nil || len(out.AuthorizationData) != 0 {
		t.Errorf("got %+v, %v; want the test's own answer", out, err)
	}
}

// TestSignatureIsCheckedBeforeFault checks that a fault does not hide a wrong signature.
func TestSignatureIsCheckedBeforeFault(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	user := s.AddUser("developer")
	user.SecretAccessKey = "another-secret-for-tests"
	s.SetFault("ecr:GetAuthorizationToken", ecrtest.AccessDenied())
	_, err := fetch(t.Context(), sdkConfig(s, user))
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "InvalidSignatureException" {
		t.Errorf("got %v, want the signature's own error", err)
	}
}

func TestDeny(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	user := s.AddUser("developer")
	session := s.NewSession("arn:aws:sts::123456789012:assumed-role/deployer/one")
	text := func(arn, action, resource string) string {
		return "User: " + arn + " is not authorized to perform: " + action + " on resource: " + resource +
			" because no identity-based policy allows the " + action + " action"
	}

	s.Deny("ecr:GetAuthorizationToken", "arn:aws:iam::123456789012:role/deployer")
	_, err := fetch(t.Context(), sdkConfig(s, session))
	wantAPIError(t, err, "AccessDeniedException", text(session.Principal.ARN, "ecr:GetAuthorizationToken", "*"))
	if _, err := fetch(t.Context(), sdkConfig(s, user)); err != nil {
		t.Errorf("the denial was for the role alone: %v", err)
	}
	s.Allow("ecr:GetAuthorizationToken")
	if _, err := fetch(t.Context(), sdkConfig(s, session)); err != nil {
		t.Errorf("allowed again: %v", err)
	}

	// ECR Public wants two permissions; the second is the one people forget.
	s.Deny("sts:GetServiceBearerToken")
	_, err = fetchPublic(t.Context(), sdkConfig(s, user))
	wantAPIError(t, err, "AccessDeniedException", text(user.Principal.ARN, "sts:GetServiceBearerToken", "*"))

	s.Deny("sts:AssumeRole", user.Principal.ARN)
	role := ecrtest.Role{ARN: "arn:aws:iam::123456789012:role/deployer"}
	s.AddRole(role)
	_, err = assume(t, s, user, role.ARN, "")
	wantAPIError(t, err, "AccessDenied", text(user.Principal.ARN, "sts:AssumeRole", role.ARN))
}

func TestRegistryFaults(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	token := password(s.IssueToken(s.AddUser("developer").Principal, "ecr", "us-east-1").Password)
	if err := push(t, s, host+"/app:1", image(t), token); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: s.Transport()}
	manifest := func() (*http.Response, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+host+"/v2/app/manifests/1", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Basic "+s.Tokens()[0].Basic())
		return client.Do(req)
	}

	s.SetFault("registry", ecrtest.Fault{Status: 403, Code: "DENIED", Message: "no"})
	_, err := pull(t, s, host+"/app:1", token)
	wantRefused(t, err, http.StatusForbidden, transport.DeniedErrorCode, "no")

	// go-containerregistry would try again for seconds.
	s.SetFault("registry", ecrtest.Throttled())
	resp, err := manifest()
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	const want = `{"errors":[{"code":"TOOMANYREQUESTS","message":"Rate exceeded"}]}` + "\n"
	if err != nil || resp.StatusCode != http.StatusTooManyRequests || string(body) != want {
		t.Errorf("throttled: status %d, %q, %v", resp.StatusCode, body, err)
	}

	s.SetFault("registry", ecrtest.Fault{Truncate: true})
	if resp, err = manifest(); err != nil {
		t.Fatal(err)
	}
	body, err = io.ReadAll(resp.Body)
	resp.Body.Close()
	if !errors.Is(err, io.ErrUnexpectedEOF) || len(body) == 0 || resp.Header.Get("Docker-Content-Digest") == "" {
		t.Errorf("truncated: %d bytes, %v; want half a manifest", len(body), err)
	}

	s.SetFault("registry", ecrtest.Fault{CloseConnection: true})
	if resp, err := manifest(); err == nil {
		resp.Body.Close()
		t.Errorf("status %d over a closed connection", resp.StatusCode)
	}
}
