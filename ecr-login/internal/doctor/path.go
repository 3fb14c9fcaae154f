package doctor

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/fileaccess"
)

// lookPath finds a program as os/exec does for Docker. A program that a relative entry of PATH
// finds first is the error exec.ErrDot, also where GODEBUG=execerrdot=0 would allow it: nothing
// that depends on the current directory is run.
func lookPath(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil && !filepath.IsAbs(path) {
		return "", exec.ErrDot
	}
	return path, err
}

// pathDirectories returns the absolute entries of PATH, and the others.
func pathDirectories() (absolute, relative []string) {
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		switch {
		case filepath.IsAbs(dir):
			absolute = append(absolute, dir)
		case dir != "" || runtime.GOOS != "windows": // Windows ignores an empty entry
			relative = append(relative, dir)
		}
	}
	return absolute, relative
}

// copies returns all files with the program's name that can be run, in PATH's order.
func copies(name string) []string {
	var all []string
	dirs, _ := pathDirectories()
	for _, dir := range dirs {
		path, err := exec.LookPath(filepath.Join(dir, name))
		if err == nil && !slices.ContainsFunc(all, func(other string) bool { return fileaccess.Same(other, path) }) {
			all = append(all, path)
		}
	}
	return all
}

// notExecutable returns the first file with the program's name on PATH that this user may not run,
// or "".
func notExecutable(name string) string {
	dirs, _ := pathDirectories()
	for _, dir := range dirs {
		path := filepath.Join(dir, name)
		if _, err := exec.LookPath(path); errors.Is(err, fs.ErrPermission) {
			return path
		}
	}
	return ""
}

// self returns the file of the running program.
func (d *doctor) self() string {
	if d.Helper.Self != "" {
		return d.Helper.Self
	}
	self, _ := os.Executable()
	return self
}

// isSelf reports whether path is the running program.
func (d *doctor) isSelf(path string) bool { return fileaccess.Same(d.self(), path) }
