package config

import (
	"strconv"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/nearest"
)

// Error is an error in the settings.
type Error struct {
	Path    string // the settings file; empty for an environment variable
	Line    int    // the line in the file, from 1; 0 when no line is known
	Key     string // the key or environment variable, if known
	Nearest string // the known key that is most similar to an unknown one
	Message string // what is wrong
	Err     error  // the error of the operating system or the TOML decoder, or nil
}

// Error returns the place, what is wrong and the most similar known key.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Path != "" {
		b.WriteString(e.Path)
		if e.Line > 0 {
			b.WriteString(":" + strconv.Itoa(e.Line))
		}
		b.WriteString(": ")
	}
	b.WriteString(e.Message)
	if e.Nearest != "" {
		b.WriteString(", did you mean " + strconv.Quote(e.Nearest) + "?")
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// nearestKey returns the known key that is most similar to key, or an empty string.
func nearestKey(key string, known []string) string {
	return nearest.Word(strings.ReplaceAll(strings.ToLower(key), "-", "_"), known)
}
