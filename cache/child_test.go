package cache

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// Tests that need real processes start this test binary again. A process is
// told what to do, line by line, on its standard input and answers on its
// standard output, so that nobody has to sleep to be in step.
const (
	roleEnv   = "CACHE_TEST_ROLE"
	configEnv = "CACHE_TEST_CONFIG"
)

// patienceForTests ends a test that hangs; nothing waits for it otherwise.
const patienceForTests = 2 * time.Minute

func TestMain(m *testing.M) {
	if role := os.Getenv(roleEnv); role != "" {
		os.Exit(act(role))
	}
	os.Exit(m.Run())
}

// A childConfig is what a process is started with.
type childConfig struct {
	Dir         string            // the cache folder
	Description string            // of the sealing key; "" means a key file in Dir
	Env         map[string]string // what Options.Environ knows
	Required    bool              // Options.SealingRequired
	Calls       string            // each fetch appends a line to this file
	Gate        string            // a lock file: who is to start with others waits for it
	Seed        uint64
}

func (c childConfig) disk() *Disk {
	d := Open(Options{
		Name:            "ecr-login",
		Dir:             c.Dir,
		SealingRequired: c.Required,
		Environ:         func(name string) (string, bool) { v, ok := c.Env[name]; return v, ok },
	})
	d.systemDir = ""
	if c.Description == "" {
		d.keyStores = func(f *directory) []keyStore { return []keyStore{fileKeyStore{cache: f, dir: f.path}} }
	} else {
		d.keyDescription = c.Description
	}
	return d
}

// act is what a process does instead of running tests.
func act(role string) int {
	var c childConfig
	if err := json.Unmarshal([]byte(os.Getenv(configEnv)), &c); err != nil {
		fmt.Println("error", err)
		return 2
	}
	switch role {
	case "asker":
		actAsker(c)
	case "writer":
		actWriter(c)
	default:
		return actHere(role, c)
	}
	return 0
}

// refusal is an error that can be told to other processes.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

// tellRefusals are the fields of a Cache whose refusals can be told; those that
// start with "hold" are held.
func tellRefusals(c *Cache) *Cache {
	c.EncodeFailure = func(err error) ([]byte, bool) {
		var r *refusal
		if !errors.As(err, &r) {
			return nil, false
		}
		return []byte(r.text), strings.HasPrefix(r.text, "hold")
	}
	c.DecodeFailure = func(b []byte) error { return &refusal{string(b)} }
	return c
}

// waitingHandler prints a line when the cache waits for another process.
type waitingHandler struct{ slog.Handler }

func (waitingHandler) Enabled(context.Context, slog.Level) bool { return true }
func (waitingHandler) Handle(_ context.Context, r slog.Record) error {
	if r.Message == msgWaiting {
		fmt.Println("waiting")
	}
	return nil
}

// actAsker asks for the entry "k" when told "do", and says what came of it:
// "waiting", "fetching", then after "answer V", "refuse TEXT" or "cancel" what
// Do returned.
func actAsker(config childConfig) {
	c := tellRefusals(&Cache{Disk: config.disk(), Log: slog.New(waitingHandler{})})
	ctx, cancel := context.WithTimeout(context.Background(), patienceForTests)
	defer cancel()
	commands := make(chan string)
	go func() {
		defer close(commands)
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			if in.Text() == "cancel" {
				cancel() // also while a fetch is under way
				continue
			}
			commands <- in.Text()
		}
	}()
	fetch := func(ctx context.Context) (Entry, error) {
		noteCall(config.Calls)
		fmt.Println("fetching")
		select {
		case <-ctx.Done():
			return Entry{}, ctx.Err()
		case command := <-commands:
			verb, rest, _ := strings.Cut(command, " ")
			if verb == "refuse" {
				return Entry{}, &refusal{rest}
			}
			return halfDay(rest, time.Now()), nil
		}
	}
	fmt.Println("ready")
	for command := range commands {
		var e Entry
		var err error
		switch command {
		case "do":
			e, err = c.Do(ctx, "k", fetch)
		case "renew":
			e, err = c.Refresh(ctx, "k", fetch)
		case "lock":
			var unlock func()
			if unlock, err = c.Lock(ctx, "session"); err == nil {
				fmt.Println("locked")
				<-commands
				unlock()
			}
		}
		if err != nil {
			fmt.Println("error", err)
		} else {
			fmt.Println("got", string(e.Value))
		}
	}
}

// noteCall appends a line to a file, in one write, so that none is lost.
func noteCall(path string) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o666)
	if err == nil {
		_, err = f.WriteString("call\n")
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		fmt.Println("error", err)
	}
}

func countCalls(t testing.TB, path string) int {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Count(string(b), "call\n")
}

// A process is a running child.
type process struct {
	t     testing.TB
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string
	ended sync.Once
}

// start runs a child; it is ended with the test. change may alter how it runs.
func start(t testing.TB, role string, c childConfig, change ...func(*exec.Cmd)) *process {
	t.Helper()
	config, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = []string{roleEnv + "=" + role, configEnv + "=" + string(config), "PATH=" + os.Getenv("PATH")}
	cmd.Stderr = os.Stderr
	for _, f := range change {
		f(cmd)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: cmd, in: in, lines: make(chan string, 1000)}
	go func() {
		defer close(p.lines)
		for scan := bufio.NewScanner(out); scan.Scan(); {
			p.lines <- scan.Text()
		}
	}()
	t.Cleanup(p.kill)
	return p
}

// kill ends the process as the kernel does.
func (p *process) kill() {
	p.ended.Do(func() {
		_ = p.cmd.Process.Kill()
		for range p.lines {
		}
		_ = p.cmd.Wait()
	})
}

func (p *process) say(line string) {
	p.t.Helper()
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
		p.t.Fatal(err)
	}
}

// hear returns the next line.
func (p *process) hear() string {
	p.t.Helper()
	select {
	case line, ok := <-p.lines:
		if !ok {
			p.t.Fatal("a process ended early")
		}
		return line
	case <-time.After(patienceForTests):
		p.t.Fatal("a process says nothing")
	}
	return ""
}

func (p *process) want(line string) {
	p.t.Helper()
	if got := p.hear(); got != line {
		p.t.Fatalf("a process says %q, want %q", got, line)
	}
}

// startAll starts n askers that are ready.
func startAll(t testing.TB, n int, c childConfig) []*process {
	t.Helper()
	list := make([]*process, n)
	for i := range list {
		list[i] = start(t, "asker", c)
	}
	for _, p := range list {
		p.want("ready")
	}
	return list
}

// burst makes all of them ask, and returns the one that fetches when all the
// others wait for it.
func burst(t testing.TB, all []*process) (leader *process, waiting []*process) {
	t.Helper()
	for _, p := range all {
		p.say("do")
	}
	return gather(t, all)
}

// gather hears from each whether it fetches or waits.
func gather(t testing.TB, all []*process) (leader *process, waiting []*process) {
	t.Helper()
	for _, p := range all {
		switch line := p.hear(); line {
		case "fetching":
			if leader != nil {
				t.Fatal("two processes fetch")
			}
			leader = p
		case "waiting":
			waiting = append(waiting, p)
		default:
			t.Fatalf("a process says %q", line)
		}
	}
	if leader == nil {
		t.Fatal("nobody fetches")
	}
	return leader, waiting
}

// nextLeader returns the one of the waiting processes that goes on to fetch.
func nextLeader(t testing.TB, waiting []*process) (leader *process, rest []*process) {
	t.Helper()
	type word struct {
		from *process
		line string
	}
	words := make(chan word, len(waiting))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for _, p := range waiting {
		wg.Go(func() {
			select {
			case line := <-p.lines:
				words <- word{p, line}
			case <-stop:
			}
		})
	}
	select {
	case w := <-words:
		if w.line != "fetching" {
			t.Fatalf("a waiting process says %q", w.line)
		}
		leader = w.from
	case <-time.After(patienceForTests):
		t.Fatal("nobody takes over")
	}
	close(stop)
	wg.Wait()
	if len(words) > 0 {
		t.Fatalf("a second process says %q", (<-words).line)
	}
	for _, p := range waiting {
		if p != leader {
			rest = append(rest, p)
		}
	}
	return leader, rest
}
