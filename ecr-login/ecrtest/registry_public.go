package ecrtest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// ECR Public requires a bearer token from its own token service. The service returns anonymous
// ones, which may pull, and ones for a principal in exchange for an authorization token.

var opRegistryToken = &operation{
	name:        "registry:token",
	contentType: registryType,
	refuse:      refuseRegistry,
	act:         (*Server).serveBearer,
}

// bearer is a token of ECR Public's token service.
type bearer struct {
	token   Token // zero for an anonymous one
	expires time.Time
}

// anonymousLife is the life of an anonymous bearer token. AWS does not document it.
const anonymousLife = time.Hour

func (s *Server) admitPublic(h http.Header, c *call) (Token, *refusal) {
	kind, value, _ := strings.Cut(c.Header.Get("Authorization"), " ")
	switch {
	case value == "":
		scheme := "http://"
		if c.TLS != nil {
			scheme = "https://"
		}
		h.Set("Www-Authenticate", fmt.Sprintf("Bearer realm=%q,service=%q,scope=%q", scheme+c.Host+"/token/", "public.ecr.aws", "aws"))
		return Token{}, &refusal{status: http.StatusUnauthorized, code: "UNAUTHORIZED", message: textNotAuthorized}
	case strings.EqualFold(kind, "Bearer"):
		s.mu.Lock()
		b, ok := s.bearers[value]
		now := s.now()
		s.mu.Unlock()
		if token, own := s.authorization(value); own {
			b, ok = bearer{token: token, expires: now.Add(1)}, true // its expiry is checked below
		}
		if !ok || !now.Before(b.expires) {
			break
		}
		if b.token.Password != "" && s.over(b.token) {
			return Token{}, &refusal{status: http.StatusForbidden, code: "DENIED", message: textExpired}
		}
		return b.token, nil
	}
	// Basic is refused even with a valid token: kreuzwerker/terraform-provider-docker#666.
	return Token{}, &refusal{status: http.StatusForbidden, code: "DENIED", message: textInvalid}
}

// authorization returns the authorization token of ECR Public that is used as a bearer token. ECR
// Public accepts the token in this place as the API returns it, in base64: the pull request above
// shows this too.
func (s *Server) authorization(value string) (Token, bool) {
	text, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return Token{}, false
	}
	_, password, _ := strings.Cut(string(text), ":")
	token, known := s.Token(password)
	return token, known && token.Service == "ecr-public"
}

// serveBearer returns a bearer token: an anonymous one without a password, the principal's with a
// valid one, and an error with an invalid one. It does not support the OAuth form: clients that try
// it with POST, as containerd does, fall back to GET after a 405.
func (s *Server) serveBearer(c *call) answer {
	if c.Method != http.MethodGet {
		return refuseRegistry(refusal{status: http.StatusMethodNotAllowed, code: "UNSUPPORTED", message: "The operation is unsupported."})
	}
	var b bearer
	if _, password, ok := c.BasicAuth(); ok {
		token, known := s.Token(password)
		switch {
		case !known || token.Service != "ecr-public":
			return refuseRegistry(refusal{status: http.StatusForbidden, code: "DENIED", message: textInvalid})
		case s.over(token):
			return refuseRegistry(refusal{status: http.StatusForbidden, code: "DENIED", message: textExpired})
		}
		c.caller.Principal = token.Principal
		b = bearer{token: token, expires: token.Expires}
	}
	n := s.serial.Add(1)
	s.mu.Lock()
	if b.token.Password == "" {
		b.expires = s.now().Add(anonymousLife)
	}
	value := filler(fmt.Sprintf("not-a-real-bearer-token-%05d-", n), 300)
	s.bearers[value] = b
	s.mu.Unlock()
	return answerJSON(registryType, map[string]string{"token": value})
}
