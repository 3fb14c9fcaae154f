package config_test

import (
	"fmt"
	"strings"
	"testing"
)

// The cost of every get without a file, and with a file of ten rules.

func BenchmarkLoadWithoutFile(b *testing.B) {
	l := newMachine(b).loader()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Load(); err != nil {
			b.Fatal(err)
		}
	}
}

func tenRules() string {
	var text strings.Builder
	text.WriteString("timeout = \"20s\"\n")
	for i := range 10 {
		fmt.Fprintf(&text, "[[registry]]\nmatch = \"11112222333%d.dkr.ecr.*.amazonaws.com\"\nprofile = \"p%d\"\n", i, i)
	}
	return text.String()
}

func BenchmarkLoadTenRules(b *testing.B) {
	m := newMachine(b)
	m.write(m.file(), tenRules())
	l := m.loader()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Load(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	s := settings(b, tenRules())
	b.ReportAllocs()
	for b.Loop() {
		if m, err := s.Match("111122223339.dkr.ecr.eu-west-1.amazonaws.com"); err != nil || m.Profile != "p9" {
			b.Fatal(m, err)
		}
	}
}
