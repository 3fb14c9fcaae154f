package token_test

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// A proxy would see the container's token, and return the credentials of its own machine.
func TestNoProxyForCredentialEndpoints(t *testing.T) {
	t.Parallel()
	for name, variables := range map[string][]string{
		"ECS":          {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/role"},
		"Pod Identity": {"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23/v1/credentials", "AWS_CONTAINER_AUTHORIZATION_TOKEN=pod-token"},
		"EC2":          {"AWS_EC2_METADATA_DISABLED=false"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int64
			proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
			defer proxy.Close()
			env := settings(t, append(variables, "HTTP_PROXY="+proxy.URL, "http_proxy="+proxy.URL)...)
			r := fetch(t, env, job{Request: private("us-east-1"), Budget: 500 * time.Millisecond, Metadata: 50 * time.Millisecond, DMI: t.TempDir()})
			if r.Err == nil || r.Err.Proxy != "" || strings.Contains(r.Text, "proxy") {
				t.Errorf("%+v: %s", r.Err, r.Text)
			}
			if n := requests.Load(); n != 0 {
				t.Errorf("%d requests to the proxy", n)
			}
		})
	}
}

// No redirect is followed: the request has credentials in headers that net/http does not remove.
func TestNoRedirect(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			var reached atomic.Bool
			other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
			defer other.Close()
			redirecting := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, other.URL+r.URL.Path, status)
			}))
			defer redirecting.Close()
			for variable, source := range map[string]ecrtest.Source{
				"AWS_ENDPOINT_URL_SSO":                ecrtest.FromSSO,
				"AWS_ENDPOINT_URL_STS":                ecrtest.FromWebIdentity,
				"AWS_ENDPOINT_URL_ECR":                ecrtest.FromSessionEnvironment,
				"AWS_CONTAINER_CREDENTIALS_FULL_URI":  ecrtest.FromECS,
				"AWS_EC2_METADATA_SERVICE_ENDPOINT":   ecrtest.FromEC2,
				"AWS_ENDPOINT_URL_SIGNIN":             ecrtest.FromExpiredLogin,
				"AWS_ENDPOINT_URL_SSO_OIDC":           ecrtest.FromExpiredSSO,
				"AWS_CONTAINER_CREDENTIALS_FULL_URI=": ecrtest.FromPodIdentity,
			} {
				s := ecrtest.New(t)
				env := append(s.Env(t.TempDir(), source), strings.TrimSuffix(variable, "=")+"="+redirecting.URL, "AWS_MAX_ATTEMPTS=1")
				r := fetch(t, env, job{Request: private(ecrtest.Region), DMI: t.TempDir()})
				if r.Err == nil {
					t.Errorf("%s: no error", variable)
				}
				if reached.Swap(false) {
					t.Errorf("%s: the redirect was followed", variable)
				}
				if strings.HasPrefix(variable, "AWS_ENDPOINT_URL_S") || variable == "AWS_ENDPOINT_URL_ECR" {
					wantError(t, r, token.UnusableAnswer, fmt.Sprintf("HTTP %d, a redirect, which is not followed", status))
				}
			}
		})
	}
}

// An endpoint that repeats the token that it was sent does not put it into the message, however
// short the token is.
func TestContainerTokenIsRedacted(t *testing.T) {
	t.Parallel()
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		json.NewEncoder(w).Encode(map[string]string{"code": "Bad" + r.Header.Get("Authorization"), "message": "token <" + r.Header.Get("Authorization") + "> is bad"})
	}))
	defer endpoint.Close()
	for _, secret := range []string{"Q7", "Q7z", "Q7zX", "a-short-token-for-tests"} {
		file := filepath.Join(t.TempDir(), "token")
		write(t, file, secret)
		for _, variable := range []string{"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=" + file, "AWS_CONTAINER_AUTHORIZATION_TOKEN=" + secret} {
			env := settings(t, "AWS_CONTAINER_CREDENTIALS_FULL_URI="+endpoint.URL, variable, "AWS_MAX_ATTEMPTS=1")
			r := fetch(t, env, job{Request: private("us-east-1")})
			wantError(t, r, token.Refused, "token <[redacted]> is bad")
			if len(secret) >= 4 {
				withoutSecrets(t, r, secret)
			}
		}
	}
}

// A server that repeats the whole request does not put a secret of it into the message.
func TestRequestIsRedacted(t *testing.T) {
	t.Parallel()
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		text := fmt.Sprintf("%s|%s|%s", r.Header.Get("X-Amz-Sso_bearer_token"), r.Header.Get("X-Amz-Security-Token"), body)
		switch isSTS := strings.Contains(string(body), "Action="); {
		case isSTS && strings.Contains(string(body), "first") && r.Header.Get("X-Amz-Security-Token") == "":
			fmt.Fprint(w, "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>S</SecretAccessKey>"+
				"<SessionToken>st-7zX</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>")
			return
		case isSTS:
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, "<ErrorResponse><Error><Code>Odd</Code><Message>%s</Message></Error></ErrorResponse>", html.EscapeString(text))
			return
		}
		w.Header().Set("X-Amzn-Errortype", "Odd")
		w.WriteHeader(http.StatusBadRequest)
		json.NewEncoder(w).Encode(map[string]string{"message": text})
	}))
	defer echo.Close()
	s := ecrtest.New(t)
	session := s.NewSession("arn:aws:sts::123456789012:assumed-role/pull/session")
	home := s.Home(t.TempDir())
	identity := filepath.Join(home.Dir, "identity")
	write(t, identity, "id/7+zX")
	portal := s.NewSSOSession("developer", time.Hour, ecrtest.Assignment{Account: ecrtest.Account, Role: "developer"})
	portal.AccessToken = "portal-7zX"
	home.Config("[profile second]", "role_arn = "+ruleRole, "source_profile = first",
		"[profile first]", "role_arn = arn:aws:iam::123456789012:role/first", "source_profile = key",
		"[profile key]", "aws_access_key_id = AKIDEXAMPLE", "aws_secret_access_key = secret-for-tests")
	for name, test := range map[string]struct {
		env    []string
		secret []string
	}{
		"role":         {home.Env("AWS_PROFILE=second", "AWS_ENDPOINT_URL_STS="+echo.URL), []string{"st-7zX", "secret-for-tests"}},
		"SSO":          {append(home.SSO("work", "corp", portal, ecrtest.Assignment{Account: ecrtest.Account, Role: "developer"}), "AWS_ENDPOINT_URL_SSO="+echo.URL), []string{"portal-7zX"}},
		"web identity": {home.Env("AWS_WEB_IDENTITY_TOKEN_FILE="+identity, "AWS_ROLE_ARN="+ruleRole, "AWS_ENDPOINT_URL_STS="+echo.URL), []string{"id/7+zX", "id%2F7%2BzX"}},
		"session":      {append(home.Environment(session), "AWS_ENDPOINT_URL_ECR="+echo.URL), []string{session.SessionToken, session.SecretAccessKey}},
	} {
		r := fetch(t, append(test.env, "AWS_MAX_ATTEMPTS=1"), job{Request: private(ecrtest.Region)})
		wantError(t, r, token.Refused, "Odd: ", "[redacted]")
		withoutSecrets(t, r, test.secret...)
		if t.Failed() {
			t.Log(name)
		}
	}
}

// No part of a proxy's password is in a message, and no part of it becomes a host to connect to.
func TestProxyVariable(t *testing.T) {
	t.Parallel()
	for name, password := range map[string]string{
		"at and hash": "Tr0ub4dor@Secret#9", "hash": "Tr0ub4dor#Secret9", "slash": "Tr0ub4dor/Secret9", "question mark": "Tr0ub4dor?Secret9",
		"digits and slash": "4711/Secret9", "percent": "Tr0ub4dor%Secret9", "space": "Tr0ub4dor Secret9",
	} {
		for _, variable := range []string{"HTTPS_PROXY", "https_proxy"} {
			t.Run(name+" "+variable, func(t *testing.T) {
				t.Parallel()
				env := settings(t, append(keys, "AWS_MAX_ATTEMPTS=1", variable+"=http://somebody:"+password+"@127.0.0.1:9", "AWS_ENDPOINT_URL_ECR=https://ecr.invalid")...)
				r := fetch(t, env, job{Request: private("us-east-1"), Budget: 3 * time.Second})
				wantError(t, r, r.Err.Kind, "the environment variable "+variable+" is not a proxy URL")
				withoutSecrets(t, r, "Tr0ub4dor", "Secret", "4711", "somebody")
				if r.Err.Kind == token.Configuration && (r.Err.Code != token.CodeProxy || !strings.Contains(r.Hint, "encode @ as %40")) {
					t.Errorf("code %q, hint %q", r.Err.Code, r.Hint)
				}
			})
		}
	}
}

func TestLongHeaders(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", 1<<20))
	}))
	defer server.Close()
	env := settings(t, append(keys, "AWS_ENDPOINT_URL_ECR="+server.URL, "AWS_MAX_ATTEMPTS=1")...)
	wantError(t, fetch(t, env, job{Request: private("us-east-1")}), token.UnusableAnswer, "its headers are longer than 65536 bytes")
}

func TestNoCACertificates(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	env := settings(t, append(keys, "AWS_MAX_ATTEMPTS=1", "AWS_ENDPOINT_URL="+s.TLSURL, "SSL_CERT_FILE=/nonexistent", "SSL_CERT_DIR=/nonexistent")...)
	r := fetch(t, env, job{Request: private("us-east-1")})
	wantError(t, r, token.Unreachable, "this system has no CA certificates")
	if r.Err.Code != token.CodeNoCAs || !strings.Contains(r.Hint, "install the package ca-certificates") {
		t.Errorf("code %q, hint %q", r.Err.Code, r.Hint)
	}
	if r := fetch(t, append(env, "AWS_CA_BUNDLE="+ecrtest.New(t).CAFile), job{Request: private("us-east-1")}); r.Err == nil || r.Err.Code != token.CodeTLS {
		t.Errorf("with the bundle of another server: %+v", r.Err)
	}
}
