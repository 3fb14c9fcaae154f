package config

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/environ"
)

const (
	folder   = "ecr-login"
	fileName = "config.toml"

	// maxFile is the longest settings file that is read: some ten thousand rules.
	maxFile = 1 << 20
)

// Loader finds and reads the settings. The zero value is the process's own
// environment and the system's folder.
type Loader struct {
	// Environ returns the value of an environment variable; nil means os.LookupEnv.
	Environ func(key string) (string, bool)

	// System is the folder of the settings for all users of the machine. Empty:
	// /etc/ecr-login, on Windows %ProgramData%\ecr-login.
	System string
}

// Load is Loader{Environ: environ}.Load, which see.
func Load(environ func(key string) (string, bool)) (Settings, error) {
	return Loader{Environ: environ}.Load()
}

// Load reads the first of these that there is: the file that ECR_LOGIN_CONFIG
// names, config.toml in the user's and in the system's ecr-login folder. The
// environment comes on top. An error is an *[Error]; the settings that come with
// it are the defaults and as much of the environment as makes sense, so that
// what needs no settings can go on.
func (l Loader) Load() (Settings, error) {
	s := Settings{Timeout: DefaultTimeout, Public: PublicAuto, Sealing: SealingAuto, Cache: true}
	problem := l.readFirst(&s)
	if p := l.readEnvironment(&s); problem == nil {
		problem = p
	}
	if problem != nil {
		return s, problem
	}
	return s, nil
}

// readFirst reads the first file found into s, which it leaves alone when there
// is none or when the file is no good.
func (l Loader) readFirst(s *Settings) *Error {
	if path := l.env("ECR_LOGIN_CONFIG"); path != "" {
		if path == os.DevNull {
			return nil
		}
		expanded, ok := l.expandHome(path)
		if !ok {
			return &Error{Path: path, Message: "the settings file that ECR_LOGIN_CONFIG names is in no known home folder"}
		}
		text, problem := read(expanded, true)
		if problem != nil {
			return problem
		}
		return decode(s, expanded, text)
	}
	for _, dir := range [...]string{l.userFolder(), l.systemFolder()} {
		if dir == "" {
			continue
		}
		path := below(dir, fileName)
		text, problem := read(path, false)
		if problem != nil {
			return problem
		}
		if text != nil {
			return decode(s, path, text)
		}
	}
	return nil
}

// read reads a settings file, nil when it is not there and need not be. In a
// folder that this user may not enter (that of a HOME kept over su) no file is
// seen, so none is there; one that is seen and may not be read is an error.
func read(path string, named bool) ([]byte, *Error) {
	wrong := func(message string, err error) ([]byte, *Error) {
		return nil, &Error{Path: path, Message: message, Err: err}
	}
	info, err := os.Stat(path)
	switch {
	case err == nil:
	// Not errors.Is: it asks the error for methods by name, and a hit, which mostly finds no file, would pay for that.
	case !named && (os.IsNotExist(err) || os.IsPermission(err) || errors.Is(err, syscall.ENOTDIR)):
		return nil, nil
	default:
		return wrong("cannot read the settings: "+reason(err), err)
	}
	switch {
	case !info.Mode().IsRegular():
		return wrong("the settings are not in a regular file", nil)
	case info.Size() > maxFile:
		return wrong("the settings file is longer than one mebibyte", nil)
	}
	file, err := os.Open(path)
	if err != nil {
		return wrong("cannot read the settings: "+reason(err), err)
	}
	defer file.Close()
	text := make([]byte, info.Size(), info.Size()+1)
	n, err := io.ReadFull(file, text)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return wrong("cannot read the settings: "+reason(err), err)
	}
	return text[:n], nil
}

// reason is what the operating system said, without the path that Error has.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// env returns the value of an environment variable, empty when it is not set.
func (l Loader) env(name string) string {
	return environ.Get(l.Environ, name)
}
