package cache

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"
)

// Tests with several processes start this test binary again, with a role. Such a child reads
// commands, one per line, from its standard input and reports results on its standard output. Tests
// wait for these lines and never sleep.
const (
	roleEnv   = "CACHE_TEST_ROLE"
	configEnv = "CACHE_TEST_CONFIG"
)

// testTimeout ends a test that hangs. No test waits for it otherwise.
const testTimeout = 2 * time.Minute

func TestMain(m *testing.M) {
	if role := os.Getenv(roleEnv); role != "" {
		os.Exit(runRole(role))
	}
	os.Exit(m.Run())
}

// A childConfig configures a child process.
type childConfig struct {
	Dir         string            // the cache directory
	Description string            // Disk.keyDescription; "" means a key file in Dir
	Env         map[string]string // the environment for Options.Environ
	Required    bool              // Options.SealingRequired
	Calls       string            // each fetch appends a line to this file
	Gate        string            // a lock file that makes several children start at the same time
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
		d.keyStores = fileKeyStores
	} else {
		d.keyDescription = c.Description
	}
	return d
}

// runRole runs a child process with the given role and returns its exit code.
func runRole(role string) int {
	var c childConfig
	if err := json.Unmarshal([]byte(os.Getenv(configEnv)), &c); err != nil {
		fmt.Println("error", err)
		return 2
	}
	switch role {
	case "caller":
		runCaller(c)
	case "writer":
		runWriter(c)
	default:
		return runSystemRole(role, c)
	}
	return 0
}

// sharedError is an error that is shared with other processes.
type sharedError struct{ text string }

func (r *sharedError) Error() string { return r.text }

// withSharedFailures makes c share errors of type sharedError. Texts that start with "hold" are
// also returned to later callers.
func withSharedFailures(c *Cache) *Cache {
	c.EncodeFailure = func(err error) ([]byte, bool) {
		var r *sharedError
		if !errors.As(err, &r) {
			return nil, false
		}
		return []byte(r.text), strings.HasPrefix(r.text, "hold")
	}
	c.DecodeFailure = func(b []byte) error { return &sharedError{string(b)} }
	return c
}

// waitingHandler is a log handler that prints a line when the cache waits for another process.
type waitingHandler struct{ slog.Handler }

func (waitingHandler) Enabled(context.Context, slog.Level) bool { return true }
func (waitingHandler) Handle(_ context.Context, r slog.Record) error {
	if r.Message == msgWaiting {
		fmt.Println("waiting")
	}
	return nil
}

// runCaller executes the commands "do", "refresh" and "lock". For the first two it prints
// "fetching" or "waiting" and then the result of Do or Refresh for the key "k". A fetch ends with
// the command "return VALUE", "fail TEXT" or "cancel".
func runCaller(config childConfig) {
	c := withSharedFailures(&Cache{Disk: config.disk(), Log: slog.New(waitingHandler{})})
	callerCtx, cancel := context.WithTimeout(context.Background(), testTimeout)
	defer cancel()
	commands := make(chan string)
	go func() {
		defer close(commands)
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			if in.Text() == "cancel" {
				cancel() // also during a fetch
				continue
			}
			commands <- in.Text()
		}
	}()
	fetch := func(ctx context.Context) (Entry, error) {
		recordCall(config.Calls)
		fmt.Println("fetching")
		if IsRefresh(ctx) {
			ctx = callerCtx // without refreshTimeout, so that the tests do not depend on speed
		}
		select {
		case <-ctx.Done():
			return Entry{}, ctx.Err()
		case command := <-commands:
			verb, rest, _ := strings.Cut(command, " ")
			if verb == "fail" {
				return Entry{}, &sharedError{rest}
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
			e, err = c.Do(callerCtx, "k", fetch)
		case "refresh":
			e, err = c.Refresh(callerCtx, "k", fetch)
		case "lock":
			var unlock func()
			if unlock, err = c.Lock(callerCtx, "session"); err == nil {
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

// recordCall appends a line to a file, with one write, so that concurrent processes lose none.
func recordCall(path string) {
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
