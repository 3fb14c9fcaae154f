package main

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// Credentials that expire are printed with the time that is left.
func TestDoctorSession(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	p.set("AWS_CREDENTIAL_EXPIRATION=" + time.Now().Add(90*time.Minute).UTC().Format(time.RFC3339))
	a := p.run("", "doctor", host)
	if want := "user/developer, from access key in the environment, valid for another 1h"; a.code != 0 || !strings.Contains(a.stdout, want) {
		t.Errorf("exit code %d, and doctor prints\n%s\nwant\n%s", a.code, a.stdout, want)
	}
}

// Without a home directory no configuration is found; the user check names the cause.
func TestDoctorWithoutHome(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the variable and the places are those of Linux")
	}
	p := newFixture(t)
	p.set("HOME=", "CACHE_DIRECTORY="+p.path("cache")) // else the machine's cache of root
	p.wants(problems(p.run("", "doctor", host)), 1,
		`✘ user         *; HOME is not set, so the configuration of Docker and AWS is not found
               fix: set HOME to the home directory of the user that runs the client
✘ config       cannot find Docker's config.json: HOME is not set
               fix: set HOME or DOCKER_CONFIG
! not checked  passwords: config failed
! not checked  entry: config failed
`)
	p.set("HOME="+p.path("nowhere"), "DOCKER_CONFIG="+p.path(".docker"))
	a := p.run("", "doctor", host)
	if want := p.fill("home directory not found: $DIR/nowhere\n               fix: create the directory, or correct HOME\n"); a.code != 1 || !strings.Contains(a.stdout, want) {
		t.Errorf("exit code %d, and doctor prints\n%s\nwant\n%s", a.code, a.stdout, want)
	}
}

// A session of IAM Identity Center that has expired is reported in full once for all its profiles.
func TestDoctorExpiredSSOSession(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	session := p.s.NewSSOSession("developer", -time.Hour, assignment)
	p.s.EndSSOSession(session)
	const other = "210987654321.dkr.ecr.us-east-1.amazonaws.com"
	for _, profile := range []string{"dev", "prod"} {
		p.home.SSO(profile, "corporate", session, assignment)
		p.install("bin/docker-credential-ecr-login-" + profile)
	}
	p.config(`{"credHelpers": {"` + host + `": "ecr-login-dev", "` + other + `": "ecr-login-prod"}}`)
	p.set("AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=")
	p.wants(problems(p.run("", "doctor")), 1, `✘ credentials  the SSO session of profile "dev" has expired
               fix: run: aws sso login --sso-session corporate
! not checked  token, registry: credentials failed
✘ credentials  SSO session "corporate" is not signed in, see above
! not checked  token, registry: credentials failed
`)
}

// Credentials that are configured and not used are named, with what is used instead.
func TestUnusedCredentials(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	p.home.Keys("prod", p.s.AddUser("arn:aws:iam::123456789012:user/prod"))
	p.install("bin/docker-credential-ecr-login-prod")
	p.config(`{"credHelpers": {"` + host + `": "ecr-login-prod"}}`)
	a := p.run("", "doctor", host)
	p.wants(problems(a), 0, "")
	if want := "✔ credentials  not used: access key in the environment; access key in profile \"prod\" comes first\n"; !strings.Contains(a.stdout, want) {
		t.Errorf("doctor prints\n%s\nwant\n%s", a.stdout, want)
	}
	if a, want := p.run("", "explain", host), "\nnot used     access key in the environment\n"; !strings.Contains(a.stdout, want) {
		t.Errorf("explain prints\n%s\nwant\n%s", a.stdout, want)
	}
}
