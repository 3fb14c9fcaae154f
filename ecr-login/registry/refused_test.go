package registry_test

import (
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

const ok = id + ".dkr.ecr.us-east-1.amazonaws.com"

// refused are server URLs that Parse must reject, grouped by the reason.
var refused = []struct {
	why     string // describes the group
	because string // part of the error
	inputs  []string
}{
	{"no host", "it has no host", []string{"", " ", "\n", ".", "/", "https://", "https:///", "http:///v2/", ":443", ".:443"}},
	{"other registries", "twelve-digit account", []string{
		"docker.io", "https://index.docker.io/v1/", "ghcr.io", "quay.io", "localhost:5000", "registry.example:5000/app",
		"gcr.io", "myregistry.azurecr.io", "amazonaws.com", "aws", "ecr.aws", "api.ecr.us-east-1.amazonaws.com",
	}},
	{"an account that is not twelve digits", "twelve-digit account", []string{
		"12345678901.dkr.ecr.us-east-1.amazonaws.com",
		"1234567890123.dkr.ecr.us-east-1.amazonaws.com",
		".dkr.ecr.us-east-1.amazonaws.com",
		"dkr.ecr.us-east-1.amazonaws.com",
		"12345678901a.dkr.ecr.us-east-1.amazonaws.com",
		"1234-5678-901.dkr.ecr.us-east-1.amazonaws.com",
		"-23456789012.dkr.ecr.us-east-1.amazonaws.com",
		"+23456789012.dkr.ecr.us-east-1.amazonaws.com",
		"0x1234567890.dkr.ecr.us-east-1.amazonaws.com",
		"account.dkr.ecr.us-east-1.amazonaws.com",
		id, id + ".", id + "-dkr.ecr.us-east-1.amazonaws.com",
	}},
	{"a label before the account", "twelve-digit account", []string{
		"evil." + ok, "evil-" + ok, "x" + ok, "." + ok, "1." + ok, "www." + ok, "vpce-0123.api.ecr.us-east-1.vpce.amazonaws.com",
	}},
	{"another or a misspelt service", "is not followed by dkr.ecr or dkr-ecr", []string{
		id + ".ecr.us-east-1.amazonaws.com",
		id + ".ecr.dkr.us-east-1.amazonaws.com",
		id + "..dkr.ecr.us-east-1.amazonaws.com",
		id + ".dkr..ecr.us-east-1.amazonaws.com",
		id + ".dkr_ecr.us-east-1.on.aws",
		id + ".xdkr.ecr.us-east-1.amazonaws.com",
		id + ".dkr.s3.us-east-1.amazonaws.com",
		id + ".dkr.evil.ecr.us-east-1.amazonaws.com",
	}},
	{"extra characters after the service", "has no region and DNS suffix after", []string{
		id + ".dkr.ecrx.us-east-1.amazonaws.com",
		id + ".dkr.ecr-public.us-east-1.amazonaws.com",
		id + ".dkr.ecr-fipsx.us-east-1.amazonaws.com",
		id + ".dkr.ecr-fips-fips.us-east-1.amazonaws.com",
		id + ".dkr-ecr_fips.us-east-1.on.aws",
	}},
	{"a host without region or suffix", "has no region and DNS suffix after", []string{
		id + ".dkr.ecr", id + ".dkr.ecr.", id + ".dkr.ecr-fips", id + ".dkr.ecr.us-east-1", id + ".dkr.ecr.us-east-1.",
		// An empty suffix must not match a partition without a dual-stack suffix.
		id + ".dkr-ecr.us-iso-east-1", id + ".dkr-ecr.us-iso-east-1.", id + ".dkr-ecr.us-iso-east-1..",
	}},
	{"an empty or malformed region", "no partition has a region of the form", []string{
		id + ".dkr.ecr..amazonaws.com",
		id + ".dkr.ecr.amazonaws.com",
		id + ".dkr-ecr.on.aws",
		id + ".dkr.ecr.us.amazonaws.com",
		id + ".dkr.ecr.us-east.amazonaws.com",
		id + ".dkr.ecr.us-1.amazonaws.com",
		id + ".dkr.ecr.us--1.amazonaws.com",
		id + ".dkr.ecr.us-east-.amazonaws.com",
		id + ".dkr.ecr.us-east-0.amazonaws.com",
		id + ".dkr.ecr.us-east-01.amazonaws.com",
		id + ".dkr.ecr.us-east-100.amazonaws.com",
		id + ".dkr.ecr.us-east-1a.amazonaws.com",
		id + ".dkr.ecr.us-east-x.amazonaws.com",
		id + ".dkr.ecr.us-e4st-1.amazonaws.com",
		id + ".dkr.ecr.us_east_1.amazonaws.com",
		id + ".dkr.ecr.us_east-1.amazonaws.com",
		id + ".dkr.ecr.us-east_1.amazonaws.com",
		id + ".dkr.ecr.-us-east-1.amazonaws.com",
		id + ".dkr.ecr.-east-1.amazonaws.com",
		id + ".dkr.ecr.east-1.amazonaws.com",
		id + ".dkr.ecr.us-east-1-.amazonaws.com",
		id + ".dkr.ecr.us--east-1.amazonaws.com",
		id + ".dkr.ecr.usa-east-1.amazonaws.com",
		id + ".dkr.ecr.u-east-1.amazonaws.com",
		id + ".dkr.ecr.u1-east-1.amazonaws.com",
		id + ".dkr.ecr.us-east-west-1.amazonaws.com",
		id + ".dkr.ecr.evil-us-east-1.amazonaws.com",
		id + ".dkr.ecr.us-" + strings.Repeat("x", 28) + "-1.amazonaws.com",
		// An incomplete region of one partition must not count as a region of another.
		id + ".dkr.ecr.us-gov-1.amazonaws.com",
		id + ".dkr.ecr.us-iso-1.amazonaws.com",
		id + ".dkr.ecr.us-gov.amazonaws.com",
		id + ".dkr.ecr.us-gov-west-east-1.amazonaws.com",
		id + ".dkr.ecr.us-gov--1.amazonaws.com",
		id + ".dkr.ecr.cn--1.amazonaws.com.cn",
		id + ".dkr.ecr.cn-1.amazonaws.com.cn",
		id + ".dkr.ecr.us-isox-east-1.c2s.ic.gov",
		id + ".dkr.ecr.eusc-east-1.amazonaws.eu",
		id + ".dkr.ecr.eusc-deu-east-1.amazonaws.eu",
		id + ".dkr.ecr.eusc-d-east-1.amazonaws.eu",
		id + ".dkr.ecr.eusc-de-1.amazonaws.eu",
		id + ".dkr.ecr.eusc-de-east.amazonaws.eu",
	}},
	{"an extra label between region and suffix", "has no hosts like", []string{
		id + ".dkr.ecr.us-east-1.us-east-1.amazonaws.com",
		id + ".dkr.ecr.us-east-1..amazonaws.com",
		id + ".dkr.ecr.us-east-1.evil.amazonaws.com",
		id + ".dkr.ecr.us-east-1.vpce.amazonaws.com",
	}},
	{"a suffix of somebody else", "has no hosts like", []string{
		ok + ".evil.example",
		ok + "evil.example",
		ok + ".evil.example/" + ok,
		ok + "-evil.example",
		ok + ".cn",
		ok + "..",
		ok + ".c",
		ok + "m",
		strings.TrimSuffix(ok, "m"),
		id + ".dkr.ecr.us-east-1.evil-amazonaws.com",
		id + ".dkr.ecr.us-east-1.amazonaws.evil.example",
		id + ".dkr.ecr.us-east-1.amazonaws-com",
		id + ".dkr.ecr.us-east-1.amazonawsxcom",
		id + ".dkr.ecr.us-east-1.amazonaws.co",
		id + ".dkr.ecr.us-east-1.amazonaws.org",
		id + ".dkr.ecr.us-east-1.amazonaws",
		id + ".dkr.ecr.us-east-1.com",
		id + ".dkr.ecr.us-east-1.evil.example",
		id + ".dkr.ecr.us-east-1.api.aws",
		id + ".dkr-ecr.us-east-1.on.aws.evil.example",
		id + ".dkr-ecr.us-east-1.on.aws.com",
		id + ".dkr-ecr.us-east-1.xon.aws",
		id + ".dkr-ecr.us-east-1.aws",
	}},
	{"names that resemble ECR Public", "twelve-digit account", []string{
		"public.ecr.aws.evil.example", "evil-public.ecr.aws", "evil.public.ecr.aws", "public.ecr.aws.com", "public.ecr.awsx", "public.ecr-aws",
		"publicxecr.aws", "public.ecr.aws..", "ecr-public.aws", "ecr-public.aws.com.evil.example", "xecr-public.aws.com", "public-ecr.aws.com",
		"ecr-public.us-east-1.amazonaws.com", "public.ecr.us-east-1.amazonaws.com", id + "x.public.ecr.aws",
	}},
	{"a region under the suffix of another partition", "has no hosts like", []string{
		id + ".dkr.ecr.cn-north-1.amazonaws.com",
		id + ".dkr-ecr.cn-north-1.on.aws",
		id + ".dkr.ecr.us-east-1.amazonaws.com.cn",
		id + ".dkr-ecr.us-east-1.on.amazonwebservices.com.cn",
		id + ".dkr.ecr.us-gov-west-1.amazonaws.com.cn",
		id + ".dkr.ecr.us-iso-east-1.amazonaws.com",
		id + ".dkr.ecr.us-isob-east-1.amazonaws.com",
		id + ".dkr.ecr.eu-isoe-west-1.amazonaws.com",
		id + ".dkr.ecr.us-isof-south-1.amazonaws.com",
		id + ".dkr.ecr.us-isob-east-1.c2s.ic.gov",
		id + ".dkr.ecr.us-iso-east-1.sc2s.sgov.gov",
		id + ".dkr.ecr.us-isof-south-1.c2s.ic.gov",
		id + ".dkr.ecr.us-gov-west-1.c2s.ic.gov",
		id + ".dkr.ecr.us-east-1.csp.hci.ic.gov",
		id + ".dkr.ecr.eu-west-1.cloud.adc-e.uk",
		id + ".dkr.ecr.eu-central-1.amazonaws.eu",
		id + ".dkr.ecr.eusc-de-east-1.amazonaws.com",
	}},
	{"FIPS where a partition has none", "has no hosts like", []string{
		id + ".dkr.ecr-fips.cn-north-1.amazonaws.com.cn",
		id + ".dkr-ecr-fips.cn-north-1.on.amazonwebservices.com.cn",
		id + ".dkr.ecr-fips.us-iso-east-1.c2s.ic.gov",
		id + ".dkr.ecr-fips.us-isob-east-1.sc2s.sgov.gov",
		id + ".dkr.ecr-fips.eu-isoe-west-1.cloud.adc-e.uk",
		id + ".dkr.ecr-fips.us-isof-south-1.csp.hci.ic.gov",
		id + ".dkr.ecr-fips.eusc-de-east-1.amazonaws.eu",
	}},
	{"dual-stack where a partition has none", "has no hosts like", []string{
		id + ".dkr-ecr.us-iso-east-1.on.aws",
		id + ".dkr-ecr.eusc-de-east-1.on.aws",
		id + ".dkr-ecr.eusc-de-east-1.on.amazonwebservices.eu",
		id + ".dkr-ecr.us-iso-east-1.c2s.ic.gov",
	}},
	{"the service name of dual-stack with the other suffix, and vice versa", "has no hosts like", []string{
		id + ".dkr-ecr.us-east-1.amazonaws.com",
		id + ".dkr-ecr-fips.us-east-1.amazonaws.com",
		id + ".dkr-ecr.cn-north-1.amazonaws.com.cn",
		id + ".dkr.ecr.us-east-1.on.aws",
		id + ".dkr.ecr-fips.us-east-1.on.aws",
	}},
	{"user info: the host follows the @", "user info", []string{
		ok + "@evil.example",
		"https://" + ok + "@evil.example/",
		"https://" + ok + ":443@evil.example",
		"AWS:not-a-real-token@" + ok,
		"https://AWS:not-a-real-token@" + ok + "/",
		"https://@" + ok,
		"https://:@" + ok,
		"https://AWS@" + ok,
		"[::1]@" + ok,
		"public.ecr.aws@evil.example",
	}},
	{"percent escapes in the host", "percent escape", []string{
		id + ".dkr.ecr.us-east-1.amazonaws%2ecom",
		ok + "%2eevil.example",
		ok + "%00",
		ok + "%2f.evil.example",
		"%31" + ok[1:],
		"https://" + ok + ":%34%34%33",
		"[fe80::1%25eth0]",
	}},
	{"backslashes, which browsers read as slashes", "backslash", []string{
		ok + `\`, ok + `\.evil.example`, `https:\\` + ok, `https://evil.example\` + ok, `\\` + ok, "https://" + ok + `\@evil.example`, ok + `/a\b`,
	}},
	{"queries and fragments, which no client sends", "", []string{
		ok + "?", ok + "?.evil.example", ok + "/?a=b", ok + "#", ok + "#@evil.example", ok + "/#f", "https://evil.example?" + ok, "https://evil.example#" + ok,
	}},
	{"control characters anywhere", "not visible ASCII", []string{
		ok + "\x00", "\x00" + ok, ok + "\x00.evil.example", ok[:20] + "\x00" + ok[20:], ok + "\n.evil.example", "evil.example\n" + ok, ok + "\r\nHost: evil.example",
		ok[:30] + "\t" + ok[30:], ok + "\x7f", ok + "/a\x01", ok + "/a\x7f" + strings.Repeat("a", 20), ok + "/" + strings.Repeat("a", 20) + "\x1b[2J", ok + "\v", ok + "\f", "https://\n" + ok,
	}},
	{"white space inside", "not visible ASCII", []string{
		ok + " " + ok, "https:// " + ok, ok + " /", ok[:12] + " " + ok[12:], ok + "/a b", ok + ": 443",
	}},
	{"too much surrounding white space", "not visible ASCII", []string{
		strings.Repeat(" ", 17) + ok, ok + strings.Repeat("\n", 17),
	}},
	{"characters outside ASCII, and letters that look alike", "not visible ASCII", []string{
		"１２３４５６７８９０１２.dkr.ecr.us-east-1.amazonaws.com", // full-width digits
		id + ".dkr.ecr.us-east-1.аmazonaws.com",        // a Cyrillic a
		id + ".dkr.ecr.us-east-1.amazonawſ.com",        // a long s, which folds to s
		id + ".d\u212ar.ecr.us-east-1.amazonaws.com",   // the Kelvin sign, which folds to k
		"http\u017f://" + ok,
		id + "。dkr.ecr.us-east-1.amazonaws.com", // an ideographic full stop
		ok + "\u00a0", "\ufeff" + ok, "\u200b" + ok, ok + "\u2028", ok + "\x85", ok + "/caf\u00e9", ok + "/\xff" + strings.Repeat("a", 20), "xn--" + "\u00e9",
	}},
	{"IP addresses", "twelve-digit account", []string{
		"127.0.0.1", "169.254.169.254", "https://127.0.0.1:443/", "[::1]", "https://[::1]:5000/", "[::ffff:127.0.0.1]", "2130706433", "0x7f000001",
	}},
	{"brackets around or before the host", "", []string{"[" + ok + "]", "[::1]" + ok, "[::1]." + ok, "[" + ok, ok + "]"}},
	{"malformed ports", "the port is not a number from 1 to 65535", []string{
		ok + ":", ok + ":0", ok + ":65536", ok + ":99999", ok + ":443443", ok + ":-1", ok + ":+443", ok + ":0443", ok + ":443.", ok + ":https", ok + ":4 3"[:2] + "x",
		ok + ":443:443", ok + "::443", ok + ":443evil.example", ok + ":.evil.example", ok + ":18446744073709551617",
	}},
	{"other schemes", "the scheme is neither http nor https", []string{
		"ftp://" + ok, "oci://" + ok, "docker://" + ok, "httpss://" + ok, "xhttps://" + ok, "file:///" + ok, "javascript://" + ok,
	}},
	{"an incomplete scheme, or two", "", []string{
		"https:" + ok, "https:/" + ok, "http//" + ok, "://" + ok, "https//:" + ok, "https://https://" + ok, "http://https://" + ok, "https:https://" + ok,
	}},
	{"an empty host before the apparent one", "it has no host", []string{
		"//" + ok, "///" + ok, "/" + ok, "https:///" + ok, "https:////" + ok, "https:///////" + ok,
	}},
	{"an ECR host outside the host part", "", []string{
		"https://evil.example/" + ok, "evil.example/" + ok, "evil.example/https://" + ok, "evil.example:443/" + ok, "127.0.0.1/" + ok, "evil.example//" + ok, "evil.example/@" + ok,
	}},
	{"several hosts", "", []string{ok + "," + ok, ok + ";" + ok, ok + "|evil.example", ok + "&" + ok, ok + "*", "*.dkr.ecr.us-east-1.amazonaws.com", id + ".dkr.ecr.*.amazonaws.com"}},
	{"longer than any client sends", "longer than", []string{
		ok + "/" + strings.Repeat("a", 352-len(ok)), strings.Repeat("a", 1<<16), strings.Repeat(" ", 1000) + ok, strings.Repeat("1", 254), strings.Repeat("a.", 150),
	}},
}

func TestRefused(t *testing.T) {
	t.Parallel()
	// A parser with an additional suffix rejects the same server URLs.
	more := registry.Parser{Suffixes: []registry.Suffix{{Suffix: "amazonaws.example", Partition: "aws-new"}}}
	for _, c := range refused {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			parseFails(t, registry.Parser{}, c.because, c.inputs...)
			parseFails(t, more, c.because, c.inputs...)
		})
	}
}

// Errors are shown on terminals and written to logs.
func TestErrorsContainNoSecrets(t *testing.T) {
	t.Parallel()
	for _, serverURL := range []string{
		"https://AWS:not-a-real-token@" + ok,
		"https://AWS:not-a-real-token@evil.example:x/",
		"AWS:not-a-real-token",
		"not-a-real-token@" + ok,
		id + ".dkr.ecr.us-east-1.not-a-real-token@evil.example",
		"https://" + ok + "/?token=not-a-real-token",
	} {
		_, err := registry.Parse(serverURL)
		if err == nil || strings.Contains(err.Error(), "not-a-real-token") {
			t.Errorf("Parse(%q): %v", serverURL, err)
		}
		if _, err := registry.Host(serverURL); err == nil || strings.Contains(err.Error(), "not-a-real-token") {
			t.Errorf("Host(%q): %v", serverURL, err)
		}
	}
}
