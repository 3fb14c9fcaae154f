// Package hit answers a get from the cache before the rest of the program has started.
//
// Docker starts one process per question, and most of what a process of this program would spend goes into
// initialising packages that a cached answer does not need: the AWS SDK, TLS, the command line. Go initialises a
// package as soon as all that it imports is initialised, and among those that are ready takes the one whose
// import path sorts first (language specification, "Package initialization"; the linker does the sorting). This
// module's path sorts before github.com/aws, and nothing imported here needs net/http or crypto/tls. So the init
// function below runs before any of those packages gets its turn: when the cache holds the answer, it prints it
// and ends the process.
//
// Otherwise it does nothing but keep what it read, which Stdin hands to the rest of the program: a miss behaves
// as if this package were not there. Only package main imports it. A test reads Go's own trace of a hit
// (GODEBUG=inittrace=1) and fails when one of those packages is on it; so if Go ever orders differently, the
// program gets slower, a test turns red, and every answer stays the same.
package hit

import (
	"bytes"
	"io"
	"os"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
)

// limit is longer than any question: the protocol's is one server URL.
const limit = 64 << 10

// LogVariable and LogFileVariable are the environment variables that ask for a log. A hit keeps none, so it leaves the
// question to the program when somebody wants to watch.
const (
	LogVariable     = "ECR_LOGIN_LOG"
	LogFileVariable = "ECR_LOGIN_LOG_FILE"
)

// asked is what init read from standard input and could not answer.
var asked []byte

func init() {
	if len(os.Args) != 2 || os.Args[1] != "get" {
		return
	}
	asked, _ = io.ReadAll(io.LimitReader(os.Stdin, limit))
	answer, ok := Answer(os.Args[0], os.LookupEnv, asked)
	if !ok {
		return
	}
	if _, err := os.Stdout.Write(answer); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

// Stdin is standard input with what init has taken from it put back.
func Stdin(rest io.Reader) io.Reader {
	if len(asked) == 0 {
		return rest
	}
	return io.MultiReader(bytes.NewReader(asked), rest)
}

// Answer is what get prints for the server URL in question, if the cache alone can tell: a stored login or a
// token that is fresh. Whatever is not that plain, an error above all, is false and left to the program.
func Answer(program string, environ func(string) (string, bool), question []byte) ([]byte, bool) {
	if len(question) >= limit {
		return nil, false // who reads on says so
	}
	for _, variable := range [...]string{LogVariable, LogFileVariable} {
		if value, _ := environ(variable); value != "" {
			return nil, false
		}
	}
	serverURL := string(bytes.TrimSpace(question))
	settings, err := config.Load(environ)
	if err != nil || !settings.Cache {
		return nil, false
	}
	planner := plan.Planner{Settings: settings, Profile: progname.Profile(program), Environ: environ}
	p, err := planner.For(serverURL)
	if err != nil {
		return nil, false
	}
	options := plan.CacheOptions(settings, environ)
	options.ShortLived = true
	disk := cache.Open(options)
	login, state, ok := p.Cached(&cache.Cache{Disk: disk})
	if !ok || state != cache.Fresh {
		return nil, false
	}
	answer, ok := encode(serverURL, login)
	if ok {
		disk.AddHost(p.Host)
	}
	return answer, ok
}

// encode writes what Docker's own credentials.Get would. A host name, the user name AWS and a token in base64 stand
// in JSON as they are; whatever would need escaping is false and left to the program, because the reflection of
// encoding/json costs more than reading the entry.
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
