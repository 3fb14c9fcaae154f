package main

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// beKubelet is an environment variable. It makes this test binary a process that only waits for the
// end of its standard input, as a kubelet with the arguments of the process.
const beKubelet = "ECR_TEST_BE_KUBELET"

func init() {
	if os.Getenv(beKubelet) != "" {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
}

// startKubelet starts a process that looks like a kubelet with the flags, and ends it with the
// test.
func (p *fixture) startKubelet(t *testing.T, args ...string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Args = append([]string{"/usr/bin/kubelet"}, args...)
	cmd.Env = append(p.env, beKubelet+"=1")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close(); _ = cmd.Wait() })
}

// providerConfig returns a configuration with one provider.
func providerConfig(name, args, matchImages, more string) string {
	return "apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\nproviders:\n  - name: " + name +
		"\n    apiVersion: credentialprovider.kubelet.k8s.io/v1\n    args: " + args +
		"\n    matchImages: [\"" + matchImages + "\"]\n    defaultCacheDuration: 0s\n" + more
}

// A node's kubelet, its providers, and a pull through them. The tests run one after another,
// because doctor finds every process with the name.
func TestDoctorKubelet(t *testing.T) {
	const name = "docker-credential-ecr-login"
	good := providerConfig(name, `["kubelet"]`, "*.dkr.ecr.*.amazonaws.com", "")
	flags := []string{"--v=2", "--image-credential-provider-config=$DIR/config.yaml", "--image-credential-provider-bin-dir", "$DIR/providers"}
	for _, test := range []struct {
		name   string
		config string
		flags  []string
		change func(p *fixture)
		args   []string
		code   int
		want   string // problems
		says   string
	}{
		{name: "works", config: good, flags: flags, says: "✔ answer       docker-credential-ecr-login returned a login for $HOST, cached for *\n✔ registry     $HOST accepts the token\n✔ image        app:v1 found, sha256:*\n"},
		{name: "without an image", config: good, flags: flags, args: []string{}, says: "✔ providers    $DIR/providers/docker-credential-ecr-login v0.0.0-test\n"},
		{name: "directory of JSON", flags: []string{"--image-credential-provider-config=$DIR/config.d", "--image-credential-provider-bin-dir=$DIR/providers"},
			change: func(p *fixture) {
				p.file("config.d/ecr.json", `{"kind": "CredentialProviderConfig", "apiVersion": "kubelet.config.k8s.io/v1", "providers": [{"name": "`+name+
					`", "apiVersion": "credentialprovider.kubelet.k8s.io/v1", "args": ["kubelet"], "matchImages": ["`+host+`"], "defaultCacheDuration": "0s"}]}`)
			}, says: "✔ match        matchImages of docker-credential-ecr-login\n"},
		{name: "no flags", flags: []string{"--v=2"}, code: 1, want: `✘ kubelet      the kubelet (process *) runs without --image-credential-provider-bin-dir and --image-credential-provider-config
               fix: add both flags and restart the kubelet; see https://github.com/4e881efc/ecr-credential-helper/blob/main/docs/kubernetes.md
! not checked  providers: kubelet failed
! not checked  match, answer, registry, image, layers: kubelet failed
`},
		{name: "no configuration", flags: flags, code: 1, want: `✘ providers    cannot read $DIR/config.yaml: no such file or directory
               fix: correct the file and restart the kubelet; an example: https://github.com/4e881efc/ecr-credential-helper/blob/main/packaging/kubernetes/credential-provider.yaml
! not checked  match, answer, registry, image, layers: providers failed
`},
		{name: "another provider", config: providerConfig("ecr-credential-provider", `["get-credentials"]`, "*.dkr.ecr.*.amazonaws.com", ""), flags: flags, code: 1,
			want: `✘ providers    no provider in $DIR/config.yaml is this program
               fix: add a provider as in https://github.com/4e881efc/ecr-credential-helper/blob/main/packaging/kubernetes/credential-provider.yaml and restart the kubelet
! not checked  match, answer, registry, image, layers: providers failed
`},
		{name: "program missing", config: good, flags: flags, change: func(p *fixture) { p.remove("providers") }, code: 1,
			want: `✘ providers    $DIR/providers/docker-credential-ecr-login not found
               fix: install -m 0755 * $DIR/providers/docker-credential-ecr-login
! not checked  match, answer, registry, image, layers: providers failed
`},
		{name: "not executable", config: good, flags: flags, change: func(p *fixture) { p.chmod("providers/"+name, 0o644) }, code: 1,
			want: `✘ providers    $DIR/providers/docker-credential-ecr-login is not executable
               fix: chmod 0755 $DIR/providers/docker-credential-ecr-login
! not checked  match, answer, registry, image, layers: providers failed
`},
		{name: "program writable by others", config: good, flags: flags, change: func(p *fixture) { p.chmod("providers/"+name, 0o777) }, code: 1,
			want: `✘ providers    $DIR/providers/docker-credential-ecr-login can be changed by its group or every user, and the kubelet runs it
               fix: chown root:root $DIR/providers/docker-credential-ecr-login $DIR/providers && chmod go-w $DIR/providers/docker-credential-ecr-login $DIR/providers
! not checked  match, answer, registry, image, layers: providers failed
`},
		{name: "directory writable by others", config: good, flags: flags, change: func(p *fixture) { p.chmod("providers", 0o777) }, code: 1,
			want: `✘ providers    $DIR/providers/docker-credential-ecr-login can be changed by every user, and the kubelet runs it
               fix: chown root:root $DIR/providers/docker-credential-ecr-login $DIR/providers && chmod go-w $DIR/providers/docker-credential-ecr-login $DIR/providers
! not checked  match, answer, registry, image, layers: providers failed
`},
		{name: "configuration writable by others", config: good, flags: flags, change: func(p *fixture) { p.chmod("config.yaml", 0o666) }, code: 1,
			want: `✘ providers    $DIR/config.yaml can be changed by its group or every user, and the kubelet takes programs, arguments and environment from it
               fix: chown root:root $DIR/config.yaml $DIR && chmod go-w $DIR/config.yaml $DIR
! not checked  match, answer, registry, image, layers: providers failed
`},
		{name: "no args", config: providerConfig(name, "[]", "*.dkr.ecr.*.amazonaws.com", ""), flags: flags, code: 1,
			want: `✘ providers    provider docker-credential-ecr-login has no argument kubelet: []
               fix: set args: ["kubelet"] for it in $DIR/config.yaml and restart the kubelet
! not checked  match, answer, registry, image, layers: providers failed
`},
		{name: "no match", config: providerConfig(name, `["kubelet"]`, "*.amazonaws.com", ""), flags: flags, code: 1,
			want: `✘ match        no matchImages of this program match $HOST/app
               fix: add "$HOST" to matchImages in $DIR/config.yaml and restart the kubelet
! not checked  answer, registry, image, layers: match failed
`},
		{name: "denied", config: good, flags: flags, change: func(p *fixture) { p.s.Deny(getToken) }, code: 1,
			want: `✘ answer       docker-credential-ecr-login failed: access denied: *
               fix: allow ecr:GetAuthorizationToken in a policy of that principal
! not checked  registry, image, layers: answer failed
`},
		{name: "env of the provider", config: providerConfig(name, `["kubelet"]`, host, "    env:\n      - {name: AWS_ACCESS_KEY_ID, value: \"\"}\n      - {name: AWS_SECRET_ACCESS_KEY, value: \"\"}\n"), flags: flags, code: 1,
			want: `✘ answer       docker-credential-ecr-login failed: no AWS credentials: *
               fix: *
! not checked  registry, image, layers: answer failed
`},
		{name: "service accounts", config: providerConfig(name, `["kubelet"]`, host, "    tokenAttributes: {serviceAccountTokenAudience: sts.amazonaws.com, requireServiceAccount: true, cacheType: ServiceAccount}\n"), flags: flags,
			says: "✔ answer       docker-credential-ecr-login is not called: it needs the token of a service account\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newFixture(t)
			p.copy("providers/" + name)
			if test.config != "" {
				p.file("config.yaml", test.config)
			}
			if test.change != nil {
				test.change(p)
			}
			var args []string
			for _, arg := range test.flags {
				args = append(args, p.fill(arg))
			}
			p.startKubelet(t, args...)
			image := test.args
			if image == nil {
				image = []string{host + "/app:v1"}
			}
			a := p.run("", append([]string{"doctor", "--kubelet"}, image...)...)
			p.checkNoSecrets(a)
			p.wants(problems(a), test.code, test.want)
			for _, line := range strings.SplitAfter(p.fill(test.says), "\n") {
				if !containsLine(a.stdout, line) {
					t.Errorf("doctor prints\n%s\nwant %q", a.stdout, line)
				}
			}
		})
	}
}

// containsLine reports whether a text has a line; * stands for any text.
func containsLine(text, want string) bool {
	for line := range strings.Lines(text + "\n") {
		if alike(strings.TrimSuffix(line, "\n"), strings.TrimSuffix(want, "\n")) {
			return true
		}
	}
	return want == ""
}
