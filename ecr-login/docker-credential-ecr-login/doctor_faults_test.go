package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"
)

// A fault is a change to a working fixture, and everything that doctor reports about it.
type fault struct {
	name   string
	change func(p *fixture)
	args   []string // after "doctor"; the usual image when empty
	code   int
	want   string
}

// otherHost is a registry of another account.
const otherHost = "210987654321.dkr.ecr.us-east-1.amazonaws.com"

// auth returns the auth field of a login.
func auth(password string) string {
	return base64.StdEncoding.EncodeToString([]byte("AWS:" + password))
}

// expiring returns a password that contains its expiry, as ECR's do.
func expiring(in time.Duration) string {
	payload, err := json.Marshal(map[string]any{"payload": "not-a-real-password", "expiration": time.Now().Add(in).Unix()})
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(payload)
}

// oldCache returns a cache.json of amazon-ecr-credential-helper with one token.
func oldCache(life time.Duration) string {
	return fmt.Sprintf(`{"Registries": {"us-east-1-0000-%s": {"AuthorizationToken": %q, "RequestedAt": "2026-01-01T00:00:00Z", "ExpiresAt": %q,
	"ProxyEndpoint": "https://%s"}}, "Version": "1.0"}`, host, auth("not-a-real-password"), time.Now().Add(life).Format(time.RFC3339), host)
}

// doctor reports the fault and nothing else.
func TestDoctorFaults(t *testing.T) {
	t.Parallel()
	for _, f := range slices.Concat(clientFaults, machineFaults, credentialFaults, registryFaults, networkFaults) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			p := newFixture(t)
			f.change(p)
			args := f.args
			if args == nil {
				args = []string{host + "/app:v1"}
			}
			a := p.run("", append([]string{"doctor"}, args...)...)
			p.checkNoSecrets(a)
			p.wants(problems(a), f.code, f.want)
		})
	}
}

// getenv returns an environment variable of the fixture.
func (p *fixture) getenv(name string) string {
	value, _ := p.environ(name)
	return value
}
