package ecrlogin

import (
	"log/slog"
	"time"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/authtoken"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// Credentials are the user name and password for a registry. For ECR the user name is always "AWS".
type Credentials struct {
	Username, Password string

	// Expires is when the password expires, and Refresh is when the cache requests a new one. Both
	// are zero for the credentials of a fallback helper. For a stored login Refresh is zero, and
	// Expires is zero when the password does not contain its expiry time.
	Expires, Refresh time.Time
}

// String returns a text without the password, for Credentials that are printed by mistake.
func (Credentials) String() string { return "[credentials]" }

// GoString returns the same text as String.
func (Credentials) GoString() string { return "[credentials]" }

// LogValue returns the same text as String.
func (Credentials) LogValue() slog.Value { return slog.StringValue("[credentials]") }

// value returns the value of a cache entry with the credentials.
func (c Credentials) value() []byte {
	return plan.Login{Username: c.Username, Password: c.Password}.Value()
}

// tokenOf returns the token in a cache entry.
func tokenOf(e cache.Entry) (Credentials, error) {
	l, ok := plan.LoginOf(e.Value)
	if !ok {
		return Credentials{}, &Error{Kind: token.UnusableAnswer, Message: "the cache returned an entry without a user name and password"}
	}
	t := e.Times()
	return Credentials{
		Username: l.Username, Password: l.Password,
		Expires: t.Expires.Round(0), Refresh: t.Refresh.Round(0), // no monotonic clock, so that == works
	}, nil
}

// loginOf returns the stored login in a cache entry.
func loginOf(e cache.Entry) (Credentials, bool) {
	l, ok := plan.LoginOf(e.Value)
	if !ok {
		return Credentials{}, false
	}
	c := Credentials{Username: l.Username, Password: l.Password}
	c.Expires, _ = authtoken.Expiration(l.Password)
	return c, true
}
