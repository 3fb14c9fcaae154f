//go:build e2e && linux

package e2e

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// The three ways into ECR that its guide shows: a credential helper (everywhere else in these tests), a password piped
// into docker login, and the HTTP API.

const (
	loginByPassword = "docker-credential-ecr-login get-login-password --region us-east-1 | docker login --username AWS --password-stdin " + devHost
	opRegistry      = "registry"
)

// basic is what the Authorization header has of a password.
func basic(password string) string {
	return base64.StdEncoding.EncodeToString([]byte("AWS:" + password))
}

// A script changes one word: without any helper in config.json, where docker then keeps the password itself, and with
// one, which keeps it away from there.
func TestGetLoginPasswordIntoDockerLogin(t *testing.T) {
	for name, config := range map[string]dockerConfig{
		"no helper":   {},
		"credHelpers": dockerStores["credHelpers"],
		"credsStore":  dockerStores["credsStore"],
	} {
		t.Run(name, func(t *testing.T) {
			u := dockerUser(t)
			u.signIn("default", devAccount)
			u.configure(config)
			if name == "no helper" {
				// An entry keeps docker from looking for a store of the machine, such as pass.
				u.write(".docker/config.json", `{"auths": {"other.example.com": {}}}`)
			}
			u.must("", "sh", "-c", loginByPassword)
			tag := devHost + "/by-password-" + strings.ReplaceAll(strings.ToLower(name), " ", "-") + ":1"
			id := u.push(tag)
			u.pull(tag, id)
			u.forget(tag)
			u.must("", "sh", "-c", loginByPassword)
			wantCalls(t, u.aws, getToken) // the second password, and every get, came from the cache
			if name != "no helper" {
				u.wantNoSecret(u.get(helperName, devHost))
			}
		})
	}
}

func TestGetLoginPasswordFailsBeforeDockerLogin(t *testing.T) {
	u := dockerUser(t)
	u.configure(dockerConfig{})
	r := u.mustFail("", "bash", "-o", "pipefail", "-c", loginByPassword)
	if !strings.Contains(r.output(), "no AWS credentials") {
		t.Errorf("the cause is missing:\n%s", r.describe())
	}
}

// curl asks the HTTP API with a configuration that never is on a command line.
func TestHeaderWithCurl(t *testing.T) {
	needProgram(t, "curl", fromDebian+"curl")
	u := dockerUser(t)
	u.signIn("default", devAccount)
	u.configure(dockerStores["credHelpers"])
	for _, host := range []string{devHost, publicHost} {
		u.configure(dockerConfig{CredHelpers: map[string]string{host: helperName}})
		tag := host + "/by-curl/app:one"
		u.push(tag)
		r := u.must("", "bash", "-c", fmt.Sprintf("curl -sS --fail -K <(docker-credential-ecr-login header --curl %s) https://%s/v2/by-curl/app/tags/list", host, host))
		if want := `{"name":"by-curl/app","tags":["one"]}`; strings.TrimSpace(r.stdout) != want {
			t.Errorf("%s:\n%s\nwant %s", host, r.describe(), want)
		}
	}
	// Without the header there is no answer, and the configuration does not send it without TLS.
	u.mustFail("", "curl", "-sS", "--fail", "https://"+devHost+"/v2/by-curl/app/tags/list")
	r := u.mustFail("", "bash", "-c", fmt.Sprintf("curl -sS --fail -K <(docker-credential-ecr-login header --curl %s) http://%s/v2/", devHost, devHost))
	if !strings.Contains(r.stderr, "http") || !strings.Contains(r.stderr, "disabled") {
		t.Errorf("without TLS:\n%s", r.describe())
	}
}

// While curl waits for its answer, no process of the machine shows the secret.
func TestHeaderIsOnNoCommandLine(t *testing.T) {
	needProgram(t, "curl", fromDebian+"curl")
	u := dockerUser(t)
	u.signIn("default", devAccount)
	password := u.get(helperName, devHost)
	hold := make(chan struct{})
	before := u.aws.Calls(opRegistry)
	breakCall(t, u.aws, opRegistry, ecrtest.Fault{Until: hold})
	done := make(chan result)
	go func() {
		done <- u.run("", "bash", "-c", fmt.Sprintf("curl -sS -K <(docker-credential-ecr-login header --curl %s) https://%s/v2/", devHost, devHost))
	}()
	ctx, cancel := context.WithTimeout(t.Context(), commandLimit)
	defer cancel()
	if err := u.aws.Wait(ctx, opRegistry, before+1); err != nil {
		t.Error(err)
	}
	seen := 0
	for _, kind := range []string{"cmdline", "environ"} {
		files, err := filepath.Glob("/proc/[0-9]*/" + kind)
		if err != nil {
			t.Error(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				continue // it has ended
			}
			if strings.HasPrefix(string(text), "curl\x00") {
				seen++
			}
			if strings.Contains(string(text), password[:40]) || strings.Contains(string(text), basic(password)[:40]) {
				t.Errorf("%s holds the secret", file)
			}
		}
	}
	close(hold)
	if r := <-done; r.err != nil || seen != 1 {
		t.Errorf("%d processes of curl were looked at, want one:\n%s", seen, r.describe())
	}
}

// curl does not carry the header on to the host that a redirect leads to, as one to ECR's storage would.
func TestHeaderStaysWithItsHost(t *testing.T) {
	needProgram(t, "curl", fromDebian+"curl")
	u := dockerUser(t)
	u.signIn("default", devAccount)
	password := u.get(helperName, devHost)
	got := make(chan string, 2)
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { got <- r.Header.Get("Authorization") }))
	defer storage.Close()
	registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- r.Header.Get("Authorization")
		http.Redirect(w, r, storage.URL, http.StatusTemporaryRedirect)
	}))
	defer registry.Close()
	address := strings.TrimPrefix(registry.URL, "http://")
	port := address[strings.LastIndexByte(address, ':')+1:]
	u.must("", "bash", "-c", fmt.Sprintf("curl -sS --fail -L --resolve %s:%s:127.0.0.1 -K <(docker-credential-ecr-login header --curl http://%s) http://%s:%s/v2/",
		devHost, port, devHost, devHost, port))
	timer := time.NewTimer(commandLimit)
	defer timer.Stop()
	for i, want := range []string{"Basic " + basic(password), ""} {
		select {
		case header := <-got:
			if header != want {
				t.Errorf("host %d got %d characters of a header, want %d", i+1, len(header), len(want))
			}
		case <-timer.C:
			t.Fatal("curl did not follow the redirect")
		}
	}
}
