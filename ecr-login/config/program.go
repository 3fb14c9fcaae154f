package config

import "strings"

// programPrefix is how the program is called, less the profile. Docker puts
// docker-credential- before the helper's name in its configuration.
const programPrefix = "docker-credential-ecr-login-"

// helperName is the program in credHelpers, less the profile.
const helperName = "ecr-login"

// IsHelper reports whether a helper's name in a client's configuration is this
// program's, with or without a profile.
func IsHelper(name string) bool {
	return name == helperName || strings.HasPrefix(name, helperName+"-")
}

// ProfileFromName is the profile that the program's name carries: prod for one
// installed as docker-credential-ecr-login-prod, empty for the plain name and
// any other. Docker's configuration can say nothing of a helper but its name.
func ProfileFromName(argv0 string) string {
	// Both slashes, since Windows has both and no client calls a helper whose
	// name has one.
	name := argv0[strings.LastIndexAny(argv0, `/\`)+1:]
	if n := len(name) - len(".exe"); n >= 0 && strings.EqualFold(name[n:], ".exe") {
		name = name[:n]
	}
	n := len(programPrefix)
	if len(name) < n || !strings.EqualFold(name[:n], programPrefix) {
		return ""
	}
	return name[n:]
}
