package ecrtest_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

const host = "123456789012.dkr.ecr.us-east-1.amazonaws.com"

func password(p string) authn.Authenticator { return &authn.Basic{Username: "AWS", Password: p} }

func image(t *testing.T) v1.Image {
	t.Helper()
	img, err := random.Image(512, 2)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func push(t *testing.T, s *ecrtest.Server, ref string, img v1.Image, auth authn.Authenticator) error {
	t.Helper()
	r, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	return remote.Write(r, img, remote.WithAuth(auth), remote.WithTransport(s.Transport()), remote.WithContext(t.Context()))
}

func pull(t *testing.T, s *ecrtest.Server, ref string, auth authn.Authenticator) (v1.Hash, error) {
	t.Helper()
	r, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	img, err := remote.Image(r, remote.WithAuth(auth), remote.WithTransport(s.Transport()), remote.WithContext(t.Context()))
	if err != nil {
		return v1.Hash{}, err
	}
	layers, err := img.Layers()
	if err != nil {
		return v1.Hash{}, err
	}
	for _, l := range layers {
		rc, err := l.Compressed()
		if err != nil {
			return v1.Hash{}, err
		}
		_, err = io.Copy(io.Discard, rc)
		rc.Close()
		if err != nil {
			return v1.Hash{}, err
		}
	}
	return img.Digest()
}

// wantRefused checks a registry's refusal by status, code and message.
func wantRefused(t *testing.T, err error, status int, code transport.ErrorCode, message string) {
	t.Helper()
	var te *transport.Error
	if !errors.As(err, &te) {
		t.Fatalf("got %v, want a refusal with status %d", err, status)
	}
	if te.StatusCode != status || len(te.Errors) != 1 || te.Errors[0].Code != code || te.Errors[0].Message != message {
		t.Errorf("got status %d, %+v; want %d %s %q", te.StatusCode, te.Errors, status, code, message)
	}
}

func TestPushAndPull(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	user := s.AddUser("developer")
	token := password(mustFetch(t, sdkConfig(s, user)))
	img := image(t)
	if err := push(t, s, host+"/app:1", img, token); err != nil {
		t.Fatal(err)
	}
	want, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	// The FIPS and dual-stack names are the same registry; ports do not matter.
	for _, h := range []string{host, host + ":443", "123456789012.dkr-ecr.us-east-1.on.aws",
		"123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", "123456789012.dkr-ecr-fips.us-east-1.on.aws"} {
		if got, err := pull(t, s, h+"/app:1", token); err != nil || got != want {
			t.Errorf("%s: got %v, %v; want %v", h, got, err, want)
		}
	}
	// Another account's registry takes the same token and has other images; so has an alias.
	for _, h := range []string{"999999999999.dkr.ecr.us-east-1.amazonaws.com", "images.example.com"} {
		_, err := pull(t, s, h+"/app:1", token)
		wantRefused(t, err, http.StatusNotFound, "NAME_UNKNOWN", "Unknown name")
	}
	// So has the same account in another region, by that region's token.
	west := password(s.IssueToken(user.Principal, "ecr", "us-west-2").Password)
	_, err = pull(t, s, "123456789012.dkr.ecr.us-west-2.amazonaws.com/app:1", west)
	wantRefused(t, err, http.StatusNotFound, "NAME_UNKNOWN", "Unknown name")
	for _, r := range s.Requests("registry") {
		if r.Status != http.StatusUnauthorized && r.Principal != user.Principal.ARN {
			t.Errorf("%s %s in the name of %q", r.Method, r.Path, r.Principal)
		}
	}
}

func TestPlainHTTPRegistry(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	token := password(s.IssueToken(s.AddUser("developer").Principal, "ecr", "ap-south-1").Password)
	// go-containerregistry speaks plain HTTP to loopback addresses; no transport of ours.
	ref, err := name.ParseReference(s.Registry + "/app:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, image(t), remote.WithAuth(token), remote.WithTransport(&http.Transport{})); err != nil {
		t.Error(err)
	}
	err = remote.Write(ref, image(t), remote.WithTransport(&http.Transport{}))
	wantStatus(t, err, http.StatusUnauthorized)
}

func wantStatus(t *testing.T, err error, status int) {
	t.Helper()
	var te *transport.Error
	if !errors.As(err, &te) || te.StatusCode != status {
		t.Errorf("got %v, want a refusal with status %d", err, status)
	}
}

func TestRegistryRefuses(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	user := s.AddUser("developer").Principal
	issue := func(service, region string) string { return s.IssueToken(user, service, region).Password }
	for _, tc := range []struct {
		name string
		auth authn.Authenticator
	}{
		{"nobody", authn.Anonymous},
		{"a password it never issued", password("not-a-real-token")},
		{"another user name", &authn.Basic{Username: "aws", Password: issue("ecr", "us-east-1")}},
		{"another region's token", password(issue("ecr", "eu-west-1"))},
		{"ECR Public's token", password(issue("ecr-public", "us-east-1"))},
		{"a token as a bearer token", &authn.Bearer{Token: issue("ecr", "us-east-1")}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := pull(t, s, host+"/app:1", tc.auth)
			wantStatus(t, err, http.StatusUnauthorized)
			wantStatus(t, push(t, s, host+"/app:1", image(t), tc.auth), http.StatusUnauthorized)
		})
	}
}

func TestChallenges(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	client := &http.Client{Transport: s.Transport()}
	for url, want := range map[string]string{
		"https://" + host + "/v2/":   `Basic realm="https://` + host + `/",service="ecr.amazonaws.com"`,
		"https://public.ecr.aws/v2/": `Bearer realm="https://public.ecr.aws/token/",service="public.ecr.aws",scope="aws"`,
		"http://public.ecr.aws/v2/":  `Bearer realm="http://public.ecr.aws/token/",service="public.ecr.aws",scope="aws"`,
	} {
		resp, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Header.Get("Www-Authenticate"); resp.StatusCode != http.StatusUnauthorized || got != want {
			t.Errorf("%s: status %d, challenge %q; want %q", url, resp.StatusCode, got, want)
		}
	}
}

const expired = "Your authorization token has expired. Reauthenticate and try again."

func TestExpiredTokenIsRefused(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	token := password(mustFetch(t, sdkConfig(s, s.AddUser("developer"))))
	if err := push(t, s, host+"/app:1", image(t), token); err != nil {
		t.Fatal(err)
	}
	s.SetClockOffset(12*time.Hour - time.Minute)
	if _, err := pull(t, s, host+"/app:1", token); err != nil {
		t.Errorf("a minute before its end: %v", err)
	}
	s.SetClockOffset(12 * time.Hour)
	_, err := pull(t, s, host+"/app:1", token)
	wantRefused(t, err, http.StatusForbidden, transport.DeniedErrorCode, expired)
}

func TestTokenEndsWithSession(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	session := s.NewSession("arn:aws:sts::123456789012:assumed-role/deployer/one")
	token := password(mustFetch(t, sdkConfig(s, session)))
	if err := push(t, s, host+"/app:1", image(t), token); err != nil {
		t.Fatal(err)
	}
	s.SetClockOffset(time.Hour)
	if _, err := pull(t, s, host+"/app:1", token); err != nil {
		t.Errorf("unless set, a token outlives its session: %v", err)
	}
	s.SetTokensEndWithSession(true)
	_, err := pull(t, s, host+"/app:1", token)
	wantRefused(t, err, http.StatusForbidden, transport.DeniedErrorCode, expired)
	lasting := password(s.IssueToken(s.AddUser("developer").Principal, "ecr", "us-east-1").Password)
	if _, err := pull(t, s, host+"/app:1", lasting); err != nil {
		t.Errorf("a user's token has no session to end with: %v", err)
	}
}

func TestDeniedRepository(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	user := s.AddUser("developer").Principal
	token := password(s.IssueToken(user, "ecr", "us-east-1").Password)
	img := image(t)
	for _, repo := range []string{"team/open", "team/closed"} {
		if err := push(t, s, host+"/"+repo+":1", img, token); err != nil {
			t.Fatal(err)
		}
	}
	const arn = "arn:aws:ecr:us-east-1:123456789012:repository/team/closed"
	text := func(action, policy string) string {
		return "User: " + user.ARN + " is not authorized to perform: " + action + " on resource: " + arn +
			" because no " + policy + " policy allows the " + action + " action"
	}

	s.DenyRepository(host, "team/closed")
	_, err := pull(t, s, host+"/team/closed:1", token)
	wantRefused(t, err, http.StatusForbidden, transport.DeniedErrorCode, text("ecr:BatchGetImage", "resource-based"))
	err = push(t, s, host+"/team/closed:2", image(t), token)
	wantStatus(t, err, http.StatusForbidden)
	if _, err := pull(t, s, host+"/team/open:1", token); err != nil {
		t.Errorf("its neighbour is denied too: %v", err)
	}

	s.AllowRepository(host, "team/closed")
	s.Deny("ecr:PutImage", user.ARN)
	if _, err := pull(t, s, host+"/team/closed:1", token); err != nil {
		t.Errorf("allowed again: %v", err)
	}
	err = push(t, s, host+"/team/closed:2", image(t), token)
	wantRefused(t, err, http.StatusForbidden, transport.DeniedErrorCode, text("ecr:PutImage", "identity-based"))
	other := password(s.IssueToken(s.AddUser("other").Principal, "ecr", "us-east-1").Password)
	if err := push(t, s, host+"/team/closed:2", image(t), other); err != nil {
		t.Errorf("the denial was for somebody else: %v", err)
	}
	s.Allow("ecr:PutImage")
	if err := push(t, s, host+"/team/closed:2", image(t), token); err != nil {
		t.Errorf("allowed again: %v", err)
	}
}

func TestPublicRegistry(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	user := s.AddUser("developer")
	p, err := fetchPublic(t.Context(), sdkConfig(s, user))
	if err != nil {
		t.Fatal(err)
	}
	const ref = "public.ecr.aws/team/app:1"
	if err := push(t, s, ref, image(t), password(p)); err != nil {
		t.Fatal(err)
	}
	for _, r := range s.Requests("registry") {
		if r.Status < 300 && r.Principal != user.Principal.ARN {
			t.Errorf("%s %s in the name of %q", r.Method, r.Path, r.Principal)
		}
	}
	if _, err := pull(t, s, ref, authn.Anonymous); err != nil {
		t.Errorf("anonymous pull: %v", err)
	}
	if _, err := pull(t, s, "ecr-public.aws.com/team/app:1", authn.Anonymous); err != nil {
		t.Errorf("anonymous pull by the dual-stack name: %v", err)
	}
	wantStatus(t, push(t, s, ref, image(t), authn.Anonymous), http.StatusForbidden)

	const invalid = "Your Authorization Token is invalid."
	for what, bad := range map[string]string{
		"a password it never issued": "not-a-real-token",
		"a private token":            s.IssueToken(user.Principal, "ecr", "us-east-1").Password,
	} {
		t.Run(what, func(t *testing.T) {
			_, err := pull(t, s, ref, password(bad))
			wantRefused(t, err, http.StatusForbidden, transport.DeniedErrorCode, invalid)
		})
	}
	s.SetClockOffset(12 * time.Hour)
	_, err = pull(t, s, ref, password(p))
	wantRefused(t, err, http.StatusForbidden, transport.DeniedErrorCode, expired)
	if _, err := pull(t, s, ref, authn.Anonymous); err != nil {
		t.Errorf("anonymous pull after that: %v", err)
	}
}

// TestPublicBearerTokenEndsWithSession checks that a bearer token is valid as long as the token
// that it was issued for.
func TestPublicBearerTokenEndsWithSession(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	session := s.NewSession("arn:aws:sts::123456789012:assumed-role/deployer/one").Principal
	token := s.IssueToken(session, "ecr-public", "us-east-1")
	_, body := do(t, s, "GET", "https://public.ecr.aws/token/", "", "Authorization: Basic "+token.Basic())
	var answer struct{ Token string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	get := func() (int, string) {
		resp, body := do(t, s, "GET", "https://public.ecr.aws/v2/", "", "Authorization: Bearer "+answer.Token)
		return resp.StatusCode, body
	}
	s.SetClockOffset(time.Hour)
	if status, body := get(); status != http.StatusOK {
		t.Errorf("unless set, it outlives the session: status %d, %s", status, body)
	}
	s.SetTokensEndWithSession(true)
	if status, body := get(); status != http.StatusForbidden || !strings.Contains(body, expired) {
		t.Errorf("status %d, %s", status, body)
	}
}

// TestPublicRegistryRequiresBearerToken checks clients that ignore the challenge.
func TestPublicRegistryRequiresBearerToken(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	client := &http.Client{Transport: s.Transport()}
	good := s.IssueToken(s.AddUser("developer").Principal, "ecr-public", "us-east-1")
	get := func(url, authorization string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", authorization)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var answer struct{ Token string }
		if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		return resp.StatusCode, answer.Token
	}
	const v2, tokens = "https://public.ecr.aws/v2/", "https://public.ecr.aws/token/?scope=aws&service=public.ecr.aws"
	if status, _ := get(v2, "Basic "+good.Basic()); status != http.StatusForbidden {
		t.Errorf("Basic at /v2/: status %d, want 403", status)
	}
	if status, _ := get(v2, "Bearer not-a-real-token"); status != http.StatusForbidden {
		t.Errorf("a bearer token it never gave: status %d, want 403", status)
	}
	// The token as the API answers it is good in that place, one of a private registry is not.
	private := s.IssueToken(s.AddUser("developer").Principal, "ecr", "us-east-1")
	for authorization, want := range map[string]int{
		"Bearer " + good.Basic(): http.StatusOK, "Bearer " + good.Password: http.StatusForbidden, "Bearer " + private.Basic(): http.StatusForbidden,
	} {
		if status, _ := get(v2, authorization); status != want {
			t.Errorf("an authorization token as bearer token: status %d, want %d", status, want)
		}
	}
	if resp, _ := do(t, s, "POST", tokens, "grant_type=password"); resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("OAuth by POST: status %d, want 405, on which clients fall back to GET", resp.StatusCode)
	}
	_, mine := get(tokens, "Basic "+good.Basic())
	_, anonymous := get(tokens, "")
	for _, b := range []string{mine, anonymous} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v2, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+b)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("bearer token: status %d", resp.StatusCode)
		}
	}
	s.SetClockOffset(time.Hour)
	if status, _ := get(v2, "Bearer "+anonymous); status != http.StatusForbidden {
		t.Errorf("an anonymous bearer token an hour later: status %d, want 403", status)
	}
}
