//go:build !linux

package main

import (
	"errors"
	"os/exec"
)

func newNamespace(*exec.Cmd) {}

// emulate is for Linux only.
func emulate(string, []string) error { return errors.New("needs Linux") }
