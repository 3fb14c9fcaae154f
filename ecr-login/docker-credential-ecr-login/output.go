package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/docker/docker-credential-helpers/credentials"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/fileaccess"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/terminal"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// The program prints everything through an output. Its rules:
//
//   - Output of the protocol's commands, their usage and their errors go to standard output, as the
//     protocol requires. An error is one line, with the exit code 1.
//   - Standard error is empty on success, unless ECR_LOGIN_LOG requests a log: some clients read both
//     streams as one.
//   - On failure standard error repeats the cause, because some clients hide standard output, and adds
//     a hint.
//   - For the kubelet, standard output holds a response or nothing. The error and its hint go to
//     standard error only, which the kubelet logs.
//   - "credentials not found in native keychain" means "continue without credentials" to clients, and
//     is printed for nothing else. More about the cause goes to standard error.
//   - Commands for people print their result to standard output, and progress, warnings and errors to
//     standard error. A usage error prints the cause and the usage there.
//   - When the result cannot be written, the exit code is 1 and standard error has the cause.
//   - Text from outside is escaped by package terminal. Colours and progress are for terminals only.
//   - An error starts in lower case and has no full stop. On standard error the program's name precedes
//     it. Error and hint are two lines.
//   - Command lines that a person may copy have the short name when a shell finds this program by it.
type output struct {
	name           string        // by which the program was started
	command        func() string // the name in command lines
	stdout, stderr *terminal.Writer
}

func newOutput(argv0 string, stdout, stderr io.Writer) output {
	name := shownName(argv0)
	command := sync.OnceValue(func() string {
		if name != shortName && hasShortName() {
			return shortName
		}
		return name
	})
	return output{name, command, terminal.New(stdout, os.LookupEnv), terminal.New(stderr, os.LookupEnv)}
}

// shortName is the name of the link that "make install" and the packages create for people.
const shortName = progname.Helper

// shownName returns the name to print for the program: the short one when it was started by that.
func shownName(argv0 string) string {
	if strings.TrimSuffix(strings.ToLower(argv0[strings.LastIndexAny(argv0, `/\`)+1:]), ".exe") == shortName {
		return shortName
	}
	return progname.Program
}

// hasShortName reports whether a shell finds this program by its short name.
func hasShortName() bool {
	path, err := exec.LookPath(shortName)
	if err != nil {
		return false
	}
	self, err := os.Executable()
	return err == nil && fileaccess.Same(path, self)
}

// named returns a text with the command lines in it as the user would type them. Texts are written
// with the program's long name.
func (o output) named(text string) string { return withName(text, o.command()) }

// withName replaces the program's long name in the command lines of a text. A path keeps it.
func withName(text, name string) string {
	const long = progname.Program + " "
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, long)
		b.WriteString(before)
		switch {
		case !found:
			return b.String()
		case strings.HasSuffix(before, "/") || strings.HasSuffix(before, `\`):
			b.WriteString(long)
		default:
			b.WriteString(name + " ")
		}
		text = after
	}
}

// linked is set by the Makefile when it links the program.
var linked string

// version returns the version set by the Makefile, or the one that "go install" recorded.
func version() string {
	if linked != "" {
		return linked
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}

func (o output) versionLine() int {
	o.stdout.Printf("%s (github.com/4e881efc/ecr-credential-helper) %s\n", progname.Program, version())
	return 0
}

// usage prints how to call the program and returns the exit code of a usage error.
func (o output) usage() int {
	fmt.Fprint(o.stdout, o.named(usage+firstSteps))
	return 1
}

// usageError prints a usage error of a command for people.
func (o output) usageError(err error, usage string) int {
	o.problem(err, hint(err))
	fmt.Fprint(o.stderr, o.named(usage))
	return 1
}

// protocolError prints an error of the protocol's commands.
func (o output) protocolError(err error) int {
	o.stdout.Printf("%s\n", oneLine(err.Error()))
	switch {
	case credentials.IsErrCredentialsNotFound(err):
	case errors.Is(err, ecrlogin.ErrNotECR):
		return o.problem(err, "for the logins of other registries set fallback; see: docker-credential-ecr-login help settings")
	default:
		return o.problem(err, hint(err))
	}
	// A missing credential is normal for a host that is not ECR, and for ECR Public without AWS
	// credentials. When AWS was called and failed, the cause is worth a line.
	var e *ecrlogin.Error
	if errors.As(err, &e) && e.Kind != token.NoCredentials {
		return o.problem(fmt.Errorf("no token for ECR Public, continuing without credentials: %w", e), hint(e))
	}
	return 1
}

// problem prints an error and its hint to standard error.
func (o output) problem(err error, hint string) int {
	o.note(err.Error(), hint)
	return 1
}

// note prints a line and a hint to standard error.
func (o output) note(text, hint string) {
	o.stderr.Printf("%s: %s\n", o.name, oneLine(text))
	if hint != "" {
		o.stderr.Printf("%s: hint: %s\n", o.name, o.named(oneLine(hint)))
	}
}

// exitCode returns the exit code of a call: 1 when its output could not be written.
func (o output) exitCode(code int) int {
	if err := o.stdout.Err(); err != nil && code == 0 {
		return o.problem(fmt.Errorf("cannot write to standard output: %w", err), "")
	}
	return code
}

// advised is an error with a hint of its own.
type advised struct {
	error
	hint string
}

func (a advised) Unwrap() error { return a.error }

// hint returns what the user can do about an error; empty when the error says enough.
func hint(err error) string {
	var a advised
	if errors.As(err, &a) {
		return a.hint
	}
	var e interface {
		error
		Hint() string
	}
	if errors.As(err, &e) {
		return e.Hint()
	}
	var c *config.Error
	switch {
	case errors.As(err, &c):
		return "correct the settings; see: docker-credential-ecr-login help settings"
	case errors.Is(err, ecrlogin.ErrNotECR):
		return "name an Amazon ECR registry such as 123456789012.dkr.ecr.eu-west-1.amazonaws.com, or an alias in the settings"
	}
	return ""
}

// maxLine is the length of the longest error in characters. AWS's messages are shorter; a longer
// error repeats a value that somebody typed or sent.
const maxLine = 2000

// oneLine joins the lines of an error: clients show either the first line or all of them as one. It
// cuts the middle out of a long one, because the cause is at the end.
func oneLine(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
	if n := utf8.RuneCountInString(s); n > maxLine {
		r := []rune(s)
		s = string(r[:maxLine/2]) + " ... " + string(r[n-maxLine/2:])
	}
	return s
}
