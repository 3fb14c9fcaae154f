package token

import (
	"crypto/fips140"
	"encoding/json"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/logincreds"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
)

// refreshMargin is how long before its end a session counts as expired. The SDK refreshes only an
// expired session; the margin covers the time between reading the file here and in the SDK.
const refreshMargin = 10 * time.Second

// sessionToRefresh returns the path of the session's token cache file if retrieving credentials will
// refresh that session, and "" otherwise: there is no session, it is valid, or it cannot be refreshed
// without a login.
//
// The file and its content follow the SDK's ssocreds and logincreds. An SSO profile without
// sso_session is never refreshed.
func (s sources) sessionToRefresh(now time.Time) string {
	switch {
	case s.has(aws.CredentialSourceLogin):
		// The file is read without a lock. A file that is not complete is being written by a
		// process that refreshes the session: the SDK writes it in place.
		path, err := logincreds.StandardCachedTokenFilepath(s.profile.LoginSession, os.Getenv("AWS_LOGIN_CACHE_DIRECTORY"))
		if err != nil {
			return ""
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return ""
		}
		var file struct {
			AccessToken struct {
				ExpiresAt time.Time `json:"expiresAt"`
			} `json:"accessToken"`
		}
		if json.Unmarshal(raw, &file) == nil && file.AccessToken.ExpiresAt.After(now.Add(refreshMargin)) {
			return ""
		}
		return path

	case s.sso() && s.profile.SSOSession != nil:
		path, err := ssoTokenFile(s.profile.SSOSession.Name)
		if err != nil {
			return ""
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return ""
		}
		var file struct {
			ExpiresAt    time.Time `json:"expiresAt"`
			RefreshToken string    `json:"refreshToken"`
			ClientID     string    `json:"clientId"`
			ClientSecret string    `json:"clientSecret"`
		}
		if json.Unmarshal(raw, &file) != nil || file.ExpiresAt.After(now.Add(refreshMargin)) {
			return ""
		}
		if file.RefreshToken == "" || file.ClientID == "" || file.ClientSecret == "" {
			return ""
		}
		return path
	}
	return ""
}

// ssoTokenFile returns the file in which the SDK and the AWS CLI store a session's token. SHA-1 only
// names the file, so FIPS mode need not forbid it.
func ssoTokenFile(key string) (path string, err error) {
	fips140.WithoutEnforcement(func() { path, err = ssocreds.StandardCachedTokenFilepath(key) })
	return path, err
}
