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

// ECR's guide shows three ways to authenticate: a credential helper, a password piped into docker
// login, and a header for the HTTP API. These tests are about the last two.
const (
	loginByPassword = "docker-credential-ecr-login get-login-password --region us-east-1 | docker login --username AWS --password-stdin " + devHost
	opRegistry      = "registry"
)

// basic returns the value of an Authorization header after "Basic".
func basic(password string) string {
	return base64.StdEncoding.EncodeToString([]byte("AWS:" + password))
}

// TestGetLoginPasswordIntoDockerLogin runs the line of ECR's guide with this program in place of
// the AWS command line: without a helper in config.json, where docker stores the password itself,
// and with one.
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
				// With an entry, docker does not look for a credential store of the machine, such
				// as pass.
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

// TestHeaderWithCurl passes the header to curl in a configuration file, so that it is on no command
// line.
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
	// The request fails without the header, and the configuration forbids requests without TLS.
	u.mustFail("", "curl", "-sS", "--fail", "https://"+devHost+"/v2/by-curl/app/tags/list")
	r := u.mustFail("", "bash", "-c", fmt.Sprintf("curl -sS --fail -K <(docker-credential-ecr-login header --curl %s) http://%s/v2/", devHost, devHost))
	if !strings.Contains(r.stderr, "http") || !strings.Contains(r.stderr, "disabled") {
		t.Errorf("without TLS:\n%s", r.describe())
	}
}

// TestHeaderIsOnNoCommandLine checks the command lines and environments of all processes while curl
// waits for its answer.
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
				t.Errorf("%s contains the secret", file)
			}
		}
	}
	close(hold)
	if r := <-done; r.err != nil || seen != 1 {
		t.Errorf("%d processes of curl found, want one:\n%s", seen, r.describe())
	}
}

// TestHeaderStaysWithItsHost checks that curl does not send the header to the host of a redirect,
// such as ECR's storage.
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
