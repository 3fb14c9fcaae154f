package dockerconfig

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/environ"
)

// A Locator finds the files of the clients.
type Locator struct {
	// Environ is the environment. Nil: that of the process.
	Environ environ.Lookup
}

// homeVariable is the environment variable with the home directory.
func homeVariable() string {
	if runtime.GOOS == "windows" {
		return "USERPROFILE"
	}
	return "HOME"
}

// noHome is the error for a file below the home directory of a user that has none.
func noHome(what, variables string) *Error {
	return &Error{Message: "cannot find " + what + ": " + homeVariable() + " is not set", Advice: "set " + homeVariable() + " or " + variables}
}

// Docker returns the path of Docker's config.json: in the directory DOCKER_CONFIG, else in
// ~/.docker. docker's own flag --config is not known here.
func (l Locator) Docker() (string, error) {
	if dir := l.env("DOCKER_CONFIG"); dir != "" {
		return filepath.Abs(filepath.Join(dir, "config.json"))
	}
	home := l.home()
	if home == "" {
		return "", noHome("Docker's config.json", "DOCKER_CONFIG")
	}
	return filepath.Abs(filepath.Join(home, ".docker", "config.json"))
}

// Containers returns the files that podman, skopeo and buildah read, in their order: the first with
// an entry for a registry counts. If an environment variable names a file, only that file is read.
//
// The order is that of getAuthFilePaths in containers/image. GetDefaultAuthFile in
// containers/common (pkg/auth/auth.go) reads only DOCKER_CONFIG when it is set. ~/.dockercfg, which
// is the last one there, is not returned: it cannot name a helper.
func (l Locator) Containers() ([]string, error) {
	if file := l.env("REGISTRY_AUTH_FILE"); file != "" {
		return absolute(file)
	}
	if dir := l.env("DOCKER_CONFIG"); dir != "" {
		return absolute(filepath.Join(dir, "config.json"))
	}
	home := l.home()
	if home == "" {
		return nil, noHome("podman's auth.json", "REGISTRY_AUTH_FILE")
	}
	config := l.env("XDG_CONFIG_HOME")
	if config == "" {
		config = filepath.Join(home, ".config")
	}
	var first string
	switch dir := l.env("XDG_RUNTIME_DIR"); {
	case runtime.GOOS != "linux":
		first = filepath.Join(home, ".config", "containers", "auth.json")
	case dir != "":
		first = filepath.Join(dir, "containers", "auth.json")
	default:
		first = filepath.Join("/run/containers", strconv.Itoa(os.Getuid()), "auth.json")
	}
	lasting := filepath.Join(config, "containers", "auth.json")
	docker := filepath.Join(home, ".docker", "config.json")
	if first == lasting {
		return absolute(lasting, docker)
	}
	return absolute(first, lasting, docker)
}

// ContainersLasting returns the one of Containers to write to: the first that survives the end of
// the session and a reboot. podman login writes passwords to $XDG_RUNTIME_DIR, which does not.
func (l Locator) ContainersLasting() (string, error) {
	files, err := l.Containers()
	if err != nil {
		return "", err
	}
	if len(files) == 3 {
		return files[1], nil
	}
	return files[0], nil
}

func absolute(paths ...string) ([]string, error) {
	for i, path := range paths {
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		paths[i] = abs
	}
	return paths, nil
}

func (l Locator) home() string {
	return l.env(homeVariable())
}

// env returns the value of an environment variable. The clients treat an empty one as not set.
func (l Locator) env(name string) string { return environ.Get(l.Environ, name) }
