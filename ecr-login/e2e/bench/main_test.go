package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// TestMain lets the test binary stand in for a measured program: a real process without a second
// build.
func TestMain(m *testing.M) {
	if act := os.Getenv("BENCH_TEST_ACT"); act != "" {
		os.Exit(standIn(act))
	}
	os.Exit(m.Run())
}

// standIn does what a test requests from a process, and returns the exit code.
func standIn(act string) int {
	switch act {
	case "note": // appends a letter to a file
		f, err := os.OpenFile(os.Getenv("BENCH_TEST_FILE"), os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			return 1
		}
		if _, err := f.WriteString(os.Getenv("BENCH_TEST_LETTER")); err != nil {
			return 1
		}
	case "answer": // prints an answer as a helper does
		_ = json.NewEncoder(os.Stdout).Encode(map[string]string{"Username": "AWS", "Secret": os.Getenv("BENCH_TEST_SECRET")})
	case "connect": // makes a connection as a helper on a miss does
		answer, err := http.Get(os.Getenv("BENCH_TEST_URL"))
		if err != nil {
			return 1
		}
		answer.Body.Close()
	case "fail":
		fmt.Fprintln(os.Stderr, "the disk is on fire")
		return 1
	}
	return 0
}

// newBench returns a bench with a fake AWS.
func newBench(t *testing.T) *bench {
	t.Helper()
	dir := t.TempDir()
	b := &bench{ctx: context.Background(), server: ecrtest.New(t), dir: dir, question: filepath.Join(dir, "question"), log: t.Output()}
	if err := os.WriteFile(b.question, []byte(host), 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if b.stderr, err = os.Create(filepath.Join(dir, "stderr")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.stderr.Close() })
	return b
}

// acting returns a contender that runs this test binary.
func acting(t *testing.T, p *program, scene, act string, env ...string) contender {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p.path = path
	// Without GORACE, the race detector makes every process wait a second before it ends.
	env = append(env, "BENCH_TEST_ACT="+act, "GORACE=atexit_sleep_ms=0")
	return contender{program: p, scene: scene, env: env}
}
