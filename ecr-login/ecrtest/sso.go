package ecrtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// IAM Identity Center has a portal, which returns a role's credentials for an access token, and an
// OIDC service, which refreshes the access token. Both use the protocol REST JSON. A test cannot
// sign in with a browser, so a session starts signed in.

const restType = "application/json"

var (
	opSSORoleCredentials = &operation{
		name:        "sso:GetRoleCredentials",
		contentType: restType,
		act:         (*Server).ssoRoleCredentials,
		refuse:      refuseREST,
	}
	opSSOCreateToken = &operation{
		name:        "sso-oidc:CreateToken",
		contentType: restType,
		act:         (*Server).ssoCreateToken,
		refuse:      refuseREST,
	}
)

// SSOSession is the session of a user of IAM Identity Center, with the fields of the token file
// that `aws sso login` writes to ~/.aws/sso/cache.
type SSOSession struct {
	User         string    `json:"-"` // the session name of its roles' sessions
	AccessToken  string    `json:"accessToken"`
	ExpiresAt    time.Time `json:"expiresAt"`
	RefreshToken string    `json:"refreshToken,omitempty"`
	ClientID     string    `json:"clientId,omitempty"`
	ClientSecret string    `json:"clientSecret,omitempty"`
	Region       string    `json:"region"`
	StartURL     string    `json:"startUrl"`
}

// Assignment is a role in an account that a user of Identity Center may assume.
type Assignment struct {
	Account, Role string
}

// Principal returns the ARN of a user's credentials for the assignment.
func (a Assignment) Principal(user string) string {
	return fmt.Sprintf("arn:aws:sts::%s:assumed-role/AWSReservedSSO_%s_0123456789abcdef/%s", a.Account, a.Role, user)
}

// ssoSession is the server's side of an SSOSession.
type ssoSession struct {
	SSOSession
	assignments []Assignment
}

// ssoLife is the life of a refreshed access token.
const ssoLife = time.Hour

// NewSSOSession signs a user in. The access token is valid for life; with zero or less it has
// expired and must be refreshed first. The user may assume the assigned roles, or any role when
// none is given.
func (s *Server) NewSSOSession(user string, life time.Duration, assigned ...Assignment) SSOSession {
	n := s.serial.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	session := &ssoSession{
		SSOSession: SSOSession{
			User:         user,
			ClientID:     fmt.Sprintf("client-for-tests-%05d", n),
			ClientSecret: fmt.Sprintf("client-secret-for-tests-%05d", n),
			Region:       Region,
			StartURL:     "https://example.awsapps.com/start",
		},
		assignments: assigned,
	}
	s.refreshSSO(session, life)
	return session.SSOSession
}

// EndSSOSession signs the user out: all access and refresh tokens of the session become invalid.
func (s *Server) EndSSOSession(session SSOSession) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for token, have := range s.ssoTokens {
		if have.ClientID == session.ClientID {
			delete(s.ssoTokens, token)
		}
	}
	for token, have := range s.ssoRefresh {
		if have.ClientID == session.ClientID {
			delete(s.ssoRefresh, token)
		}
	}
}

// refreshSSO gives a session new tokens. An earlier access token stays valid until it expires. A
// refresh token can be used once. The caller holds mu.
func (s *Server) refreshSSO(session *ssoSession, life time.Duration) {
	n := s.serial.Add(1)
	delete(s.ssoRefresh, session.RefreshToken)
	session.AccessToken = filler(fmt.Sprintf("not-a-real-sso-token-%05d-", n), 400)
	session.RefreshToken = filler(fmt.Sprintf("not-a-real-refresh-token-%05d-", n), 400)
	session.ExpiresAt = s.now().Add(life).UTC().Truncate(time.Second)
	asGiven := *session
	s.ssoTokens[session.AccessToken] = &asGiven
	s.ssoRefresh[session.RefreshToken] = session
}

func (s *Server) ssoRoleCredentials(c *call) answer {
	query := c.URL.Query()
	want := Assignment{query.Get("account_id"), query.Get("role_name")}
	s.mu.Lock()
	defer s.mu.Unlock()
	session := s.ssoTokens[c.Header.Get("X-Amz-Sso_bearer_token")]
	if session == nil || !s.now().Before(session.ExpiresAt) {
		return refuseREST(refusal{status: http.StatusUnauthorized, code: "UnauthorizedException",
			message: "Session token not found or invalid"})
	}
	assigned := len(session.assignments) == 0
	for _, a := range session.assignments {
		assigned = assigned || a == want
	}
	if !assigned || !isAccount(want.Account) || want.Role == "" {
		return refuseREST(refusal{status: http.StatusForbidden, code: "ForbiddenException", message: "No access"})
	}
	creds := s.newSession(want.Principal(session.User), 0)
	c.caller = creds
	return answerJSON(restType, map[string]any{"roleCredentials": map[string]any{
		"accessKeyId":     creds.AccessKeyID,
		"secretAccessKey": creds.SecretAccessKey,
		"sessionToken":    creds.SessionToken,
		"expiration":      creds.Principal.Expires.UnixMilli(),
	}})
}

func (s *Server) ssoCreateToken(c *call) answer {
	var in struct {
		ClientID     string `json:"clientId"`
		ClientSecret string `json:"clientSecret"`
		GrantType    string `json:"grantType"`
		RefreshToken string `json:"refreshToken"`
	}
	if err := json.Unmarshal(c.body, &in); err != nil {
		return refuseOIDC(http.StatusBadRequest, "InvalidRequestException", "invalid_request", err.Error())
	}
	if in.GrantType != "refresh_token" {
		return refuseOIDC(http.StatusBadRequest, "UnsupportedGrantTypeException", "unsupported_grant_type", "ecrtest only supports refresh tokens")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	session := s.ssoRefresh[in.RefreshToken]
	if session == nil {
		return refuseOIDC(http.StatusBadRequest, "InvalidGrantException", "invalid_grant", "Invalid refresh token provided")
	}
	if in.ClientID != session.ClientID || in.ClientSecret != session.ClientSecret {
		return refuseOIDC(http.StatusUnauthorized, "InvalidClientException", "invalid_client", "Invalid client provided")
	}
	s.refreshSSO(session, ssoLife)
	return answerJSON(restType, map[string]any{
		"accessToken":  session.AccessToken,
		"expiresIn":    int(ssoLife / time.Second),
		"refreshToken": session.RefreshToken,
		"tokenType":    "Bearer",
	})
}

// refuseREST returns an error in the format of REST JSON.
func refuseREST(no refusal) answer {
	status := no.status
	if status == 0 {
		switch status = http.StatusBadRequest; no.code {
		case "AccessDeniedException":
			status = http.StatusForbidden
		case "ThrottlingException":
			status = http.StatusTooManyRequests
		}
	}
	return restRefusal(status, no.code, map[string]string{"message": no.message})
}

func refuseOIDC(status int, code, oauth, description string) answer {
	return restRefusal(status, code, map[string]string{"error": oauth, "error_description": description})
}

func restRefusal(status int, code string, body map[string]string) answer {
	a := answerJSON(restType, body)
	a.status, a.code = status, code
	a.header = http.Header{"X-Amzn-Errortype": {code}}
	return a
}
