package main

import (
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// Whatever is written to name a registry, it is the configured principal that is asked for.
func TestRosterKnowsEverySpelling(t *testing.T) {
	const other = "210987654321.dkr.ecr.us-east-1.amazonaws.com"
	s := newSimulation(t)
	for _, test := range []struct{ config, name, want string }{
		{`"` + host + `": "ecr-login-prod"`, host, "prod"},
		{`"` + host + `": "ecr-login-prod"`, "https://" + host, "prod"},
		{`"` + host + `": "ecr-login-prod"`, "https://" + host + "/v2/", "prod"},
		{`"` + host + `": "ecr-login-prod"`, host + ":443", "prod"},
		{`"` + host + `": "ecr-login-prod"`, host + "/", "prod"},
		{`"` + host + `": "ecr-login-prod"`, host + ".", "prod"},
		{`"` + host + `": "ecr-login-prod"`, "123456789012.DKR.ECR.us-east-1.amazonaws.com", "prod"},
		{`"` + host + `": "ecr-login-prod"`, host + "/team/app:1", "prod"},
		{`"` + host + `": "ecr-login-prod"`, other, ""},
		{`"` + host + `": "ecr-login-prod"`, host + ":5000", ""}, // another name to every client
		{`"` + host + `": "ecr-login-prod"`, "user@" + host, ""},
		{`"https://` + host + `": "ecr-login-prod"`, host, "prod"},
		{`"` + host + `:443": "ecr-login-prod"`, host + "/", "prod"},
		{`"https://` + host + `": "ecr-login-dev", "` + host + `": "ecr-login-prod"`, host, "prod"},
		{`"https://` + host + `": "ecr-login-dev", "` + host + `": "ecr-login-prod"`, host + ":443", "prod"},
		{`"` + host + `": "ecr-login-prod", "https://` + host + `": "ecr-login-dev"`, host + "/app", "prod"},
		{`"` + host + `": "ecr-login-prod", "https://` + host + `": "ecr-login-dev"`, "https://" + host, "dev"},
		{`"` + host + `/": "ecr-login-prod", "https://` + host + `": "ecr-login-dev"`, host, "prod"}, // the first
		{`"` + host + `": "ecr-login", "https://` + host + `": "ecr-login-dev"`, host + ":443", ""},
	} {
		s.configure(`{"credHelpers": {` + test.config + `}}`)
		r := s.p.newRoster()
		if got := r.helper(test.name); got != r.helpers[test.want] {
			t.Errorf("%s: %s is not asked for as %q", test.config, test.name, test.want)
		}
	}
}

// refresh of another spelling renews the token of the configured principal, and nobody else's.
func TestRefreshOfAnotherSpelling(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromFile)
	for _, name := range []string{"https://" + host, host + ":443", host + "/", host + "/team/app:1"} {
		u.put(".docker/config.json", []byte(`{"credHelpers": {"`+host+`": "ecr-login-nobody"}}`))
		if a := u.run("", "refresh", name); a.code != 1 || s.Calls(getToken) != 0 {
			t.Errorf("%s: %+v; want that the profile nobody is missed, and no call", name, a)
		}
	}
}
