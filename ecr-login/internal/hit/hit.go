// Package hit serves a get from the cache before the rest of the program is initialised.
//
// Docker starts one process per get, and most of the time of such a process goes into initialising
// packages that a cached result does not need: the AWS SDK, TLS, the command line. Go initialises a
// package as soon as all its imports are initialised, and of the packages that are ready it
// initialises the one whose import path sorts first (language specification, "Package
// initialization"; the linker sorts them). This module's path sorts before github.com/aws, and
// nothing imported here needs net/http or crypto/tls. So the init function below runs before any of
// those packages is initialised. If the cache has a result, init prints it and ends the process.
//
// Otherwise init only keeps what it read, and Stdin passes that to the rest of the program: a miss
// behaves as if this package did not exist. Only package main imports it. A test reads Go's trace
// of a hit (GODEBUG=inittrace=1) and fails when it contains one of those packages. If a later
// version of Go uses another order, the program becomes slower, the test fails, and every result
// stays the same.
package hit

import (
	"bytes"
	"errors"
	"io"
	"os"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/environ"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
)

// maxInput limits standard input. The protocol's input is one server URL.
const maxInput = 64 << 10

// LogVariable and LogFileVariable are the environment variables that request a log. A hit writes
// none, so with them the rest of the program handles the get.
const (
	LogVariable     = "ECR_LOGIN_LOG"
	LogFileVariable = "ECR_LOGIN_LOG_FILE"
)

// input is what init read from standard input for a get that is not a hit.
var input []byte

func init() {
	if len(os.Args) != 2 || os.Args[1] != "get" {
		return
	}
	if info, err := os.Stdin.Stat(); err != nil || info.Mode()&os.ModeCharDevice != 0 {
		return // a terminal: the rest of the program explains what it waits for
	}
	input, _ = io.ReadAll(io.LimitReader(os.Stdin, maxInput))
	output, ok := Get(os.Args[0], os.LookupEnv, input)
	if !ok {
		return
	}
	if _, err := os.Stdout.Write(output); err != nil {
		var inner *os.PathError
		if errors.As(err, &inner) {
			err = inner.Err
		}
		_, _ = os.Stderr.WriteString("docker-credential-ecr-login: cannot write to standard output: " + err.Error() + "\n")
		os.Exit(1)
	}
	os.Exit(0)
}

// Stdin returns standard input from its beginning: what init has read, then the rest.
func Stdin(rest io.Reader) io.Reader {
	if len(input) == 0 {
		return rest
	}
	return io.MultiReader(bytes.NewReader(input), rest)
}

// Get returns the output of a get for the server URL in input if the cache has it: a stored login
// or a fresh token. It returns false for everything else, such as an error, which the rest of the
// program handles.
func Get(program string, lookup environ.Lookup, input []byte) (output []byte, ok bool) {
	if len(input) >= maxInput {
		return nil, false
	}
	for _, variable := range [...]string{LogVariable, LogFileVariable} {
		if environ.Get(lookup, variable) != "" {
			return nil, false
		}
	}
	serverURL := string(bytes.TrimSpace(input))
	settings, err := config.Load(lookup)
	if err != nil || !settings.Cache {
		return nil, false
	}
	planner := plan.Planner{Settings: settings, Profile: progname.Profile(program), Environ: lookup}
	p, err := planner.For(serverURL)
	if err != nil {
		return nil, false
	}
	options := plan.CacheOptions(settings, lookup)
	options.ShortLived = true
	disk := cache.Open(options)
	login, state, ok := p.Cached(&cache.Cache{Disk: disk})
	if !ok || state != cache.Fresh {
		return nil, false
	}
	output, ok = encode(serverURL, login)
	if ok {
		disk.AddHost(p.Host)
	}
	return output, ok
}

// encode returns what Docker's credentials.Get would print. A host name, the user name AWS and a
// token in base64 need no escaping in JSON. For a value that does, encode returns false: the
// reflection of encoding/json costs more time than reading the cache entry, so only the rest of the
// program uses it.
func encode(serverURL string, l plan.Login) ([]byte, bool) {
	for _, s := range []string{serverURL, l.Username, l.Password} {
		for i := range len(s) {
			switch c := s[i]; {
			case c <= ' ', c > '~', c == '"', c == '\\', c == '<', c == '>', c == '&':
				return nil, false
			}
		}
	}
	const fields = `{"ServerURL":"","Username":"","Secret":""}` + "\n"
	b := make([]byte, 0, len(fields)+len(serverURL)+len(l.Username)+len(l.Password))
	b = append(b, `{"ServerURL":"`...)
	b = append(b, serverURL...)
	b = append(b, `","Username":"`...)
	b = append(b, l.Username...)
	b = append(b, `","Secret":"`...)
	b = append(b, l.Password...)
	return append(b, "\"}\n"...), true
}
