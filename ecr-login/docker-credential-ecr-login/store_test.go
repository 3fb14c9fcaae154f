package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// docker login without -u runs get, tries the result, and passes it to store. That must not bind
// the host to the current principal.
func TestLoginWithoutUserStoresNothing(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	dir := t.TempDir()
	home := s.Home(dir)
	home.Keys("one", s.AddUser("one"))
	home.Keys("two", s.AddUser("two"))
	u := newUser(t, dir, home.Env())
	one, two := u.with("AWS_PROFILE=one"), u.with("AWS_PROFILE=two")

	l := one.get(host)
	one.store(l).mustSucceed(t)
	if got := two.get(host); got == l {
		t.Error("the second profile got the token of the login with the first one")
	}
	if got := one.get(host); got != l {
		t.Error("the token of the first profile was deleted")
	}
}

func TestStoredLogin(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	other := "210987654321.dkr.ecr.us-east-1.amazonaws.com"
	principal := ecrtest.Principal{ARN: "arn:aws:iam::210987654321:user/someone-else", Account: "210987654321"}
	l := login{"https://" + host, "AWS", s.IssueToken(principal, "ecr", "us-east-1").Password}

	u.store(l).mustSucceed(t)
	if got := u.get(host); got.Secret != l.Secret {
		t.Error("get does not return the stored login")
	}
	if got := u.get(other); got.Secret == l.Secret {
		t.Error("the login stored for one host was returned for another")
	}
	if hosts := u.list(); hosts[host] != "AWS" || hosts[other] != "AWS" || len(hosts) != 2 {
		t.Errorf("list: %v", hosts)
	}
	// docker logout erases up to four spellings.
	for _, spelling := range []string{host, "http://" + host, "https://" + host, host} {
		u.run(spelling, "erase").mustSucceed(t)
	}
	if got := u.get(host); got.Secret == l.Secret {
		t.Error("the login is returned after it was erased")
	}
}

func TestStoredLoginExpires(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	principal := ecrtest.Principal{ARN: "arn:aws:iam::210987654321:user/someone-else", Account: "210987654321"}
	s.SetTokenLife(time.Hour)
	u.store(login{host, "AWS", s.IssueToken(principal, "ecr", "us-east-1").Password}).mustSucceed(t)
	if life := u.onlyEntryExpiresIn(); life > time.Hour || life < 50*time.Minute {
		t.Errorf("the stored login expires in %s, want the hour of its token", life)
	}

	s.SetTokenLife(-time.Hour)
	a := u.store(login{host, "AWS", s.IssueToken(principal, "ecr", "us-east-1").Password})
	if a.code != 1 || !strings.Contains(a.stdout, "expired") {
		t.Errorf("storing an expired token: %+v", a)
	}
}

func TestEraseDeletesTheToken(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	first := u.get(host)
	u.run("https://"+host, "erase").mustSucceed(t)
	if hosts := u.list(); len(hosts) != 0 {
		t.Errorf("list after erase: %v", hosts)
	}
	if second := u.get(host); second == first {
		t.Error("the token was returned after it was erased")
	}
	wantCalls(t, s, getToken, 2)
}

func TestIgnoreStore(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment).with("AWS_ECR_IGNORE_CREDS_STORAGE=true")
	u.store(login{"index.docker.io", "someone", "not-a-real-password"}).mustSucceed(t)
	u.store(login{host, "AWS", "not-a-real-token"}).mustSucceed(t)
	u.run(host, "erase").mustSucceed(t)
	if l := u.get(host); l.Secret == "not-a-real-token" {
		t.Error("the login was stored")
	}
}

// No file contains a secret in an encoding that a search would find.
func TestNoSecretOnDisk(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromFile)
	l := u.get(host)
	principal := ecrtest.Principal{ARN: "arn:aws:iam::210987654321:user/someone-else", Account: "210987654321"}
	stored := login{"210987654321.dkr.ecr.us-east-1.amazonaws.com", "AWS", s.IssueToken(principal, "ecr", "us-east-1").Password}
	u.store(stored).mustSucceed(t)

	files := 0
	for _, secret := range []string{l.Secret, stored.Secret} {
		for _, needle := range needles(secret) {
			err := filepath.WalkDir(u.dir, func(path string, d fs.DirEntry, err error) error {
				if err != nil || !d.Type().IsRegular() {
					return err
				}
				data, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				files++
				if strings.Contains(string(data), needle) || strings.Contains(path, needle) {
					t.Errorf("%s contains the token", path)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if files == 0 {
		t.Error("no file was searched")
	}
}
