package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// An accountUser has a directory for links on PATH, no default credentials, an access key for one
// account, and two roles in another one.
type accountUser struct {
	*user
	aws *ecrtest.Server
}

const (
	keyHost  = "222233334444.dkr.ecr.us-east-1.amazonaws.com"
	roleHost = "111122223333.dkr.ecr.us-east-1.amazonaws.com"
)

func newAccountUser(t *testing.T) accountUser {
	t.Helper()
	s := ecrtest.New(t)
	home := s.Home(t.TempDir())
	home.Keys("staging", s.AddUser("arn:aws:iam::222233334444:user/build"))
	home.AssumeRole("admin", "staging", ecrtest.Role{ARN: "arn:aws:iam::111122223333:role/admin"})
	home.AssumeRole("reader", "staging", ecrtest.Role{ARN: "arn:aws:iam::111122223333:role/reader"})
	u := newUser(t, home.Dir, home.Env("PATH="+filepath.Join(home.Dir, "bin")))
	u.put("bin/README", nil) // links go there
	return accountUser{u, s}
}

// Of several profiles of an account, the person chooses one: by its number, by its name, or the first
// one by Enter.
func TestConfigureChooses(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"\n": "admin", "1\n": "admin", "2\n": "reader", "reader\n": "reader", "3\nprod\n2\n": "reader",
		"0\n3\nx\n": "", "\x04": "",
	} {
		u := newAccountUser(t)
		before := u.tree()
		screen, code := onTerminal(t, u.command("", "configure", roleHost), typed)
		if !strings.Contains(screen, "Account 111122223333 has several profiles:\n  1  admin\n  2  reader\nWhich one? [1] ") {
			t.Errorf("%q: the screen shows\n%s", typed, screen)
		}
		if want == "" {
			if code != 1 {
				t.Errorf("%q: exit code %d, the screen shows\n%s", typed, code, screen)
			}
			u.wantTree(before, "nothing chosen")
			continue
		}
		if code != 0 || !strings.Contains(screen, roleHost+"  added, ecr-login-"+want+"\n") || strings.Contains(screen, "warning: account") {
			t.Errorf("%q: exit code %d, the screen shows\n%s", typed, code, screen)
		}
	}
}

// STS is called for profiles only after a yes.
func TestConfigurePromptsBeforeItCallsSTS(t *testing.T) {
	t.Parallel()
	for typed, calls := range map[string]int{"y\n": 1, "\n": 1, "n\n": 0, "\x04": 0} {
		u := newAccountUser(t)
		screen, code := onTerminal(t, u.command("", "configure", keyHost), typed)
		if !strings.Contains(screen, "The AWS files do not name the account of 1 profile: staging.\nCall STS once for each of them? [Y/n] ") {
			t.Errorf("%q: the screen shows\n%s", typed, screen)
		}
		wantCalls(t, u.aws, "sts:GetCallerIdentity", calls)
		switch {
		case typed == "\x04":
			if code != 1 || !strings.HasSuffix(screen, program+": nothing was changed\n") {
				t.Errorf("%q: exit code %d, the screen shows\n%s", typed, code, screen)
			}
		case calls == 1:
			if code != 0 || !strings.Contains(screen, keyHost+"  added, ecr-login-staging\n") {
				t.Errorf("%q: exit code %d, the screen shows\n%s", typed, code, screen)
			}
		default: // it is added all the same, with the command that finds the profile
			if code != 0 || !strings.Contains(screen, keyHost+"  added, ecr-login\n") ||
				!strings.Contains(screen, "configure --call-sts "+keyHost+"\n") {
				t.Errorf("%q: exit code %d, the screen shows\n%s", typed, code, screen)
			}
		}
	}
	// Registries whose account the files name need no call, and no prompt about it.
	u := newAccountUser(t)
	if screen, code := onTerminal(t, u.command("", "configure", roleHost), "\n"); code != 0 || strings.Contains(screen, "Call STS") {
		t.Errorf("exit code %d, the screen shows\n%s", code, screen)
	}
	wantCalls(t, u.aws, "sts:GetCallerIdentity", 0)
}

// Rules are offered with the registries. After a no, nothing is changed.
func TestConfigureOffersRules(t *testing.T) {
	t.Parallel()
	for typed, yes := range map[string]bool{"y\n": true, "n\n": false} {
		u := newAccountUser(t)
		u.put("Dockerfile", []byte("FROM "+roleHost+"/team/base\n"))
		user := u.with("PATH=/nowhere")
		before := u.tree()
		screen, code := onTerminal(t, user.command("", "configure"), "2\n"+typed)
		if !strings.Contains(screen, roleHost+"  profile reader  Dockerfile:1\n") ||
			!strings.Contains(screen, "Add this registry to ~/.docker/config.json and 1 rule to ~/.config/ecr-login/config.toml? [Y/n] ") {
			t.Errorf("%q: the screen shows\n%s", typed, screen)
		}
		if yes {
			if code != 0 || !strings.Contains(screen, roleHost+"  added, profile reader\n") {
				t.Errorf("%q: exit code %d, the screen shows\n%s", typed, code, screen)
			}
			user.run("", "unconfigure")
		} else if code != 1 {
			t.Errorf("%q: exit code %d, the screen shows\n%s", typed, code, screen)
		}
		u.wantTree(before, typed)
	}
}
