// The program runs for two milliseconds, so it does not watch for changes of its CPU limit.
//
//go:debug updatemaxprocs=0

// Command docker-credential-ecr-login is a Docker credential helper for Amazon ECR: container clients
// run it to get the user name and password of a registry.
//
// main connects the process to run. Package hit, which Go initialises before the rest of the program,
// serves a get from the cache.
//
// The protocol's commands leave signals to the system, because a handler would cost each of them a
// thread: the kernel releases their locks, and nothing reads an unfinished file. Only while a
// credential_process or a fallback helper runs, a signal also ends that command. Commands for people
// handle SIGPIPE to report that their output could not be written, and refresh --watch handles SIGINT
// and SIGTERM to exit with 0.
package main

import (
	"context"
	"os"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/hit"
)

func main() {
	os.Exit(run(context.Background(), os.Args, hit.Stdin(os.Stdin), os.Stdout, os.Stderr))
}
