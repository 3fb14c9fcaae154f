// Package authtoken decodes Amazon ECR authorization tokens.
//
// A token is base64 of a user name, a colon and a password (Amazon ECR API reference,
// GetAuthorizationToken). No error contains any part of a token.
package authtoken

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Life is how long a token is valid, according to AWS.
const Life = 12 * time.Hour

// Limits of a token. AWS documents no size; 2,714 characters were seen.
const (
	maxToken    = 64 << 10 // characters of base64
	maxUsername = 64       // bytes; the API returns "AWS"
)

// Decode returns the user name and password of a token.
func Decode(token string) (username, password string, err error) {
	if token == "" {
		return "", "", errors.New("it has no authorization token")
	}
	if len(token) > maxToken {
		return "", "", errors.New("its authorization token is too long")
	}
	raw, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		return "", "", errors.New("its authorization token is not base64")
	}
	username, password, found := strings.Cut(string(raw), ":")
	switch {
	case !found:
		return "", "", errors.New("its authorization token has no colon between user name and password")
	case username == "":
		return "", "", errors.New("its authorization token has an empty user name")
	case password == "":
		return "", "", errors.New("its authorization token has an empty password")
	case len(username) > maxUsername:
		return "", "", errors.New("the user name in its authorization token is too long")
	case !utf8.Valid(raw):
		return "", "", errors.New("its authorization token is not UTF-8")
	case strings.ContainsFunc(string(raw), unicode.IsControl):
		return "", "", errors.New("its authorization token has control characters")
	}
	return username, password, nil
}

// Expiration returns when a password expires, if the password contains that: decoded from base64,
// it is a JSON object with an "expiration" in Unix seconds. AWS does not document this, so ok is
// false for anything that looks different.
func Expiration(password string) (expires time.Time, ok bool) {
	if len(password) > maxToken {
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
