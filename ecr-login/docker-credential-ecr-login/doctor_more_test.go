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

// --fix mends what cannot hurt and says so; what it did is done, and done once.
func TestDoctorFix(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there are no modes here")
	}
	p := newPatient(t)
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
`, auth("not-a-real-password"), host, auth(ending(time.Hour)), other, auth(ending(-time.Hour)), host)
	p.config(text)
	p.chmod(".docker/config.json", 0o644)
	p.file(".cache/ecr-login/CACHEDIR.TAG", "")
	p.chmod(".cache/ecr-login", 0o777)

	a := p.run("", "doctor", "--fix", host)
	p.keepsSecrets(a)
	for _, want := range []string{
		`✔ passwords    $DIR/.docker/config.json holds passwords, and others may read it (mode 0644)
               fixed: took the rights of others away
✔ passwords    $DIR/.docker/config.json:4 keeps a password for $HOST in plain text, which is not used any more
               fixed: removed the entry
✔ passwords    $DIR/.docker/config.json:5 keeps a password for ` + other + ` in plain text; it has expired
               fixed: removed the entry
✔ old cache    $DIR/.ecr/cache.json holds 1 token of the existing helper in plain text, 1 still good
               fixed: deleted it
✔ cache        $DIR/.cache/ecr-login is not used: group or others can write to it
               fixed: took the right to write to it from others
`} {
		if a.code != 0 || !strings.Contains(a.stdout, p.fill(want)) {
			t.Errorf("exit code %d, and doctor says\n%s\nwant\n%s", a.code, a.stdout, p.fill(want))
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
	p.wants(complaints(p.run("", "doctor", host)), 0, "")
}

// What could hurt is left alone, and told.
func TestDoctorFixLeavesAlone(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there are no modes here")
	}
	p := newPatient(t)
	// Outside the home folder a file may be shared on purpose; and the only login of a host is in use while it lives.
	shared := t.TempDir()
	p.set("DOCKER_CONFIG=" + shared)
	text := fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, host, auth(ending(time.Hour)))
	if err := os.WriteFile(shared+"/config.json", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	p.file(".ecr/cache.json", `{"mine": "not the existing helper's"}`)
	p.wants(complaints(p.run("", "doctor", "--fix", host)), 1,
		`✘ passwords    $DOCKER_CONFIG/config.json holds passwords, and others may read it (mode 0644)
               fix: chmod go= $DOCKER_CONFIG/config.json
✘ passwords    $DOCKER_CONFIG/config.json:1 keeps a password for $HOST in plain text
               fix: docker-credential-ecr-login configure $HOST
✘ entry        docker uses the password in auths of $DOCKER_CONFIG/config.json:1, and asks no helper
               fix: docker-credential-ecr-login configure $HOST
`)
	if left, err := os.ReadFile(shared + "/config.json"); err != nil || string(left) != text {
		t.Errorf("%v, and config.json is %s", err, left)
	}
	if _, err := os.Stat(p.path(".ecr/cache.json")); err != nil {
		t.Error(err)
	}
}

// A link may lead to what others use, and what cannot be looked into is not called empty.
func TestDoctorOldCacheElsewhere(t *testing.T) {
	t.Parallel()
	p := newPatient(t)
	p.file("elsewhere/cache.json", oldCache(time.Hour))
	p.file(".ecr/other", "")
	if err := os.Symlink(p.path("elsewhere/cache.json"), p.path(".ecr/cache.json")); err != nil {
		t.Skip(err)
	}
	p.wants(complaints(p.run("", "doctor", "--fix", host)), 1,
		`✘ old cache    $DIR/.ecr/cache.json holds 1 token of the existing helper in plain text, 1 still good
               fix: delete what it is a link to, $DIR/elsewhere/cache.json
`)
	if _, err := os.Stat(p.path(".ecr/cache.json")); err != nil {
		t.Error(err)
	}
}

// Without fix nothing is touched.
func TestDoctorOnlyLooks(t *testing.T) {
	t.Parallel()
	p := newPatient(t)
	p.file(".ecr/cache.json", oldCache(time.Hour))
	p.config(`{"auths": {"` + host + `": {"auth": "` + auth(ending(-time.Hour)) + `"}}, "credHelpers": {"` + host + `": "ecr-login"}}`)
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

// Without a registry: each one of the configuration, by the profile that its program's name carries.
func TestDoctorChoosesTheConfigured(t *testing.T) {
	t.Parallel()
	p := newPatient(t)
	p.home.Keys("prod", p.s.AddUser("arn:aws:iam::222233334444:user/prod"))
	p.install("bin/docker-credential-ecr-login-prod")
	p.config(`{"credHelpers": {"222233334444.dkr.ecr.eu-west-1.amazonaws.com": "ecr-login-prod", "` + host + `": "ecr-login", "gcr.io": "gcloud"}}`)
	a := p.run("", "doctor")
	p.wants(complaints(a), 0, "")
	for _, want := range []string{
		"✔ registries   2 registries of $DIR/.docker/config.json\n\n222233334444.dkr.ecr.eu-west-1.amazonaws.com\n",
		"✔ entry        credHelpers has it: docker runs docker-credential-ecr-login-prod\n✔ credentials  arn:aws:iam::222233334444:user/prod, by access key in profile \"prod\"\n",
		"\n\n$HOST\n✔ entry        credHelpers has it: docker runs docker-credential-ecr-login\n✔ credentials  arn:aws:iam::123456789012:user/developer, by",
		"✔ program      docker runs $DIR/bin/docker-credential-ecr-login-prod v0.0.0-test, the only one on PATH\n✔ program      docker runs $DIR/bin/docker-credential-ecr-login v0",
	} {
		if !strings.Contains(a.stdout, p.fill(want)) {
			t.Errorf("doctor says\n%s\nwant\n%s", a.stdout, p.fill(want))
		}
	}
	wantCalls(t, p.s, getToken, 2)
}

// For who has this program as credsStore, auths lists the registries that were logged in to.
func TestDoctorChoosesTheStores(t *testing.T) {
	t.Parallel()
	p := newPatient(t)
	p.config(`{"credsStore": "ecr-login", "auths": {"https://index.docker.io/v1/": {}, "` + host + `": {}}}`)
	a := p.run("", "doctor")
	p.wants(complaints(a), 0, "")
	if want := p.fill("✔ registries   1 registry of $DIR/.docker/config.json\n\n$HOST\n✔ entry        credsStore is for all registries: docker runs docker-credential-ecr-login\n"); !strings.Contains(a.stdout, want) {
		t.Errorf("doctor says\n%s\nwant\n%s", a.stdout, want)
	}
}

// Many are looked at in part, and that is said.
func TestDoctorChoosesNotAll(t *testing.T) {
	t.Parallel()
	p := newPatient(t)
	var helpers []string
	for i := range 12 {
		helpers = append(helpers, fmt.Sprintf(`"1234567890%02d.dkr.ecr.us-east-1.amazonaws.com": "ecr-login"`, i))
	}
	p.config(`{"credHelpers": {` + strings.Join(helpers, ",") + `}}`)
	a := p.run("", "doctor")
	p.wants(complaints(a), 0, "")
	if !strings.Contains(a.stdout, p.fill("✔ registries   the first 8 of 12 that $DIR/.docker/config.json has; name one to look at another\n")) ||
		strings.Count(a.stdout, "takes the token") != 8 {
		t.Errorf("doctor says\n%s", a.stdout)
	}
	wantCalls(t, p.s, getToken, 1)
}

// Nothing is configured: the credentials tell the registry.
func TestDoctorChoosesTheCallers(t *testing.T) {
	t.Parallel()
	p := newPatient(t)
	p.remove(".docker")
	want := `✔ registries   none is configured: that of the account and region of arn:aws:iam::123456789012:user/developer

$HOST
✘ entry        docker asks nobody: no entry in $DIR/.docker/config.json, which is not there
               fix: docker-credential-ecr-login configure $HOST
`
	if a := p.run("", "doctor"); a.code != 1 || !strings.Contains(a.stdout, p.fill(want)) {
		t.Errorf("exit code %d, and doctor says\n%s\nwant\n%s", a.code, a.stdout, p.fill(want))
	}
	for _, test := range []struct{ set, want string }{
		{"AWS_REGION=", "✘ registries   none is configured, and arn:aws:iam::123456789012:user/developer has no region from which to tell one\n               fix: name a registry, or set AWS_REGION\n"},
		{"AWS_ACCESS_KEY_ID=", "✘ registries   none is configured, and none can be told from the credentials: no AWS credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set, *\n               fix: run `aws configure` or `aws login`, or set AWS_PROFILE to a profile that has credentials\n"},
	} {
		other := *p
		other.set(test.set)
		other.wants(complaints(other.run("", "doctor")), 1, test.want)
	}
}

// Who has a file of podman's hears whom podman asks; Docker's file is podman's last.
func TestDoctorPodman(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the places are those of Linux")
	}
	for _, test := range []struct{ name, docker, lasting, runtime, says, want string }{
		{name: "nothing of podman's", says: "✔ entry        credHelpers has it: docker runs docker-credential-ecr-login\n✔ credentials"},
		{name: "by Docker's", lasting: `{}`, says: "✔ podman       $DIR/.docker/config.json has it: podman runs docker-credential-ecr-login\n"},
		{name: "by its own", docker: "{}", lasting: `{"credHelpers": {"$HOST": "ecr-login"}}`, says: "✔ podman       $DIR/.config/containers/auth.json has it: podman runs docker-credential-ecr-login\n"},
		{name: "by nobody", docker: "{}", lasting: `{}`, want: "! podman       podman asks nobody: no entry in $XDG_RUNTIME_DIR/containers/auth.json or $DIR/.config/containers/auth.json or $DIR/.docker/config.json\n" +
			"               fix: docker-credential-ecr-login configure --podman $HOST\n"},
		{name: "by another", lasting: "{\n\"credHelpers\": {\"$HOST\": \"gcloud\"}}", want: "! podman       podman asks docker-credential-gcloud, by credHelpers in $DIR/.config/containers/auth.json:2\n" +
			"               fix: docker-credential-ecr-login configure --podman $HOST\n"},
		{name: "with a password", lasting: `{"credHelpers": {"$HOST": "ecr-login"}}`, runtime: `{"auths": {"$HOST": {"auth": "` + auth(ending(-time.Hour)) + `"}}}`,
			want: "! passwords    $XDG_RUNTIME_DIR/containers/auth.json:1 keeps a password for $HOST in plain text; it has expired\n" +
				"               fix: docker-credential-ecr-login doctor --fix\n" +
				"! podman       podman uses the password in auths of $XDG_RUNTIME_DIR/containers/auth.json:1, and asks no helper\n" +
				"               fix: docker-credential-ecr-login configure --podman $HOST\n"},
		{name: "broken", lasting: "{", want: "✘ podman       $DIR/.config/containers/auth.json:1: *\n               fix: *\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPatient(t)
			p.set("XDG_RUNTIME_DIR=" + p.path("run")) // podman's, and memory no matter
			if test.docker != "" {
				p.config(test.docker)
			}
			for path, text := range map[string]string{".config/containers/auth.json": test.lasting, "run/containers/auth.json": test.runtime} {
				if text != "" {
					p.file(path, p.fill(text))
				}
			}
			a := p.run("", "doctor", host)
			p.keepsSecrets(a)
			var got []string
			for block := range strings.SplitSeq(strings.ReplaceAll(complaints(a).stdout, "\n  ", "\r  "), "\n") {
				if strings.Contains(block, " podman ") || strings.Contains(block, " passwords ") {
					got = append(got, strings.ReplaceAll(block, "\r", "\n")+"\n")
				}
			}
			p.wants(answer{stdout: strings.Join(got, "")}, 0, test.want)
			if !strings.Contains(a.stdout, p.fill(test.says)) {
				t.Errorf("doctor says\n%s\nwant\n%s", a.stdout, p.fill(test.says))
			}
		})
	}
}

// How long a session lasts is said of those that end.
func TestDoctorSession(t *testing.T) {
	t.Parallel()
	p := newPatient(t)
	p.set("AWS_CREDENTIAL_EXPIRATION=" + time.Now().Add(90*time.Minute).UTC().Format(time.RFC3339))
	a := p.run("", "doctor", host)
	if want := "user/developer, by access key in the environment, good for another 1h"; a.code != 0 || !strings.Contains(a.stdout, want) {
		t.Errorf("exit code %d, and doctor says\n%s\nwant\n%s", a.code, a.stdout, want)
	}
}

// ECR Public has a token service of its own, lets anybody pull, and takes no bad password.
func TestDoctorPublic(t *testing.T) {
	t.Parallel()
	const public = "public.ecr.aws"
	const getPublic = "ecr-public:GetAuthorizationToken"
	for _, test := range []struct {
		name  string
		plant func(p *patient)
		code  int
		says  string // when all is well
		want  string // complaints
	}{
		{"with credentials", func(p *patient) {}, 0, "✔ registry     public.ecr.aws lets in with the token\n", ""},
		{"never", func(p *patient) { p.set("ECR_LOGIN_PUBLIC=never") }, 0, "✔ registry     public.ecr.aws lets in anonymously\n", ""},
		{"denied", func(p *patient) { p.s.Deny(getPublic) }, 0, "✔ registry     public.ecr.aws lets in anonymously\n",
			`! token        none, so ECR Public is asked anonymously: access denied: arn:aws:iam::123456789012:user/developer may not call ecr-public:GetAuthorizationToken, because no identity-based policy allows the ecr-public:GetAuthorizationToken action
               fix: allow ecr-public:GetAuthorizationToken in a policy of that principal
`},
		{"no credentials", func(p *patient) { p.set("AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=") }, 0, "✔ registry     public.ecr.aws lets in anonymously\n",
			`! credentials  no AWS credentials: *; images of ECR Public can be pulled without
! token        none, so ECR Public is asked anonymously: no AWS credentials: *
               fix: run *
`},
		{"stored token that is none", func(p *patient) { p.store(login{public, "AWS", "not-a-real-password"}).mustSucceed(p.t) }, 1, "",
			`✘ registry     the token service of public.ecr.aws gives nothing with the token (HTTP 403: Your Authorization Token is invalid)
               fix: docker logout public.ecr.aws
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPatient(t)
			p.config(`{"credHelpers": {"public.ecr.aws": "ecr-login"}}`)
			test.plant(p)
			a := p.run("", "doctor", public)
			p.keepsSecrets(a)
			if !strings.Contains(a.stdout, test.says) {
				t.Errorf("doctor says\n%s\nwant\n%s", a.stdout, test.says)
			}
			p.wants(complaints(a), test.code, test.want)
		})
	}
}

// Without a home, or with one that is not there, nothing can be found; with the user it is said why.
func TestDoctorHomeless(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the variable and the places are those of Linux")
	}
	p := newPatient(t)
	p.set("HOME=", "CACHE_DIRECTORY="+p.path("cache")) // without it, root's cache of this machine
	p.wants(complaints(p.run("", "doctor", host)), 1,
		`✘ user         *, and HOME is not set: neither Docker's configuration nor AWS's is found
               fix: set HOME to the home folder of the user that runs the client
✘ config       the home folder is not known, and so is the place of Docker's config.json
               fix: set HOME, or DOCKER_CONFIG to the folder of config.json
! passwords    not checked: config failed
! entry        not checked: config failed
`)
	p.set("HOME="+p.path("nowhere"), "DOCKER_CONFIG="+p.path(".docker"))
	a := p.run("", "doctor", host)
	if want := p.fill("home $DIR/nowhere, which is not there\n               fix: make the folder, or set HOME to the right one\n"); a.code != 1 || !strings.Contains(a.stdout, want) {
		t.Errorf("exit code %d, and doctor says\n%s\nwant\n%s", a.code, a.stdout, want)
	}
}
