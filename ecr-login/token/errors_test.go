package token_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

const ecrCall = "ecr:GetAuthorizationToken"

// user is a server, an environment with keys it knows, and those keys.
func user(t *testing.T) (*ecrtest.Server, []string, ecrtest.Credentials) {
	t.Helper()
	s := ecrtest.New(t)
	c := s.AddUser("builder")
	return s, s.Home(t.TempDir()).Environment(c), c
}

// The responses of ECR, and the errors for them.
func TestECRErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault ecrtest.Fault
		kind  token.Kind
		code  string
		words []string
	}{
		{"denied", ecrtest.AccessDenied(), token.AccessDenied, "AccessDeniedException",
			[]string{"access denied: arn:aws:iam::123456789012:user/builder is not allowed to call ecr:GetAuthorizationToken"}},
		{"throttled", final(ecrtest.Throttled()), token.Throttled, "ThrottlingException", []string{"ECR at 127.0.0.1:", "ThrottlingException"}},
		{"throttled by status alone", ecrtest.Fault{Status: 429}, token.Throttled, "", []string{"throttling requests"}},
		{"out of order", final(ecrtest.Unavailable()), token.Refused, "", []string{"ECR at 127.0.0.1:", "server error"}},
		{"unknown key", ecrtest.Fault{Status: 400, Code: "UnrecognizedClientException", Message: "The security token included in the request is invalid."},
			token.Refused, "UnrecognizedClientException", []string{"UnrecognizedClientException", "is invalid"}},
		{"expired key", ecrtest.Fault{Status: 400, Code: "ExpiredTokenException", Message: "The security token included in the request is expired"},
			token.Refused, "ExpiredTokenException", []string{"ExpiredTokenException", "is expired"}},
		{"clock", ecrtest.Fault{Status: 400, Code: "RequestTimeTooSkewed", Message: "The difference is too large."},
			token.ClockSkew, "RequestTimeTooSkewed", []string{"the clock of this machine is", "ECR at 127.0.0.1:"}},
		{"clock, by wording", ecrtest.Fault{Status: 400, Code: "InvalidSignatureException", Message: "Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z"},
			token.ClockSkew, "InvalidSignatureException", []string{"the clock of this machine is"}},
		{"web page", ecrtest.Fault{Garbage: true}, token.UnusableAnswer, "", []string{"ECR at 127.0.0.1:", "web page"}},
		{"web page that is an error", final(ecrtest.Fault{Garbage: true, Status: 502}), token.UnusableAnswer, "", []string{"HTTP 502"}},
		{"redirect to a login page", ecrtest.Fault{Garbage: true, Status: 302}, token.UnusableAnswer, "", []string{"HTTP 302"}},
		{"cut short", ecrtest.Fault{Truncate: true}, token.UnusableAnswer, "", []string{"truncated"}},
		{"not JSON", ecrtest.Fault{Body: []byte("not JSON")}, token.UnusableAnswer, "", []string{"does not have the form"}},
		{"JSON cut short", ecrtest.Fault{Body: []byte(`{"authorizationData":[{"authorizationToken":"QVdTOm5v`)}, token.UnusableAnswer, "", []string{"truncated"}},
		{"another type", ecrtest.Fault{Body: []byte(`{"authorizationData":"none"}`)}, token.UnusableAnswer, "", []string{"does not have the form"}},
		{"an invalid time", ecrtest.Fault{Body: []byte(`{"authorizationData":[{"authorizationToken":"QVdTOm5v","expiresAt":"NaN"}]}`)}, token.UnusableAnswer, "", []string{"does not have the form"}},
		{"nothing", ecrtest.Fault{Body: []byte{' '}}, token.UnusableAnswer, "", []string{"no authorization data"}},
		{"null", ecrtest.Fault{Body: []byte("null")}, token.UnusableAnswer, "", []string{"no authorization data"}},
		{"empty list", ecrtest.Fault{Body: []byte(`{"authorizationData":[]}`)}, token.UnusableAnswer, "", []string{"no authorization data"}},
		{"empty entry", ecrtest.Fault{Body: []byte(`{"authorizationData":[{}]}`)}, token.UnusableAnswer, "", []string{"no authorization token"}},
		{"token without a colon", ecrtest.Fault{Body: []byte(`{"authorizationData":[{"authorizationToken":"bm90LWEtcmVhbC10b2tlbg=="}]}`)}, token.UnusableAnswer, "", []string{"no colon"}},
		{"endless", ecrtest.Fault{Body: []byte(`{"authorizationData":[{"authorizationToken":"` + strings.Repeat("QVdT", 1<<19) + `"}]}`)}, token.UnusableAnswer, "", []string{"longer than 1048576 bytes"}},
		{"connection closed", ecrtest.Fault{CloseConnection: true}, token.Unreachable, "", []string{"cannot reach ECR at 127.0.0.1:", "closed the connection"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, env, c := user(t)
			s.SetFault(ecrCall, test.fault)
			// Retries are the SDK's; one attempt is enough to see what is made of the last.
			r := fetch(t, append(env, "AWS_MAX_ATTEMPTS=1"), job{Request: private(ecrtest.Region)})
			wantError(t, r, test.kind, test.words...)
			withoutSecrets(t, r, c.SecretAccessKey, "QVdTOm5v", "bm90LWEt", "not-a-real-token")
			if test.code != "" && r.Err.Code != test.code {
				t.Errorf("code %q, want %q", r.Err.Code, test.code)
			}
			if r.Err.Stage != token.StageECR || r.Err.Host != strings.TrimPrefix(s.URL, "http://") {
				t.Errorf("stage %q, host %q", r.Err.Stage, r.Err.Host)
			}
			if test.kind == token.AccessDenied && (r.Err.Action != ecrCall || r.Err.Principal != c.Principal.ARN) {
				t.Errorf("action %q, principal %q", r.Err.Action, r.Err.Principal)
			}
		})
	}
}

// The SDK's retries carry a call over a hiccup.
func TestRetries(t *testing.T) {
	t.Parallel()
	s, env, c := user(t)
	s.SetFault(ecrCall, ecrtest.Fault{Status: 500, Times: 1}, ecrtest.Fault{CloseConnection: true, Times: 1})
	wantToken(t, s, fetch(t, env, job{Request: private(ecrtest.Region)}), c.Principal.ARN)
	if n := s.Calls(ecrCall); n != 3 {
		t.Errorf("%d calls", n)
	}
}

// AWS quotes the request when it does not like a signature. None of it may be
// shown, nor what any server makes up.
func TestNoSecretIsQuoted(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	c := s.NewSession("arn:aws:sts::123456789012:assumed-role/pull/session")
	env := s.Home(t.TempDir()).Environment(c)
	const signature = "f0e4c2f76c58916ec258f246851bea091d14d4247a2fc3e18694461b1816e13b"
	for _, code := range []string{"SignatureDoesNotMatch", "AccessDeniedException", "ThrottlingException", "IncompleteSignature", c.SecretAccessKey} {
		for _, message := range []string{
			"The request signature we calculated does not match the signature you provided.\n\nThe Canonical String for this request should have been\n'POST\n/\n\nx-amz-security-token:" + c.SessionToken + "'",
			"Authorization=AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE, Signature=" + signature,
			"User: " + c.SessionToken + " is not authorized to perform: " + c.SecretAccessKey + " because " + c.SessionToken,
			c.SecretAccessKey + " " + c.SessionToken + " " + signature,
		} {
			s.SetFault(ecrCall, ecrtest.Fault{Status: 403, Code: code, Message: message})
			r := fetch(t, append(env, "AWS_MAX_ATTEMPTS=1"), job{Request: private(ecrtest.Region)})
			if r.Err == nil {
				t.Fatal("no error")
			}
			withoutSecrets(t, r, c.SecretAccessKey, c.SessionToken, signature)
		}
	}
}

func TestECRPublicErrors(t *testing.T) {
	t.Parallel()
	s, env, c := user(t)
	r := fetch(t, env, job{Request: public()})
	if issued := wantToken(t, s, r, c.Principal.ARN); issued.Service != "ecr-public" {
		t.Errorf("a token for %s", issued.Service)
	}
	s.Deny("sts:GetServiceBearerToken", c.Principal.ARN)
	r = fetch(t, env, job{Request: public()})
	wantError(t, r, token.AccessDenied, "sts:GetServiceBearerToken", c.Principal.ARN)
	if r.Err.Action != "sts:GetServiceBearerToken" || r.Err.Stage != token.StageECRPublic {
		t.Errorf("action %q, stage %q", r.Err.Action, r.Err.Stage)
	}
	s.SetFault("ecr-public:GetAuthorizationToken", ecrtest.Fault{Body: []byte("{}")})
	wantError(t, fetch(t, env, job{Request: public()}), token.UnusableAnswer, "ECR Public", "no authorization data")
}

// The clock: how wrong it is comes from the date of the refusal, and a token's
// life does not depend on it.
func TestWrongClock(t *testing.T) {
	t.Parallel()
	s, env, c := user(t)
	s.SetClockOffset(7 * time.Hour)
	r := fetch(t, env, job{Request: private(ecrtest.Region)}) // the SDK corrects the signature's time by itself
	wantToken(t, s, r, c.Principal.ARN)
	if skew := r.Token.Skew.Round(time.Minute); skew != 7*time.Hour {
		t.Errorf("skew %v", skew)
	}
	if life := r.Token.Lifetime.Round(time.Minute); life != 12*time.Hour {
		t.Errorf("lifetime %v", life)
	}
	env = append(env, "AWS_MAX_ATTEMPTS=1")
	s.SetFault(ecrCall, ecrtest.Fault{Status: 400, Code: "RequestTimeTooSkewed", Message: "x"})
	wantError(t, fetch(t, env, job{Request: private(ecrtest.Region)}), token.ClockSkew, "h", "m", "behind")
	s.SetClockOffset(-30 * time.Minute)
	wantError(t, fetch(t, env, job{Request: private(ecrtest.Region)}), token.ClockSkew, "30m", "ahead")
}

// whenCalled returns a URL that responds when op was called.
func whenCalled(t *testing.T, s *ecrtest.Server, op string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for s.Calls(op) == 0 && r.Context().Err() == nil {
			time.Sleep(5 * time.Millisecond)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// A deadline names the stage that used it up, and the host.
func TestDeadline(t *testing.T) {
	t.Parallel()
	silence := ecrtest.Fault{Silence: true}
	tests := []struct {
		name   string
		source ecrtest.Source
		op     string
		stage  token.Stage
	}{
		{"ECR", ecrtest.FromFile, ecrCall, token.StageECR},
		{"ECR after others", ecrtest.FromRole, ecrCall, token.StageECR},
		{"STS", ecrtest.FromRole, "sts:AssumeRole", token.StageAssumeRole},
		{"STS for a web identity", ecrtest.FromWebIdentity, "sts:AssumeRoleWithWebIdentity", token.StageWebIdentity},
		{"the SSO portal", ecrtest.FromSSO, "sso:GetRoleCredentials", token.StageSSORole},
		{"refresh of SSO", ecrtest.FromExpiredSSO, "sso-oidc:CreateToken", token.StageSSORefresh},
		{"refresh of a login", ecrtest.FromExpiredLogin, "signin:CreateToken", token.StageLoginRefresh},
		{"a container", ecrtest.FromECS, "container:credentials", token.StageContainer},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := ecrtest.New(t)
			s.SetFault(test.op, silence)
			r := fetch(t, s.Env(t.TempDir(), test.source), job{Request: private(ecrtest.Region), Expire: whenCalled(t, s, test.op)})
			wantError(t, r, token.Timeout, "timed out after ", " while "+test.stage.Text()+" at "+strings.TrimPrefix(s.URL, "http://"))
			if r.Err.Stage != test.stage || r.Is != "context deadline exceeded" {
				t.Errorf("stage %q, error is %q", r.Err.Stage, r.Is)
			}
		})
	}
}

func TestDeadlineElsewhere(t *testing.T) {
	t.Parallel()
	t.Run("the lock", func(t *testing.T) {
		t.Parallel()
		s := ecrtest.New(t)
		r := fetch(t, s.Env(t.TempDir(), ecrtest.FromExpiredSSO), job{Request: private("us-east-1"), Lock: s.BlackHole(), Expire: whenCalled(t, s, "black-hole")})
		wantError(t, r, token.Timeout, "waiting for another process to refresh the session", "sso-expired")
		if n := len(s.Requests("")); n != 0 {
			t.Errorf("%d requests without the lock", n)
		}
	})
	t.Run("over before it began", func(t *testing.T) {
		t.Parallel()
		s, env, _ := user(t)
		r := fetch(t, env, job{Request: private("us-east-1"), Cancel: true})
		wantError(t, r, token.Timeout, "canceled while")
		if r.Is != "context canceled" || s.Calls(ecrCall) != 0 {
			t.Errorf("error is %q, %d calls", r.Is, s.Calls(ecrCall))
		}
	})
	t.Run("a proxy", func(t *testing.T) {
		t.Parallel()
		s := ecrtest.New(t)
		home := s.Home(t.TempDir())
		home.Proxy = true
		s.SetFault(ecrCall, ecrtest.Fault{Silence: true})
		env := home.Environment(s.AddUser("builder"))
		for i, v := range env {
			env[i] = strings.Replace(v, "HTTPS_PROXY=http://", "HTTPS_PROXY=http://somebody:proxy-password-for-tests@", 1)
		}
		r := fetch(t, env, job{Request: private("eu-west-1"), Expire: whenCalled(t, s, ecrCall)})
		proxy := strings.Replace(s.ProxyURL, "http://", "http://***@", 1)
		wantError(t, r, token.Timeout, "calling ECR at api.ecr.eu-west-1.amazonaws.com through proxy "+proxy)
		withoutSecrets(t, r, "somebody", "proxy-password-for-tests")
		if r.Err.Proxy != proxy || r.Err.Host != "api.ecr.eu-west-1.amazonaws.com" {
			t.Errorf("host %q, proxy %q", r.Err.Host, r.Err.Proxy)
		}
	})
}

// Ways not to reach AWS.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	const host = "127.0.0.1:1" // nothing listens there, and no test gets this port
	once := "AWS_MAX_ATTEMPTS=1"
	t.Run("connection refused", func(t *testing.T) {
		t.Parallel()
		r := fetch(t, settings(t, append(keys, once, "AWS_ENDPOINT_URL=http://"+host)...), job{Request: private("us-east-1")})
		wantError(t, r, token.Unreachable, "cannot reach ECR at "+host, "connection refused")
		if r.Err.Host != host || r.Err.Proxy != "" {
			t.Errorf("host %q, proxy %q", r.Err.Host, r.Err.Proxy)
		}
	})
	t.Run("proxy refuses connections", func(t *testing.T) {
		t.Parallel()
		r := fetch(t, settings(t, append(keys, once, "HTTPS_PROXY=http://"+host)...), job{Request: private("us-east-1")})
		wantError(t, r, token.Unreachable, "ECR at api.ecr.us-east-1.amazonaws.com through proxy http://"+host, "the proxy cannot be reached", "connection refused")
		if r.Err.Proxy != "http://"+host {
			t.Errorf("proxy %q", r.Err.Proxy)
		}
	})
	t.Run("proxy wants a password", func(t *testing.T) {
		t.Parallel()
		s := ecrtest.New(t)
		s.SetFault("proxy:CONNECT", ecrtest.Fault{Status: http.StatusProxyAuthRequired})
		r := fetch(t, settings(t, append(keys, once, "HTTPS_PROXY="+s.ProxyURL)...), job{Request: private("us-east-1")})
		wantError(t, r, token.Unreachable, "HTTP 407 (proxy authentication required)", "through proxy "+s.ProxyURL)
	})
	t.Run("unknown authority", func(t *testing.T) {
		t.Parallel()
		s := ecrtest.New(t)
		r := fetch(t, settings(t, append(keys, once, "AWS_ENDPOINT_URL="+s.TLSURL)...), job{Request: private("us-east-1")})
		wantError(t, r, token.Unreachable, "unknown CA")
		if r.Err.Code != token.CodeTLS || !strings.Contains(r.Hint, "AWS_CA_BUNDLE") {
			t.Errorf("code %q, hint %q", r.Err.Code, r.Hint)
		}
	})
	t.Run("no TLS there", func(t *testing.T) {
		t.Parallel()
		s := ecrtest.New(t)
		r := fetch(t, settings(t, append(keys, once, "AWS_ENDPOINT_URL="+strings.Replace(s.URL, "http:", "https:", 1))...), job{Request: private("us-east-1")})
		wantError(t, r, token.Unreachable, "HTTP response to HTTPS client")
	})
	t.Run("STS refuses connections", func(t *testing.T) {
		t.Parallel()
		s := ecrtest.New(t)
		env := append(s.Env(t.TempDir(), ecrtest.FromRole), once, "AWS_ENDPOINT_URL_STS=http://"+host)
		wantError(t, fetch(t, env, job{Request: private("us-east-1")}), token.Unreachable, "cannot reach STS at "+host)
	})
	t.Run("no container agent", func(t *testing.T) {
		t.Parallel()
		env := settings(t, once, "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://"+host+"/role")
		wantError(t, fetch(t, env, job{Request: private("us-east-1")}), token.Unreachable, "cannot reach the container credential endpoint at "+host)
	})
}

// Broken settings are named.
func TestConfiguration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := filepath.Join(dir, "config")
	write(t, config, `
[profile orphan]
role_arn = arn:aws:iam::123456789012:role/orphan
source_profile = nobody
[profile empty-source]
role_arn = arn:aws:iam::123456789012:role/empty-source
source_profile = plain
[profile plain]
region = eu-west-1
[profile no-role]
source_profile = plain
[profile mfa]
role_arn = arn:aws:iam::123456789012:role/mfa
mfa_serial = arn:aws:iam::123456789012:mfa/somebody
credential_source = Environment
[profile half]
aws_access_key_id = AKIDEXAMPLE
[profile no-session]
sso_session = nowhere
sso_account_id = 123456789012
sso_role_name = developer
[profile two]
role_arn = arn:aws:iam::123456789012:role/two
source_profile = plain
credential_source = Environment
[profile no-bundle]
ca_bundle = `+filepath.Join(dir, "missing.pem")+`
`)
	write(t, filepath.Join(dir, "garbage.pem"), "not a certificate")
	tests := []struct {
		name    string
		env     []string
		profile string
		words   []string
		code    string
	}{
		{"unknown profile in the environment", []string{"AWS_PROFILE=nobody"}, "", []string{`profile "nobody" not found in`}, ""},
		{"unknown profile in the request", nil, "nobody", []string{`profile "nobody" not found in`}, ""},
		{"unknown source profile", nil, "orphan", []string{`profile "orphan": source_profile: profile "nobody" not found`}, ""},
		{"source profile without credentials", nil, "empty-source", []string{`source_profile "plain"`, "no credentials"}, ""},
		{"half a key in the environment", keys[:1:1], "", []string{"AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not"}, ""},
		{"MFA demanded", keys[:2:2], "mfa", []string{`"mfa" requires an MFA code`}, token.CodeMFA},
		{"half a key", nil, "half", []string{`profile "half" has an access key without aws_secret_access_key`}, ""},
		{"unknown SSO session", nil, "no-session", []string{"nowhere"}, ""},
		{"two sources", nil, "two", []string{`"two" has both source_profile and credential_source`}, ""},
		{"bundle missing", nil, "no-bundle", []string{"CA bundle", "missing.pem"}, ""},
		{"bundle missing, environment", []string{"AWS_CA_BUNDLE=" + filepath.Join(dir, "gone.pem")}, "", []string{"CA bundle", "gone.pem"}, ""},
		{"bundle without certificates", []string{"AWS_CA_BUNDLE=" + filepath.Join(dir, "garbage.pem")}, "", []string{"CA bundle"}, ""},
		{"an invalid switch", []string{"AWS_USE_FIPS_ENDPOINT=maybe"}, "", []string{"AWS_USE_FIPS_ENDPOINT"}, ""},
		{"container endpoint elsewhere", []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://192.0.2.1/role"}, "", []string{"192.0.2.1"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			request := private("us-east-1")
			request.Profile = test.profile
			r := fetch(t, settings(t, append(test.env, "AWS_CONFIG_FILE="+config)...), job{Recorded: true, Request: request})
			wantError(t, r, token.Configuration, test.words...)
			withoutSecrets(t, r, "secret-for-tests")
			if r.Err.Code != test.code || len(r.URLs) != 0 {
				t.Errorf("code %q, calls %v", r.Err.Code, r.URLs)
			}
		})
	}
}

// A missing endpoint is reported before anything is sent.
func TestNoSuchEndpoint(t *testing.T) {
	t.Parallel()
	r := fetch(t, settings(t, append(keys, "AWS_USE_DUALSTACK_ENDPOINT=true")...), job{Recorded: true, Request: token.Request{Registry: registry.Registry{
		Account: ecrtest.Account, Region: "us-isob-east-1", Partition: "aws-iso-b", Service: registry.Private,
	}}})
	if r.Err == nil { // the SDK has learned of one
		if len(r.URLs) != 1 || !strings.Contains(r.URLs[0], "us-isob-east-1") {
			t.Errorf("called %v", r.URLs)
		}
		return
	}
	wantError(t, r, token.Configuration, "us-isob-east-1")
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
