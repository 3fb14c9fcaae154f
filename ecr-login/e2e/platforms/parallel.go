package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// atOnce runs 20 gets at once without a cache entry: all must return the same password, and AWS
// must be called once.
func (m *machine) atOnce(r *report) error {
	const n = 20
	passwords, errs := make([]string, n), make([]error, n)
	before := m.server.Calls(getToken)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { passwords[i], errs[i] = m.get(host) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, p := range passwords {
		if p != passwords[0] {
			return errors.New("the passwords differ")
		}
	}
	got := m.server.Calls(getToken) - before
	r.note("calls to AWS of 20 gets at once: %d", got)
	if got != 1 {
		return fmt.Errorf("%d calls, want 1", got)
	}
	return nil
}

// configureAtOnce runs rounds of ten configure at once, each for a registry of its own. After each
// round config.json is whole, has every entry that a process reported as added, and is alone in its
// directory. At most one of ten processes may fail, and none silently.
func (m *machine) configureAtOnce(r *report, rounds int) error {
	const n = 10
	file := m.docker + "/config.json"
	failures := 0
	env := append(m.access(false), "WINEDEBUG=err+all") // shows why Wine ends a process
	for round := range rounds {
		if err := m.write(file, aConfig); err != nil {
			return err
		}
		outs, errs := make([]output, n), make([]error, n)
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() { outs[i], errs[i] = m.runOnce(env, "", "configure", registry(i)) })
		}
		all.Wait()
		if err := errors.Join(errs...); err != nil {
			return err
		}
		failed, err := m.roundResult(file, outs)
		if err != nil {
			return fmt.Errorf("round %d: %w", round+1, err)
		}
		failures += failed
		if err := m.want("", []string{"unconfigure"}); err != nil {
			return fmt.Errorf("round %d: %w", round+1, err)
		}
		if text, err := m.read(file); err != nil || text != aConfig {
			return fmt.Errorf("round %d: unconfigure does not restore the file: %v\n%s", round+1, err, text)
		}
	}
	r.note("%d rounds of 10 `configure` at once: %d of %d processes failed", rounds, failures, rounds*n)
	return nil
}

// registry returns the host of the ith registry.
func registry(i int) string {
	return fmt.Sprintf("%012d.dkr.ecr.us-east-1.amazonaws.com", 100000000000+i)
}

// roundResult checks what ten processes left, and returns how many failed.
func (m *machine) roundResult(file string, outs []output) (failed int, err error) {
	text, err := m.read(file)
	if err != nil {
		return 0, err
	}
	var now struct {
		Auths       map[string]any
		CredHelpers map[string]string
	}
	if err := json.Unmarshal([]byte(text), &now); err != nil {
		return 0, fmt.Errorf("config.json is not whole: %w\n%s", err, text)
	}
	if now.CredHelpers["gcr.io"] != "gcloud" || now.Auths["ghcr.io"] == nil {
		return 0, fmt.Errorf("config.json lost an entry of another program:\n%s", text)
	}
	for i, out := range outs {
		added := now.CredHelpers[registry(i)] == "ecr-login"
		switch {
		case out.code == 0 && !added:
			return 0, fmt.Errorf("a process reported success, and its entry is missing: %s%s\n%s", out.stdout, out.stderr, text)
		case out.code != 0 && strings.TrimSpace(out.stderr) == "":
			return 0, fmt.Errorf("a process failed without an error text: %+v", out)
		case out.code != 0:
			failed++
			err = fmt.Errorf("%d of 10 processes failed: %s%s", failed, out.stdout, out.stderr)
		}
	}
	if failed > 1 {
		return failed, err
	}
	return failed, m.onlyFile(m.docker, "config.json")
}
