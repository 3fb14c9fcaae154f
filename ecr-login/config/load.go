package config

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/environ"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/regularfile"
)

const (
	directory = "ecr-login"
	fileName  = "config.toml"

	// maxFile is the largest settings file in bytes: about ten thousand rules.
	maxFile = 1 << 20
)

// loader finds and reads the settings.
type loader struct {
	lookup environ.Lookup

	// system is the directory of the settings for all users of the machine; empty means
	// /etc/ecr-login, on Windows %ProgramData%\ecr-login.
	system string
}

// Load reads the first of these files that exists: the one in ECR_LOGIN_CONFIG, and config.toml in
// the user's and in the system's ecr-login directory. Environment variables override it. A nil
// lookup means the environment of the process.
//
// An error is an *[Error]. The settings returned with it are the defaults and the valid environment
// variables, for what works without settings.
func Load(lookup func(name string) (value string, set bool)) (Settings, error) {
	return loader{lookup: lookup}.load()
}

// Decode returns the settings in the text of a file, without environment variables. The path is that
// of the errors, which are of type *[Error].
func Decode(path string, text []byte) (Settings, error) {
	s := Default()
	if err := decode(&s, path, text); err != nil {
		return Default(), err
	}
	return s, nil
}

func (l loader) load() (Settings, error) {
	s := Default()
	err := l.readFirst(&s)
	if e := l.readEnvironment(&s); err == nil {
		err = e
	}
	if err != nil {
		return s, err
	}
	return s, nil
}

// readFirst reads the first file found into s. It leaves s unchanged when there is none, and when
// the file has an error.
func (l loader) readFirst(s *Settings) *Error {
	if path := l.env("ECR_LOGIN_CONFIG"); path != "" {
		if path == os.DevNull {
			return nil
		}
		expanded, ok := l.expandHome(path)
		if !ok {
			return &Error{Path: path, Message: "cannot find the settings file of ECR_LOGIN_CONFIG: its home directory is not known"}
		}
		text, err := read(expanded)
		if err != nil {
			return unreadable(expanded, err)
		}
		return decode(s, expanded, text)
	}
	for _, dir := range [...]string{l.userDirectory(), l.systemDirectory()} {
		if dir == "" {
			continue
		}
		path := join(dir, fileName)
		text, err := read(path)
		switch {
		case err == nil:
			return decode(s, path, text)
		case !isMissing(path, err):
			return unreadable(path, err)
		}
	}
	return nil
}

func read(path string) ([]byte, error) { return regularfile.Read(path, maxFile) }

// isMissing reports whether the error means that there is no such file. A directory that this user
// may not enter, such as the HOME that su leaves unchanged, counts as empty. A file that exists but
// cannot be read is an error.
//
// It does not use errors.Is for the usual case, because every hit calls it: errors.Is looks up
// methods by name, which loads the names of all types into memory.
func isMissing(path string, err error) bool {
	if os.IsNotExist(err) || errors.Is(err, syscall.ENOTDIR) {
		return true
	}
	if !os.IsPermission(err) {
		return false
	}
	_, err = os.Stat(path)
	return err != nil
}

func unreadable(path string, err error) *Error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err // Error has the path
	}
	return &Error{Path: path, Message: "cannot read the settings: " + err.Error(), Err: err}
}

// env returns the value of an environment variable, empty when it is not set.
func (l loader) env(name string) string { return environ.Get(l.lookup, name) }
