package token

import (
	"net/http"
	"slices"
	"sync"
)

// secretHeaders are the request headers that have a secret.
var secretHeaders = []string{
	"Authorization", // the token of a container, or a signature
	"X-Amz-Security-Token", "X-Amz-Sso_bearer_token", "X-Aws-Ec2-Metadata-Token",
}

// secrets are the secrets that are known to one Fetch. They must not be in a message.
type secrets struct {
	mu   sync.Mutex // the SDK's credential cache calls providers in goroutines of its own
	list []string
}

func (s *secrets) add(more ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, more...)
}

// addHeaders adds the secrets of a request.
func (s *secrets) addHeaders(h http.Header) {
	for _, name := range secretHeaders {
		s.add(h.Values(name)...)
	}
}

func (s *secrets) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.list)
}
