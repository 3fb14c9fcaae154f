package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/docker/docker-credential-helpers/credentials"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/terminal"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// All that the program says goes through here. The rules:
//
//   - Answers, usage and errors of the protocol go to standard output, as the protocol wants; an error is one
//     line and the exit code 1.
//   - Standard error is empty on success, unless ECR_LOGIN_LOG asks for a log: some clients read both streams
//     as one. Values that say no ask for none, and neither do warn and error, at which nothing is logged. One that
//     is not known asks for something, and gets a line that says what there is.
//   - On failure standard error repeats the cause, because some clients swallow standard output, and adds a hint.
//   - The kubelet's protocol is the other way round: standard output holds an answer or nothing, and the error with
//     its hint goes to standard error alone, which the kubelet logs.
//   - "credentials not found in native keychain" means "try anonymously" to clients, and is said for nothing
//     else. What a person may want to know about it goes to standard error.
//   - Commands for people print their answer, and nothing else, to standard output; progress, warnings and errors go to
//     standard error. A call that cannot be meant gets the cause and the usage there.
//   - An answer that could not be written is no success: the exit code is 1, and standard error says why.
//   - Colours, and lines that are written over, are for terminals.
//   - Lower case, no full stop, the program's name in front on standard error. Error and hint are two lines.
type output struct {
	stdout, stderr *terminal.Writer
}

func newOutput(stdout, stderr io.Writer) output {
	return output{terminal.New(stdout, os.LookupEnv), terminal.New(stderr, os.LookupEnv)}
}

const program = "docker-credential-ecr-login"

const usage = `Usage: docker-credential-ecr-login <get|store|erase|list|version|kubelet>
       docker-credential-ecr-login COMMAND [FLAGS] [REGISTRY...]
       docker-credential-ecr-login [COMMAND] --help
`

// about is what the program is, and afterwards what the end of its help tells.
const about = `A credential helper for Amazon ECR. Container clients call it, so that nobody runs docker login again. To have docker
ask it, run "configure" with your registries, which writes into Docker's config.json

    { "credHelpers": { "123456789012.dkr.ecr.eu-west-1.amazonaws.com": "ecr-login" } }

AWS credentials are found as the AWS command line finds them. When a pull fails, run "doctor".`

const afterwards = `Linked as docker-credential-ecr-login-NAME the program uses the AWS profile NAME.
Settings: $XDG_CONFIG_HOME/ecr-login/config.toml, then /etc/ecr-login/config.toml; none is needed.
ECR_LOGIN_LOG=debug (or info) tells on standard error what a call does and why; ECR_LOGIN_LOG_FILE=FILE keeps it in a file.
`

// linked is set at linking time by the Makefile.
var linked string

// version is the one linked in, else that of the module as "go install" records it.
func version() string {
	if linked != "" {
		return linked
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}

func (o output) usage() int {
	fmt.Fprint(o.stdout, usage)
	return 1
}

// mistake is for commands that people type: the cause and the usage, on standard error.
func (o output) mistake(cause error, usage string) int {
	o.problem(cause, "")
	fmt.Fprint(o.stderr, usage)
	return 1
}

func (o output) versionLine() int {
	o.stdout.Printf("%s (github.com/4e881efc/ecr-credential-helper) %s\n", program, version())
	return 0
}

// failure prints an error of one of the protocol's verbs.
func (o output) failure(err error) int {
	o.stdout.Printf("%s\n", oneLine(err.Error()))
	cause := err
	if credentials.IsErrCredentialsNotFound(err) {
		if cause = grave(err); cause == nil {
			return 1
		}
		return o.problem(fmt.Errorf("no token for ECR Public, going on anonymously: %w", cause), hint(cause))
	}
	return o.problem(cause, hint(cause))
}

// problem prints an error where standard output must stay empty.
func (o output) problem(err error, hint string) int {
	o.stderr.Printf("%s: %s\n", program, oneLine(err.Error()))
	if hint != "" {
		o.stderr.Printf("%s: hint: %s\n", program, hint)
	}
	return 1
}

// grave is the cause of a not-found that a person would want to hear of: AWS was asked and something went wrong.
// That a host is not ECR, or that nobody has credentials for ECR Public, is the ordinary case and said to nobody.
func grave(err error) error {
	var e *ecrlogin.Error
	if errors.As(err, &e) && e.Kind != token.NoCredentials {
		return e
	}
	return nil
}

// advised is an error with a hint of its own.
type advised struct {
	error
	hint string
}

func (a advised) Unwrap() error { return a.error }

// hint says what to do about an error; empty when the error says it all.
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
	var d *dockerconfig.Error
	if errors.As(err, &d) {
		return d.Hint()
	}
	var c *config.Error
	if errors.As(err, &c) {
		return "mend the settings; docs/configuration.md lists every key and variable"
	}
	return ""
}

// oneLine keeps an error on one line: clients show the first, or all of them as one.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
}

// settled returns the exit code of a call that ended with code: 1 when its output could not be written.
func (o output) settled(code int) int {
	if err := o.stdout.Err(); err != nil && code == 0 {
		return o.problem(fmt.Errorf("writing the answer: %w", err), "")
	}
	return code
}
