package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

// qemu is the user-mode emulation of another processor. The kernel is that of the machine.
var qemu = &way{
	title: "qemu-user",
	how: "qemu emulates the processor. The kernel is that of the machine. Tests run in a user namespace of their own, " +
		"in which the kernel starts qemu also for the processes that a test starts.",
	limits: []string{
		"the kernel's keyring: qemu has no keyctl, so the sealing key is in a file, and the tests of the keyring skip themselves",
		"seccomp filters: they are for another processor than the kernel's",
		"other kernels, speed and memory",
	},
	excluded: []exclusion{
		{"cache", "TestReadOnlyFileSystem", "qemu creates no user namespace"},
		{"cache", "TestFullDisk", "qemu creates no user namespace"},
		{"ecr-login/token", "TestMetadataSilent", "time limits of 50 ms, which an emulated processor can miss"},
		{"ecr-login/token", "TestOneHandshake", "connections that a slow processor opens again"},
		{"ecr-login/internal/identity", "TestEditsChange/file_longer_than_is_read,_edited_within", "qemu-s390x gives files times in whole seconds"},
	},
}

// emulated returns the system of a Linux architecture, as Go and qemu name it.
func emulated(name, arch, processor string) *system {
	emulator := "qemu-" + processor + "-static"
	return &system{
		name: name, target: target{"linux", arch}, way: qemu, needs: []string{emulator}, packages: portable,
		run: func(ctx context.Context, b *builder, r *report) error {
			path, err := exec.LookPath(emulator)
			if err != nil {
				return err
			}
			return runUnix(ctx, b, r, []string{path}, func(ctx context.Context, dir, binary string, args ...string) *exec.Cmd {
				return inNamespace(ctx, dir, path, binary, args...)
			})
		},
	}
}

// testCommand returns the command that runs a test binary in a directory.
type testCommand func(ctx context.Context, dir, binary string, args ...string) *exec.Cmd

func plainCommand(ctx context.Context, dir, binary string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = dir
	return cmd
}

// inNamespaceEnv makes this program register an emulator, and then run its arguments.
const inNamespaceEnv = "PLATFORMS_EMULATOR"

// inNamespace returns a command in a user namespace of its own in which the kernel starts the
// emulator for the binary and for the processes that it starts. Nothing outside the namespace
// changes.
func inNamespace(ctx context.Context, dir, emulator, binary string, args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	cmd := exec.CommandContext(ctx, self, append([]string{binary}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), inNamespaceEnv+"="+emulator)
	newNamespace(cmd)
	return cmd
}

// elfHeader is the number of bytes with which the kernel recognizes the architecture of a program.
const elfHeader = 20

// registration returns the line that makes the kernel start an emulator for programs of the
// architecture of binary. All Go binaries of an architecture have the same header.
func registration(emulator, binary string) (string, error) {
	f, err := os.Open(binary)
	if err != nil {
		return "", err
	}
	defer f.Close()
	header := make([]byte, elfHeader)
	if _, err := f.Read(header); err != nil {
		return "", err
	}
	line := ":platforms:M::"
	for _, c := range header {
		line += fmt.Sprintf(`\x%02x`, c)
	}
	return line + "::" + emulator + ":F", nil
}
