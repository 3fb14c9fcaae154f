package main

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func TestParseStatus(t *testing.T) {
	t.Parallel()
	got, err := parseStatus("Name:\thelper\nVmPeak:\t 1234567 kB\nVmRSS:\t    1600 kB\nRssAnon:\t     508 kB\nRssFile:\t    1148 kB\n")
	if err != nil || got != 508<<10 {
		t.Errorf("%d, %v, want 508 KiB", got, err)
	}
	for _, bad := range []struct{ why, text string }{
		{"a process that has ended has no memory", "Name:\thelper\nState:\tZ (zombie)\n"},
		{"not a number", "Name:\thelper\nRssAnon:\t     much kB\n"},
		{"another unit", "Name:\thelper\nRssAnon:\t     508 MB\n"},
		{"an old kernel", "Name:\thelper\nVmHWM:\t    1656 kB\n"},
	} {
		if got, err := parseStatus(bad.text); err == nil {
			t.Errorf("%s: parsed as %d", bad.why, got)
		}
	}
}

// TestPrivateMemory checks that the figure is the program's own: wait4 reports a maximum that a
// child inherits from its parent.
func TestPrivateMemory(t *testing.T) {
	t.Parallel()
	big := make([]byte, 256<<20)
	for i := 0; i < len(big); i += 4096 {
		big[i] = 1 // resident in this process
	}
	run := func(act string) (int64, error) {
		c := acting(t, &program{}, "scene", act)
		return privateMemory(c.program.path, c.program.argv(), &os.ProcAttr{Env: c.env})
	}
	private, err := run("nothing")
	if errors.Is(err, errMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if private < 100<<10 || private > 128<<20 {
		t.Errorf("%d bytes: not those of a small Go program started by one with %d", private, len(big))
	}
	if big[0] != 1 {
		t.Fail() // keeps big alive
	}
	if _, err := run("fail"); err == nil || !strings.Contains(err.Error(), "ended") {
		t.Errorf("error %v for a program that failed", err)
	}
}
