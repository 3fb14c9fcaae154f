package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A testRun is the result of one test binary. Only whole tests count, not their parts.
type testRun struct {
	Package  string
	Passed   int
	Failed   []string
	Skipped  int // the tests found a need missing
	Excluded int // of way.excluded
}

func (t testRun) failed() int { return len(t.Failed) }

func (t testRun) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped, %d not applicable", t.Passed, t.failed(), t.Skipped, t.Excluded)
}

// testTimeout ends a test binary that hangs.
const testTimeout = 15 * time.Minute

// runTests builds the test binaries of the packages, and runs each in the directory of its package.
// command returns the command that runs a binary.
func runTests(ctx context.Context, b *builder, r *report, command testCommand) {
	for _, pkg := range r.system.packages {
		start := time.Now()
		binary, err := b.test(ctx, r.system.target, pkg)
		if err != nil {
			r.add("build of the tests of "+pkg, err)
			continue
		}
		built := time.Since(start)
		args := []string{"-test.v", "-test.timeout", testTimeout.String()}
		excluded := r.system.way.excludedIn(pkg)
		if len(excluded) > 0 {
			args = append(args, "-test.skip", skipPattern(excluded))
		}
		start = time.Now()
		cmd := command(ctx, filepath.Join(b.root, filepath.FromSlash(pkg)), binary, args...)
		cmd.WaitDelay = pipeWait
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		err = cmd.Run()
		run := countTests(&out)
		run.Package, run.Excluded = pkg, len(excluded)
		if err != nil && len(run.Failed) == 0 {
			run.Failed = []string{"(the test binary ended with " + err.Error() + ")"}
		}
		r.Tests = append(r.Tests, run)
		fmt.Fprintf(r.log, "tests %s: %s; built in %s, ran %s\n", pkg, run, built.Round(time.Second), time.Since(start).Round(time.Second))
		if run.failed() > 0 {
			fmt.Fprintf(r.log, "FAIL  %s\n%s\n", strings.Join(run.Failed, ", "), out.String())
		}
	}
}

// skipPattern returns the pattern of -test.skip for the tests.
func skipPattern(excluded []exclusion) string {
	var patterns []string
	for _, e := range excluded {
		test, part, found := strings.Cut(e.test, "/")
		pattern := "^" + test + "$"
		if found {
			pattern += "/^" + regexp.QuoteMeta(part) + "$"
		}
		patterns = append(patterns, pattern)
	}
	return strings.Join(patterns, "|")
}

// testResult is a line with the result of a whole test. Wine ends lines with \r\n.
var testResult = regexp.MustCompile(`^--- (PASS|FAIL|SKIP): (\S+)`)

// countTests reads the output of a test binary.
func countTests(out *bytes.Buffer) (run testRun) {
	lines := bufio.NewScanner(bytes.NewReader(out.Bytes()))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		m := testResult.FindStringSubmatch(lines.Text())
		switch {
		case m == nil:
		case m[1] == "PASS":
			run.Passed++
		case m[1] == "SKIP":
			run.Skipped++
		default:
			run.Failed = append(run.Failed, m[2])
		}
	}
	slices.Sort(run.Failed)
	return run
}
