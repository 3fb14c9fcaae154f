package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/logfile"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

func readFile(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// With every source of credentials, with an empty and a filled cache, and with errors of AWS, the
// log contains no secret that ecrtest issued, and no attribute is redacted.
func TestLogContainsNoSecret(t *testing.T) {
	t.Parallel()
	for _, source := range ecrtest.Sources() {
		t.Run(string(source), func(t *testing.T) {
			t.Parallel()
			s := ecrtest.New(t)
			u := newSourceUser(t, s, source)
			file := filepath.Join(u.dir, "log")
			watched := u.with("ECR_LOGIN_LOG=debug", "ECR_LOGIN_LOG_FILE="+file)
			var log strings.Builder
			get := func() {
				a := watched.run(host, "get")
				log.WriteString(a.stderr)
			}
			get()
			get()
			log.WriteString(watched.run("", "refresh", host).stderr)
			log.WriteString(watched.run(host, "erase").stderr)
			s.SetFault(getToken, ecrtest.AccessDenied())
			get()
			s.SetFault(getToken, ecrtest.Fault{Garbage: true})
			get()
			text := log.String() + readFile(t, file)
			u.wantNoSecret(text)
			for _, issued := range s.Tokens() {
				if strings.Contains(text, issued.Password[:40]) || strings.Contains(text, issued.Basic()[:40]) {
					t.Error("an authorization token is in the log")
				}
			}
			for _, v := range u.env {
				key, value, _ := strings.Cut(v, "=")
				if (strings.Contains(key, "SECRET") || strings.Contains(key, "TOKEN")) && !strings.Contains(key, "FILE") && strings.Contains(text, value) {
					t.Errorf("the value of %s is in the log", key)
				}
			}
			if strings.Contains(text, redact.Placeholder) {
				t.Errorf("a value was redacted:\n%s", text)
			}
			if n := strings.Count(text, "msg=\"get finished\""); n != 8 {
				t.Errorf("%d gets logged, want 4 in each log:\n%s", n, text)
			}
		})
	}
}

// messages returns the messages of a log.
func messages(log string) (list []string) {
	for line := range strings.Lines(log) {
		_, rest, _ := strings.Cut(line, " msg=")
		if text, ok := strings.CutPrefix(rest, `"`); ok {
			rest, _, _ = strings.Cut(text, `"`)
		} else {
			rest, _, _ = strings.Cut(strings.TrimSpace(rest), " ")
		}
		list = append(list, rest)
	}
	return list
}

// The log has each decision of a get, with its duration.
func TestLogOfEachDecision(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromRole).with("ECR_LOGIN_LOG=debug")
	cold := u.run(host, "get")
	if want := []string{
		"settings read", "registry parsed, settings matched", "identity fingerprinted", "fetching", "lock",
		"stage", "call", "stage", "aws credentials resolved", "call", "authorization token received", "AWS returned a token",
		"cache cleaned up", "entry stored", "get finished",
	}; !slices.Equal(messages(cold.stderr), want) {
		t.Errorf("a get from AWS logs %q, want %q\n%s", messages(cold.stderr), want, cold.stderr)
	}
	for line := range strings.Lines(cold.stderr) {
		if !strings.Contains(line, " took=") && !strings.Contains(line, " after=") && !strings.Contains(line, "cache cleaned") {
			t.Errorf("no duration in %s", line)
		}
	}
	for _, want := range []string{
		"account=123456789012 region=us-east-1", `state=absent reason="not in the cache: absent"`, `stage=config ok=true`,
		`call=AssumeRole stage=assume-role host=127.0.0.1:`, "call=GetAuthorizationToken", "waited=false",
	} {
		if !strings.Contains(cold.stderr, want) {
			t.Errorf("a get from AWS does not log %s:\n%s", want, cold.stderr)
		}
	}
	warm := u.run(host, "get")
	if want := []string{"settings read", "registry parsed, settings matched", "identity fingerprinted", "found in the cache", "get finished"}; !slices.Equal(messages(warm.stderr), want) {
		t.Errorf("a get from the cache logs %q, want %q", messages(warm.stderr), want)
	}
	if cold.stdout != warm.stdout {
		t.Error("the log changes the output")
	}
	u.seed(s, host, 7*time.Hour)
	s.SetFault(getToken, ecrtest.AccessDenied())
	aging := u.run(host, "get")
	for _, want := range []string{"found in the cache, to be refreshed", "state=aging", "code=AccessDeniedException", "aging entry not refreshed"} {
		if !strings.Contains(aging.stderr, want) {
			t.Errorf("a get of an aging token does not log %q:\n%s", want, aging.stderr)
		}
	}
	if a := u.run(host, "get"); !strings.Contains(a.stderr, "not refreshed: the last refresh failed less than a minute ago") {
		t.Errorf("the second get does not log why it makes no request:\n%s", a.stderr)
	}
	if a := u.with("ECR_LOGIN_LOG=info").run("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "get"); strings.Contains(a.stderr, "level=DEBUG") || !strings.Contains(a.stderr, "level=INFO") {
		t.Errorf("info logs:\n%s", a.stderr)
	}
}

func TestUnknownLogLevel(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	want := u.run(host, "get")
	a := u.with("ECR_LOGIN_LOG=verbose").run(host, "get")
	if a.stdout != want.stdout || a.code != 0 || a.stderr != `docker-credential-ecr-login: ECR_LOGIN_LOG is "verbose", want debug, info or off`+"\n" {
		t.Errorf("%+v, want the output and a line about the level", a)
	}
	if a := u.with("ECR_LOGIN_LOG=DEBUG").run(host, "get"); !strings.Contains(a.stderr, "level=DEBUG") {
		t.Errorf("upper case: %+v", a)
	}
	// Some clients read both streams as one, so without a log standard error is empty.
	for _, no := range []string{"", "0", "off", "OFF", "false", "False", "no", "none", "warn", "warning", "error"} {
		if a := u.with("ECR_LOGIN_LOG="+no).run(host, "get"); a != want {
			t.Errorf("%q: %+v, want only the output", no, a)
		}
	}
	for _, unknown := range []string{"1", "true", "yes", "trace", " off", "off,debug"} {
		if a := u.with("ECR_LOGIN_LOG="+unknown).run(host, "get"); a.stdout != want.stdout || strings.Count(a.stderr, "\n") != 1 {
			t.Errorf("%q: %+v, want the output and a line", unknown, a)
		}
	}
}

func TestLogAttribute(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxLogWord+1)
	var b bytes.Buffer
	l := slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: logAttribute}))
	l.Info("m", "password", "open-sesame", "error", errors.New("with "+long+" inside"), "key", "token\x00"+strings.Repeat("a", 64)+"\x00aws",
		"took", time.Second, "directory", "/var/cache", "name", plan.Login{Username: "AWS", Password: "open-sesame"}, "file", token.Token{Password: "open-sesame"},
		slog.Group("headers", "authorization", "open-sesame"))
	for _, no := range []string{"open-sesame", long, strings.Repeat("a", 9)} {
		if strings.Contains(b.String(), no) {
			t.Errorf("%q is logged: %s", no, b.String())
		}
	}
	for _, yes := range []string{"password=[redacted]", "with [redacted] inside", "key=token|aaaaaaaa|aws", "took=1s", "directory=/var/cache", "name=[login]", "file=[token]"} {
		if !strings.Contains(b.String(), yes) {
			t.Errorf("%q is not logged: %s", yes, b.String())
		}
	}
	for _, secret := range []any{plan.Login{Username: "AWS", Password: "open-sesame"}, token.Token{Password: "open-sesame"}} {
		if text := fmt.Sprintf("%v %+v %#v %s", secret, secret, secret, secret); strings.Contains(text, "open-sesame") {
			t.Errorf("%T prints %s", secret, text)
		}
	}
}

var record = regexp.MustCompile(`^time=\S+ level=(DEBUG|INFO) msg=("[^"]+"|\S+) pid=\d+( \S+=("(\\.|[^"\\])*"|\S*))*\n$`)

// countRecords counts the records, each of which must be a whole line.
func countRecords(t *testing.T, text string) (n int) {
	t.Helper()
	for line := range strings.Lines(text) {
		if !record.MatchString(line) {
			t.Fatalf("not a record: %q", line)
		}
		n++
	}
	return n
}

// When twenty processes find the file full at once, it is renamed once, and every record is
// complete.
func TestFullLogFileIsRenamed(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	u.get(host)
	file := filepath.Join(u.dir, "log")
	old := "time=then level=INFO msg=old pid=1\n"
	full := strings.Repeat(old, logfile.MaxSize/len(old))
	if err := os.WriteFile(file, []byte(full), 0o600); err != nil {
		t.Fatal(err)
	}
	w := u.with("ECR_LOGIN_LOG_FILE=" + file)
	const processes = 20
	done := make(chan result)
	for range processes {
		go func() { done <- finish(t, w.command(host, "get")) }()
	}
	for range processes {
		readLogin(t, <-done)
	}
	now, before := readFile(t, file), readFile(t, file+".1")
	if !strings.HasPrefix(before, full) || strings.Contains(now, "msg=old") {
		t.Error("the renamed file is not the full one")
	}
	// A hit has five records. A process that had the old file open has written to that.
	if n := countRecords(t, now) + countRecords(t, before[len(full):]); n != 5*processes {
		t.Errorf("%d records, want %d", n, 5*processes)
	}
	if len(before) > logfile.MaxSize+processes*5*maxLogWord {
		t.Errorf("the old file has %d bytes", len(before))
	}
	for _, path := range []string{file, file + ".1"} {
		if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, fi.Mode(), err)
		}
	}
}

func TestLogFileIsRefused(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	for name, prepare := range map[string]func(path string) error{
		"a directory":       func(path string) error { return os.Mkdir(path, 0o700) },
		"a link":            func(path string) error { return os.Symlink(path+"-target", path) },
		"a link to nothing": func(path string) error { return os.Symlink("/nowhere/at/all", path) },
		"no such directory": nil,
		"a relative path":   nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newSourceUser(t, s, ecrtest.FromEnvironment)
			path := filepath.Join(u.dir, "log")
			if err := os.WriteFile(path+"-target", []byte("mine"), 0o600); err != nil {
				t.Fatal(err)
			}
			switch {
			case name == "no such directory":
				path = filepath.Join(path, "below", "log")
			case name == "a relative path":
				path = "log"
			default:
				if err := prepare(path); err != nil {
					t.Fatal(err)
				}
			}
			u.wantNoLog(path)
			if got := readFile(t, filepath.Join(u.dir, "log-target")); got != "mine" {
				t.Errorf("the target of the link was written to: %q", got)
			}
		})
	}
}

// wantNoLog fails unless a get succeeds although its log cannot be written, and warns once if
// standard error has a log.
func (u *user) wantNoLog(path string) {
	u.t.Helper()
	quiet := u.with("ECR_LOGIN_LOG_FILE=" + path)
	readLogin(u.t, quiet.run(host, "get"))
	readLogin(u.t, quiet.run(host, "get"))
	a := quiet.with("ECR_LOGIN_LOG=debug").run(host, "get")
	warning := "docker-credential-ecr-login: cannot write the log to " + path + ": "
	if a.code != 0 || strings.Count(a.stderr, warning) != 1 || !strings.Contains(a.stderr, "msg=\"get finished\"") {
		u.t.Errorf("%+v, want the output, the log, and one warning", a)
	}
}
