package ecrtest

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// rotation is how many access keys a credential process gives in turn.
const rotation = 16

// Process is a profile whose credentials a program prints: a script in Dir that
// notes each call (see ProcessCalls) and gives another access key every time, all
// of them sessions of one role that live as long as SetSessionLife says.
func (h *Home) Process(profile, roleARN string) []string {
	name := sessionOf(roleARN, sessionName)
	for i := range rotation {
		c := h.s.NewSession(name)
		h.writeJSON(fmt.Sprintf(".aws/process/credentials-%d.json", i), map[string]any{
			"Version":         1,
			"AccessKeyId":     c.AccessKeyID,
			"SecretAccessKey": c.SecretAccessKey,
			"SessionToken":    c.SessionToken,
			"Expiration":      c.Principal.Expires.UTC().Format(time.RFC3339),
		})
	}
	h.section(profile, "credential_process = "+h.script())
	return h.profile(profile)
}

// ProcessCalls is how often the credential process has run.
func (h *Home) ProcessCalls() int {
	calls, err := os.ReadFile(h.path(".aws/process/calls"))
	if err != nil {
		h.s.fatal(fmt.Errorf("counting the calls of the credential process: %w", err))
	}
	return bytes.Count(calls, []byte("\n"))
}

// script writes the program and returns the command line that runs it. It needs
// a shell and nothing else: no curl, no jq.
func (h *Home) script() string {
	dir := h.path(".aws/process")
	h.write(".aws/process/calls", nil)
	if runtime.GOOS == "windows" {
		path := h.write(".aws/process/credentials.cmd", []byte(strings.Join([]string{
			"@echo off",
			`echo called>>"` + dir + `\calls"`,
			`for /f %%n in ('type "` + dir + `\calls" ^| find /c "called"') do set n=%%n`,
			fmt.Sprintf("set /a i=n %%%% %d", rotation),
			`type "` + dir + `\credentials-%i%.json"`,
			"",
		}, "\r\n")))
		return `"` + path + `"`
	}
	path := h.write(".aws/process/credentials.sh", fmt.Appendf(nil, `cd %s || exit 1
echo called >>calls
n=0
while read -r _; do n=$((n+1)); done <calls
exec cat "credentials-$((n %% %d)).json"
`, quote(dir), rotation))
	return "sh " + quote(path)
}

// quote is a word for a shell.
func quote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
