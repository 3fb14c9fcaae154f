package ecrtest

import (
	"net/http"
	"time"
)

// state is guarded by Server.mu.
type state struct {
	// Settings.
	tokenLife            time.Duration
	sessionLife          time.Duration // 0 means as requested, or an hour
	tokensEndWithSession bool
	limits               map[string]*rateLimit // by operation
	faults               map[string][]*Fault
	denials              []denial
	deniedRepositories   map[repository]bool
	requireRepositories  bool
	immutableTags        bool

	// Principals, tokens and images.
	keys         map[string]Credentials // by access key id
	roles        map[string]Role        // by role ARN
	tokens       map[string]Token       // by password
	tokenOrder   []string
	bearers      map[string]bearer       // ECR Public's bearer tokens
	registries   map[string]http.Handler // by namespace
	repositories map[repository]*storedRepository
	metadata     metadata
	containers   map[containerKey]*roleSession
	ssoTokens    map[string]*ssoSession // by access token
	ssoRefresh   map[string]*ssoSession // by refresh token
	loginRefresh map[string]*loginSession

	// Recorded requests.
	calls    map[string]int
	requests []Request
	hosts    []string
	changed  chan struct{} // closed and replaced when a call is counted
}

func newState() state {
	return state{
		tokenLife:          defaultTokenLife,
		faults:             map[string][]*Fault{},
		deniedRepositories: map[repository]bool{},
		keys:               map[string]Credentials{},
		roles:              map[string]Role{},
		tokens:             map[string]Token{},
		bearers:            map[string]bearer{},
		registries:         map[string]http.Handler{},
		repositories:       map[repository]*storedRepository{},
		metadata:           newMetadata(),
		containers:         map[containerKey]*roleSession{},
		ssoTokens:          map[string]*ssoSession{},
		ssoRefresh:         map[string]*ssoSession{},
		loginRefresh:       map[string]*loginSession{},
		calls:              map[string]int{},
		changed:            make(chan struct{}),
	}
}

// Now returns the time of the server's clock. It is used for the date of answers, for signatures,
// and for the expiry of sessions and tokens.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

func (s *Server) now() time.Time { return s.clock().Add(s.offset) }

// SetClock replaces the server's clock. Nil means time.Now.
func (s *Server) SetClock(now func() time.Time) {
	if now == nil {
		now = time.Now
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock = now
}

// SetClockOffset sets the server's clock ahead by d, or back when d is negative.
func (s *Server) SetClockOffset(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset = d
}

// SetTokenLife sets the life of tokens that are issued from now on. The default is 12 hours, as
// with AWS. With zero or less, tokens are issued expired.
func (s *Server) SetTokenLife(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokenLife = d
}

// SetSessionLife sets the life of temporary credentials that are issued from now on, whatever the
// caller requests. Zero means as requested, or an hour.
func (s *Server) SetSessionLife(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessionLife = d
}

// SetTokensEndWithSession sets whether the registry refuses a token when the session credentials
// that fetched it have expired. AWS does not document this, so programs must work in both cases.
// The default is false.
func (s *Server) SetTokensEndWithSession(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokensEndWithSession = on
}
