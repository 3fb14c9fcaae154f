package ecrtest

import (
	"net/http"
	"time"
)

// state is everything that Server.mu guards, apart from the clock.
type state struct {
	// What tests may set.
	tokenLife            time.Duration
	sessionLife          time.Duration // 0: what the caller asks for, else an hour
	tokensEndWithSession bool
	limits               map[string]*rateLimit // by operation
	faults               map[string][]*Fault
	denials              []denial
	deniedRepositories   map[repository]bool
	requireRepositories  bool
	immutableTags        bool

	// Who is who.
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

	// What happened.
	calls    map[string]int
	requests []Request
	hosts    []string
	changed  chan struct{} // closed, and replaced, whenever a call is counted
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

// Now is the server's clock: it dates answers, judges signatures and ends
// sessions and tokens.
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

// SetClockOffset makes the server's clock run d ahead of (or, negative, behind)
// its Clock.
func (s *Server) SetClockOffset(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset = d
}

// SetTokenLife sets how long the tokens issued from now on live: 12 hours unless
// set, as AWS's do. Zero or less issues tokens that have expired already.
func (s *Server) SetTokenLife(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokenLife = d
}

// SetSessionLife sets how long the temporary credentials issued from now on
// live, whatever the caller asks for. Zero means as asked for, else an hour.
func (s *Server) SetSessionLife(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessionLife = d
}

// SetTokensEndWithSession makes the registry refuse a token once the session
// credentials that fetched it have expired. AWS does not document which way it
// is, so programs must be right either way. Off unless set.
func (s *Server) SetTokensEndWithSession(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokensEndWithSession = on
}
