package ecrtest

import "testing"

func TestParseECRHost(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]ecrHost{
		"123456789012.dkr.ecr.us-east-1.amazonaws.com":             {"123456789012", "us-east-1"},
		"123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com":    {"123456789012", "us-gov-west-1"},
		"123456789012.dkr-ecr.ap-southeast-7.on.aws":               {"123456789012", "ap-southeast-7"},
		"123456789012.dkr-ecr-fips.us-east-2.on.aws":               {"123456789012", "us-east-2"},
		"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn":         {"123456789012", "cn-north-1"},
		"123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com": {"123456789012", "cn-north-1"},
		"123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov":        {"123456789012", "us-isob-east-1"},
		"123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu":         {"123456789012", "eusc-de-east-1"},

		"":          {},
		"127.0.0.1": {},
		"12345678901.dkr.ecr.us-east-1.amazonaws.com":   {}, // eleven digits
		"1234567890123.dkr.ecr.us-east-1.amazonaws.com": {}, // thirteen
		"12345678901x.dkr.ecr.us-east-1.amazonaws.com":  {}, // a letter
		"a.123456789012.dkr.ecr.us-east-1.amazonaws.co": {}, // a label before
		"123456789012.dkr.ecr.us-east.amazonaws.com":    {}, // no number in the region
		"123456789012.dkr.ecr.useast1.amazonaws.com":    {}, // no dash
		"123456789012.dkr.ecr.us-1-east.amazonaws.com":  {}, // the number is not last
		"123456789012.dkr.ecr.us--1.amazonaws.com":      {}, // an empty part
		"123456789012.dkr.ecr.us-east-1":                {}, // nothing behind
		"123456789012.dkr.eks.us-east-1.amazonaws.com":  {}, // another service
		"123456789012.dkr/ecr.us-east-1.amazonaws.com":  {}, // neither dot nor dash
		"123456789012.dkr":                              {},
		"api.ecr.us-east-1.amazonaws.com":               {}, // the API
		"public.ecr.aws":                                {},
	} {
		got, ok := parseECRHost(host)
		if got != want || ok != (want != ecrHost{}) {
			t.Errorf("%q: got %+v, %t; want %+v", host, got, ok, want)
		}
	}
}

func TestRegionOf(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"api.ecr.us-east-1.amazonaws.com":                                      "us-east-1",
		"ecr.us-gov-west-1.api.aws":                                            "us-gov-west-1",
		"us-east-1.signin.aws.amazon.com":                                      "us-east-1",
		"vpce-0123456789abcdef0-abcdefgh.api.ecr.eu-west-1.vpce.amazonaws.com": "eu-west-1",
		"sts.amazonaws.com":                                                    "",
		"127.0.0.1":                                                            "",
		"images.example.com":                                                   "",
	} {
		if got := regionOf(host); got != want {
			t.Errorf("%q: got %q, want %q", host, got, want)
		}
	}
}

func TestSuffixOf(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{
		"us-east-1":       "amazonaws.com",
		"us-gov-west-1":   "amazonaws.com",
		"cn-northwest-1":  "amazonaws.com.cn",
		"us-iso-east-1":   "c2s.ic.gov",
		"us-isob-east-1":  "sc2s.sgov.gov",
		"eu-isoe-west-1":  "cloud.adc-e.uk",
		"us-isof-south-1": "csp.hci.ic.gov",
		"eusc-de-east-1":  "amazonaws.eu",
	} {
		if got := suffixOf(region); got != want {
			t.Errorf("%q: got %q, want %q", region, got, want)
		}
	}
}
