// Command library compares the Go library with other libraries that find credentials for container
// registries, and writes the section "The Go library" of docs/benchmarks.md.
//
//	go run . -out docs/benchmarks.md
//
// It measures a lookup with a token in memory, and observes what each library does when 200
// goroutines start together, when AWS denies access, and when AWS does not respond. AWS is the fake
// of package ecrtest in the same process.
//
// Limits: the libraries are called as their documentation shows, each in one setup. The figures
// depend on the machine; the load at the start is printed beside them.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "library: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string, log io.Writer) error {
	flags := flag.NewFlagSet("library", flag.ContinueOnError)
	flags.SetOutput(log)
	out := flags.String("out", "docs/benchmarks.md", "the `file` whose section is written")
	if err := flags.Parse(args); err != nil {
		return err
	}
	page, err := os.ReadFile(*out)
	if err != nil {
		return err
	}
	r := results{Date: time.Now(), Go: runtime.Version(), Load: load()}
	if r.Keys, err = measureSpeeds(ecrtest.FromFile, log); err != nil {
		return err
	}
	if r.Role, err = measureSpeeds(ecrtest.FromRole, log); err != nil {
		return err
	}
	if r.Facts, err = observeAll(log); err != nil {
		return err
	}
	text, err := replaceSection(string(page), section(r))
	if err != nil {
		return err
	}
	return os.WriteFile(*out, []byte(text), 0o644)
}

// load returns the load average of the last minute; empty when the system does not report it.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
