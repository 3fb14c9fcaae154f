package dockerconfig

import (
	"encoding/base64"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/tailscale/hujson"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
)

// A Helper is an entry of credHelpers: the client starts docker-credential-Name for Host. Another
// spelling of the host does not match.
type Helper struct {
	Host string
	Name string
	Line int // in the file as it was read
}

// An Auth is an entry of auths, without its secret.
type Auth struct {
	Key      string // as it is written: a host, or a URL in older files
	Password bool   // it has a user name and a password
	Token    bool   // it has an identity token or a bearer token
	Broken   bool   // the client cannot decode it; Docker then refuses the whole file
	Line     int    // in the file as it was read
}

// Secret reports whether the entry has a secret. Docker writes empty entries for registries whose
// logins are stored by a helper.
func (a Auth) Secret() bool { return a.Password || a.Token || a.Broken }

// Host returns the host of the entry with its port, as the client compares it: port 443 is not the
// same as no port. A user name before the host is removed.
func (a Auth) Host() string {
	host := hostOfKey(a.Key)
	return host[strings.LastIndexByte(host, '@')+1:]
}

// Store returns credsStore: the helper for registries that are not in credHelpers. Empty: none.
func (c *Config) Store() string {
	s, _ := c.store()
	return s
}

func (c *Config) store() (name string, line int) {
	if c.Client != Docker {
		return "", 0 // containers/image does not read it
	}
	for _, m := range members(c.root) {
		if is(nameOf(m), keyStore) && m.Value.Value.Kind() == '"' {
			name, line = m.Value.Value.(hujson.Literal).String(), c.line(m.Value.StartOffset)
		}
	}
	return name, line
}

// Helpers returns the entries of credHelpers that have an effect, in the file's order.
func (c *Config) Helpers() []Helper {
	var all []Helper
	c.entries(keyHelpers, func() { all = nil }, func(host string, v hujson.Value) {
		all = append(all, Helper{Host: host, Name: text(v), Line: c.line(v.StartOffset)})
	})
	return lastOfEach(all, func(h Helper) string { return h.Host })
}

// Auths returns the entries of auths that have an effect, in the file's order.
func (c *Config) Auths() []Auth {
	var all []Auth
	c.entries(keyAuths, func() { all = nil }, func(key string, v hujson.Value) {
		all = append(all, c.auth(key, v))
	})
	return lastOfEach(all, func(a Auth) string { return a.Key })
}

func (c *Config) auth(key string, v hujson.Value) Auth {
	a := Auth{Key: key, Line: c.line(v.StartOffset)}
	var encoded, password string
	for _, m := range members(v) {
		name := nameOf(m)
		if !isOneOf(name, c.fields()) || m.Value.Value.Kind() != '"' {
			continue
		}
		switch value := text(m.Value); {
		case is(name, "auth"):
			encoded = value
		case is(name, "password"):
			password = value
		case is(name, "identitytoken"), is(name, "registrytoken"):
			a.Token = a.Token || value != ""
		}
	}
	a.Password = password != ""
	if encoded != "" {
		a.Password = true
		user, ok := decodeUser(encoded)
		a.Broken = !ok || user == "" && c.Client == Docker
	}
	return a
}

// decodeUser returns the user name in the value of an auth field.
func decodeUser(encoded string) (string, bool) {
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", false
	}
	user, _, ok := strings.Cut(string(decoded), ":")
	return user, ok
}

// Broken returns an error when Docker refuses the parsed file, because it cannot decode a login.
func (c *Config) Broken() error {
	if c.Client != Docker {
		return nil // podman skips the entry
	}
	for _, a := range c.Auths() {
		if a.Broken {
			return &Error{Path: c.Path, Line: a.Line, Message: "the login of \"" + redact.UserInfo(a.Key) + "\" cannot be decoded, so docker refuses the whole file", Advice: "delete the entry and run docker login again"}
		}
	}
	return nil
}

// entries calls each for the members of all objects under a key, and empty for a null, which
// removes the members before it: as encoding/json fills a map.
func (c *Config) entries(key string, empty func(), each func(name string, v hujson.Value)) {
	for _, m := range members(c.root) {
		if !is(nameOf(m), key) {
			continue
		}
		if object(m.Value) == nil {
			empty()
		}
		for _, entry := range members(m.Value) {
			each(nameOf(entry), entry.Value)
		}
	}
}

// text returns the value of a string, and an empty string for anything else.
func text(v hujson.Value) string {
	if v.Value.Kind() != '"' {
		return ""
	}
	return v.Value.(hujson.Literal).String()
}

// lastOfEach removes elements whose name occurs again later.
func lastOfEach[T any](all []T, name func(T) string) []T {
	seen := make(map[string]bool, len(all))
	var last []T
	for _, t := range slices.Backward(all) {
		if !seen[name(t)] {
			seen[name(t)] = true
			last = append(last, t)
		}
	}
	slices.Reverse(last)
	return last
}

// A Source is the part of a file that provides the credentials of a registry.
type Source string

// The sources.
const (
	FromHelpers Source = keyHelpers
	FromStore   Source = keyStore
	FromAuths   Source = keyAuths
	FromNowhere Source = ""
)

// An Answer is where a client looks for the credentials of a registry.
type Answer struct {
	Source Source
	Helper string // FromHelpers and FromStore: the program is docker-credential-Helper
	Auth   Auth   // FromAuths: the entry
	Line   int    // in the file as it was read
}

// For returns where the client looks for the credentials of a registry. host is written as in the
// image's name, with its port. credHelpers comes before credsStore, and credsStore before auths.
func (c *Config) For(host string) Answer {
	key := host
	if c.Client == Docker && (host == "docker.io" || host == "index.docker.io") {
		key = "https://index.docker.io/v1/"
	}
	store, line := c.store()
	answer := Answer{Source: FromStore, Helper: store, Line: line}
	for _, h := range c.Helpers() {
		if h.Host == key {
			answer = Answer{Source: FromHelpers, Helper: h.Name, Line: h.Line}
		}
	}
	if answer.Helper != "" || answer.Source == FromHelpers && c.Client == Containers {
		return answer
	}
	// To Docker, an empty name in credHelpers means no helper.
	all := c.Auths()
	for _, same := range []func(string) bool{
		func(k string) bool { return k == key },
		func(k string) bool { return hostOfKey(k) == key },
	} {
		for _, a := range all {
			if same(a.Key) {
				return Answer{Source: FromAuths, Auth: a, Line: a.Line}
			}
		}
	}
	return Answer{}
}

// hostOfKey returns the host in a key of auths. Older files have URLs and paths.
func hostOfKey(key string) string {
	if strings.Contains(key, "://") {
		if u, err := url.Parse(key); err == nil && u.Hostname() != "" {
			if u.Port() == "" {
				return u.Hostname()
			}
			return net.JoinHostPort(u.Hostname(), u.Port())
		}
		_, key, _ = strings.Cut(key, "://")
	}
	host, _, _ := strings.Cut(key, "/")
	return host
}
