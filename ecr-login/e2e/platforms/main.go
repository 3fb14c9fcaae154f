// Command platforms runs the program, and the tests of its packages, on every system that one Linux
// machine on amd64 can run or imitate, and writes docs/platforms.md.
//
//	go run ./platforms [-systems LIST] [-results DIR -out FILE]		in the module ecr-login/e2e; make platforms
//
// The result of each system is kept in the directory of results, so that one can be run again
// alone. The page has the newest result of each.
//
// ecrtest plays AWS. It always runs natively, in this process; the program calls it over loopback.
// The command needs root. It changes nothing outside a temporary directory, and fails if a check
// failed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	if emulator := os.Getenv(inNamespaceEnv); emulator != "" {
		fmt.Fprintln(os.Stderr, "platforms:", emulate(emulator, os.Args[1:]))
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "platforms:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	out := flag.String("out", "", "write the page to `FILE`")
	results := flag.String("results", "", "keep the results in `DIR`")
	only := flag.String("systems", "", "run only the systems in this comma-separated `LIST`")
	flag.Parse()
	selected, err := selectSystems(*only)
	if err != nil {
		return err
	}
	if *out != "" && *results == "" {
		return fmt.Errorf("flag -out needs -results")
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("root is needed, for other roots, users and namespaces")
	}
	for _, s := range selected {
		for _, program := range s.needs {
			if _, err := exec.LookPath(program); err != nil {
				return fmt.Errorf("%s needs %s: the Makefile lists the packages to install", s.name, program)
			}
		}
	}
	dir, err := os.MkdirTemp("", "platforms-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // another user runs a program in it
		return err
	}
	b, err := newBuilder(ctx, dir)
	if err != nil {
		return err
	}
	failed := false
	for i, s := range selected {
		r := &report{system: s, dir: filepath.Join(dir, fmt.Sprint(i)), log: os.Stdout, Date: time.Now()}
		if err := os.Mkdir(r.dir, 0o755); err != nil {
			return err
		}
		fmt.Printf("=== %s\n", s.name)
		if err := s.run(ctx, b, r); err != nil {
			r.add("run", err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.Took = time.Since(r.Date)
		fmt.Println(r.summary())
		failed = failed || r.failed()
		if *results != "" {
			if err := r.save(*results); err != nil {
				return err
			}
		}
	}
	if *out != "" {
		if err := writePage(*out, *results); err != nil {
			return err
		}
	}
	if failed {
		return fmt.Errorf("checks failed")
	}
	return nil
}

// writePage writes the page of all systems, with the newest result of each.
func writePage(out, results string) error {
	var reports []*report
	for _, s := range systems {
		r, err := load(results, s)
		if errors.Is(err, fs.ErrNotExist) {
			r, err = &report{system: s}, nil
		}
		if err != nil {
			return err
		}
		reports = append(reports, r)
	}
	return os.WriteFile(out, page(reports), 0o644)
}

// selectSystems returns the systems in a comma-separated list, all for an empty one.
func selectSystems(list string) ([]*system, error) {
	if list == "" {
		return systems, nil
	}
	var selected []*system
	for name := range strings.SplitSeq(list, ",") {
		i := slices.IndexFunc(systems, func(s *system) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("unknown system %q", name)
		}
		selected = append(selected, systems[i])
	}
	return selected, nil
}
