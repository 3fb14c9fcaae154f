package doctor

import (
	"cmp"
	"strconv"
	"strings"

	"golang.org/x/mod/semver"
)

// isOlder reports whether version a comes before version b. It is false when one of them cannot be
// compared.
func isOlder(a, b string) bool {
	baseA, commitsA := splitVersion(a)
	baseB, commitsB := splitVersion(b)
	if !semver.IsValid(baseA) || !semver.IsValid(baseB) {
		return false
	}
	return cmp.Or(semver.Compare(baseA, baseB), cmp.Compare(commitsA, commitsB)) < 0
}

// splitVersion splits v1.2.3-4-g0123abc, which "git describe" writes for the fourth commit after
// v1.2.3, into the version and the number of commits.
func splitVersion(s string) (version string, commits int) {
	s = strings.TrimSuffix("v"+strings.TrimPrefix(s, "v"), "-dirty")
	i := strings.LastIndex(s, "-g")
	if i < 0 || strings.ContainsAny(s[i+2:], "-.") {
		return s, 0
	}
	j := strings.LastIndexByte(s[:i], '-')
	if j < 0 {
		return s, 0
	}
	n, err := strconv.ParseUint(s[j+1:i], 10, 31)
	if err != nil {
		return s, 0
	}
	return s[:j], int(n)
}
