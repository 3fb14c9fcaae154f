package main

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// Marks have colours on a terminal only, and not with NO_COLOR or TERM=dumb.
func TestDoctorColours(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	p.set("AWS_ECR_DISABLE_CACHE=1", "TERM=xterm")
	p.config("{}")
	for _, test := range []struct{ set, ok, warn, fail string }{
		{"NO_COLOR=", "\x1b[32m✔\x1b[0m", "\x1b[33m!\x1b[0m", "\x1b[31m✘\x1b[0m"},
		{"NO_COLOR=1", "✔", "!", "✘"},
		{"TERM=dumb", "✔", "!", "✘"},
	} {
		screen, code := onTerminal(t, p.with(test.set).command("", "doctor", host), "")
		if code != 1 || !strings.Contains(screen, test.ok+" config ") || !strings.Contains(screen, test.warn+" cache ") || !strings.Contains(screen, test.fail+" entry ") {
			t.Errorf("%s: exit code %d\n%q", test.set, code, screen)
		}
	}
}

// On a terminal no line is wider than it, unless a single word is. Nothing is lost, and a fix that
// fits on a line can be copied.
func TestDoctorFitsTerminal(t *testing.T) {
	t.Parallel()
	for _, columns := range []int{50, 80} {
		p := newFixture(t)
		p.config(`{"credsStore": "desktop"}`)
		if err := os.Symlink(helper, filepath.Join(p.dir, "bin", "ecr-login")); err != nil {
			t.Fatal(err)
		}
		p.set("AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "TERM=xterm", "NO_COLOR=1")
		screen, code := onTerminalOf(t, p.command("", "doctor", host+"/app:v1"), "", uint16(columns))
		var lines []string
		for part := range strings.FieldsFuncSeq(screen, func(r rune) bool { return r == '\r' || r == '\n' }) {
			line, progress := strings.CutPrefix(part, "\x1b[K")
			width := utf8.RuneCountInString(line)
			if width > columns && (progress || slices.Max(wordWidths(line)) <= columns) {
				t.Errorf("%d columns of %d: %q", width, columns, line)
			}
			lines = append(lines, line)
		}
		joined := strings.Join(strings.Fields(strings.Join(lines, " ")), " ")
		want := p.fill("✘ entry docker runs another helper: docker-credential-desktop, credsStore in $DIR/.docker/config.json:1 fix: ecr-login configure $HOST")
		if code != 1 || !strings.Contains(joined, want) {
			t.Errorf("exit code %d, doctor prints\n%s", code, screen)
		}
		if command := p.fill("fix: ecr-login configure $HOST"); len(command) <= columns && !slices.ContainsFunc(lines, func(line string) bool { return strings.TrimSpace(line) == command }) {
			t.Errorf("%d columns: no line is %q:\n%s", columns, command, screen)
		}
		if ca := "/etc/docker/certs.d/" + host + "/ca.crt"; !strings.Contains(joined, ca) {
			t.Errorf("doctor prints\n%s\nwant %s", screen, ca) // it is wider than the column of the facts
		}
	}
}

func wordWidths(line string) (widths []int) {
	for word := range strings.FieldsSeq(line) {
		widths = append(widths, utf8.RuneCountInString(word))
	}
	return widths
}

// Lines are printed as soon as they are known, and Ctrl-C prints what else is known.
func TestDoctorInterrupt(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	p.set("AWS_ENDPOINT_URL_STS=" + p.s.BlackHole())
	p.s.SetFault("ecr:GetAuthorizationToken", ecrtest.Fault{Silence: true})
	cmd := p.command("", "doctor", host)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		out.WriteString(lines.Text() + "\n")
		if strings.HasPrefix(lines.Text(), "✔ entry ") { // credentials is next, and STS does not respond
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait()
	text := out.String()
	if code := cmd.ProcessState.ExitCode(); code != interrupted || stderr.Len() > 0 || strings.Contains(text, "✘") ||
		!strings.Contains(text, "\n! not checked  ") || !strings.Contains(text, " credentials, ") || !strings.HasSuffix(text, ", token, registry: interrupted\n") {
		t.Errorf("exit code %d, doctor prints\n%s%s", code, text, stderr.String())
	}
}

// A reader that closes the pipe, such as head, ends the output without a message.
func TestDoctorClosedPipe(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	cmd := p.command("", "doctor", host)
	var stderr strings.Builder
	cmd.Stdout, cmd.Stderr = w, &stderr
	_ = cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != 1 || stderr.Len() > 0 {
		t.Errorf("exit code %d, standard error %q", code, stderr.String())
	}
}
