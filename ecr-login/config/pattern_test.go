package config

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// TestMatchGlob compares matchGlob with an equivalent regular expression.
func TestMatchGlob(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	text := func(letters string, n int) string {
		b := make([]byte, r.IntN(n))
		for i := range b {
			b[i] = letters[r.IntN(len(letters))]
		}
		return string(b)
	}
	matched := 0
	for range 5000 {
		pattern, host := text("ab.**", 8), text("ab.", 10)
		want := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$").MatchString(host)
		if want {
			matched++
		}
		if got := matchGlob(pattern, host); got != want {
			t.Fatalf("%q matches %q: %v, want %v", pattern, host, got, want)
		}
	}
	if matched < 250 {
		t.Errorf("only %d texts match", matched)
	}
}

// A matchGlob that tried every way to divide the text among the stars would not end here.
func TestMatchGlobManyStars(t *testing.T) {
	t.Parallel()
	if matchGlob(strings.Repeat("*a", 100)+"b", strings.Repeat("a", 253)) {
		t.Error("matches")
	}
}

// FuzzPattern checks that a rejected pattern matches no ECR host.
func FuzzPattern(f *testing.F) {
	for _, host := range []string{
		"111122223333.dkr.ecr.eu-west-1.amazonaws.com", "111122223333.dkr.ecr-fips.us-east-1.amazonaws.com",
		"111122223333.dkr-ecr.eu-west-12.on.aws", "111122223333.dkr.ecr.cn-north-1.on.amazonwebservices.com.cn",
		"111122223333.dkr.ecr.eusc-de-east-1.amazonaws.eu", "public.ecr.aws", "ecr-public.aws.com",
		"111122223333.dkr.ecr.xx-new-1.amazonaws.example",
	} {
		for _, pattern := range []string{"*", host, "1111*", "*.dkr.ecr.*.amazonaws.com", "*/eu-west-1", "111122223333", "*-1.*"} {
			f.Add(pattern, host)
		}
	}
	parser := registry.Parser{Suffixes: []registry.Suffix{{Suffix: "amazonaws.example", Partition: "x"}}}
	f.Fuzz(func(t *testing.T, pattern, url string) {
		r, err := parser.Parse(url)
		if err != nil {
			return
		}
		host, err := registry.Host(url)
		if err != nil {
			t.Fatal(err)
		}
		host, _, _ = strings.Cut(host, ":")
		if err := checkPattern(pattern, parser); err != nil && matchECR(pattern, host, r) {
			t.Fatalf("%q matches %q, but is rejected: %v", pattern, host, err)
		}
	})
}

// TestMatchingPatternsAreAccepted is FuzzPattern with patterns made from hosts.
func TestMatchingPatternsAreAccepted(t *testing.T) {
	t.Parallel()
	parser := registry.Parser{Suffixes: []registry.Suffix{{Suffix: "amazonaws.example", Partition: "x"}}}
	hosts := []string{
		"111122223333.dkr.ecr.eu-west-1.amazonaws.com", "444455556666.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
		"111122223333.dkr-ecr.ap-southeast-12.on.aws", "111122223333.dkr-ecr-fips.us-east-1.on.aws",
		"111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn", "111122223333.dkr.ecr.cn-north-1.on.amazonwebservices.com.cn",
		"111122223333.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn", "111122223333.dkr.ecr.us-iso-east-1.c2s.ic.gov",
		"111122223333.dkr.ecr.us-isob-east-1.sc2s.sgov.gov", "111122223333.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk",
		"111122223333.dkr.ecr.us-isof-south-1.csp.hci.ic.gov", "111122223333.dkr.ecr.eusc-de-east-1.amazonaws.eu",
		"public.ecr.aws", "ecr-public.aws.com", "111122223333.dkr.ecr.xx-new-99.amazonaws.example",
	}
	r := rand.New(rand.NewPCG(5, 6))
	for _, host := range hosts {
		if _, err := parser.Parse(host); err != nil {
			t.Fatal(err)
		}
		for range 2000 {
			// A pattern with stars for some parts of the host still matches it.
			pattern := host
			for range 1 + r.IntN(4) {
				from := r.IntN(len(pattern) + 1)
				to := from + r.IntN(len(pattern)-from+1)
				pattern = pattern[:from] + "*" + pattern[to:]
			}
			if err := checkPattern(pattern, parser); err != nil {
				t.Fatalf("%q matches %q, but is rejected: %v", pattern, host, err)
			}
		}
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"profil":       "profile",
		"profiles":     "profile",
		"rolearn":      "role_arn",
		"role-arn":     "role_arn",
		"RoleARN":      "role_arn",
		"externalid":   "external_id",
		"dualstack":    "dual_stack",
		"hots":         "host",
		"fip":          "fips",
		"sessionname":  "session_name",
		"":             "", // empty
		"x":            "",
		"hs":           "", // two wrong letters of three
		"role":         "", // four letters missing
		"assume_role":  "",
		"source":       "",
		"role_arn_arn": "", // three letters too many
	} {
		if got := nearestKey(key, registryKeys); got != want {
			t.Errorf("nearest to %q is %q, want %q", key, got, want)
		}
	}
}
