package main

import (
	"fmt"
	"strings"
	"testing"
)

// Without an argument every configured registry is checked, with the profile in its helper's name.
func TestDoctorConfiguredRegistries(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	p.home.Keys("prod", p.s.AddUser("arn:aws:iam::222233334444:user/prod"))
	p.install("bin/docker-credential-ecr-login-prod")
	p.config(`{"credHelpers": {"222233334444.dkr.ecr.eu-west-1.amazonaws.com": "ecr-login-prod", "` + host + `": "ecr-login", "gcr.io": "gcloud"}}`)
	a := p.run("", "doctor")
	p.wants(problems(a), 0, "")
	for _, want := range []string{
		"✔ registries   2 registries in $DIR/.docker/config.json\n\n222233334444.dkr.ecr.eu-west-1.amazonaws.com\n",
		"✔ entry        credHelpers: docker runs docker-credential-ecr-login-prod\n✔ credentials  arn:aws:iam::222233334444:user/prod, from access key in profile \"prod\"\n",
		"\n\n$HOST\n✔ entry        credHelpers: docker runs docker-credential-ecr-login\n✔ credentials  arn:aws:iam::123456789012:user/developer, from",
		"✔ program      docker runs $DIR/bin/docker-credential-ecr-login-prod v0.0.0-test, the only copy on PATH\n✔ program      docker runs $DIR/bin/docker-credential-ecr-login v0",
	} {
		if !strings.Contains(a.stdout, p.fill(want)) {
			t.Errorf("doctor prints\n%s\nwant\n%s", a.stdout, p.fill(want))
		}
	}
	wantCalls(t, p.s, getToken, 2)

	// --profile replaces the profile in the helper's name.
	a = p.run("", "doctor", "--profile", "prod", host)
	p.wants(problems(a), 0, "")
	if want := "✔ credentials  arn:aws:iam::222233334444:user/prod, from access key in profile \"prod\"\n"; !strings.Contains(a.stdout, want) {
		t.Errorf("doctor prints\n%s\nwant\n%s", a.stdout, want)
	}
}

// A problem of several registries is printed in full once.
func TestDoctorDoesNotRepeatProblems(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	const other = "222233334444.dkr.ecr.us-east-1.amazonaws.com"
	p.config(`{"credHelpers": {"` + host + `": "ecr-login", "` + other + `": "ecr-login"}}`)
	p.set("AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=")
	a := p.run("", "doctor")
	p.wants(problems(a), 1, `✘ credentials  no AWS credentials: *
               fix: run *
! not checked  token, registry: credentials failed
✘ credentials  as for $HOST
! not checked  token, registry: credentials failed
`)
	a = p.run("", "doctor", "--json")
	if n := strings.Count(a.stdout, `"fact": "no AWS credentials: `); n != 2 {
		t.Errorf("%d findings have the cause, want 2:\n%s", n, a.stdout)
	}
}

// With this program as credsStore, auths has the registries.
func TestDoctorRegistriesOfCredsStore(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	p.config(`{"credsStore": "ecr-login", "auths": {"https://index.docker.io/v1/": {}, "` + host + `": {}}}`)
	a := p.run("", "doctor")
	p.wants(problems(a), 0, "")
	if want := p.fill("✔ registries   1 registry in $DIR/.docker/config.json\n\n$HOST\n✔ entry        credsStore: docker runs docker-credential-ecr-login for every registry\n"); !strings.Contains(a.stdout, want) {
		t.Errorf("doctor prints\n%s\nwant\n%s", a.stdout, want)
	}
}

// Of many registries the first are checked, and the rest is mentioned.
func TestDoctorManyRegistries(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	var helpers []string
	for i := range 12 {
		helpers = append(helpers, fmt.Sprintf(`"1234567890%02d.dkr.ecr.us-east-1.amazonaws.com": "ecr-login"`, i))
	}
	p.config(`{"credHelpers": {` + strings.Join(helpers, ",") + `}}`)
	a := p.run("", "doctor")
	p.wants(problems(a), 0, "")
	if !strings.Contains(a.stdout, p.fill("✔ registries   the first 8 of 12 in $DIR/.docker/config.json; name a registry to check another\n")) ||
		strings.Count(a.stdout, "accepts the token") != 8 {
		t.Errorf("doctor prints\n%s", a.stdout)
	}
	wantCalls(t, p.s, getToken, 1)
}

// Without configured registries the credentials' own registry is checked.
func TestDoctorRegistryOfCredentials(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	p.remove(".docker")
	want := `✔ registries   none configured, using account and region of arn:aws:iam::123456789012:user/developer

$HOST
✘ entry        docker runs no helper: $DIR/.docker/config.json does not exist
               fix: docker-credential-ecr-login configure $HOST
`
	if a := p.run("", "doctor"); a.code != 1 || !strings.Contains(a.stdout, p.fill(want)) {
		t.Errorf("exit code %d, and doctor prints\n%s\nwant\n%s", a.code, a.stdout, p.fill(want))
	}
	for _, test := range []struct{ set, want string }{
		{"AWS_REGION=", "✘ registries   none configured, and no region is set for arn:aws:iam::123456789012:user/developer\n               fix: name a registry, or set AWS_REGION\n"},
		{"AWS_ACCESS_KEY_ID=", "✘ registries   none configured, and the credentials name no account: no AWS credentials: AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not, *\n               fix: run `aws configure` or `aws login`, or set AWS_PROFILE to a profile that has credentials\n"},
	} {
		other := *p
		other.set("AWS_DEFAULT_REGION=")
		other.set(test.set)
		other.wants(problems(other.run("", "doctor")), 1, test.want)
	}
}

// ECR Public has a token service of its own, allows anonymous pulls, and rejects a bad password.
func TestDoctorPublic(t *testing.T) {
	t.Parallel()
	const public = "public.ecr.aws"
	const getPublic = "ecr-public:GetAuthorizationToken"
	for _, test := range []struct {
		name   string
		change func(p *fixture)
		code   int
		says   string // without problems
		want   string // problems
	}{
		{"with credentials", func(p *fixture) {}, 0, "✔ registry     public.ecr.aws grants access with the token\n", ""},
		{"never", func(p *fixture) { p.set("ECR_LOGIN_PUBLIC=never") }, 0, "✔ registry     public.ecr.aws grants access anonymously\n", ""},
		{"denied", func(p *fixture) { p.s.Deny(getPublic) }, 0, "✔ registry     public.ecr.aws grants access anonymously\n",
			`! token        none, so ECR Public is used anonymously: access denied: arn:aws:iam::123456789012:user/developer is not allowed to call ecr-public:GetAuthorizationToken, because no identity-based policy allows the ecr-public:GetAuthorizationToken action
               fix: allow ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken in a policy of that principal
`},
		{"no credentials", func(p *fixture) { p.set("AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=") }, 0, "✔ registry     public.ecr.aws grants access anonymously\n",
			`! credentials  no AWS credentials: *; ECR Public can be pulled from without credentials
! token        none, so ECR Public is used anonymously: no AWS credentials: *
               fix: run *
`},
		{"invalid stored token", func(p *fixture) { p.store(login{public, "AWS", "not-a-real-password"}).mustSucceed(p.t) }, 1, "",
			`✘ registry     public.ecr.aws does not grant access with the token (HTTP 403: Your Authorization Token is invalid)
               fix: docker logout public.ecr.aws
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newFixture(t)
			p.config(`{"credHelpers": {"public.ecr.aws": "ecr-login"}}`)
			test.change(p)
			a := p.run("", "doctor", public)
			p.checkNoSecrets(a)
			if !strings.Contains(a.stdout, test.says) {
				t.Errorf("doctor prints\n%s\nwant\n%s", a.stdout, test.says)
			}
			p.wants(problems(a), test.code, test.want)
		})
	}
}
