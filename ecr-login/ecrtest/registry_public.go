package ecrtest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// ECR Public asks for a bearer token that its own token service gives to anybody,
// and knows two kinds: those for nobody in particular, which may pull, and those
// for who showed an authorization token.

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

// An anonymous bearer token is short-lived; AWS does not say how short.
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
			b, ok = bearer{token: token, expires: now.Add(1)}, true // whether it is over is seen below
		}
		if !ok || !now.Before(b.expires) {
			break
		}
		if b.token.Password != "" && s.over(b.token) {
			return Token{}, &refusal{status: http.StatusForbidden, code: "DENIED", message: textExpired}
		}
		return b.token, nil
	}
	// Basic is refused even with a good token: kreuzwerker/terraform-provider-docker#666.
	return Token{}, &refusal{status: http.StatusForbidden, code: "DENIED", message: textInvalid}
}

// authorization is the authorization token of ECR Public that a bearer token is. One as the API answers it, still in
// base64, is good in that place, and nowhere else: the pull request above shows that too.
func (s *Server) authorization(value string) (Token, bool) {
	text, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return Token{}, false
	}
	_, password, _ := strings.Cut(string(text), ":")
	token, known := s.Token(password)
	return token, known && token.Service == "ecr-public"
}

// serveBearer gives a bearer token: to anybody an anonymous one; to who shows a
// password its own; to who shows a bad one, none. It knows no OAuth form: clients
// that try one by POST, as containerd does, fall back to GET on a 405.
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
