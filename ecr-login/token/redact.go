package token

import (
	"errors"
	"strings"
	"unicode"
)

const (
	// maxMessage bounds a message that quotes others; AWS's own sentences stay
	// below 400 characters.
	maxMessage = 600

	// maxWord is the longest unbroken word that is quoted. Names in ARNs have at
	// most 64 characters; signatures in hex have exactly 64, tokens more.
	maxWord = 64

	// leastSecret keeps short values, which would mutilate ordinary words, from
	// being treated as secrets.
	leastSecret = 6
)

// clean makes a text fit for a terminal and a log: one line, no secret that is
// known, nothing that looks like one, no request headers, not endless. AWS
// answers some wrong signatures with the whole request that should have been
// signed, session token included.
func (f *fetch) clean(text string) string {
	for _, secret := range f.secrets {
		if len(secret) >= leastSecret {
			text = strings.ReplaceAll(text, secret, "[redacted]")
		}
	}
	for _, header := range []string{"The Canonical String", "Authorization=", "AWS4-HMAC", "x-amz-security-token", "X-Amz-Security-Token"} {
		text, _, _ = strings.Cut(text, header)
	}
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(redactWord(word))
		if b.Len() > maxMessage {
			return strings.ToValidUTF8(b.String()[:maxMessage], "") + "..."
		}
	}
	return b.String()
}

// redactWord hides the parts of a word that are too long for a name.
func redactWord(word string) string {
	if len(word) < maxWord {
		return word
	}
	parts := strings.FieldsFunc(word, func(r rune) bool { return strings.ContainsRune(`/:"'`+"`", r) })
	for _, part := range parts {
		if len(part) > maxWord || len(part) == maxWord && strings.Trim(part, "0123456789abcdef") == "" {
			word = strings.ReplaceAll(word, part, "[redacted]")
		}
	}
	return word
}

// reason is the text of an error without what the SDK puts before it at every
// layer. It is still to be cleaned.
func reason(err error) string {
	text := err.Error()
	for _, wrapping := range []string{"failed to refresh cached credentials, ", "failed to resolve service endpoint, ", "endpoint rule error, "} {
		if i := strings.LastIndex(text, wrapping); i >= 0 {
			text = text[i+len(wrapping):]
		}
	}
	return text
}

// plain is the text of the innermost error: what happened, without who called
// whom on the way.
func plain(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}
