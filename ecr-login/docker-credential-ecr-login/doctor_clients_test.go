package main

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// If podman has a file of its own, doctor reports which helper podman runs. Docker's file is the
// last that podman reads.
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
		{name: "broken", lasting: "{", want: "! podman       $DIR/.config/containers/auth.json:1: *\n               fix: *\n"},
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
			p.wants(result{stdout: strings.Join(got, "")}, 0, test.want)
			if !strings.Contains(a.stdout, p.fill(test.says)) {
				t.Errorf("doctor prints\n%s\nwant\n%s", a.stdout, p.fill(test.says))
			}
		})
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
