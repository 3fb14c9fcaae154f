// Package redact removes secrets from text before it is shown, logged or returned in an error.
//
// Secrets that the caller knows are always removed, whatever their length. What merely looks like a
// secret (a long word, a signature, a JSON Web Token) is removed too, but that is a guess: a caller
// that knows a secret must pass it.
package redact

import (
	"cmp"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// Placeholder replaces a secret in text.
	Placeholder = "[redacted]"

	// userInfo replaces a user name and password in a URL.
	userInfo = "***"

	// maxText is the most that Text returns, in bytes. AWS's own messages stay below 400.
	maxText = 600

	// maxName is the longest name that AWS allows in an ARN. Hexadecimal signatures have exactly 64
	// characters, tokens have more.
	maxName = 64

	// minAnywhere is the length from which a secret is replaced inside a word too. A shorter one
	// would damage ordinary words, so it is replaced only where it is a word of its own.
	minAnywhere = 4
)

// Text returns text on one line of at most 600 bytes, without control characters, the given
// secrets, anything that looks like a secret, and request headers. For some wrong signatures, AWS
// returns the whole request that should have been signed, session token included.
func Text(text string, secrets ...string) string {
	text = Known(strings.ToValidUTF8(text, "\uFFFD"), secrets...)
	for _, header := range []string{
		"The Canonical String", "Authorization=", "AWS4-HMAC", "x-amz-security-token", "X-Amz-Security-Token",
	} {
		text, _, _ = strings.Cut(text, header)
	}
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(guess(word))
		if b.Len() > maxText {
			return strings.ToValidUTF8(b.String()[:maxText], "") + "..."
		}
	}
	return b.String()
}

// Known returns text without the given secrets, also where they are encoded as in a URL. Empty
// secrets are ignored.
func Known(text string, secrets ...string) string {
	var all []string
	for _, secret := range secrets {
		secret = strings.TrimSpace(secret)
		all = append(all, secret, url.QueryEscape(secret), url.PathEscape(secret))
	}
	// The longest come first: one secret may be a part of another.
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	for _, secret := range slices.Compact(all) {
		switch {
		case secret == "":
		case len(secret) >= minAnywhere:
			text = strings.ReplaceAll(text, secret, Placeholder)
		default:
			text = replaceWord(text, secret)
		}
	}
	return text
}

// replaceWord replaces secret where no letter or digit stands next to it.
func replaceWord(text, secret string) string {
	var b strings.Builder
	done := 0
	for {
		i := strings.Index(text[done:], secret)
		if i < 0 {
			return b.String() + text[done:]
		}
		start, end := done+i, done+i+len(secret)
		before, _ := utf8.DecodeLastRuneInString(text[:start])
		after, _ := utf8.DecodeRuneInString(text[end:])
		b.WriteString(text[done:start])
		if isAlphanumeric(before) || isAlphanumeric(after) {
			b.WriteString(secret)
		} else {
			b.WriteString(Placeholder)
		}
		done = end
	}
}

func isAlphanumeric(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// guess replaces the parts of a word that look like secrets.
func guess(word string) string {
	if len(word) < maxName {
		return word
	}
	parts := strings.FieldsFunc(word, func(r rune) bool { return strings.ContainsRune("/\\:,;\"'`()[]{}<>=", r) })
	digest := false // whether the part follows sha256: or sha512:
	for _, part := range parts {
		if !digest && isSecret(part) {
			word = strings.ReplaceAll(word, part, Placeholder)
		}
		digest = part == "sha256" || part == "sha512"
	}
	return word
}

// isSecret reports whether a part of a word looks like a signature or a token.
func isSecret(part string) bool {
	if strings.Count(part, ".") >= 2 && strings.HasPrefix(part, "eyJ") {
		return true // a JSON Web Token: base64 of {"
	}
	for label := range strings.SplitSeq(part, ".") { // the name of a host may be long
		if len(label) > maxName || len(label) == maxName && strings.Trim(label, "0123456789abcdef") == "" {
			return true
		}
	}
	return false
}

// LongWords returns text with every word of more than limit bytes replaced.
func LongWords(text string, limit int) string {
	for word := range strings.FieldsSeq(text) {
		if len(word) > limit {
			text = strings.ReplaceAll(text, word, Placeholder)
		}
	}
	return text
}

// UserInfo returns the name of a host, a URL or a credential helper without what stands before its
// last @, which may hold a password. The scheme http or https stays.
func UserInfo(name string) string {
	at := strings.LastIndexByte(name, '@')
	if at < 0 {
		return name
	}
	scheme := ""
	if before, _, ok := strings.Cut(name[:at], "://"); ok && (strings.EqualFold(before, "https") || strings.EqualFold(before, "http")) {
		scheme = before + "://" // anything else before :// may be a secret
	}
	return scheme + userInfo + name[at:]
}

// URL returns the scheme and the host of u, and a placeholder for its user name and password.
func URL(u *url.URL) string {
	shown := (&url.URL{Scheme: u.Scheme, Host: u.Host}).String()
	if u.User != nil {
		scheme, host, _ := strings.Cut(shown, "//")
		return scheme + "//" + userInfo + "@" + host
	}
	return shown
}

// URLSecrets returns what a client sends for the user name and password of u: the password, and the
// two together as in a Basic authorization header.
func URLSecrets(u *url.URL) []string {
	if u.User == nil {
		return nil
	}
	password, _ := u.User.Password()
	return []string{base64.StdEncoding.EncodeToString([]byte(u.User.Username() + ":" + password)), password}
}
