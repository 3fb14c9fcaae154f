package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// noted returns contenders a, b, c … that append their letters to a file.
func noted(t *testing.T, letters string) (file string, list []contender) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "noted")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, l := range letters {
		list = append(list, acting(t, &program{id: string(l)}, "scene", "note", "BENCH_TEST_LETTER="+string(l), "BENCH_TEST_FILE="+file))
	}
	return file, list
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestInterleaveShuffles(t *testing.T) {
	t.Parallel()
	file, list := noted(t, "abc")
	m, err := newBench(t).interleave("test", 3, list)
	if err != nil {
		t.Fatal(err)
	}
	ran := read(t, file)
	if len(ran) != 3*(3+warmUps) { // with the rounds that do not count
		t.Fatalf("ran %q", ran)
	}
	orders := map[string]bool{}
	for round := range slices.Chunk([]byte(ran), 3) {
		orders[string(round)] = true
		if slices.Sort(round); string(round) != "abc" {
			t.Errorf("ran %q: not every contender once in each round", ran)
		}
	}
	if len(orders) < 3 {
		t.Errorf("ran %q: too often in the same order", ran)
	}
	for _, id := range []string{"a", "b", "c"} {
		s := m.of(id, "scene")
		if s == nil || s.Runs != 3 || s.Wall.Median <= 0 || s.Connections != 0 {
			t.Errorf("%s: %+v, want three runs that took time and made no connection", id, s)
		}
	}
	if m.of("d", "scene") != nil || m.of("a", "other") != nil {
		t.Error("of returned a summary that was not measured")
	}
}

func TestInterleaveRunsSlowContenderLessOften(t *testing.T) {
	t.Parallel()
	file, list := noted(t, "ab")
	list[1].every = 3
	m, err := newBench(t).interleave("test", 6, list)
	if err != nil {
		t.Fatal(err)
	}
	counted := read(t, file)[2*warmUps:]
	if strings.Count(counted, "a") != 6 || strings.Count(counted, "b") != 2 || m.of("b", "scene").Runs != 2 {
		t.Errorf("ran %q, want b in every third round", counted)
	}
}

func TestInterleaveCountsConnections(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, list := noted(t, "a")
	list = append(list, acting(t, &program{id: "b"}, "scene", "connect", "BENCH_TEST_URL="+b.server.URL))
	m, err := b.interleave("test", 2, list)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := m.of("a", "scene").Connections, m.of("b", "scene").Connections; a != 0 || b != 2 {
		t.Errorf("counted %d connections of a program that made none, and %d of one that made one in each of two rounds", a, b)
	}
}

func TestOnceChecksTheAnswer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	alice, bob := b.server.AddUser("alice").Principal, b.server.AddUser("bob").Principal
	secret := b.server.IssueToken(alice, "ecr", ecrtest.Region).Password
	p := helper(oursID, "stand-in", "")
	ask := func(act, principal, secret string) error {
		c := acting(t, p, "scene", act, "BENCH_TEST_SECRET="+secret)
		c.principal = principal
		_, err := b.once(c)
		return err
	}
	if err := ask("answer", alice.ARN, secret); err != nil {
		t.Errorf("the right token was refused: %v", err)
	}
	for _, bad := range []struct{ why, act, principal, secret, want string }{
		{"a token of another principal", "answer", bob.ARN, secret, "not of"},
		{"a token that was not issued", "answer", alice.ARN, "not-a-real-token", "not of"},
		{"success without an answer", "nothing", alice.ARN, secret, "printed no password"},
		{"a failure, whose standard error must be shown", "fail", alice.ARN, secret, "the disk is on fire"},
	} {
		if err := ask(bad.act, bad.principal, bad.secret); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%s: error %v, want one with %q", bad.why, err, bad.want)
		}
	}
}

func TestVolley(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	file, list := noted(t, "ab")
	v, err := b.parallel("test", 5, 2, list)
	if err != nil {
		t.Fatal(err)
	}
	if all := read(t, file); strings.Count(all, "a") != 15 || strings.Count(all, "b") != 15 {
		t.Errorf("ran %q, want five of each in three rounds", all)
	}
	if got := v.of("a", 5); got == nil || got.Rounds != 2 || got.Wall.Median <= 0 {
		t.Errorf("got %+v", got)
	}
	if _, err := b.parallel("test", 3, 1, []contender{acting(t, &program{}, "scene", "fail")}); err == nil {
		t.Error("no error for a volley of failures")
	}
}

func TestInterleaveStopsWithContext(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	b.ctx = ctx
	file, list := noted(t, "a")
	if _, err := b.interleave("test", 1, list); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the error of the context", err)
	}
	if got := read(t, file); got != "" {
		t.Errorf("ran %q after the context was done", got)
	}
}

func TestInstallKeepsTheName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	from := filepath.Join(dir, "docker-credential-ecr-login")
	if err := os.WriteFile(from, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := helper(oursID, "stand-in", from)
	if err := p.install(dir); err != nil {
		t.Fatal(err)
	}
	if filepath.Base(p.path) != filepath.Base(from) || p.path == from {
		t.Errorf("installed as %q, want the same name in another directory", p.path)
	}
	if read(t, p.path) != "#!/bin/sh\n" {
		t.Error("the installed file differs")
	}
	if err := helper(peerID, "gone", filepath.Join(dir, "gone")).install(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v for a missing program", err)
	}
}

func TestDescribeDistinguishesBuilds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, err := buildEmpty(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	_, details, kind, err := describe(p.path)
	if err != nil || kind != "static" || !strings.Contains(details, "CGO_ENABLED=0") || strings.Contains(details, "symbol table") {
		t.Errorf("%q, %q, %v", details, kind, err)
	}
	script := filepath.Join(dir, "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if name, _, kind, err := describe(script); err != nil || name != "script" || kind != "not Go" {
		t.Errorf("%q, %q, %v", name, kind, err)
	}
	if _, _, _, err := describe(filepath.Join(dir, "gone")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v for a missing program", err)
	}
}

func TestWith(t *testing.T) {
	t.Parallel()
	env := []string{"A=1", "AB=2", "B=3"}
	got := strings.Join(with(env, "A=4", "C=5", "BC=6"), " ")
	if got != "AB=2 B=3 A=4 C=5 BC=6" {
		t.Errorf("got %q: each name must appear once, and only variables of the same name be replaced", got)
	}
	if strings.Join(env, " ") != "A=1 AB=2 B=3" {
		t.Error("with changed its argument")
	}
}
