//go:build e2e && linux

package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// user is a person with a home, a Docker configuration, AWS settings and a PATH of their own. Their
// commands get no variable of the machine's environment.
type user struct {
	t     testing.TB
	aws   *ecrtest.Server
	home  string
	env   map[string]string
	limit time.Duration // of each command
	id    int           // user and group that the commands run as
}

// need skips the test when the private machine is not available.
func need(t testing.TB) {
	t.Helper()
	if skipReason != "" {
		t.Skip(skipReason)
	}
}

func needProgram(t testing.TB, name, install string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed (%s)", name, install)
	}
}

func newUser(t testing.TB) *user {
	t.Helper()
	u := &user{t: t, aws: needSite(t), home: t.TempDir(), limit: commandLimit}
	u.env = map[string]string{
		"HOME":          u.home,
		"DOCKER_CONFIG": u.path(".docker"),
		"PATH":          u.path("bin") + ":" + os.Getenv("PATH"),
		"TMPDIR":        u.path("tmp"),
		"LANG":          "C",
	}
	u.mkdir("bin")
	u.mkdir(".aws")
	u.mkdir("tmp")
	u.install("docker-credential-ecr-login")
	return u
}

// owner returns the user who owns a file.
func owner(info fs.FileInfo) int { return int(info.Sys().(*syscall.Stat_t).Uid) }

// install creates a link to the helper. A link docker-credential-ecr-login-NAME uses the profile
// NAME.
func (u *user) install(name string) {
	u.t.Helper()
	if err := os.Symlink(*helperPath, filepath.Join(u.home, "bin", name)); err != nil {
		u.t.Fatal(err)
	}
}

// script writes a shell script below the home.
func (u *user) script(name, text string) {
	u.t.Helper()
	u.write(name, "#!/bin/sh"+text)
	if err := os.Chmod(u.path(name), 0o700); err != nil {
		u.t.Fatal(err)
	}
}

func (u *user) path(name string) string { return filepath.Join(u.home, name) }

func (u *user) mkdir(name string) {
	u.t.Helper()
	if err := os.MkdirAll(u.path(name), 0o700); err != nil {
		u.t.Fatal(err)
	}
}

// write writes a file below the home.
func (u *user) write(name, content string) {
	u.t.Helper()
	u.writeIn(filepath.Dir(u.path(name)), filepath.Base(name), content)
}

// writeIn writes a file in any directory.
func (u *user) writeIn(dir, name, content string) {
	u.t.Helper()
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600)
	}
	if err != nil {
		u.t.Fatal(err)
	}
}

func (u *user) read(name string) string {
	u.t.Helper()
	content, err := os.ReadFile(u.path(name))
	if err != nil {
		u.t.Fatal(err)
	}
	return string(content)
}

// signIn writes an IAM user's access key to a profile of the shared credentials file, and returns
// the IAM user's ARN.
func (u *user) signIn(profile, account string) (arn string) {
	u.t.Helper()
	arn = fmt.Sprintf("arn:aws:iam::%s:user/%s", account, profile)
	key := u.aws.AddUser(arn)
	file, err := os.OpenFile(u.path(".aws/credentials"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = fmt.Fprintf(file, "[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n", profile, key.AccessKeyID, key.SecretAccessKey)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		u.t.Fatal(err)
	}
	return arn
}

// get calls the helper as a shell user does. The argument is the helper's name in config.json.
func (u *user) get(helper, serverURL string) (password string) {
	u.t.Helper()
	r := u.must(serverURL+"\n", "docker-credential-"+helper, "get")
	var answer struct{ Username, Secret string }
	if err := json.Unmarshal([]byte(r.stdout), &answer); err != nil || answer.Username != "AWS" || answer.Secret == "" {
		u.t.Fatalf("get %s: not an answer (%v):\n%s", serverURL, err, r.describe())
	}
	return answer.Secret
}

// wantNoSecret searches every file of the home for a password, also in the base64 form of
// config.json.
func (u *user) wantNoSecret(password string) {
	u.t.Helper()
	forms := []string{password, base64.StdEncoding.EncodeToString([]byte("AWS:" + password))}
	err := filepath.WalkDir(u.home, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, form := range forms {
			if bytes.Contains(content, []byte(form)) {
				u.t.Errorf("%s contains the password", path)
			}
		}
		return err
	})
	if err != nil {
		u.t.Fatal(err)
	}
}

// dockerConfig is the part of Docker's config.json that names helpers.
type dockerConfig struct {
	CredHelpers map[string]string `json:"credHelpers,omitempty"`
	CredsStore  string            `json:"credsStore,omitempty"`
}

func (u *user) configure(config dockerConfig) {
	u.t.Helper()
	content, err := json.MarshalIndent(config, "", "\t")
	if err != nil {
		u.t.Fatal(err)
	}
	u.write(".docker/config.json", string(content))
}
