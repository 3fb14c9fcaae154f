package awsconfig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/environ"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/regularfile"
)

// MaxFile is the size limit of a config or credentials file, in bytes. A config file with a profile
// for each role in two thousand accounts has about one mebibyte.
const MaxFile = 4 << 20

// Input decides where credentials come from. The zero value is the environment of the process, with
// the profile that the environment names.
type Input struct {
	// Environ is the environment; nil is that of the process.
	Environ environ.Lookup

	// Home is the user's home directory. Empty: HOME (USERPROFILE on Windows), or else the one in
	// /etc/passwd.
	Home string

	// Profile is the profile to use, like --profile of the AWS CLI: access keys and web identity
	// tokens in the environment are then not used. Empty: AWS_PROFILE, AWS_DEFAULT_PROFILE,
	// default.
	Profile string
}

// Config is the contents of the shared config and credentials files.
type Config struct {
	Input
	Config, Credentials File

	index *index // of the text of both files; nil: each look-up reads the text
}

// File is one of the two files.
type File struct {
	Path     string
	Text     []byte
	Err      error // why there is no text
	variable string
	named    bool // the environment names the path
}

// Load reads the files. A file that cannot be read is empty and has its Err set.
func Load(in Input) *Config {
	in.Home = in.home()
	c := &Config{Input: in}
	c.Config = c.read("AWS_CONFIG_FILE", "config")
	c.Credentials = c.read("AWS_SHARED_CREDENTIALS_FILE", "credentials")
	return c
}

type contextKey struct{}

// NewContext returns a context with the configuration. Package token then uses it in place of
// reading the files again, so that a token is fetched with exactly the files from which its cache
// key was computed.
func NewContext(ctx context.Context, c *Config) context.Context {
	return context.WithValue(ctx, contextKey{}, c)
}

// FromContext returns the configuration in the context, or loads it.
func FromContext(ctx context.Context, in Input) *Config {
	if c, ok := ctx.Value(contextKey{}).(*Config); ok && c != nil {
		return c
	}
	return Load(in)
}

func (c *Config) env(name string) string { return environ.Get(c.Environ, name) }

func (c *Config) read(variable, name string) File {
	f := File{variable: variable, Path: Join(c.Home, ".aws", name)}
	if path := c.env(variable); path != "" {
		f.named, f.Path = true, c.expand(path)
	}
	f.Text, f.Err = regularfile.Read(f.Path, MaxFile)
	if text, ok := bytes.CutPrefix(f.Text, []byte("\xef\xbb\xbf")); ok {
		f.Text = text
	}
	if len(f.Text) > 1 && (f.Text[0] == 0xff && f.Text[1] == 0xfe || f.Text[0] == 0xfe && f.Text[1] == 0xff || f.Text[0] == 0 || f.Text[1] == 0) {
		f.Text, f.Err = nil, errUTF16
	}
	return f
}

var errUTF16 = errors.New("is UTF-16 text: save it as UTF-8")

// problem returns an error when the file exists and cannot be parsed. A file that is missing, or
// that the user is not allowed to read, is skipped by the AWS CLI too.
func (f File) problem() error {
	var size *regularfile.SizeError
	switch {
	case f.Err == nil:
		return nil
	case errors.Is(f.Err, errUTF16):
		return &Error{Code: ErrFile, Message: fmt.Sprintf("%s %v", f.Path, f.Err), Err: f.Err}
	case errors.As(f.Err, &size):
		return &Error{Code: ErrFile, Message: fmt.Sprintf("%s is %v", f.Path, size), Err: f.Err}
	case errors.Is(f.Err, regularfile.ErrNotRegular) && !isDirectory(f.Path):
		return &Error{Code: ErrFile, Message: fmt.Sprintf("%s is %v", f.Path, regularfile.ErrNotRegular), Err: f.Err}
	}
	return nil
}

// skipped returns a remark for error messages when the environment names the file and it was not
// read.
func (f File) skipped() string {
	switch {
	case !f.named || f.Err == nil:
		return ""
	case errors.Is(f.Err, fs.ErrNotExist):
		return fmt.Sprintf("%s names %s, which does not exist", f.variable, f.Path)
	}
	return fmt.Sprintf("%s names %s, which cannot be read", f.variable, f.Path)
}

// Skipped returns remarks on the files that the environment names and that were not read.
func (c *Config) Skipped() []string {
	var all []string
	for _, f := range []File{c.Config, c.Credentials} {
		if s := f.skipped(); s != "" {
			all = append(all, s)
		}
	}
	return all
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// expand replaces $NAME, ${NAME} and a leading ~ as botocore does. The name of a variable that is
// not set is not replaced.
func (c *Config) expand(path string) string {
	if strings.Contains(path, "$") {
		path = os.Expand(path, func(name string) string {
			if value, set := c.Environ.Lookup(name); set {
				return value
			}
			return "${" + name + "}"
		})
	}
	if path == "~" || len(path) > 1 && path[0] == '~' && os.IsPathSeparator(path[1]) {
		path = c.Home + path[1:]
	}
	return path
}

// home returns the home directory, which contains the files. Services that systemd starts as root
// have no HOME. The package os/user is not used: its initialisation would cost every get time, and
// it needs a C library where cgo is on. A user who is only in a directory service, and not in
// /etc/passwd, then has no home directory.
func (in Input) home() string {
	if in.Home != "" {
		return in.Home
	}
	if runtime.GOOS == "windows" {
		return environ.Get(in.Environ, "USERPROFILE")
	}
	if home := environ.Get(in.Environ, "HOME"); home != "" {
		return home
	}
	text, err := regularfile.Read("/etc/passwd", MaxFile)
	if err != nil {
		return ""
	}
	return homeOf(string(text), os.Getuid())
}

// homeOf returns a user's home directory in the text of a passwd file (passwd(5)).
func homeOf(passwd string, uid int) string {
	number := strconv.Itoa(uid)
	for line := range strings.Lines(passwd) {
		if line[0] == '#' {
			continue
		}
		fields := strings.Split(strings.TrimRight(line, "\n"), ":")
		if len(fields) >= 6 && fields[2] == number {
			return fields[5]
		}
	}
	return ""
}

// shown returns the path for a message, with ~ for the home directory.
func (c *Config) shown(path string) string {
	if below, ok := strings.CutPrefix(path, Join(c.Home, "")); ok && c.Home != "" {
		return Join("~", below)
	}
	return path
}

// Join returns the path of names below a directory. Package path/filepath is not used: with that
// import, Go initialises packages on every get that only a call to AWS needs.
func Join(dir string, names ...string) string {
	const separator = string(os.PathSeparator)
	path := strings.Join(names, separator)
	if dir == "" || os.IsPathSeparator(dir[len(dir)-1]) {
		return dir + path
	}
	return dir + separator + path
}

// textOf returns the contents of the file, nil when it cannot be read.
func textOf(path string) []byte {
	text, _ := regularfile.Read(path, MaxFile)
	return text
}
