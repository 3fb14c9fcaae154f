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

// renewalMargin is how long before its end a session counts as one to renew.
// The SDK renews only what has ended; the margin covers the time between this
// look at the file and the SDK's.
const renewalMargin = 10 * time.Second

// renewal returns the path of the session's token cache file when retrieving
// credentials will renew that session, and "" otherwise: no session, a valid
// one, or one that cannot be renewed without a person.
//
// Which file, and what is in it, follows the SDK's ssocreds and logincreds. An
// SSO profile without sso_session is never renewed.
func (s sources) renewal(now time.Time) string {
	switch {
	case s.has(aws.CredentialSourceLogin):
		// Read at once by everybody, with no lock: a file found torn is one that
		// is being written by a process that renews, as the SDK writes it in place.
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
		if json.Unmarshal(raw, &file) == nil && file.AccessToken.ExpiresAt.After(now.Add(renewalMargin)) {
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
		if json.Unmarshal(raw, &file) != nil || file.ExpiresAt.After(now.Add(renewalMargin)) {
			return ""
		}
		if file.RefreshToken == "" || file.ClientID == "" || file.ClientSecret == "" {
			return ""
		}
		return path
	}
	return ""
}

// ssoTokenFile is where the SDK and the AWS CLI keep a session's token. SHA-1 only names the file, which FIPS
// mode need not forbid.
func ssoTokenFile(key string) (path string, err error) {
	fips140.WithoutEnforcement(func() { path, err = ssocreds.StandardCachedTokenFilepath(key) })
	return path, err
}
