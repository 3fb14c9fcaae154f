package cache

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// A process is a running child.
type process struct {
	t     testing.TB
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string
	ended sync.Once
}

// start starts a child process, which is killed at the end of the test. The functions in change may
// change the command before it starts.
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

// kill kills the process and waits for its end.
func (p *process) kill() {
	p.ended.Do(func() {
		_ = p.cmd.Process.Kill()
		for range p.lines {
		}
		_ = p.cmd.Wait()
	})
}

// send sends a command to the process.
func (p *process) send(line string) {
	p.t.Helper()
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
		p.t.Fatal(err)
	}
}

// receive returns the next line that the process prints.
func (p *process) receive() string {
	p.t.Helper()
	select {
	case line, ok := <-p.lines:
		if !ok {
			p.t.Fatal("the process ended too early")
		}
		return line
	case <-time.After(testTimeout):
		p.t.Fatal("timeout: the process prints nothing")
	}
	return ""
}

// want receives a line and fails the test if it is not the given one.
func (p *process) want(line string) {
	p.t.Helper()
	if got := p.receive(); got != line {
		p.t.Fatalf("the process printed %q, want %q", got, line)
	}
}

// startCallers starts n children with the role "caller".
func startCallers(t testing.TB, n int, c childConfig) []*process {
	t.Helper()
	list := make([]*process, n)
	for i := range list {
		list[i] = start(t, "caller", c)
	}
	for _, p := range list {
		p.want("ready")
	}
	return list
}

// startFetch makes all processes call Do. It returns when one of them fetches and all others wait
// for it.
func startFetch(t testing.TB, all []*process) (leader *process, waiting []*process) {
	t.Helper()
	for _, p := range all {
		p.send("do")
	}
	return leaderOf(t, all)
}

// leaderOf receives a line from each process, and returns the one that fetches and those that wait.
func leaderOf(t testing.TB, all []*process) (leader *process, waiting []*process) {
	t.Helper()
	for _, p := range all {
		switch line := p.receive(); line {
		case "fetching":
			if leader != nil {
				t.Fatal("two processes fetch")
			}
			leader = p
		case "waiting":
			waiting = append(waiting, p)
		default:
			t.Fatalf("unexpected line %q", line)
		}
	}
	if leader == nil {
		t.Fatal("no process fetches")
	}
	return leader, waiting
}

// nextLeader returns the waiting process that fetches next, and the others.
func nextLeader(t testing.TB, waiting []*process) (leader *process, rest []*process) {
	t.Helper()
	type message struct {
		from *process
		line string
	}
	messages := make(chan message, len(waiting))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for _, p := range waiting {
		wg.Go(func() {
			select {
			case line := <-p.lines:
				messages <- message{p, line}
			case <-stop:
			}
		})
	}
	select {
	case m := <-messages:
		if m.line != "fetching" {
			t.Fatalf("a waiting process printed %q", m.line)
		}
		leader = m.from
	case <-time.After(testTimeout):
		t.Fatal("timeout: no waiting process fetches")
	}
	close(stop)
	wg.Wait()
	if len(messages) > 0 {
		t.Fatalf("a second process printed %q", (<-messages).line)
	}
	for _, p := range waiting {
		if p != leader {
			rest = append(rest, p)
		}
	}
	return leader, rest
}
