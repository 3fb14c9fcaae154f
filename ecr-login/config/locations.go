package config

import (
	"os"
	"runtime"
)

// NewFile returns the path at which Load would find a new settings file of the user, empty when it
// would find none. It is not the file for all users. A nil lookup means the environment of the process.
func NewFile(lookup func(name string) (value string, set bool)) string {
	l := loader{lookup: lookup}
	if path := l.env("ECR_LOGIN_CONFIG"); path == os.DevNull {
		return ""
	} else if path != "" {
		expanded, _ := l.expandHome(path)
		return expanded
	}
	if dir := l.userDirectory(); dir != "" {
		return join(dir, fileName)
	}
	return ""
}

// userDirectory returns the user's directory for settings, by the rules of os.UserConfigDir, which
// reads no other environment than that of the process. XDG_CONFIG_HOME is used on every system. A
// relative XDG_CONFIG_HOME is ignored, as its specification says: otherwise a repository could
// contain settings that apply to every user who works in it.
func (l loader) userDirectory() string {
	if dir := l.env("XDG_CONFIG_HOME"); isAbsolute(dir) {
		return join(dir, directory)
	}
	variable, dir := "HOME", ".config/"+directory
	switch runtime.GOOS {
	case "windows":
		variable, dir = "AppData", directory
	case "darwin", "ios":
		dir = "Library/Application Support/" + directory
	}
	if home := l.env(variable); home != "" {
		return join(home, dir)
	}
	return ""
}

// systemDirectory returns the directory of the settings for all users, empty when it is not known.
func (l loader) systemDirectory() string {
	switch {
	case l.system != "":
		return l.system
	case runtime.GOOS != "windows":
		return "/etc/" + directory
	case l.env("ProgramData") != "":
		return join(l.env("ProgramData"), directory)
	}
	return ""
}

// expandHome replaces a leading ~ with the home directory. ok is false if the home directory is not
// known or belongs to another user.
func (l loader) expandHome(path string) (expanded string, ok bool) {
	if path == "" || path[0] != '~' {
		return path, true
	}
	home := l.env("HOME")
	if runtime.GOOS == "windows" {
		home = l.env("USERPROFILE")
	}
	if home == "" || len(path) > 1 && !os.IsPathSeparator(path[1]) {
		return "", false
	}
	if len(path) == 1 {
		return home, true
	}
	return join(home, path[2:]), true
}

// join returns the path of name in a directory. Package path/filepath is not used: with that
// import, Go initialises packages before a hit that only a request to AWS needs.
func join(dir, name string) string {
	if os.IsPathSeparator(dir[len(dir)-1]) {
		return dir + name
	}
	return dir + string(os.PathSeparator) + name
}

// isAbsolute is filepath.IsAbs: /dir, on Windows \\host\share and C:\dir.
func isAbsolute(path string) bool {
	if runtime.GOOS != "windows" {
		return path != "" && path[0] == '/'
	}
	return len(path) > 2 && (path[:2] == `\\` || path[1] == ':' && os.IsPathSeparator(path[2]))
}
