package registry

import "testing"

// InRegion returns what Parse returns for a host in the region, without the account.
func TestInRegion(t *testing.T) {
	t.Parallel()
	p := Parser{Suffixes: []Suffix{{Suffix: "registry.example", Partition: "example"}}}
	for _, host := range []string{
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com", "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
		"123456789012.dkr.ecr.us-gov-west-1.amazonaws.com", "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu",
		"123456789012.dkr.ecr.xx-example-east-west-1.registry.example",
	} {
		want, err := p.Parse(host)
		if err != nil {
			t.Fatal(err)
		}
		want.Account = ""
		if got, err := p.InRegion(want.Region); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", want.Region, got, err, want)
		}
	}
	for why, region := range map[string]string{
		"nothing":         "",
		"no number":       "eu-west",
		"upper case":      "EU-WEST-1",
		"a zone":          "eu-west-1a",
		"a host":          "eu-west-1.amazonaws.com",
		"a path":          "eu-west-1/../evil",
		"a placeholder":   "$AWS_REGION",
		"not a partition": "us-gov-1",
	} {
		if got, err := (Parser{}).InRegion(region); err == nil {
			t.Errorf("%s: InRegion(%q) = %+v, want an error", why, region, got)
		}
	}
	if got := PublicRegistry(); got.Host() != "public.ecr.aws" {
		t.Errorf("the host of ECR Public is %q", got.Host())
	}
}
