package token

import (
	"errors"
	"strings"
)

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
