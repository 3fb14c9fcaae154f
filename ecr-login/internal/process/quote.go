package process

import (
	"runtime"
	"strings"
	"unicode"
)

// Quote returns an argument as the user's shell needs it, for commands that a user copies: a POSIX
// shell, on Windows cmd.exe and PowerShell.
func Quote(arg string) string { return quote(runtime.GOOS, arg) }

func quote(goos, arg string) string {
	plain := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(`/\._-+:=@%,`, r)
	}
	if arg != "" && strings.IndexFunc(arg, func(r rune) bool { return !plain(r) }) < 0 {
		return arg
	}
	if goos == "windows" {
		return `"` + strings.ReplaceAll(arg, `"`, `\"`) + `"` // cmd.exe does not know '
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
