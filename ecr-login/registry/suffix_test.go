package registry_test

import (
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

func TestSuffixes(t *testing.T) {
	t.Parallel()
	p := registry.Parser{Suffixes: []registry.Suffix{
		{Suffix: "amazonaws.example", Partition: "aws-new"},
		{Suffix: "amazonaws.example", Partition: "aws-late"}, // ignored: the entry before is used
		{Suffix: "second.example", Partition: "aws-late"},
		{Suffix: "localhost", Partition: "aws-local"},
	}}
	for host, want := range map[string]registry.Registry{
		id + ".dkr.ecr.us-east-1.amazonaws.example":       private("aws-new", "us-east-1", false, false),
		id + ".dkr.ecr.xx-yyyy-zz-east-12.second.example": private("aws-late", "xx-yyyy-zz-east-12", false, false),
		id + ".dkr.ecr.cn-north-1.amazonaws.example":      private("aws-new", "cn-north-1", false, false),
		id + ".dkr.ecr.newcloud-east-1.amazonaws.example": private("aws-new", "newcloud-east-1", false, false),
		id + ".dkr.ecr.eu-west-1.localhost":               private("aws-local", "eu-west-1", false, false),
		id + ".dkr.ecr.eu-west-1.amazonaws.com":           private("aws", "eu-west-1", false, false),
		id + ".dkr-ecr-fips.us-gov-west-1.on.aws":         private("aws-us-gov", "us-gov-west-1", true, true),
		"public.ecr.aws": public(false),
	} {
		got, err := p.Parse(host)
		if err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", host, got, err, want)
		}
		if got := p.Host(want); got != host {
			t.Errorf("Host(%+v) = %q, want %q", want, got, host)
		}
		if got, err := p.Parse("HTTPS://" + strings.ToUpper(host) + ".:4566/app"); err != nil || got != want {
			t.Errorf("another spelling of %q gives %+v, %v", host, got, err)
		}
	}
	if got := private("aws-new", "us-east-1", false, false).Host(); got != "" {
		t.Errorf("without the suffix, Host() = %q", got)
	}

	parseFails(t, p, "", // a suffix is compared like the built-in ones
		id+".dkr.ecr.us-east-1.amazonaws.example.evil.example",
		id+".dkr.ecr.us-east-1.evil-amazonaws.example",
		id+".dkr.ecr.us-east-1.evil.amazonaws.example",
		id+".dkr.ecr.us-east-1.example",
		"evil."+id+".dkr.ecr.us-east-1.amazonaws.example",
		"1"+id+".dkr.ecr.us-east-1.amazonaws.example",
		"amazonaws.example", "localhost", "localhost:5000",
	)
	parseFails(t, p, "", // an additional partition has neither FIPS nor dual-stack hosts
		id+".dkr-ecr.us-east-1.amazonaws.example",
		id+".dkr.ecr-fips.us-east-1.amazonaws.example",
		id+".dkr-ecr-fips.us-east-1.amazonaws.example",
	)
	parseFails(t, p, "", // malformed regions
		id+".dkr.ecr..amazonaws.example",
		id+".dkr.ecr.us.amazonaws.example",
		id+".dkr.ecr.us-1.amazonaws.example",
		id+".dkr.ecr.us-east.amazonaws.example",
		id+".dkr.ecr.us-east-0.amazonaws.example",
		id+".dkr.ecr.us-east-100.amazonaws.example",
		id+".dkr.ecr.us--1.amazonaws.example",
		id+".dkr.ecr.a-b-c-d-e-1.amazonaws.example",
		id+".dkr.ecr.us-"+strings.Repeat("x", 30)+"-1.amazonaws.example",
	)
}

// Settings cannot assign a built-in suffix to another partition, nor another suffix to a built-in
// partition.
func TestSuffixesCannotReplaceBuiltIn(t *testing.T) {
	t.Parallel()
	var p registry.Parser
	for _, s := range []string{
		"amazonaws.com", "on.aws", "amazonaws.com.cn", "on.amazonwebservices.com.cn", "c2s.ic.gov",
		"sc2s.sgov.gov", "cloud.adc-e.uk", "csp.hci.ic.gov", "amazonaws.eu",
	} {
		p.Suffixes = append(p.Suffixes, registry.Suffix{Suffix: s, Partition: "replaced"})
	}
	p.Suffixes = append(p.Suffixes, registry.Suffix{Suffix: "evil.example", Partition: "aws"}, registry.Suffix{Suffix: "us-east-1.amazonaws.com", Partition: "replaced"})
	for _, h := range hosts {
		if got, err := p.Parse(h.host); err != nil || got != h.want {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", h.host, got, err, h.want)
		}
		if got := p.Host(h.want); got != h.host {
			t.Errorf("Host(%+v) = %q, want %q", h.want, got, h.host)
		}
	}
	for _, c := range refused {
		parseFails(t, p, c.because, c.inputs...)
	}
}

func suffix(s, partition string) registry.Suffix {
	return registry.Suffix{Suffix: s, Partition: partition}
}

func TestSuffixValidate(t *testing.T) {
	t.Parallel()
	for _, s := range []registry.Suffix{
		suffix("amazonaws.example", "aws-new"), suffix("localhost", "local"), suffix("localhost.localstack.cloud", "localstack"),
		suffix("x-1.example", "p2"), suffix("evil-amazonaws.com", "elsewhere"), suffix("com", "short"),
	} {
		if err := s.Validate(); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
	for _, c := range []struct {
		registry.Suffix
		because string
	}{
		{suffix("", "new"), "not a lower-case DNS name"},
		{suffix(".example", "new"), "not a lower-case DNS name"},
		{suffix("example.", "new"), "not a lower-case DNS name"},
		{suffix("a..b", "new"), "not a lower-case DNS name"},
		{suffix("Example", "new"), "not a lower-case DNS name"},
		{suffix("*.example", "new"), "not a lower-case DNS name"},
		{suffix("example:443", "new"), "not a lower-case DNS name"},
		{suffix("https://example", "new"), "not a lower-case DNS name"},
		{suffix("exämple", "new"), "not a lower-case DNS name"},
		{suffix("-example", "new"), "not a lower-case DNS name"},
		{suffix("127.0.0.1", "new"), "not a lower-case DNS name"},
		{suffix("example.1", "new"), "not a lower-case DNS name"},
		{suffix(strings.Repeat("a", 64), "new"), "not a lower-case DNS name"},
		{suffix(strings.Repeat("a.", 127)+"a", "new"), "not a lower-case DNS name"},
		{suffix("example", ""), "no partition name"},
		{suffix("example", "AWS-New"), "not one lower-case word"},
		{suffix("example", "a b"), "not one lower-case word"},
		{suffix("example", "a\nb"), "not one lower-case word"},
		{suffix("example", "aws"), "is built in"},
		{suffix("example", "aws-cn"), "is built in"},
		{suffix("amazonaws.com", "new"), "is built in"},
		{suffix("us-east-1.amazonaws.com", "new"), "is built in"},
		{suffix("on.amazonwebservices.com.cn", "new"), "is built in"},
	} {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), c.because) {
			t.Errorf("%+v: %v; want %q", c.Suffix, err, c.because)
		}
	}
}
