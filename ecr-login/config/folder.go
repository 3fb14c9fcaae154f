package config

import (
	"os"
	"runtime"
)

// userFolder is the user's own, after the rules of os.UserConfigDir, which reads
// no other environment than the process's. XDG_CONFIG_HOME counts everywhere; a
// relative one is ignored, as its specification demands.
func (l Loader) userFolder() string {
	if dir := l.env("XDG_CONFIG_HOME"); isAbsolute(dir) {
		return below(dir, folder)
	}
	variable, dir := "HOME", ".config/"+folder
	switch runtime.GOOS {
	case "windows":
		variable, dir = "AppData", folder
	case "darwin", "ios":
		dir = "Library/Application Support/" + folder
	}
	if home := l.env(variable); home != "" {
		return below(home, dir)
	}
	return ""
}

func (l Loader) systemFolder() string {
	switch {
	case l.System != "":
		return l.System
	case runtime.GOOS != "windows":
		return "/etc/" + folder
	case l.env("ProgramData") != "":
		return below(l.env("ProgramData"), folder)
	}
	return ""
}

// expandHome replaces a leading ~ by the home folder. It is not ok when that is
// not known, or another user's.
func (l Loader) expandHome(path string) (expanded string, ok bool) {
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
	return below(home, path[2:]), true
}

// below is the path of something below a folder. path/filepath would do, but
// importing it makes packages that only a call to AWS needs initialise before
// the one that answers a get from the cache.
func below(dir, name string) string {
	if os.IsPathSeparator(dir[len(dir)-1]) {
		return dir + name
	}
	return dir + string(os.PathSeparator) + name
}

// isAbsolute is filepath.IsAbs: \\host\share and C:\folder on Windows.
func isAbsolute(path string) bool {
	if runtime.GOOS != "windows" {
		return path != "" && path[0] == '/'
	}
	return len(path) > 2 && (path[:2] == `\\` || path[1] == ':' && os.IsPathSeparator(path[2]))
}
