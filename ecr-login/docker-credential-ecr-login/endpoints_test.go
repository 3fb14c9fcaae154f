package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecrpublic"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// These tests run the real binary through a proxy that terminates TLS, which records the host names
// of the requests. No endpoint is configured in their place.

// kinds are the kinds of endpoints of a registry.
var kinds = []struct {
	fips, dualStack bool
}{{}, {fips: true}, {dualStack: true}, {fips: true, dualStack: true}}

// partitions have a region of each partition and another one for the profile, or the same one where
// the partition has only one. The hosts are the plain, the FIPS, the dual-stack and the FIPS
// dual-stack one; empty where the partition has none.
var partitions = []struct {
	name, region, other string
	hosts               [4]string
}{
	{"aws", "us-west-2", "eu-central-1", [4]string{
		"123456789012.dkr.ecr.us-west-2.amazonaws.com", "123456789012.dkr.ecr-fips.us-west-2.amazonaws.com",
		"123456789012.dkr-ecr.us-west-2.on.aws", "123456789012.dkr-ecr-fips.us-west-2.on.aws",
	}},
	{"aws-us-gov", "us-gov-west-1", "us-gov-east-1", [4]string{
		"123456789012.dkr.ecr.us-gov-west-1.amazonaws.com", "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
		"123456789012.dkr-ecr.us-gov-west-1.on.aws", "123456789012.dkr-ecr-fips.us-gov-west-1.on.aws",
	}},
	{"aws-cn", "cn-north-1", "cn-northwest-1", [4]string{
		0: "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", 2: "123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn",
	}},
	{"aws-iso", "us-iso-east-1", "us-iso-west-1", [4]string{"123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov"}},
	{"aws-iso-b", "us-isob-east-1", "us-isob-west-1", [4]string{"123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov"}},
	{"aws-iso-e", "eu-isoe-west-1", "eu-isoe-west-1", [4]string{"123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk"}},
	{"aws-iso-f", "us-isof-south-1", "us-isof-east-1", [4]string{"123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov"}},
	{"aws-eusc", "eusc-de-east-1", "eusc-de-east-1", [4]string{"123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu"}},
}

// ecrHost returns the SDK's host of ECR; empty when the SDK has no such endpoint.
func ecrHost(t testing.TB, region string, fips, dualStack bool) string {
	t.Helper()
	e, err := ecr.NewDefaultEndpointResolverV2().ResolveEndpoint(t.Context(), ecr.EndpointParameters{
		Region: aws.String(region), UseFIPS: aws.Bool(fips), UseDualStack: aws.Bool(dualStack),
	})
	if err != nil {
		return ""
	}
	return e.URI.Host
}

// stsHost returns the SDK's host of STS: the FIPS one if fips is set and the partition has one.
func stsHost(t testing.TB, region string, fips bool) string {
	t.Helper()
	for _, try := range []bool{fips, false} {
		e, err := sts.NewDefaultEndpointResolverV2().ResolveEndpoint(t.Context(), sts.EndpointParameters{
			Region: aws.String(region), UseFIPS: aws.Bool(try),
		})
		if err == nil {
			return e.URI.Host
		}
	}
	t.Fatalf("the SDK has no STS in %s", region)
	return ""
}

// newRegionUser returns a user with an access key in the profile "keys", and the profile "role",
// which assumes a role and has the region.
func newRegionUser(t *testing.T, s *ecrtest.Server, partition, region string) *user {
	t.Helper()
	dir := t.TempDir()
	home := s.Home(dir)
	home.Proxy, home.Region = true, ""
	home.Keys("keys", s.AddUser("arn:"+partition+":iam::123456789012:user/traveller"))
	home.AssumeRole("role", "keys", ecrtest.Role{ARN: "arn:" + partition + ":iam::123456789012:role/traveller"})
	home.Config("region = " + region)
	return newUser(t, dir, home.Env())
}

// wantHosts fails unless exactly these hosts were called.
func wantHosts(t testing.TB, s *ecrtest.Server, want ...string) {
	t.Helper()
	if got := s.Hosts(); !slices.Equal(got, want) {
		t.Errorf("called %q, want %q", got, want)
	}
}

// For the host names of each partition, the ECR endpoint is the SDK's, and a role is assumed in the
// profile's region, at a FIPS endpoint for a FIPS registry.
func TestEndpointsOfRegistryHosts(t *testing.T) {
	t.Parallel()
	for _, p := range partitions {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			s := ecrtest.New(t)
			u := newRegionUser(t, s, p.name, p.other)
			for i, kind := range kinds {
				host := p.hosts[i]
				if host == "" {
					continue
				}
				want := ecrHost(t, p.region, kind.fips, kind.dualStack)
				if want == "" {
					t.Errorf("the SDK has no endpoint for %s", host)
					continue
				}
				s.Reset()
				u.with("AWS_PROFILE=keys").get(host)
				wantHosts(t, s, want)
				s.Reset()
				u.with("AWS_PROFILE=role").get(host)
				wantHosts(t, s, stsHost(t, p.other, kind.fips), want)
				for op, region := range map[string]string{"sts:AssumeRole": p.other, getToken: p.region} {
					if calls := s.Requests(op); len(calls) != 1 || calls[0].Region != region {
						t.Errorf("%s of %s: %+v, want one call signed for %s", op, host, calls, region)
					}
				}
			}
		})
	}
}

// A rule of the settings selects FIPS and dual-stack for a plain host, with another region for STS.
// Where the SDK has no such endpoint, get fails and calls none, in particular not the plain one.
func TestEndpointsOfRules(t *testing.T) {
	t.Parallel()
	for _, p := range partitions {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			s := ecrtest.New(t)
			base := newRegionUser(t, s, p.name, p.region)
			for _, kind := range kinds {
				u := base.settings(fmt.Sprintf(`
[[registry]]
match = "*/%s"
profile = "role"
region = %q
fips = %t
dual_stack = %t
`, p.region, p.other, kind.fips, kind.dualStack))
				s.Reset()
				want := ecrHost(t, p.region, kind.fips, kind.dualStack)
				if want != "" {
					u.get(p.hosts[0])
					wantHosts(t, s, stsHost(t, p.other, kind.fips), want)
					continue
				}
				a := u.run(p.hosts[0], "get")
				if a.code != 1 || !strings.Contains(a.stdout, "no endpoint for region \""+p.region+"\"") {
					t.Errorf("fips %t, dual-stack %t: %+v, want an error", kind.fips, kind.dualStack, a)
				}
				if calls := s.Calls(getToken); calls != 0 {
					t.Errorf("fips %t, dual-stack %t: %d calls to %q", kind.fips, kind.dualStack, calls, s.Hosts())
				}
			}
		})
	}
}

func TestEndpointsOfECRPublic(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newRegionUser(t, s, "aws", "eu-central-1")
	for dualStack, host := range map[bool]string{false: "public.ecr.aws", true: "ecr-public.aws.com"} {
		e, err := ecrpublic.NewDefaultEndpointResolverV2().ResolveEndpoint(t.Context(), ecrpublic.EndpointParameters{
			Region: aws.String("us-east-1"), UseDualStack: aws.Bool(dualStack),
		})
		if err != nil {
			t.Fatal(err)
		}
		s.Reset()
		u.with("AWS_PROFILE=role").get(host)
		wantHosts(t, s, stsHost(t, "eu-central-1", false), e.URI.Host)
	}
}

// A configured endpoint replaces FIPS and dual-stack endpoints, wherever those are configured; the
// SDK refuses that combination. An endpoint for ECR does not apply to STS.
func TestEndpointOverrides(t *testing.T) {
	t.Parallel()
	const (
		both     = "123456789012.dkr-ecr-fips.us-west-2.on.aws"
		private  = "vpce-0123456789.api.ecr.us-west-2.vpce.amazonaws.com"
		rule     = "[[registry]]\nmatch = \"*\"\nendpoint = \"https://" + private + "\"\n"
		override = "AWS_ENDPOINT_URL_ECR=https://" + private
	)
	for _, test := range []struct {
		name, host, settings string
		env                  []string
	}{
		{name: "the rule's, for a FIPS and dual-stack host", host: both, settings: rule},
		{name: "the rule's, with the rule's own switches", host: partitions[0].hosts[0], settings: rule + "fips = true\ndual_stack = true\n"},
		{name: "the rule's, with the environment's switches", host: partitions[0].hosts[0], settings: rule,
			env: []string{"AWS_USE_FIPS_ENDPOINT=true", "AWS_USE_DUALSTACK_ENDPOINT=true"}},
		{name: "the rule's, over the environment's", host: both, settings: rule, env: []string{"AWS_ENDPOINT_URL_ECR=https://unused.example"}},
		{name: "the environment's, for a FIPS and dual-stack host", host: both, env: []string{override}},
		{name: "the environment's, with the environment's switches", host: partitions[0].hosts[0],
			env: []string{override, "AWS_USE_FIPS_ENDPOINT=true", "AWS_USE_DUALSTACK_ENDPOINT=true"}},
		{name: "the environment's, with a rule's switches", host: partitions[0].hosts[0], env: []string{override},
			settings: "[[registry]]\nmatch = \"*\"\nfips = true\ndual_stack = true\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := ecrtest.New(t)
			u := newRegionUser(t, s, "aws", "eu-central-1").settings(test.settings).with(test.env...)
			u.with("AWS_PROFILE=keys").get(test.host)
			wantHosts(t, s, private)
			s.Reset()
			u.with("AWS_PROFILE=role").get(test.host)
			if hosts := s.Hosts(); len(hosts) != 2 || !strings.HasPrefix(hosts[0], "sts") || hosts[1] != private {
				t.Errorf("called %q, want STS at its default endpoint and ECR at %s", hosts, private)
			}
		})
	}
}
