package configure

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/process"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
)

// A Problem is an error or a warning of a Result.
type Problem struct{ error }

// Unwrap returns the error.
func (p Problem) Unwrap() error { return p.error }

// MarshalJSON returns the error with its hint.
func (p Problem) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Message string `json:"message"`
		Hint    string `json:"hint,omitempty"`
	}{p.Error(), adviceOf(p.error)})
}

// An Error is what failed, and what to do about it.
type Error struct {
	Err    error
	Advice string
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// Hint returns what to do.
func (e *Error) Hint() string { return e.Advice }

// problem returns an Error.
func problem(advice, format string, args ...any) error {
	return &Error{Err: fmt.Errorf(format, args...), Advice: advice}
}

// adviceOf returns what to do about an error.
func adviceOf(err error) string {
	var e interface{ Hint() string }
	if errors.As(err, &e) {
		return e.Hint()
	}
	return ""
}

// note warns once that the journal could not be written. The edit itself is complete.
func (s *Session) note(err error) {
	if err != nil && !s.noted {
		s.noted = true
		s.warn(problem(
			"unconfigure will find the entries by the helper's name alone",
			"cannot record the changes: %w", err))
	}
}

func (s *Session) warn(err error) { s.result.Warnings = append(s.result.Warnings, Problem{err}) }

func (s *Session) fail(err error) {
	s.result.Failed = append(s.result.Failed, Problem{s.withCommand(err)})
}

// withCommand completes the hint of a file that another user has to edit with the command to run.
func (s *Session) withCommand(err error) error {
	var e *dockerconfig.Error
	if !errors.As(err, &e) || e.RunAs == "" {
		return err
	}
	command := "configure"
	if s.undoes {
		command = "unconfigure"
	}
	if s.options.Args != nil {
		command = quoteArgs(s.options.Args)
	}
	return &Error{Err: err, Advice: "run: sudo -u " + e.RunAs + " " + progname.Program + " " + command}
}

// quoteArgs returns arguments for a shell.
func quoteArgs(args []string) string {
	var quoted []string
	for _, arg := range args {
		quoted = append(quoted, process.Quote(arg))
	}
	return strings.Join(quoted, " ")
}
