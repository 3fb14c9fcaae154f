package dockerconfig

import "strings"

// Shown is a name as it may be shown: a host, a URL, a helper's name. What stands before an @ may hold a password,
// wherever somebody wrote it, and is masked.
func Shown(name string) string {
	at := strings.LastIndexByte(name, '@')
	if at < 0 {
		return name
	}
	scheme := ""
	if before, _, ok := strings.Cut(name[:at], "://"); ok && isScheme(before) {
		scheme = before + "://"
	}
	return scheme + "***" + name[at:]
}

// isScheme reports whether s is one of those that registries are written with. Anything else may be a secret.
func isScheme(s string) bool {
	return strings.EqualFold(s, "https") || strings.EqualFold(s, "http")
}
