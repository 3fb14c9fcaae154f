package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A report is what was run on one system, with the result. Its exported fields are kept in a file.
type report struct {
	Checks []check
	Tests  []testRun
	Notes  []string // figures, such as the number of calls
	Date   time.Time
	Took   time.Duration

	system *system
	dir    string // for the files of the run
	log    io.Writer
}

// A check is one use of the program. Failed is the reason, "" for success.
type check struct{ Name, Failed string }

// add records a check and prints it.
func (r *report) add(name string, err error) {
	if err != nil {
		r.Checks = append(r.Checks, check{name, err.Error()})
		fmt.Fprintf(r.log, "FAIL  %s: %v\n", name, err)
		return
	}
	r.Checks = append(r.Checks, check{name, ""})
	fmt.Fprintf(r.log, "ok    %s\n", name)
}

// note records a figure and prints it.
func (r *report) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	r.Notes = append(r.Notes, text)
	fmt.Fprintf(r.log, "      %s\n", text)
}

// counts returns how many checks passed and failed.
func (r *report) counts() (passed, failed int) {
	for _, c := range r.Checks {
		if c.Failed == "" {
			passed++
		} else {
			failed++
		}
	}
	return passed, failed
}

func (r *report) failed() bool {
	_, failed := r.counts()
	return failed+r.tests().failed() > 0
}

// tests returns the sum of all test binaries.
func (r *report) tests() (sum testRun) {
	for _, t := range r.Tests {
		sum.Passed += t.Passed
		sum.Failed = append(sum.Failed, t.Failed...)
		sum.Skipped += t.Skipped
		sum.Excluded += t.Excluded
	}
	return sum
}

func (r *report) summary() string {
	passed, failed := r.counts()
	return fmt.Sprintf("%s: checks: %d passed, %d failed; tests: %s; %s", r.system.name, passed, failed, r.tests(), r.Took.Round(time.Second))
}

// resultFile returns the file for the report of a system.
func resultFile(dir string, s *system) string {
	return filepath.Join(dir, strings.ReplaceAll(s.name, "/", "-")+".json")
}

// save writes the report into the directory of results.
func (r *report) save(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(resultFile(dir, r.system), text, 0o644)
}

// load reads the report of a system from the directory of results.
func load(dir string, s *system) (*report, error) {
	text, err := os.ReadFile(resultFile(dir, s))
	if err != nil {
		return nil, err
	}
	r := &report{system: s}
	return r, json.Unmarshal(text, r)
}
