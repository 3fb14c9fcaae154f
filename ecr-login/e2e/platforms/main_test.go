package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// A line of a part of a test does not count, and Wine ends lines with a carriage return.
func TestCountTests(t *testing.T) {
	out := "=== RUN   TestA\r\n--- PASS: TestA (0.00s)\r\n    --- PASS: TestA/part (0.00s)\r\n--- SKIP: TestB (0.00s)\n" +
		"--- FAIL: TestD (0.00s)\n    --- FAIL: TestD/part (0.00s)\n--- FAIL: TestC (0.00s)\nFAIL\n"
	got := countTests(bytes.NewBufferString(out))
	if got.Passed != 1 || got.Skipped != 1 || !slices.Equal(got.Failed, []string{"TestC", "TestD"}) {
		t.Errorf("%+v", got)
	}
}

// The pattern skips a whole test and a part of another.
func TestSkipPattern(t *testing.T) {
	got := skipPattern([]exclusion{{test: "TestA"}, {test: "TestB/a,_(b)"}})
	if want := `^TestA$|^TestB$/^a,_\(b\)$`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Every test that a page names as not applicable exists, so that a renamed test is run again.
func TestExcludedTestsExist(t *testing.T) {
	for _, s := range systems {
		for _, e := range s.way.excluded {
			if !slices.Contains(s.packages, e.pkg) {
				t.Errorf("%s: no tests of %s are run", s.name, e.pkg)
				continue
			}
			name, _, _ := strings.Cut(e.test, "/")
			if !declares(t, "../../../"+e.pkg, regexp.MustCompile(`(?m)^func `+name+`\(`)) {
				t.Errorf("%s has no %s", e.pkg, name)
			}
		}
	}
}

func TestSelectSystems(t *testing.T) {
	if all, err := selectSystems(""); err != nil || len(all) != len(systems) {
		t.Errorf("%d systems, %v", len(all), err)
	}
	if some, err := selectSystems("linux/s390x,empty-root"); err != nil || len(some) != 2 || some[0].name != "linux/s390x" {
		t.Errorf("%v, %v", some, err)
	}
	if _, err := selectSystems("linux/vax"); err == nil {
		t.Error("no error for an unknown system")
	}
}

// The page has a row for each system, a section for each way, and lines of at most 100 columns
// outside tables.
func TestPage(t *testing.T) {
	var reports []*report
	for _, s := range systems {
		reports = append(reports, &report{
			system: s, Took: 90 * time.Second, Notes: []string{"a figure"},
			Checks: []check{{Name: "get"}, {Name: "list"}}, Tests: []testRun{{Package: "cache", Passed: 7, Skipped: 2, Excluded: 1}},
		})
	}
	text := string(page(reports))
	for _, s := range systems {
		if !strings.Contains(text, "\n| "+s.name+" | "+s.way.title+" | 2, 0 | 7, 0, 2, 1 | 1m30s |") {
			t.Errorf("no row for %s in\n%s", s.name, text)
		}
		if n := strings.Count(text, "\n## "+s.way.title+"\n"); n != 1 {
			t.Errorf("%d sections %q", n, s.way.title)
		}
	}
	for line := range strings.Lines(text) {
		if len(line) > pageWidth+1 && !strings.HasPrefix(line, "|") {
			t.Errorf("long line: %s", line)
		}
	}
}

// A system that was not run, and what failed, are on the page.
func TestPageOfFailures(t *testing.T) {
	reports := []*report{
		{system: systems[0]},
		{system: systems[1], Checks: []check{{"get", ""}, {"list", "no host"}}, Tests: []testRun{{Package: "cache", Failed: []string{"TestA"}}}},
	}
	text := string(page(reports))
	for _, want := range []string{
		"\n| " + systems[0].name + " | " + systems[0].way.title + " | not run |",
		"\n| " + systems[1].name + " | " + systems[1].way.title + " | 1, 1 | 0, 1, 0, 0 |",
		"\n## Failures\n\n- " + systems[1].name + ": list: no host\n- " + systems[1].name + ": `cache` TestA\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// declares reports whether a test file in a directory has a match.
func declares(t *testing.T, dir string, pattern *regexp.Regexp) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(filepath.FromSlash(dir), "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("test files in %s: %v, %v", dir, files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if pattern.Match(text) {
			return true
		}
	}
	return false
}
