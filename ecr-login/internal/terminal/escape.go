package terminal

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Escape returns s with every character that could move the cursor, start a control sequence, break
// the line or reorder what is displayed written as an escape: \n, \t, \u001b. JSON has the same
// escapes, so a JSON text on one line keeps its meaning. A byte that is not UTF-8 becomes \x and
// two hexadecimal digits.
func Escape(s string) string { return escape(s, "") }

// escape is Escape that leaves the characters of keep as they are.
func escape(s, keep string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r == utf8.RuneError || hidden(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case !hidden(r) || strings.ContainsRune(keep, r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		s = s[size:]
	}
	return b.String()
}

// hidden reports whether a terminal obeys r instead of showing it: a control character, a format
// character (bidirectional overrides and zero-width characters are some), or a line separator.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// Quote returns a file name ready to be printed: as it is when that is unambiguous, else escaped
// and in double quotes.
func Quote(name string) string {
	plain := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(`/\._-+:=@%,~#`, r)
	}
	if name != "" && strings.IndexFunc(name, func(r rune) bool { return !plain(r) }) < 0 && utf8.ValidString(name) {
		return name
	}
	return `"` + Escape(strings.ReplaceAll(name, `"`, `\"`)) + `"`
}
