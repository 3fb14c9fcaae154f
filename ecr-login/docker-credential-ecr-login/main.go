// A process that lives for two milliseconds need not watch its share of the processors.
//
//go:debug updatemaxprocs=0

// Command docker-credential-ecr-login is a credential helper for Amazon ECR: container clients start it to learn
// the user name and password of a registry.
//
// main wires the process to run; hit, initialised before everything else, answers what the cache can answer.
//
// Signals keep their default meaning, the end: the kernel frees the locks, an unfinished file is never read, and
// a handler would cost every question a thread. Commands for people have one, to say that nobody reads their answer,
// and refresh --watch another, to end well.
package main

import (
	"context"
	"os"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/hit"
)

func main() {
	os.Exit(run(context.Background(), os.Args, hit.Stdin(os.Stdin), os.Stdout, os.Stderr))
}
