package peak

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// TestMain lets the test binary stand in for the program that is started.
func TestMain(m *testing.M) {
	switch os.Getenv("PEAK_TEST_ACT") {
	case "nothing":
		os.Exit(0)
	case "fail":
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func TestParseStatus(t *testing.T) {
	t.Parallel()
	got, err := parseStatus("Name:\thelper\nVmPeak:\t 1234567 kB\nVmHWM:\t    1656 kB\nVmRSS:\t    1600 kB\nRssAnon:\t     508 kB\nRssFile:\t    1148 kB\nRssShmem:\t       0 kB\n")
	if want := (Memory{1656 << 10, 1148 << 10, 508 << 10}); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	for _, bad := range []struct{ why, text string }{
		{"a process that has ended has no memory", "Name:\thelper\nState:\tZ (zombie)\n"},
		{"no number", "Name:\thelper\nVmHWM:\t    much kB\nRssFile:\t   1148 kB\nRssAnon:\t     508 kB\n"},
		{"another unit", "Name:\thelper\nVmHWM:\t    1656 MB\nRssFile:\t   1148 MB\nRssAnon:\t     508 MB\n"},
		{"an old kernel", "Name:\thelper\nVmHWM:\t    1656 kB\n"},
	} {
		if got, err := parseStatus(bad.text); err == nil {
			t.Errorf("%s: read as %+v", bad.why, got)
		}
	}
}

// run is this test binary as the program.
func run(t *testing.T, act string) (Memory, error) {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The race detector would have the process wait a second before it ends.
	return Run(path, []string{path}, &os.ProcAttr{Env: []string{"PEAK_TEST_ACT=" + act, "GORACE=atexit_sleep_ms=0"}})
}

// The figure must be the program's own: a child begins with its parent's high-water mark in what wait4 tells.
func TestMemoryIsTheProgramsOwn(t *testing.T) {
	t.Parallel()
	big := make([]byte, 256<<20)
	for i := 0; i < len(big); i += 4096 {
		big[i] = 1 // resident in this process
	}
	m, err := run(t, "nothing")
	if errors.Is(err, ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if m.Most < 1<<20 || m.Most > 128<<20 || m.File <= 0 || m.Private <= 0 || m.File+m.Private > m.Most {
		t.Errorf("%+v: not that of a small Go program started by one with %d", m, len(big))
	}
	if big[0] != 1 {
		t.Fail() // keeps it alive
	}
	if _, err := run(t, "fail"); err == nil || !strings.Contains(err.Error(), "ended") {
		t.Errorf("error %v for a program that failed", err)
	}
}
