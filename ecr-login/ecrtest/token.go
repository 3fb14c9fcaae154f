package ecrtest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// User is the user name of every authorization token.
const User = "AWS"

const defaultTokenLife = 12 * time.Hour

// Token is an authorization token that the server has issued.
type Token struct {
	Password  string
	Principal Principal // that fetched it
	Service   string    // "ecr" or "ecr-public"
	Region    string    // the token is valid for all registries of this region
	Issued    time.Time
	Expires   time.Time
}

// PrincipalOf returns the principal that fetched the token with this password.
func (s *Server) PrincipalOf(password string) (Principal, bool) {
	t, ok := s.Token(password)
	return t.Principal, ok
}

// Token returns the token with this password.
func (s *Server) Token(password string) (Token, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tokens[password]
	return t, ok
}

// Tokens returns all issued tokens, in order.
func (s *Server) Tokens() []Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ts []Token
	for _, password := range s.tokenOrder {
		ts = append(ts, s.tokens[password])
	}
	return ts
}

// IssueToken issues a token without an API call. The service is "ecr" or "ecr-public".
func (s *Server) IssueToken(p Principal, service, region string) Token {
	return s.issue(p, service, region)
}

func (s *Server) issue(p Principal, service, region string) Token {
	n := s.serial.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	t := Token{
		Principal: p,
		Service:   service,
		Region:    region,
		Issued:    now,
		Expires:   now.Add(s.tokenLife).Truncate(time.Millisecond),
	}
	t.Password = password(n, t.Expires)
	s.tokens[t.Password] = t
	s.tokenOrder = append(s.tokenOrder, t.Password)
	return t
}

// These sizes make a password of about 2.5 KB, as AWS's are.
const (
	payloadSize = 1010
	dataKeySize = 330
)

// password returns a password of the size and format of AWS's: base64 of JSON with an expiration.
// The random filling makes it unique and as hard to compress as a real one.
func password(n int64, expires time.Time) string {
	payload := fmt.Appendf(nil, "ecrtest: not a real token, number %d: ", n)
	body, err := json.Marshal(struct {
		Payload    string `json:"payload"`
		DataKey    string `json:"datakey"`
		Version    string `json:"version"`
		Type       string `json:"type"`
		Expiration int64  `json:"expiration"`
	}{
		Payload:    base64.StdEncoding.EncodeToString(pad(payload, payloadSize)),
		DataKey:    base64.StdEncoding.EncodeToString(pad([]byte("ecrtest: not a real key: "), dataKeySize)),
		Version:    "2",
		Type:       "DATA_KEY",
		Expiration: expires.Unix(),
	})
	if err != nil {
		// Strings and a number can always be encoded.
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(body)
}

// pad extends b to size with random bytes.
func pad(b []byte, size int) []byte {
	padded := make([]byte, size)
	// crypto/rand.Read never fails.
	_, _ = rand.Read(padded[copy(padded, b):])
	return padded
}
