// Package progname holds the names of this program: the name of its file, the name of its
// credential helper in the configuration of container clients, and the AWS profile that such a name
// can carry.
package progname

import "strings"

const (
	// Program is the file name of the program without an extension. Docker adds the prefix
	// docker-credential- to the name of a credential helper.
	Program = Prefix + Helper

	// Helper is the name of the credential helper in credHelpers and credsStore.
	Helper = "ecr-login"

	// Prefix is what clients put before the name of a credential helper to get the name of its
	// program.
	Prefix = "docker-credential-"
)

// HelperFor returns the name of the credential helper for an AWS profile. An empty profile gives
// the plain name.
func HelperFor(profile string) string {
	if profile == "" {
		return Helper
	}
	return Helper + "-" + profile
}

// IsHelper reports whether name is the name of this credential helper, with or without a profile.
func IsHelper(name string) bool {
	return name == Helper || strings.HasPrefix(name, Helper+"-")
}

// Profile returns the AWS profile in the name of the running program: prod for
// docker-credential-ecr-login-prod, and an empty string for the plain name and for every other
// name. Letter case is ignored outside the profile, and so are the directory and the extension
// .exe.
func Profile(argv0 string) string {
	// Both slashes on every system: Windows accepts both, and no client starts a helper whose name
	// contains one.
	name := argv0[strings.LastIndexAny(argv0, `/\`)+1:]
	if n := len(name) - len(".exe"); n >= 0 && strings.EqualFold(name[n:], ".exe") {
		name = name[:n]
	}
	const withProfile = Program + "-"
	n := len(withProfile)
	if len(name) < n || !strings.EqualFold(name[:n], withProfile) {
		return ""
	}
	return name[n:]
}
