package token

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of an answer. AWS documents no size for a token; 2,714 characters were
// seen. What is far beyond is not a token, and must not reach a client.
const (
	maxEncoded  = 64 << 10 // characters of base64
	maxUsername = 64       // bytes; the API says "AWS"

	// TokenLife is how long AWS says a token is valid. It stands in when an
	// answer says nothing usable about its end.
	TokenLife = 12 * time.Hour

	// maxLife is the longest life that is believed: an end further away is a
	// mistake, and TokenLife is the safe reading of it.
	maxLife = 2 * TokenLife
)

// answer is GetAuthorizationToken's result, private or public.
type answer struct {
	present   bool // authorization data was there at all
	token     *string
	expiresAt *time.Time
}

// decode takes user name and password out of an answer. An error is a reason
// in words that echoes nothing of the answer.
func decode(a answer) (username, password string, reason string) {
	switch {
	case !a.present:
		return "", "", "it holds no authorization data"
	case a.token == nil || *a.token == "":
		return "", "", "it holds no authorization token"
	case len(*a.token) > maxEncoded:
		return "", "", "its authorization token is absurdly long"
	}
	raw, err := base64.StdEncoding.DecodeString(*a.token)
	if err != nil {
		return "", "", "its authorization token is not base64"
	}
	username, password, found := strings.Cut(string(raw), ":")
	switch {
	case !found:
		return "", "", "its authorization token has no colon between user name and password"
	case username == "":
		return "", "", "its authorization token has an empty user name"
	case password == "":
		return "", "", "its authorization token has an empty password"
	case len(username) > maxUsername:
		return "", "", "its authorization token has an absurdly long user name"
	case !utf8.Valid(raw):
		return "", "", "its authorization token is not text"
	case strings.ContainsFunc(string(raw), unicode.IsControl):
		return "", "", "its authorization token has control characters"
	}
	return username, password, ""
}

// lifetime is how long a token lives from the server's time now on. An end that
// is missing or absurd is taken from the password's own payload, else from what
// AWS documents.
func lifetime(expiresAt *time.Time, password string, now time.Time) time.Duration {
	if expiresAt != nil && !expiresAt.IsZero() {
		if life := expiresAt.Sub(now); life <= maxLife {
			return max(life, -maxLife)
		}
	}
	if end, ok := Expiration(password); ok {
		if life := end.Sub(now); life > -maxLife && life <= maxLife {
			return life
		}
	}
	return TokenLife
}

// Expiration reads when a password ends out of the password itself: decoded
// from base64 it is a JSON object with an "expiration" in Unix seconds. AWS
// promises none of this, so ok is false for whatever looks different.
func Expiration(password string) (end time.Time, ok bool) {
	if len(password) > maxEncoded {
		return time.Time{}, false
	}
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(password, "="))
	if err != nil {
		return time.Time{}, false
	}
	var payload struct {
		Expiration int64 `json:"expiration"`
	}
	if json.Unmarshal(raw, &payload) != nil || payload.Expiration <= 0 {
		return time.Time{}, false
	}
	return time.Unix(payload.Expiration, 0), true
}
