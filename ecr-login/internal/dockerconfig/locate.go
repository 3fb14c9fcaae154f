package dockerconfig

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
)

// Locator finds the files. The zero value looks in the process's environment.
type Locator struct {
	// Environ looks an environment variable up. Nil: os.LookupEnv.
	Environ func(key string) (string, bool)
}

const noHome = "the home folder is not known"

// Docker is the path of Docker's config.json: in the folder that DOCKER_CONFIG names, else in ~/.docker. The
// command line's own --config is not known here.
func (l Locator) Docker() (string, error) {
	if dir := l.env("DOCKER_CONFIG"); dir != "" {
		return filepath.Abs(filepath.Join(dir, "config.json"))
	}
	home := l.home()
	if home == "" {
		return "", &Error{Message: noHome + ", and so is the place of Docker's config.json", Advice: "set HOME, or DOCKER_CONFIG to the folder of config.json"}
	}
	return filepath.Abs(filepath.Join(home, ".docker", "config.json"))
}

// Containers are the files that podman, skopeo and buildah read, in their order: the first that has anything for a
// registry counts. A file that a variable names is read alone.
//
// The order is that of getAuthFilePaths in containers/image; that DOCKER_CONFIG is read alone comes from
// GetDefaultAuthFile in containers/common (pkg/auth/auth.go). The outdated ~/.dockercfg, which comes last there and has
// no helpers, is left out.
func (l Locator) Containers() ([]string, error) {
	if file := l.env("REGISTRY_AUTH_FILE"); file != "" {
		return absolute(file)
	}
	if dir := l.env("DOCKER_CONFIG"); dir != "" {
		return absolute(filepath.Join(dir, "config.json"))
	}
	home := l.home()
	if home == "" {
		return nil, &Error{Message: noHome + ", and so is the place of auth.json", Advice: "set HOME, or REGISTRY_AUTH_FILE to the file"}
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

// ContainersLasting is the one of Containers to write to: the first that is not lost when the session or the machine
// ends. podman login itself writes to $XDG_RUNTIME_DIR, which is, because what it writes is a password.
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
	if runtime.GOOS == "windows" {
		return l.env("USERPROFILE")
	}
	return l.env("HOME")
}

// env is a variable's value. An empty one is none, as for the clients.
func (l Locator) env(key string) string {
	lookup := l.Environ
	if lookup == nil {
		lookup = os.LookupEnv
	}
	value, _ := lookup(key)
	return value
}
