// Command fleet simulates many machines that need ECR tokens at the same time, and writes
// docs/fleet.md.
//
//	go run ./fleet [-out FILE]		in the module ecr-login/e2e; make fleet
//
// The waits between calls and the refresh points are computed by the program's own code
// (ecr-login/internal/retry, cache.RefreshPoint). Time, network and the rate limit of ECR are
// simulated, so that an hour takes milliseconds. The result depends on nothing but the code: the
// random numbers have fixed seeds.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
)

func main() {
	out := flag.String("out", "", "write the page to `FILE` instead of standard output")
	flag.Parse()
	var page bytes.Buffer
	writePage(&page)
	var err error
	if *out == "" {
		_, err = page.WriteTo(os.Stdout)
	} else {
		err = os.WriteFile(*out, page.Bytes(), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}
