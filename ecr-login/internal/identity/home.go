package identity

import (
	"os"
	"runtime"
	"strconv"
	"strings"
)

// home is the folder in which the SDK looks for .aws. Services started by
// systemd as root have no HOME, and the SDK then asks os/user, whose import
// would cost every get its initialisation, and a C library where cgo is on. The
// file it asks first is read here instead; users of a directory service, who are
// not in it, have no home then.
func (s Source) home() string {
	if s.Home != "" {
		return s.Home
	}
	if runtime.GOOS == "windows" {
		return s.env("USERPROFILE")
	}
	if home := s.env("HOME"); home != "" {
		return home
	}
	text, err := os.ReadFile("/etc/passwd")
	if err != nil {
		return ""
	}
	return homeOf(string(text), os.Getuid())
}

// below is the path of something below a folder. path/filepath would do, but
// importing it makes packages that only a call to AWS needs initialise before
// the one that answers a get from the cache.
func below(dir string, names ...string) string {
	const separator = string(os.PathSeparator)
	path := strings.Join(names, separator)
	if dir == "" || os.IsPathSeparator(dir[len(dir)-1]) {
		return dir + path
	}
	return dir + separator + path
}

// homeOf is a user's home folder in the text of a passwd file (passwd(5)).
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
