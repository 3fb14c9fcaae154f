package ecrtest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

func TestSSOPortal(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	session := s.NewSSOSession("developer", time.Hour, ecrtest.Assignment{Account: "111122223333", Role: "Pull"})
	ended := s.NewSSOSession("developer", 0)
	for _, tc := range []struct {
		name, query, token string
		status             int
		code               string
	}{
		{"assigned role", "account_id=111122223333&role_name=Pull", session.AccessToken, 200, ""},
		{"another role", "account_id=111122223333&role_name=Push", session.AccessToken, 403, "ForbiddenException"},
		{"another account", "account_id=444455556666&role_name=Pull", session.AccessToken, 403, "ForbiddenException"},
		{"expired token", "account_id=111122223333&role_name=Pull", ended.AccessToken, 401, "UnauthorizedException"},
		{"unknown token", "account_id=111122223333&role_name=Pull", "not-a-real-token", 401, "UnauthorizedException"},
		{"refresh token", "account_id=111122223333&role_name=Pull", session.RefreshToken, 401, "UnauthorizedException"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			resp, body := do(t, s, "GET", s.URL+"/federation/credentials?"+tc.query, "", "X-Amz-Sso_bearer_token: "+tc.token)
			if resp.StatusCode != tc.status || resp.Header.Get("X-Amzn-Errortype") != tc.code {
				t.Errorf("status %d, %q: %s", resp.StatusCode, resp.Header.Get("X-Amzn-Errortype"), body)
			}
			if tc.code == "" && !strings.Contains(body, `"sessionToken"`) {
				t.Errorf("no credentials: %s", body)
			}
		})
	}
}

func TestSSORefreshTokenWorksOnce(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	session := s.NewSSOSession("developer", -time.Minute)
	ended := s.NewSSOSession("developer", -time.Minute)
	s.EndSSOSession(ended)
	post := func(c ecrtest.SSOSession, grant string) (*http.Response, string) {
		return do(t, s, "POST", s.URL+"/token", `{"clientId":"`+c.ClientID+`","clientSecret":"`+c.ClientSecret+
			`","grantType":"`+grant+`","refreshToken":"`+c.RefreshToken+`"}`)
	}
	otherClient, unknown := session, session
	otherClient.ClientSecret = "another-secret-for-tests"
	unknown.RefreshToken = "not-a-real-token"
	for _, tc := range []struct {
		name    string
		session ecrtest.SSOSession
		grant   string
		code    string
	}{
		{"another grant", session, "authorization_code", "UnsupportedGrantTypeException"},
		{"another client", otherClient, "refresh_token", "InvalidClientException"},
		{"unknown refresh token", unknown, "refresh_token", "InvalidGrantException"},
		{"signed out", ended, "refresh_token", "InvalidGrantException"},
		{"in order", session, "refresh_token", ""},
		{"a second time", session, "refresh_token", "InvalidGrantException"},
	} {
		resp, body := post(tc.session, tc.grant)
		if got := resp.Header.Get("X-Amzn-Errortype"); got != tc.code || (tc.code == "") != (resp.StatusCode == 200) {
			t.Errorf("%s: status %d, %q, want %q: %s", tc.name, resp.StatusCode, got, tc.code, body)
		}
	}
	if resp, _ := do(t, s, "POST", s.URL+"/token", "not JSON"); resp.Header.Get("X-Amzn-Errortype") != "InvalidRequestException" {
		t.Errorf("no JSON: %q", resp.Header.Get("X-Amzn-Errortype"))
	}
}

// TestSSOSessionIsRefreshedOnce checks that the SDK refreshes the session, writes it to the token
// file, and needs no refresh the next time.
func TestSSOSessionIsRefreshedOnce(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	env := s.Env(t.TempDir(), ecrtest.FromExpiredSSO)
	for range 2 {
		if r := run(t, "ecr", env); r.Error != "" {
			t.Fatal(r.Error)
		}
	}
	if n := s.Calls("sso-oidc:CreateToken"); n != 1 {
		t.Errorf("refreshed %d times, want once", n)
	}
	if n := s.Calls("sso:GetRoleCredentials"); n != 2 {
		t.Errorf("%d calls for credentials, want 2", n)
	}
}

func TestSSOSessionWithoutRefresh(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	role := ecrtest.Assignment{Account: ecrtest.Account, Role: "Pull"}
	signedOut := s.NewSSOSession("developer", -time.Minute)
	s.EndSSOSession(signedOut)
	noRefresh := s.NewSSOSession("developer", -time.Minute)
	noRefresh.RefreshToken = ""
	for _, tc := range []struct {
		name, sso string
		session   ecrtest.SSOSession
		want      string
	}{
		{"signed out", "corp", signedOut, "InvalidGrantException"},
		{"no refresh token", "corp", noRefresh, "cached SSO token is expired, or not present, and cannot be refreshed"},
		{"legacy", "", noRefresh, "the SSO session has expired or is invalid"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, "ecr", s.Home(t.TempDir()).SSO("corp", tc.sso, tc.session, role))
			if !strings.Contains(r.Error, tc.want) {
				t.Errorf("got %q, want %q", r.Error, tc.want)
			}
		})
	}
}
