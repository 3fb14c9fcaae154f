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

// A Helper is an entry of credHelpers: the program docker-credential-Name answers for Host, and for nothing that is
// written in another way.
type Helper struct {
	Host string
	Name string
	Line int // in the file as it was read
}

// An Auth is an entry of auths. What is in it is told, the secret is not.
type Auth struct {
	Key      string // as it is written: a host, or a URL in files of old
	Password bool   // holds a user name and a password
	Token    bool   // holds an identity token or a bearer token
	Broken   bool   // holds something that the client cannot decode; Docker then refuses the whole file
	Line     int    // in the file as it was read
}

// Secret reports whether the entry holds anything to steal. Docker leaves empty ones behind for registries whose
// logins are in a helper.
func (a Auth) Secret() bool { return a.Password || a.Token || a.Broken }

// Host is the registry, with its port, that the entry is for: as the client takes it, which knows of no port 443 that
// goes without saying. A user name in front of it does not count.
func (a Auth) Host() string {
	host := hostOfKey(a.Key)
	return host[strings.LastIndexByte(host, '@')+1:]
}

// Store is the credsStore: the helper for all registries that have none of their own. Empty: none.
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

// Helpers are the entries of credHelpers that count, in the file's order.
func (c *Config) Helpers() []Helper {
	var all []Helper
	c.entries(keyHelpers, func() { all = nil }, func(host string, v hujson.Value) {
		all = append(all, Helper{Host: host, Name: text(v), Line: c.line(v.StartOffset)})
	})
	return lastOfEach(all, func(h Helper) string { return h.Host })
}

// Auths are the entries of auths that count, in the file's order.
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
		if !c.knows(name) || m.Value.Value.Kind() != '"' {
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

// decodeUser is the user name in the value of an auth field.
func decodeUser(encoded string) (string, bool) {
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", false
	}
	user, _, ok := strings.Cut(string(decoded), ":")
	return user, ok
}

// Broken is what makes the client refuse a file that is sound otherwise: a login that cannot be decoded. Nil: nothing.
func (c *Config) Broken() error {
	if c.Client != Docker {
		return nil // it passes over the entry
	}
	for _, a := range c.Auths() {
		if a.Broken {
			return &Error{Path: c.Path, Line: a.Line, Message: "the login of \"" + redact.UserInfo(a.Key) + "\" cannot be decoded, so docker refuses the whole file", Advice: "delete the entry, and sign in there again"}
		}
	}
	return nil
}

// entries goes through the members of all objects that have the key, as encoding/json fills a map: a null empties it.
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

// text is a string's value; a null leaves the empty one.
func text(v hujson.Value) string {
	if v.Value.Kind() != '"' {
		return ""
	}
	return v.Value.(hujson.Literal).String()
}

// lastOfEach drops what is written again behind it.
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

// Source is the place in a file that decides about a registry.
type Source string

// The places.
const (
	FromHelpers Source = keyHelpers
	FromStore   Source = keyStore
	FromAuths   Source = keyAuths
	FromNowhere Source = ""
)

// An Answer is where a client gets the credentials of one registry.
type Answer struct {
	Source Source
	Helper string // FromHelpers and FromStore: the program is docker-credential-Helper
	Auth   Auth   // FromAuths: the entry
	Line   int    // in the file as it was read
}

// For tells where the client looks for a registry's credentials; host is spelt as the client spells it, with a port
// if the image's name has one. A helper of the registry's own comes before the store, and a store before auths.
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
	// An entry of Docker's credHelpers without a name is one that says: no helper.
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

// hostOfKey is the host in a key of auths that is a URL, or has a path, as files of old have them.
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
