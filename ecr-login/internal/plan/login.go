package plan

import (
	"log/slog"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/environ"
)

// Login is the user name and password for a registry. For ECR the user name is always "AWS" and the
// password is an authorization token.
type Login struct {
	Username, Password string
}

// String returns a placeholder, so that no output has the password by mistake. GoString and
// LogValue do the same for %#v and for loggers.
func (Login) String() string       { return "[login]" }
func (Login) GoString() string     { return "[login]" }
func (Login) LogValue() slog.Value { return slog.StringValue("[login]") }

// Value returns the form in which the cache stores a login: that of Basic authentication, before
// base64.
func (l Login) Value() []byte { return []byte(l.Username + ":" + l.Password) }

// LoginOf parses the value of a cache entry, and reports whether it is a login.
func LoginOf(value []byte) (Login, bool) {
	user, password, ok := strings.Cut(string(value), ":")
	if !ok || user == "" || password == "" {
		return Login{}, false
	}
	return Login{user, password}, true
}

// Cached returns the login stored for the plan's host, else the cached authorization token, and
// reports whether there is one. The state is that of the entry: an aging token is valid and due to
// be refreshed.
func (p Plan) Cached(c *cache.Cache) (Login, cache.State, bool) {
	if p.Anonymous {
		return Login{}, cache.Absent, false
	}
	for _, key := range []string{p.LoginKey, p.TokenKey} {
		e, state, err := c.Lookup(key)
		if err != nil {
			continue
		}
		if l, ok := LoginOf(e.Value); ok {
			return l, state, true
		}
	}
	return Login{}, cache.Absent, false
}

// cacheReadme is the text of the README file in the cache directory.
const cacheReadme = `This is the cache of docker-credential-ecr-login, the credential helper that
signs Docker and other clients in to Amazon ECR. It stores authorization tokens,
so that the helper does not have to request them from AWS for every pull.

The tokens are encrypted. The key is usually not stored on this disk.

You can delete everything here at any time. The helper then requests new tokens.
`

// CacheOptions returns the options of the disk cache: the program's name and what the settings say.
func CacheOptions(s config.Settings, lookup environ.Lookup) cache.Options {
	return cache.Options{
		Name:            "ecr-login",
		Readme:          cacheReadme,
		Environ:         lookup,
		Dir:             s.CacheDir,
		SealingRequired: s.Sealing == config.SealingRequired,
		Disabled:        !s.Cache,
	}
}
