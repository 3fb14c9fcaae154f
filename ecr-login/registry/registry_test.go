package registry_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

const id = "123456789012"

// hosts are canonical host names in every partition, some of regions that do not exist yet.
var hosts = []struct {
	host string
	want registry.Registry
}{
	{id + ".dkr.ecr.us-east-1.amazonaws.com", private("aws", "us-east-1", false, false)},
	{id + ".dkr.ecr.ap-southeast-7.amazonaws.com", private("aws", "ap-southeast-7", false, false)},
	{id + ".dkr.ecr.mx-central-2.amazonaws.com", private("aws", "mx-central-2", false, false)},
	{id + ".dkr.ecr.zz-nowhere-99.amazonaws.com", private("aws", "zz-nowhere-99", false, false)},
	{id + ".dkr.ecr.us-gov-west-1.amazonaws.com", private("aws-us-gov", "us-gov-west-1", false, false)},
	{id + ".dkr.ecr.us-gov-north-1.amazonaws.com", private("aws-us-gov", "us-gov-north-1", false, false)},
	{id + ".dkr-ecr.eu-west-1.on.aws", private("aws", "eu-west-1", false, true)},
	{id + ".dkr-ecr.us-gov-east-1.on.aws", private("aws-us-gov", "us-gov-east-1", false, true)},
	{id + ".dkr.ecr-fips.us-west-2.amazonaws.com", private("aws", "us-west-2", true, false)},
	{id + ".dkr.ecr-fips.us-gov-west-1.amazonaws.com", private("aws-us-gov", "us-gov-west-1", true, false)},
	{id + ".dkr-ecr-fips.us-east-2.on.aws", private("aws", "us-east-2", true, true)},
	{id + ".dkr-ecr-fips.us-gov-west-1.on.aws", private("aws-us-gov", "us-gov-west-1", true, true)},
	{id + ".dkr.ecr.cn-north-1.amazonaws.com.cn", private("aws-cn", "cn-north-1", false, false)},
	{id + ".dkr.ecr.cn-west-9.amazonaws.com.cn", private("aws-cn", "cn-west-9", false, false)},
	{id + ".dkr-ecr.cn-northwest-1.on.amazonwebservices.com.cn", private("aws-cn", "cn-northwest-1", false, true)},
	{id + ".dkr.ecr.us-iso-east-1.c2s.ic.gov", private("aws-iso", "us-iso-east-1", false, false)},
	{id + ".dkr.ecr.us-isob-east-1.sc2s.sgov.gov", private("aws-iso-b", "us-isob-east-1", false, false)},
	{id + ".dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk", private("aws-iso-e", "eu-isoe-west-1", false, false)},
	{id + ".dkr.ecr.us-isof-south-1.csp.hci.ic.gov", private("aws-iso-f", "us-isof-south-1", false, false)},
	{id + ".dkr.ecr.eusc-de-east-1.amazonaws.eu", private("aws-eusc", "eusc-de-east-1", false, false)},
	{id + ".dkr.ecr.eusc-fr-south-2.amazonaws.eu", private("aws-eusc", "eusc-fr-south-2", false, false)},
	{"public.ecr.aws", public(false)},
	{"ecr-public.aws.com", public(true)},
}

func private(partition, region string, fips, dualStack bool) registry.Registry {
	return registry.Registry{Account: id, Region: region, Partition: partition, Service: registry.Private, FIPS: fips, DualStack: dualStack}
}

func public(dualStack bool) registry.Registry {
	return registry.Registry{Region: "us-east-1", Partition: "aws", Service: registry.Public, DualStack: dualStack}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	for _, h := range hosts {
		got, err := registry.Parse(h.host)
		if err != nil || got != h.want {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", h.host, got, err, h.want)
		}
		if got := h.want.Host(); got != h.host {
			t.Errorf("%+v.Host() = %q, want %q", h.want, got, h.host)
		}
	}
}

func TestParseSpellings(t *testing.T) {
	t.Parallel()
	for _, h := range hosts {
		for _, serverURL := range []string{
			"https://" + h.host,
			"http://" + h.host,
			"HTTPS://" + strings.ToUpper(h.host),
			"hTTp://" + h.host,
			h.host + ":443",
			"https://" + h.host + ":443",
			"http://" + h.host + ":443",
			h.host + ":1",
			h.host + ":65535",
			h.host + "/",
			h.host + ".",
			"https://" + h.host + ".:443/",
			h.host + "/team/app",
			h.host + "/team/app@sha256:0123",
			"https://" + h.host + "/v2/a%2fb/~$&'()*+,;=[]{}|^`\"<>!",
			h.host + "//",
			h.host + "/https://evil.example/",
			"https://" + h.host + "/" + strings.Repeat("r", 256),
			h.host + "\n",
			"\t " + h.host + " \r\n",
			strings.ToUpper(h.host),
		} {
			got, err := registry.Parse(serverURL)
			if err != nil || got != h.want {
				t.Errorf("Parse(%q) = %+v, %v; want %+v", serverURL, got, err, h.want)
			}
		}
	}
}

// AWS documents dkr-ecr for this suffix. Clients have been seen with dkr.ecr too.
func TestChinaDualStackDotted(t *testing.T) {
	t.Parallel()
	got, err := registry.Parse(id + ".dkr.ecr.cn-north-1.on.amazonwebservices.com.cn")
	if want := private("aws-cn", "cn-north-1", false, true); err != nil || got != want {
		t.Fatalf("got %+v, %v; want %+v", got, err, want)
	}
	if got, want := got.Host(), id+".dkr-ecr.cn-north-1.on.amazonwebservices.com.cn"; got != want {
		t.Errorf("Host() = %q, want %q", got, want)
	}
}

// A value that Parse does not return has no host name: Parse would reject that name, or return
// another registry for it.
func TestHostOfInvalidRegistry(t *testing.T) {
	t.Parallel()
	for why, r := range map[string]registry.Registry{
		"nothing":                   {},
		"no service":                {Account: id, Region: "us-east-1", Partition: "aws"},
		"unknown service":           {Account: id, Region: "us-east-1", Partition: "aws", Service: "s3"},
		"no account":                {Region: "us-east-1", Partition: "aws", Service: registry.Private},
		"short account":             {Account: "1", Region: "us-east-1", Partition: "aws", Service: registry.Private},
		"account that adds a path":  {Account: "evil.example/" + id, Region: "us-east-1", Partition: "aws", Service: registry.Private},
		"region that ends the host": {Account: id, Region: "us-east-1.evil.example/", Partition: "aws", Service: registry.Private},
		"upper-case region":         {Account: id, Region: "US-EAST-1", Partition: "aws", Service: registry.Private},
		"region of another":         private("aws", "cn-north-1", false, false),
		"same suffix, other's name": private("aws", "us-gov-west-1", false, false),
		"unknown partition":         private("aws-new", "us-east-1", false, false),
		"FIPS in China":             private("aws-cn", "cn-north-1", true, false),
		"dual-stack where none is":  private("aws-iso", "us-iso-east-1", false, true),
		"public with an account":    {Account: id, Region: "us-east-1", Partition: "aws", Service: registry.Public},
		"public elsewhere":          {Region: "eu-west-1", Partition: "aws", Service: registry.Public},
		"public with FIPS":          {Region: "us-east-1", Partition: "aws", Service: registry.Public, FIPS: true},
	} {
		if got := r.Host(); got != "" {
			t.Errorf("%s: %+v.Host() = %q, want none", why, r, got)
		}
	}
}

func TestParseAllocations(t *testing.T) {
	if testing.CoverMode() != "" {
		t.Skip("coverage counters allocate")
	}
	for _, s := range spellings {
		n := testing.AllocsPerRun(100, func() {
			if _, err := registry.Parse(s.serverURL); err != nil {
				t.Fatal(err)
			}
		})
		if n != s.allocs {
			t.Errorf("%s: Parse(%q) makes %v allocations, want %v", s.name, s.serverURL, n, s.allocs)
		}
	}

	p := registry.Parser{Suffixes: []registry.Suffix{{Suffix: "other.example", Partition: "aws-x"}, {Suffix: "amazonaws.example", Partition: "aws-new"}}}
	n := testing.AllocsPerRun(100, func() {
		if _, err := p.Parse(id + ".dkr.ecr.us-east-1.amazonaws.example"); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("a host under a suffix of the settings makes %v allocations", n)
	}
}

// parseFails checks that Parse rejects each server URL with an error that contains because.
func parseFails(t *testing.T, p registry.Parser, because string, serverURLs ...string) {
	t.Helper()
	for _, serverURL := range serverURLs {
		r, err := p.Parse(serverURL)
		switch {
		case err == nil:
			t.Errorf("Parse(%q) = %+v, want an error: %s", serverURL, r, because)
		case !errors.Is(err, registry.ErrNotECR):
			t.Errorf("Parse(%q): %v does not wrap ErrNotECR", serverURL, err)
		case !strings.Contains(err.Error(), because):
			t.Errorf("Parse(%q): %v; want an error that contains %q", serverURL, err, because)
		case r != registry.Registry{}:
			t.Errorf("Parse(%q) returns %+v together with %v", serverURL, r, err)
		}
	}
}
