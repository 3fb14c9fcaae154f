package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

const (
	host    = ecrtest.Account + ".dkr.ecr." + ecrtest.Region + ".amazonaws.com"
	program = "docker-credential-ecr-login"

	getToken = "ecr:GetAuthorizationToken"

	// runTimeout ends a program that hangs. The slowest, under an emulator, need seconds.
	runTimeout = 2 * time.Minute

	// pipeWait is how long a program that was ended may leave its output open, as Wine's services
	// would for ever.
	pipeWait = 10 * time.Second
)

// A machine is a system with the program, a user, and an AWS of its own.
type machine struct {
	ctx     context.Context
	server  *ecrtest.Server
	user    ecrtest.Credentials
	aws     *ecrtest.Home
	start   []string // what starts a program: an emulator with its arguments
	program string   // path of the program
	home    string   // the user's home directory, as this process sees it
	env     []string // more than that of the user
	hidden  []string // names of variables that the program does not get
	// endsSilently: the emulator sometimes ends with exit code 1 and no output, which this program
	// never does. Such a run is repeated and counted in silentEnds.
	endsSilently bool
	silentEnds   atomic.Int64
	// path returns the path of a file as the program sees it.
	path func(string) string
	// settings, cache and docker are the user's directories below home.
	settings, cache, docker string
}

// newMachine starts an AWS and returns a machine of a Unix system. The caller closes its server.
func newMachine(ctx context.Context, r *report, program string, start ...string) (*machine, error) {
	s, err := ecrtest.Start(ecrtest.Options{})
	if err != nil {
		return nil, err
	}
	m := &machine{
		ctx: ctx, server: s, user: s.AddUser("platforms"), start: start, program: program,
		path:     func(p string) string { return p },
		settings: ".config/ecr-login", cache: ".cache/ecr-login", docker: ".docker",
	}
	return m, m.setHome(filepath.Join(r.dir, "home"))
}

// setHome sets the home directory, and writes empty AWS files there.
func (m *machine) setHome(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	m.home, m.aws = dir, m.server.Home(dir)
	return nil
}

// access returns the environment of the user, with an access key. With proxy, the program calls
// AWS's own host names over TLS.
func (m *machine) access(proxy bool) []string {
	h := *m.aws
	h.Proxy = proxy
	all := append(h.Environment(m.user), "PATH="+filepath.Dir(m.program)+":"+os.Getenv("PATH"))
	var env []string
	for _, v := range all {
		name, value, _ := strings.Cut(v, "=")
		if strings.HasPrefix(value, "/") && name != "PATH" {
			v = name + "=" + m.path(value)
		}
		if !slices.Contains(m.hidden, name) {
			env = append(env, v)
		}
	}
	return append(env, m.env...)
}

// An output is the result of one run of the program.
type output struct {
	stdout, stderr string
	code           int
}

// command returns a command that runs the program.
func (m *machine) command(ctx context.Context, env []string, stdin string, args ...string) *exec.Cmd {
	words := append(slices.Clone(m.start), m.program)
	words = append(words, args...)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Env = env
	cmd.Dir = m.home
	cmd.Stdin = strings.NewReader(stdin)
	return cmd
}

// run runs the program.
func (m *machine) run(stdin string, args ...string) (output, error) {
	return m.runWith(m.access(false), stdin, args...)
}

func (m *machine) runWith(env []string, stdin string, args ...string) (output, error) {
	for attempt := 1; ; attempt++ {
		out, err := m.runOnce(env, stdin, args...)
		if err != nil || !m.endsSilently || attempt == 3 || out != (output{code: 1}) {
			return out, err
		}
		m.silentEnds.Add(1)
	}
}

// runOnce runs the program, also where the emulator can fail instead of it.
func (m *machine) runOnce(env []string, stdin string, args ...string) (output, error) {
	ctx, cancel := context.WithTimeout(m.ctx, runTimeout)
	defer cancel()
	cmd := m.command(ctx, env, stdin, args...)
	cmd.WaitDelay = pipeWait
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || ctx.Err() != nil) {
		return output{}, fmt.Errorf("%q: %w", args, err)
	}
	return output{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}, nil
}

// want runs the program, which must succeed with the texts in its standard output.
func (m *machine) want(stdin string, args []string, texts ...string) error {
	out, err := m.run(stdin, args...)
	if err != nil {
		return err
	}
	return out.want(0, texts...)
}

// want returns an error unless the program ended with the exit code and printed the texts.
func (o output) want(code int, texts ...string) error {
	if o.code != code {
		return fmt.Errorf("exit code %d, want %d\n%s%s", o.code, code, o.stdout, o.stderr)
	}
	for _, text := range texts {
		if !strings.Contains(o.stdout, text) {
			return fmt.Errorf("no %q on standard output\n%s%s", text, o.stdout, o.stderr)
		}
	}
	return nil
}

// get runs a get that must succeed, and returns the password.
func (m *machine) get(stdin string) (string, error) {
	out, err := m.run(stdin, "get")
	if err != nil {
		return "", err
	}
	return out.password()
}

// password returns the password that a get printed.
func (o output) password() (string, error) {
	var login struct{ ServerURL, Username, Secret string }
	if err := o.want(0); err != nil {
		return "", err
	}
	if err := json.Unmarshal([]byte(o.stdout), &login); err != nil {
		return "", fmt.Errorf("get printed %q: %w", o.stdout, err)
	}
	if login.Username == "" || login.Secret == "" || o.stderr != "" {
		return "", fmt.Errorf("get printed the user name %q, a password of %d bytes, and on standard error %q", login.Username, len(login.Secret), o.stderr)
	}
	return login.Secret, nil
}

// calls runs do and returns an error unless AWS received n calls for a token meanwhile.
func (m *machine) calls(n int, do func() error) error {
	before := m.server.Calls(getToken)
	if err := do(); err != nil {
		return err
	}
	if got := m.server.Calls(getToken) - before; got != n {
		return fmt.Errorf("AWS received %d calls, want %d", got, n)
	}
	return nil
}

// write writes a file below the home directory.
func (m *machine) write(name, text string) error {
	path := filepath.Join(m.home, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o600)
}

// read returns the text of a file below the home directory.
func (m *machine) read(name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(m.home, filepath.FromSlash(name)))
	return string(text), err
}
