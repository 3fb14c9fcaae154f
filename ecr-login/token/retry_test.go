package token_test

import (
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// final is a fault that is not repeated: its Retry-After is later than every deadline of a test.
func final(f ecrtest.Fault) ecrtest.Fault {
	f.RetryAfter = time.Hour
	return f
}

// TestRefusalsThatAreRepeated needs more calls than the three of the SDK's default, for server
// errors, whose waits are short. Throttled calls take the same path, and one is enough.
func TestRefusalsThatAreRepeated(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault ecrtest.Fault
		times int
	}{
		"ThrottlingException":      {ecrtest.Throttled(), 1},
		"TooManyRequestsException": {ecrtest.Fault{Code: "TooManyRequestsException"}, 1},
		"SlowDown":                 {ecrtest.Fault{Code: "SlowDown"}, 1},
		"status 429":               {ecrtest.Fault{Status: 429, Code: "SomethingElse"}, 1},
		"Retry-After":              {ecrtest.Fault{Code: "ThrottlingException", RetryAfter: time.Second}, 1},
		"status 503":               {ecrtest.Unavailable(), 4},
		"status 500":               {ecrtest.Fault{Status: 500}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, env, c := user(t)
			test.fault.Times = test.times
			s.SetFault(ecrCall, test.fault)
			wantToken(t, s, fetch(t, env, job{Request: private(ecrtest.Region), Budget: 5 * time.Minute}), c.Principal.ARN)
			if n := s.Calls(ecrCall); n != test.times+1 {
				t.Errorf("%d calls, want %d", n, test.times+1)
			}
		})
	}
}

// TestThrottledSTSIsRepeated checks that the clients inside the SDK's credential chain wait too.
func TestThrottledSTSIsRepeated(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	env := s.Env(t.TempDir(), ecrtest.FromRole)
	s.SetFault("sts:AssumeRole", ecrtest.Fault{Code: "Throttling", Times: 1})
	wantToken(t, s, fetch(t, env, job{Request: private(ecrtest.Region)}), ecrtest.FromRole.Principal())
	if n := s.Calls("sts:AssumeRole"); n != 2 {
		t.Errorf("%d calls of STS, want 2", n)
	}
}

// TestRefusalsThatAreFinal checks the refusals that must cost one call.
func TestRefusalsThatAreFinal(t *testing.T) {
	t.Parallel()
	once := private(ecrtest.Region)
	once.Once = true
	for name, test := range map[string]struct {
		request token.Request
		fault   ecrtest.Fault
	}{
		"access denied":                   {private(ecrtest.Region), ecrtest.AccessDenied()},
		"a client error":                  {private(ecrtest.Region), ecrtest.Fault{Status: 400, Code: "InvalidParameterException"}},
		"Retry-After beyond the deadline": {private(ecrtest.Region), final(ecrtest.Throttled())},
		"throttled, with a valid token":   {once, ecrtest.Throttled()},
		"unavailable, with a valid token": {once, ecrtest.Unavailable()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, env, _ := user(t)
			s.SetFault(ecrCall, test.fault)
			if r := fetch(t, env, job{Request: test.request, Budget: 5 * time.Minute}); r.Err == nil {
				t.Error("a token, want an error")
			}
			if n := s.Calls(ecrCall); n != 1 {
				t.Errorf("%d calls, want 1", n)
			}
		})
	}
}

// TestErrorSaysHowOftenItWasTried ends the repetitions with a Retry-After beyond the deadline.
func TestErrorSaysHowOftenItWasTried(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]ecrtest.Fault{
		"is throttling requests (ThrottlingException), tried 2 times in ": ecrtest.Throttled(),
		"returned a server error, tried 2 times in ":                      ecrtest.Unavailable(),
	} {
		s, env, _ := user(t)
		first := fault
		first.Times = 1
		s.SetFault(ecrCall, first, final(fault))
		r := fetch(t, env, job{Request: private(ecrtest.Region), Budget: 5 * time.Minute})
		if r.Err == nil || !strings.Contains(r.Text, name) {
			t.Errorf("%q, want %q in it", r.Text, name)
		}
	}
}
