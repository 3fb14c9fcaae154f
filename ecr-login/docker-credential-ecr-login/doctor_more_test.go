package main

import (
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// --fix repairs what it can without harm and prints it; the next run finds nothing.
func TestDoctorFix(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there are no modes here")
	}
	p := newFixture(t)
	p.file(".ecr/cache.json", oldCache(time.Hour))
	const other = "210987654321.dkr.ecr.eu-west-1.amazonaws.com"
	text := fmt.Sprintf(`{
	"auths": {
		"registry.example": {"auth": %q},
		%q: {"auth": %q},
		%q: {"auth": %q}
	},
	"credHelpers": {%q: "ecr-login"}
}
`, auth("not-a-real-password"), host, auth(expiring(time.Hour)), other, auth(expiring(-time.Hour)), host)
	p.config(text)
	p.chmod(".docker/config.json", 0o644)
	p.file(".cache/ecr-login/CACHEDIR.TAG", "")
	p.chmod(".cache/ecr-login", 0o777)

	a := p.run("", "doctor", "--fix", host)
	p.checkNoSecrets(a)
	for _, want := range []string{
		`✔ passwords    $DIR/.docker/config.json stores passwords and other users can read it (mode 0644)
               fixed: removed access for group and others
✔ passwords    $DIR/.docker/config.json:4 stores an ECR password in plain text ($HOST); it is not used any more
               fixed: removed the entry
✔ passwords    $DIR/.docker/config.json:5 stores an ECR password in plain text (` + other + `); it has expired
               fixed: removed the entry
✔ old cache    $DIR/.ecr/cache.json stores 1 token of amazon-ecr-credential-helper in plain text, 1 still valid
               fixed: deleted the file
✔ cache        $DIR/.cache/ecr-login is not used: group or others can write to it
               fixed: removed write access for group and others
`} {
		if a.code != 0 || !strings.Contains(a.stdout, p.fill(want)) {
			t.Errorf("exit code %d, and doctor prints\n%s\nwant\n%s", a.code, a.stdout, p.fill(want))
		}
	}
	left, err := os.ReadFile(p.path(".docker/config.json"))
	if err != nil || strings.Contains(string(left), host+`": {"auth"`) || strings.Contains(string(left), other) ||
		!strings.Contains(string(left), "registry.example") || !strings.Contains(string(left), `"credHelpers": {"`+host+`": "ecr-login"}`) {
		t.Errorf("%v, and config.json is\n%s", err, left)
	}
	for path, want := range map[string]fs.FileMode{".docker/config.json": 0o600, ".cache/ecr-login": 0o755} {
		if info, err := os.Stat(p.path(path)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want mode %v", path, info.Mode(), err, want)
		}
	}
	if _, err := os.Stat(p.path(".ecr/cache.json")); err == nil {
		t.Error("the old cache is still there")
	}
	p.wants(problems(p.run("", "doctor", host)), 0, "")
}

// What --fix must not change is reported and stays.
func TestDoctorFixIsCareful(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there are no modes here")
	}
	p := newFixture(t)
	// Outside the home directory a file may be shared on purpose. The only login of a host is in use
	// until it expires.
	shared := t.TempDir()
	p.set("DOCKER_CONFIG=" + shared)
	text := fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, host, auth(expiring(time.Hour)))
	if err := os.WriteFile(shared+"/config.json", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	p.file(".ecr/cache.json", `{"mine": "not the existing helper's"}`)
	p.wants(problems(p.run("", "doctor", "--fix", host)), 1,
		`✘ passwords    $DOCKER_CONFIG/config.json stores passwords and other users can read it (mode 0644)
               fix: chmod go= $DOCKER_CONFIG/config.json
✘ passwords    $DOCKER_CONFIG/config.json:1 stores an ECR password in plain text ($HOST)
               fix: docker-credential-ecr-login configure $HOST
✘ entry        docker runs no helper: it uses the password in auths, $DOCKER_CONFIG/config.json:1
               fix: docker-credential-ecr-login configure $HOST
`)
	if left, err := os.ReadFile(shared + "/config.json"); err != nil || string(left) != text {
		t.Errorf("%v, and config.json is %s", err, left)
	}
	if _, err := os.Stat(p.path(".ecr/cache.json")); err != nil {
		t.Error(err)
	}
}

// A link is not followed to delete a file: others may use it.
func TestDoctorOldCacheLink(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	p.file("elsewhere/cache.json", oldCache(time.Hour))
	p.file(".ecr/other", "")
	if err := os.Symlink(p.path("elsewhere/cache.json"), p.path(".ecr/cache.json")); err != nil {
		t.Skip(err)
	}
	p.wants(problems(p.run("", "doctor", "--fix", host)), 0,
		`! old cache    $DIR/.ecr/cache.json stores 1 token of amazon-ecr-credential-helper in plain text, 1 still valid
               fix: rm $DIR/elsewhere/cache.json
`)
	if _, err := os.Stat(p.path(".ecr/cache.json")); err != nil {
		t.Error(err)
	}
}

// Without --fix no file is changed.
func TestDoctorChangesNothing(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	p.file(".ecr/cache.json", oldCache(time.Hour))
	p.config(`{"auths": {"` + host + `": {"auth": "` + auth(expiring(-time.Hour)) + `"}}, "credHelpers": {"` + host + `": "ecr-login"}}`)
	for _, path := range []string{".ecr/cache.json", ".docker/config.json"} {
		before, err := os.ReadFile(p.path(path))
		if err != nil {
			t.Fatal(err)
		}
		p.run("", "doctor")
		if after, err := os.ReadFile(p.path(path)); err != nil || string(after) != string(before) {
			t.Errorf("%s is now %s, %v", path, after, err)
		}
	}
}

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

// If podman has a file of its own, doctor reports which helper podman runs. Docker's file is the last
// that podman reads.
func TestDoctorPodman(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the places are those of Linux")
	}
	for _, test := range []struct{ name, docker, lasting, runtime, says, want string }{
		{name: "no file of podman", says: "✔ entry        credHelpers: docker runs docker-credential-ecr-login\n✔ credentials"},
		{name: "entry in Docker's file", lasting: `{}`, says: "✔ podman       podman runs docker-credential-ecr-login, credHelpers in $DIR/.docker/config.json\n"},
		{name: "entry in its own file", docker: "{}", lasting: `{"credHelpers": {"$HOST": "ecr-login"}}`, says: "✔ podman       podman runs docker-credential-ecr-login, credHelpers in $DIR/.config/containers/auth.json\n"},
		{name: "no entry", docker: "{}", lasting: `{}`, want: "! podman       podman runs no helper: no entry in $XDG_RUNTIME_DIR/containers/auth.json or $DIR/.config/containers/auth.json or $DIR/.docker/config.json\n" +
			"               fix: docker-credential-ecr-login configure --podman $HOST\n"},
		{name: "another helper", lasting: "{\n\"credHelpers\": {\"$HOST\": \"gcloud\"}}", want: "! podman       podman runs another helper: docker-credential-gcloud, credHelpers in $DIR/.config/containers/auth.json:2\n" +
			"               fix: docker-credential-ecr-login configure --podman $HOST\n"},
		{name: "with a password", lasting: `{"credHelpers": {"$HOST": "ecr-login"}}`, runtime: `{"auths": {"$HOST": {"auth": "` + auth(expiring(-time.Hour)) + `"}}}`,
			want: "! passwords    $XDG_RUNTIME_DIR/containers/auth.json:1 stores an ECR password in plain text ($HOST); it has expired\n" +
				"               fix: docker-credential-ecr-login doctor --fix\n" +
				"! podman       podman runs no helper: it uses the password in auths, $XDG_RUNTIME_DIR/containers/auth.json:1\n" +
				"               fix: docker-credential-ecr-login configure --podman $HOST\n"},
		{name: "broken", lasting: "{", want: "✘ podman       $DIR/.config/containers/auth.json:1: *\n               fix: *\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newFixture(t)
			p.set("XDG_RUNTIME_DIR=" + p.path("run")) // podman's
			if test.docker != "" {
				p.config(test.docker)
			}
			for path, text := range map[string]string{".config/containers/auth.json": test.lasting, "run/containers/auth.json": test.runtime} {
				if text != "" {
					p.file(path, p.fill(text))
				}
			}
			a := p.run("", "doctor", host)
			p.checkNoSecrets(a)
			var got []string
			for block := range strings.SplitSeq(strings.ReplaceAll(problems(a).stdout, "\n  ", "\r  "), "\n") {
				if strings.Contains(block, " podman ") || strings.Contains(block, " passwords ") {
					got = append(got, strings.ReplaceAll(block, "\r", "\n")+"\n")
				}
			}
			p.wants(answer{stdout: strings.Join(got, "")}, 0, test.want)
			if !strings.Contains(a.stdout, p.fill(test.says)) {
				t.Errorf("doctor prints\n%s\nwant\n%s", a.stdout, p.fill(test.says))
			}
		})
	}
}

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
		{"stored token that is none", func(p *fixture) { p.store(login{public, "AWS", "not-a-real-password"}).mustSucceed(p.t) }, 1, "",
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

// Nothing is run from a relative entry of PATH, which depends on the current directory.
func TestDoctorRelativePath(t *testing.T) {
	t.Parallel()
	separator := string(os.PathListSeparator)
	for _, test := range []struct {
		name, path string // PATH; $BIN is the fixture's directory
		env        string
		code       int
		want       string
	}{
		{name: "after", path: "$BIN" + separator + "relative", want: `! program      PATH has relative entries, which are skipped: ["relative"]
               fix: write absolute directories in PATH
`},
		{name: "empty entry and dot", path: "$BIN" + separator + separator + ".", want: `! program      PATH has relative entries, which are skipped: ["" "."]
               fix: write absolute directories in PATH
`},
		{name: "before", path: "relative" + separator + "$BIN", code: 1, want: `! program      PATH has relative entries, which are skipped: ["relative"]
               fix: write absolute directories in PATH
✘ program      docker refuses to run docker-credential-ecr-login: a relative entry of PATH finds it first
               fix: write absolute directories in PATH
`},
		{name: "allowed by GODEBUG", path: "relative" + separator + "$BIN", env: "GODEBUG=execerrdot=0", code: 1, want: `! program      PATH has relative entries, which are skipped: ["relative"]
               fix: write absolute directories in PATH
✘ program      docker refuses to run docker-credential-ecr-login: a relative entry of PATH finds it first
               fix: write absolute directories in PATH
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newFixture(t)
			started := p.path("started")
			for _, dir := range []string{"relative", "."} {
				p.file(dir+"/docker-credential-ecr-login", "#!"+shell(t)+"\n: >'"+started+"'\n")
				p.chmod(dir+"/docker-credential-ecr-login", 0o755)
			}
			p.set("PATH="+strings.ReplaceAll(test.path, "$BIN", p.bin), test.env)
			p.wants(problems(p.run("", "doctor", host)), test.code, test.want)
			if _, err := os.Stat(started); err == nil {
				t.Error("the program in the current directory was started")
			}
		})
	}
}

// A snap package of docker is a link to the program snap.
func TestDoctorSnap(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("snaps are for Linux")
	}
	p := newFixture(t)
	p.script("usr/bin/snap", "Docker version 28.4.0")
	if err := os.Symlink(p.path("usr/bin/snap"), p.path("bin/docker")); err != nil {
		t.Fatal(err)
	}
	p.wants(problems(p.run("", "doctor", host)), 1,
		`✘ program      $DIR/bin/docker is a snap package: it can run no credential helper, and reads ~/snap/docker/current/.docker/config.json
               fix: install Docker as in https://docs.docker.com/engine/install
`)
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
✘ credentials  SSO session "corporate" has expired, see above
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
