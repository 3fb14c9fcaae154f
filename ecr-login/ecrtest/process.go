package ecrtest

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// rotation is the number of access keys that a credential process prints in turn.
const rotation = 16

// Process writes a profile with a credential_process: a script in Dir that records each call (see
// ProcessCalls) and prints another access key each time. All are sessions of one role that are
// valid for the time set with SetSessionLife.
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

// ProcessCalls returns how often the credential process has run.
func (h *Home) ProcessCalls() int {
	calls, err := os.ReadFile(h.path(".aws/process/calls"))
	if err != nil {
		h.s.fatal(fmt.Errorf("counting the calls of the credential process: %w", err))
	}
	return bytes.Count(calls, []byte("\n"))
}

// script writes the script and returns the command line that runs it. The script needs only a
// shell.
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

// quote quotes a word for a shell.
func quote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
