//go:build e2e && linux

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// rootlessID is the user and group of the clients that run without root.
const rootlessID = 4242

// podmanRootlessClient is podman as a user other than root runs it, in a user namespace.
func podmanRootlessClient() client {
	c := podmanClient()
	c.name = "podman-rootless"
	c.programs = append(c.programs, "newuidmap")
	c.install += " uidmap"
	c.prepare = func(u *user) {
		u.leaveRoot()
		containersSettings(u)
	}
	return c
}

// rootlessAccount adds the user to the private machine.
var rootlessAccount = sync.OnceValue(func() error {
	for file, line := range map[string]string{
		"passwd": fmt.Sprintf("rootless:x:%d:%[1]d::/:/bin/sh", rootlessID),
		"group":  fmt.Sprintf("rootless:x:%d:", rootlessID),
		"subuid": "rootless:100000:65536",
		"subgid": "rootless:100000:65536",
	} {
		f, err := os.OpenFile(filepath.Join("/etc", file), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(f, line)
		if err := f.Close(); err != nil {
			return err
		}
		if err != nil {
			return err
		}
	}
	return nil
})

// leaveRoot makes all further commands of the user run as rootlessID.
func (u *user) leaveRoot() {
	u.t.Helper()
	if err := rootlessAccount(); err != nil {
		u.t.Fatal(err)
	}
	// The home is below a directory that only root can enter.
	if err := os.Chmod(filepath.Dir(u.home), 0o755); err != nil {
		u.t.Fatal(err)
	}
	u.id = rootlessID
	u.mkdir("session")
	u.env["XDG_RUNTIME_DIR"] = u.path("session")
}

// takeHome gives the user the files that the test has written into the home as root.
func (u *user) takeHome() {
	filepath.WalkDir(u.home, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return nil // the client has just removed it
		}
		if info, err := entry.Info(); err == nil && owner(info) == 0 {
			os.Lchown(path, u.id, u.id)
		}
		return nil
	})
}
