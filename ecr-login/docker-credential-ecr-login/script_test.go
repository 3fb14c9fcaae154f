package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// TestScript runs the scripts in testdata/script: each is a shell session with the real binary on
// PATH, an empty home directory and its own AWS. These commands are added to those of testscript:
//
//	aws SOURCE [proxy]  sets the environment for that ecrtest.Source of credentials, or none; with proxy, programs call
//	                  the real host names
//	sso SESSION         signs in to that sso-session, for every account and role
//	keys PROFILE ARN  writes an access key of that user to the credentials file
//	deny OPERATION    makes AWS refuse the operation, whose name is as in package ecrtest
//	fail OPERATION    makes AWS respond to the operation with status 503
//	heal OPERATION    removes the fault of the operation
//	calls OPERATION N fails unless AWS received exactly N requests of the operation
//	like FILE WANT    compares line by line, where * in WANT matches any text; FILE may be stdout or stderr
func TestScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setUpScript,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"aws":   scriptAWS,
			"sso":   scriptSSO,
			"keys":  scriptKeys,
			"deny":  scriptFault(ecrtest.AccessDenied()),
			"fail":  scriptFault(ecrtest.Fault{Status: http.StatusServiceUnavailable, RetryAfter: time.Hour}),
			"heal":  scriptFault(),
			"calls": scriptCalls,
			"like":  scriptLike,
		},
	})
}

type scriptServer struct{}

func setUpScript(env *testscript.Env) error {
	s, err := ecrtest.Start(ecrtest.Options{})
	if err != nil {
		return err
	}
	env.Defer(func() { s.Close() })
	env.Values[scriptServer{}] = s
	home := filepath.Join(env.WorkDir, "home")
	for _, dir := range []string{home, filepath.Join(home, "run")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	env.Setenv("HOME", home)
	env.Setenv("XDG_RUNTIME_DIR", filepath.Join(home, "run"))
	env.Setenv("PATH", filepath.Dir(helper)+string(os.PathListSeparator)+env.Getenv("PATH"))
	env.Setenv("HOST", host)
	env.Setenv("PROGRAM", helper)
	env.Setenv("PROGRAMDIR", filepath.Dir(helper))
	setScriptEnv(env.Setenv, s.Home(home).Env())
	return nil
}

// setScriptEnv sets an environment of ecrtest, except for the variables that the script sets
// itself.
func setScriptEnv(set func(key, value string), env []string) {
	for _, variable := range env {
		if key, value, _ := strings.Cut(variable, "="); key != "PATH" {
			set(key, value)
		}
	}
}

func scriptAWS(ts *testscript.TestScript, neg bool, args []string) {
	proxy := len(args) == 2 && args[1] == "proxy"
	if neg || len(args) != 1 && !proxy {
		ts.Fatalf("usage: aws SOURCE [proxy]")
	}
	home := ts.Value(scriptServer{}).(*ecrtest.Server).Home(ts.Getenv("HOME"))
	home.Region = ecrtest.Region
	if proxy {
		home.Proxy = true
		ts.Setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true") // of an earlier source
	}
	env := home.Env()
	if args[0] != "none" {
		env = home.Source(ecrtest.Source(args[0]))
	}
	setScriptEnv(ts.Setenv, env)
}

func scriptSSO(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: sso SESSION")
	}
	s := ts.Value(scriptServer{}).(*ecrtest.Server)
	dir, err := os.MkdirTemp(ts.Getenv("WORK"), "")
	ts.Check(err)
	s.Home(dir).SSO("any", args[0], s.NewSSOSession("developer", time.Hour), ecrtest.Assignment{Account: "111122223333", Role: "any"})
	ts.Check(os.CopyFS(filepath.Join(ts.Getenv("HOME"), ".aws", "sso"), os.DirFS(filepath.Join(dir, ".aws", "sso"))))
	ts.Check(os.RemoveAll(dir))
}

func scriptKeys(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: keys PROFILE ARN")
	}
	keys := ts.Value(scriptServer{}).(*ecrtest.Server).AddUser(args[1])
	file, err := os.OpenFile(filepath.Join(ts.Getenv("HOME"), ".aws", "credentials"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	ts.Check(err)
	_, err = fmt.Fprintf(file, "[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n", args[0], keys.AccessKeyID, keys.SecretAccessKey)
	ts.Check(err)
	ts.Check(file.Close())
}

func scriptFault(faults ...ecrtest.Fault) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 1 {
			ts.Fatalf("usage: deny|fail|heal OPERATION")
		}
		ts.Value(scriptServer{}).(*ecrtest.Server).SetFault(args[0], faults...)
	}
}

func scriptCalls(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: calls OPERATION N")
	}
	s := ts.Value(scriptServer{}).(*ecrtest.Server)
	if n := s.Calls(args[0]); strconv.Itoa(n) != args[1] {
		ts.Fatalf("%d calls of %s, want %s", n, args[0], args[1])
	}
}

func scriptLike(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: like FILE WANT")
	}
	got, want := ts.ReadFile(args[0]), os.Expand(ts.ReadFile(args[1]), ts.Getenv)
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	same := len(g) == len(w)
	for i := range w {
		same = same && alike(g[i], w[i])
	}
	if !same {
		ts.Fatalf("%s is not like %s:\n%s\nwant:\n%s", args[0], args[1], got, want)
	}
}

// alike reports whether a line matches one in which * stands for any text.
func alike(line, want string) bool {
	parts := strings.Split(want, "*")
	if len(parts) == 1 {
		return line == want
	}
	first, last := parts[0], parts[len(parts)-1]
	if !strings.HasPrefix(line, first) || !strings.HasSuffix(line[len(first):], last) {
		return false
	}
	line = line[len(first) : len(line)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, after, ok := strings.Cut(line, part)
		if !ok {
			return false
		}
		line = after
	}
	return true
}
