package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// mappedIDs is how many users and groups exist in the namespace: tests change owners.
const mappedIDs = 65536

// newNamespace makes a command start in a user and a mount namespace of its own.
func newNamespace(cmd *exec.Cmd) {
	ids := []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: mappedIDs}}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:                 unix.CLONE_NEWUSER | unix.CLONE_NEWNS,
		UidMappings:                ids,
		GidMappings:                ids,
		GidMappingsEnableSetgroups: true,
		Pdeathsig:                  syscall.SIGKILL,
	}
}

// emulate registers an emulator in the namespace of this process and becomes the program.
func emulate(emulator string, command []string) error {
	const dir = "/proc/sys/fs/binfmt_misc"
	if err := unix.Mount("binfmt_misc", dir, "binfmt_misc", 0, ""); err != nil {
		return fmt.Errorf("mounting binfmt_misc, which needs Linux 6.7: %w", err)
	}
	line, err := registration(emulator, command[0])
	if err != nil {
		return err
	}
	if err := os.WriteFile(dir+"/register", []byte(line), 0o200); err != nil {
		return fmt.Errorf("registering the emulator: %w", err)
	}
	if err := os.Unsetenv(inNamespaceEnv); err != nil {
		return err
	}
	return unix.Exec(command[0], command, os.Environ())
}
