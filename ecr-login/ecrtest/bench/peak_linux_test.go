package main

import (
	"errors"
	"strings"
	"testing"
)

func TestParseStatus(t *testing.T) {
	t.Parallel()
	got, err := parseStatus("Name:\thelper\nVmPeak:\t 1234567 kB\nVmHWM:\t    1656 kB\nVmRSS:\t    1600 kB\nRssAnon:\t     508 kB\nRssFile:\t 1148 kB\n")
	if err != nil || got[0] != 1656*1024 || got[1] != 508*1024 {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []struct{ why, text string }{
		{"a process that has ended has no memory", "Name:\thelper\nState:\tZ (zombie)\n"},
		{"no number", "Name:\thelper\nVmHWM:\t    much kB\nRssAnon:\t     508 kB\n"},
		{"another unit", "Name:\thelper\nVmHWM:\t    1656 MB\nRssAnon:\t     508 MB\n"},
		{"an old kernel", "Name:\thelper\nVmHWM:\t    1656 kB\n"},
	} {
		if got, err := parseStatus(bad.text); err == nil {
			t.Errorf("%s: read as %v", bad.why, got)
		}
	}
}

// The figure must be the program's own: a child begins with its parent's high-water mark in what wait4 tells.
func TestMemoryIsTheProgramsOwn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	big := make([]byte, 256<<20)
	for i := 0; i < len(big); i += 4096 {
		big[i] = 1 // resident in this process
	}
	memory, err := b.memory(acting(t, &program{id: emptyID, name: "stand-in"}, "scene", "nothing"))
	if errors.Is(err, errMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if memory[0] < 1<<20 || memory[0] > 128<<20 || memory[1] > memory[0] || memory[1] <= 0 {
		t.Errorf("peak %.0f bytes, private %.0f: not those of a small Go program started by one with %d", memory[0], memory[1], len(big))
	}
	if big[0] != 1 {
		t.Fail() // keeps it alive
	}
	if _, err := b.memory(acting(t, &program{name: "stand-in"}, "scene", "fail")); err == nil || !strings.Contains(err.Error(), "ended") {
		t.Errorf("error %v for a program that failed", err)
	}
}
