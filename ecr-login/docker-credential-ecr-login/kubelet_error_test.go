package main

import (
	"os"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

func TestKubeletErrors(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	s.SetFault(getToken, ecrtest.AccessDenied())
	dir := t.TempDir()
	nobody := newUser(t, dir, s.Home(dir).Env("AWS_EC2_METADATA_DISABLED=true"))
	denied := newSourceUser(t, s, ecrtest.FromEnvironment)
	for _, test := range []struct {
		name string
		u    *user
		want []string
	}{
		{"nobody", nobody, []string{"no AWS credentials", "hint: attach an IAM role"}},
		{"access denied", denied, []string{"is not allowed to call ecr:GetAuthorizationToken", "hint: allow ecr:GetAuthorizationToken"}},
		{"settings broken", denied.settings("timeuot = 3\n"), []string{"timeuot", "hint: correct the settings"}},
	} {
		a := test.u.run(requestText(t, kubeletV1, kubeletRequestJSON{Image: host + "/app"}), "kubelet")
		if a.code != 1 || a.stdout != "" || strings.Count(a.stderr, "\n") != 2 {
			t.Errorf("%s: %+v, want cause and hint on standard error only", test.name, a)
		}
		for _, want := range test.want {
			if !strings.Contains(a.stderr, want) {
				t.Errorf("%s: standard error %q, want %q", test.name, a.stderr, want)
			}
		}
	}
}

func TestKubeletBadRequests(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	good := requestText(t, kubeletV1, kubeletRequestJSON{Image: host + "/app"})
	replace := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	versions := "credentialprovider.kubelet.k8s.io/v1, credentialprovider.kubelet.k8s.io/v1beta1, credentialprovider.kubelet.k8s.io/v1alpha1"
	for _, test := range []struct{ name, stdin, want string }{
		{"nothing", "", "is not a CredentialProviderRequest"},
		{"a server URL, as for get", host, "is not a CredentialProviderRequest"},
		{"cut short", good[:len(good)/2], "is not a CredentialProviderRequest"},
		{"two requests", good + good, "is not a CredentialProviderRequest"},
		{"a list", "[" + good + "]", "is not a CredentialProviderRequest"},
		{"image is a number", replace(`"`+host+`/app"`, "5"), "is not a CredentialProviderRequest"},
		{"an empty object", "{}", `kind ""`},
		{"another kind", replace("CredentialProviderRequest", "CredentialProviderResponse"), `kind "CredentialProviderResponse"`},
		{"kind of kubectl's plugins", replace("CredentialProviderRequest", "ExecCredential"), `kind "ExecCredential"`},
		{"version to come", replace("k8s.io/v1", "k8s.io/v2"), versions},
		{"version without group", replace("credentialprovider.kubelet.k8s.io/v1", "v1"), versions},
		{"another group", replace("credentialprovider.kubelet", "client.authentication"), versions},
		{"no version", replace(kubeletV1, ""), versions},
		{"no image", replace(host+"/app", ""), "has no image"},
		{"too long", replace("/app", "/"+strings.Repeat("a", maxInput)), "too long: 64 KiB or more"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := u.run(test.stdin, "kubelet")
			if a.code != 1 || a.stdout != "" || !strings.Contains(a.stderr, test.want) || strings.Count(a.stderr, "\n") != 1 {
				t.Errorf("%+v, want one line on standard error with %q", a, test.want)
			}
		})
	}
	if n := s.Connections(); n != 0 {
		t.Errorf("%d connections, want none", n)
	}
	// A later kubelet may add fields within a version, so unknown fields are ignored.
	a := u.run(replace(`"image"`, `"later":{},"image"`), "kubelet")
	if readResponse(t, kubeletV1, a).Auth[host].Password == "" {
		t.Error("a request with an unknown field got no credentials")
	}
}

// TestKubeletWithoutArguments checks that a request on standard input, without arguments, gets an
// error about the missing args. All other input gets the usage.
func TestKubeletWithoutArguments(t *testing.T) {
	t.Parallel()
	u := newUser(t, t.TempDir(), nil)
	want := result{"", "docker-credential-ecr-login: " + errNoArguments.Error() + "\ndocker-credential-ecr-login: hint: " + kubeletArgsHint + "\n", 1}
	if !strings.Contains(want.stderr, `args: ["kubelet"]`) {
		t.Errorf("standard error %q does not mention the args", want.stderr)
	}
	for _, version := range []string{"v1", "v1beta1", "v1alpha1"} {
		request := requestText(t, "credentialprovider.kubelet.k8s.io/"+version, kubeletRequestJSON{Image: host + "/app"})
		if a := u.run(request); a != want {
			t.Errorf("%s: %+v, want %+v", version, a, want)
		}
	}
	for _, stdin := range []string{host, "{}", `{"kind":"Pod"}`, `{"ServerURL":"` + host + `"}`, "[", strings.Repeat(" ", 2*maxInput)} {
		if a, want := u.run(stdin), (result{usage + firstSteps, "", 1}); a != want {
			t.Errorf("%.20q: %+v, want the usage", stdin, a)
		}
	}
	// Standard input stays open without data, as that of many daemons.
	silent, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	defer silent.Close()
	cmd := u.command("")
	cmd.Stdin = silent
	if a, want := finish(t, cmd), (result{usage + firstSteps, "", 1}); a != want {
		t.Errorf("a silent pipe: %+v, want the usage", a)
	}
}

// kubelet prints usage errors to standard error, because the kubelet hides standard output.
func TestKubeletUsageErrors(t *testing.T) {
	t.Parallel()
	u := newUser(t, t.TempDir(), nil)
	for _, args := range [][]string{{"kubelet", "--v=3"}, {"kubelet", "get"}, {"kubelet", ""}} {
		want := result{"", "docker-credential-ecr-login: kubelet takes no arguments, found \"" + args[1] + "\"\ndocker-credential-ecr-login: hint: " + kubeletArgsHint + "\n", 1}
		if a := u.run("", args...); a != want {
			t.Errorf("%q: %+v, want %+v", args, a, want)
		}
	}
}

// TestKubeletTimeout checks that the setting timeout limits a request.
func TestKubeletTimeout(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	dir := t.TempDir()
	hole := s.BlackHole()
	u := newUser(t, dir, s.Home(dir).Environment(s.AddUser("somebody"))).with("AWS_ENDPOINT_URL=" + hole).settings("timeout = \"500ms\"\n")
	a := u.run(requestText(t, kubeletV1, kubeletRequestJSON{Image: host + "/app"}), "kubelet")
	if a.code != 1 || a.stdout != "" || !strings.Contains(a.stderr, "timed out after ") {
		t.Errorf("%+v, want a time-out on standard error", a)
	}
}
