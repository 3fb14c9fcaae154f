package token_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecrpublic"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// partitions are one region of each, and of aws two.
var partitions = []struct{ partition, region string }{
	{"aws", "us-east-1"},
	{"aws", "eu-west-1"},
	{"aws-us-gov", "us-gov-west-1"},
	{"aws-cn", "cn-north-1"},
	{"aws-iso", "us-iso-east-1"},
	{"aws-iso-b", "us-isob-east-1"},
	{"aws-iso-e", "eu-isoe-west-1"},
	{"aws-iso-f", "us-isof-south-1"},
	{"aws-eusc", "eusc-de-east-1"},
}

// resolved is the SDK's own word on a private endpoint.
func resolved(region string, fips, dualStack bool) (string, error) {
	e, err := ecr.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), ecr.EndpointParameters{
		Region: &region, UseFIPS: &fips, UseDualStack: &dualStack,
	})
	return e.URI.Host, err
}

// Every partition, plain, FIPS, dual-stack and both: the host that is called is
// the one that the SDK's resolver names, and where it names none, none is.
func TestEndpointOfEveryPartition(t *testing.T) {
	t.Parallel()
	var jobs []job
	var want []string
	for _, p := range partitions {
		for _, fips := range []bool{false, true} {
			for _, dualStack := range []bool{false, true} {
				host, err := resolved(p.region, fips, dualStack)
				if err != nil {
					host = ""
				}
				want = append(want, host)
				jobs = append(jobs, job{Recorded: true, Request: token.Request{Registry: registry.Registry{
					Account: ecrtest.Account, Region: p.region, Partition: p.partition, Service: registry.Private,
					FIPS: fips, DualStack: dualStack,
				}}})
			}
		}
	}
	called := map[string]bool{}
	for i, r := range fetchAll(t, settings(t, keys...), jobs...) {
		registry := jobs[i].Request.Registry
		if want[i] == "" {
			wantError(t, r, token.Configuration, registry.Region, "partition does not support")
			continue
		}
		if r.Err != nil || len(r.URLs) != 1 {
			t.Errorf("%+v: %v, calls to %v", registry, r.Err, r.URLs)
			continue
		}
		if r.URLs[0] != "https://"+want[i]+"/" {
			t.Errorf("%+v: called %s, want %s", registry, r.URLs[0], want[i])
		}
		called[want[i]] = true
	}
	// The SDK might change its mind about hosts that registries exist for.
	for _, host := range []string{
		"api.ecr.us-east-1.amazonaws.com", "ecr.us-east-1.api.aws", "api.ecr-fips.us-east-1.amazonaws.com", "ecr-fips.us-east-1.api.aws",
		"api.ecr.us-gov-west-1.amazonaws.com", "api.ecr-fips.us-gov-west-1.amazonaws.com",
		"api.ecr.cn-north-1.amazonaws.com.cn", "ecr.cn-north-1.api.amazonwebservices.com.cn",
		"api.ecr.us-iso-east-1.c2s.ic.gov", "api.ecr.us-isob-east-1.sc2s.sgov.gov", "api.ecr.eu-isoe-west-1.cloud.adc-e.uk",
		"api.ecr.us-isof-south-1.csp.hci.ic.gov", "api.ecr.eusc-de-east-1.amazonaws.eu",
	} {
		if !called[host] {
			t.Errorf("%s was not called", host)
		}
	}
}

func TestEndpointOfECRPublic(t *testing.T) {
	t.Parallel()
	dualStack := public()
	dualStack.Registry.DualStack = true
	jobs := []job{{Recorded: true, Request: public()}, {Recorded: true, Request: dualStack}}
	for i, r := range fetchAll(t, settings(t, keys...), jobs...) {
		e, err := ecrpublic.NewDefaultEndpointResolverV2().ResolveEndpoint(t.Context(), ecrpublic.EndpointParameters{
			Region: aws.String("us-east-1"), UseDualStack: aws.Bool(i == 1),
		})
		if err != nil {
			t.Fatal(err)
		}
		if r.Err != nil || len(r.URLs) != 1 || r.URLs[0] != "https://"+e.URI.Host+"/" {
			t.Errorf("called %v (%v), want %s", r.URLs, r.Err, e.URI.Host)
		}
	}
}

// The environment's switches are honoured by a plain host; a host's own switch
// is on, whatever the environment has.
func TestSwitchesOfTheEnvironment(t *testing.T) {
	t.Parallel()
	fips := private("us-east-1")
	fips.Registry.FIPS = true
	tests := []struct {
		name    string
		env     []string
		request token.Request
		want    string
	}{
		{"fips by environment", []string{"AWS_USE_FIPS_ENDPOINT=true"}, private("us-east-1"), "https://api.ecr-fips.us-east-1.amazonaws.com/"},
		{"dual-stack by environment", []string{"AWS_USE_DUALSTACK_ENDPOINT=true"}, private("us-east-1"), "https://ecr.us-east-1.api.aws/"},
		{"fips by host, dual-stack by environment", []string{"AWS_USE_DUALSTACK_ENDPOINT=true"}, fips, "https://ecr-fips.us-east-1.api.aws/"},
		{"fips by host, denied by environment", []string{"AWS_USE_FIPS_ENDPOINT=false"}, fips, "https://api.ecr-fips.us-east-1.amazonaws.com/"},
		{"a region in the environment is not the registry's", []string{"AWS_REGION=eu-central-1"}, private("us-east-1"), "https://api.ecr.us-east-1.amazonaws.com/"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := fetch(t, settings(t, append(test.env, keys...)...), job{Recorded: true, Request: test.request})
			if r.Err != nil || len(r.URLs) != 1 || r.URLs[0] != test.want {
				t.Errorf("called %v (%v), want %s", r.URLs, r.Err, test.want)
			}
		})
	}
}

// An override wins over both switches, wherever either comes from: the SDK alone
// would refuse.
func TestOverrides(t *testing.T) {
	t.Parallel()
	config := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(config, []byte(`
[profile services]
services = mine
endpoint_url = https://general.example
use_fips_endpoint = true
[services mine]
ecr =
  endpoint_url = https://ecr.example
ecr_public =
  endpoint_url = https://public.example/prefix
[profile general]
endpoint_url = https://general.example
[profile ignoring]
endpoint_url = https://general.example
ignore_configured_endpoint_urls = true
`), 0o600); err != nil {
		t.Fatal(err)
	}
	both := private("us-east-1")
	both.Registry.FIPS, both.Registry.DualStack = true, true
	rule := both
	rule.Endpoint = "https://rule.example:8443/under"
	tests := []struct {
		name    string
		env     []string
		request token.Request
		want    string
	}{
		{"of the rule", []string{"AWS_ENDPOINT_URL_ECR=https://env.example"}, rule, "https://rule.example:8443/under"},
		{"of the rule, although endpoints are to be ignored", []string{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true"}, rule, "https://rule.example:8443/under"},
		{"of the environment for ECR", []string{"AWS_ENDPOINT_URL_ECR=https://env.example", "AWS_ENDPOINT_URL=https://all.example"}, both, "https://env.example/"},
		{"of the environment for everything", []string{"AWS_ENDPOINT_URL=https://all.example"}, both, "https://all.example/"},
		{"with the environment's switches", []string{"AWS_ENDPOINT_URL=https://all.example", "AWS_USE_FIPS_ENDPOINT=true", "AWS_USE_DUALSTACK_ENDPOINT=true"}, private("us-east-1"), "https://all.example/"},
		{"for everything beats the profile's for ECR", []string{"AWS_ENDPOINT_URL=https://all.example", "AWS_PROFILE=services"}, both, "https://all.example/"},
		{"of the profile's services section", []string{"AWS_PROFILE=services"}, both, "https://ecr.example/"},
		{"of the profile's services section, public", []string{"AWS_PROFILE=services"}, public(), "https://public.example/prefix"},
		{"of the profile", []string{"AWS_PROFILE=general"}, both, "https://general.example/"},
		{"for ECR is not for ECR Public", []string{"AWS_ENDPOINT_URL_ECR=https://env.example"}, public(), "https://api.ecr-public.us-east-1.amazonaws.com/"},
		{"for ECR Public", []string{"AWS_ENDPOINT_URL_ECR_PUBLIC=https://env.example"}, public(), "https://env.example/"},
		{"for ECR Public is not for ECR", []string{"AWS_ENDPOINT_URL_ECR_PUBLIC=https://env.example"}, private("us-east-1"), "https://api.ecr.us-east-1.amazonaws.com/"},
		{"ignored by the environment", []string{"AWS_ENDPOINT_URL_ECR=https://env.example", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true"}, private("us-east-1"), "https://api.ecr.us-east-1.amazonaws.com/"},
		{"ignored by the profile", []string{"AWS_PROFILE=ignoring"}, private("us-east-1"), "https://api.ecr.us-east-1.amazonaws.com/"},
		{"empty variables are none", []string{"AWS_ENDPOINT_URL=", "AWS_ENDPOINT_URL_ECR="}, private("us-east-1"), "https://api.ecr.us-east-1.amazonaws.com/"},
		{"empty variable beside the profile's", []string{"AWS_ENDPOINT_URL=", "AWS_PROFILE=services"}, private("us-east-1"), "https://ecr.example/"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			env := settings(t, append(append([]string{"AWS_CONFIG_FILE=" + config}, keys...), test.env...)...)
			r := fetch(t, env, job{Recorded: true, Request: test.request})
			if r.Err != nil || len(r.URLs) != 1 || r.URLs[0] != test.want {
				t.Errorf("called %v (%v), want %s", r.URLs, r.Err, test.want)
			}
		})
	}
}

func TestBadOverrides(t *testing.T) {
	t.Parallel()
	for _, bad := range []struct{ value, why string }{
		{"localhost:4566", "no scheme: localhost would be one"},
		{"ftp://ecr.example", "not HTTP"},
		{"https://", "no host"},
		{"https://user:password-for-tests@[::1", "no URL, and it holds a password"},
		{"/path", "no host at all"},
	} {
		t.Run(bad.why, func(t *testing.T) {
			t.Parallel()
			rule := private("us-east-1")
			rule.Endpoint = bad.value
			results := fetchAll(t, settings(t, append(keys, "AWS_ENDPOINT_URL_ECR="+bad.value)...),
				job{Recorded: true, Request: rule}, job{Recorded: true, Request: private("us-east-1")})
			wantError(t, results[0], token.Configuration, "settings", "http or https")
			wantError(t, results[1], token.Configuration, "AWS_ENDPOINT_URL_ECR")
			for _, r := range results {
				withoutSecrets(t, r, "password-for-tests")
				if len(r.URLs) != 0 {
					t.Errorf("called %v", r.URLs)
				}
			}
		})
	}
}

// A bad override of a service inside the chain is reported when that service is called.
func TestBadOverrideOfSTS(t *testing.T) {
	t.Parallel()
	env := settings(t, append(keys, "AWS_ENDPOINT_URL_STS=sts.example")...)
	request := private("us-east-1")
	rule := request
	rule.RoleARN = ruleRole
	results := fetchAll(t, env, job{Recorded: true, Request: rule}, job{Recorded: true, Request: request})
	wantError(t, results[0], token.Configuration, "AWS_ENDPOINT_URL_STS")
	if results[1].Err != nil {
		t.Errorf("STS is not needed, and yet: %s", results[1].Text)
	}
}

// Roles are assumed in the profile's region, or in the one the request names,
// and never in the registry's while there is another.
func TestSTSRegion(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	config := filepath.Join(home, "config")
	if err := os.WriteFile(config, []byte(`
[profile placed]
region = eu-north-1
role_arn = arn:aws:iam::123456789012:role/placed
credential_source = Environment
[profile adrift]
role_arn = arn:aws:iam::123456789012:role/adrift
credential_source = Environment
[profile pod]
role_arn = arn:aws:iam::123456789012:role/pod
web_identity_token_file = `+config+`
`), 0o600); err != nil {
		t.Fatal(err)
	}
	env := settings(t, append(keys, "AWS_CONFIG_FILE="+config)...)
	with := func(profile string, change func(*token.Request)) job {
		r := private("us-west-2")
		r.Profile = profile
		if change != nil {
			change(&r)
		}
		return job{Recorded: true, Request: r}
	}
	fips := func(r *token.Request) { r.Registry.FIPS = true }
	jobs := []job{
		with("placed", nil),
		with("adrift", nil),
		with("placed", func(r *token.Request) { r.STSRegion = "ap-south-1" }),
		with("placed", func(r *token.Request) { r.RoleARN = "arn:aws:iam::123456789012:role/second" }),
		with("placed", func(r *token.Request) {
			r.RoleARN, r.STSRegion = "arn:aws:iam::123456789012:role/second", "ap-south-1"
		}),
		with("placed", fips),
		with("", func(r *token.Request) {
			r.WebIdentity = &token.WebIdentity{Token: "not-a-real-token", RoleARN: "arn:aws:iam::123456789012:role/pod"}
			r.Registry.FIPS = true
		}),
		with("pod", func(r *token.Request) { fips(r); r.STSRegion = "ap-south-1" }),
		// Whether there is a FIPS endpoint of STS, the partition of STS decides.
		with("placed", func(r *token.Request) { fips(r); r.STSRegion = "eusc-de-east-1" }),
	}
	want := [][]string{
		{"https://sts.eu-north-1.amazonaws.com/"},
		{"https://sts.us-west-2.amazonaws.com/"},
		{"https://sts.ap-south-1.amazonaws.com/"},
		{"https://sts.eu-north-1.amazonaws.com/", "https://sts.eu-north-1.amazonaws.com/"},
		{"https://sts.ap-south-1.amazonaws.com/", "https://sts.ap-south-1.amazonaws.com/"},
		{"https://sts-fips.eu-north-1.amazonaws.com/"},
		{"https://sts-fips.us-west-2.amazonaws.com/"},
		{"https://sts-fips.ap-south-1.amazonaws.com/"},
		{"https://" + stsHost(t, "eusc-de-east-1", true) + "/"},
	}
	for i, r := range fetchAll(t, env, jobs...) {
		if r.Err != nil || len(r.URLs) != len(want[i])+1 || fmt.Sprint(r.URLs[:len(r.URLs)-1]) != fmt.Sprint(want[i]) {
			t.Errorf("%d: called %v (%v), want %v and ECR", i, r.URLs, r.Err, want[i])
		}
	}
}

func stsHost(t *testing.T, region string, fips bool) string {
	t.Helper()
	resolver := sts.NewDefaultEndpointResolverV2()
	e, err := resolver.ResolveEndpoint(t.Context(), sts.EndpointParameters{Region: &region, UseFIPS: &fips})
	if err != nil {
		e, err = resolver.ResolveEndpoint(t.Context(), sts.EndpointParameters{Region: &region})
	}
	if err != nil {
		t.Fatal(err)
	}
	return e.URI.Host
}

// Behind one endpoint, and only that one, every call of every chain goes there:
// those of STS, IAM Identity Center and sign-in too, which the SDK's clients
// inside the chain would send to the internet.
func TestOneEndpointForEverything(t *testing.T) {
	t.Parallel()
	for _, source := range ecrtest.Sources() {
		for _, place := range []string{"environment", "profile"} {
			t.Run(string(source)+" by "+place, func(t *testing.T) {
				t.Parallel()
				s := ecrtest.New(t)
				dir := t.TempDir()
				home := s.Home(dir)
				var env []string
				for _, v := range home.Source(source) {
					if !strings.HasPrefix(v, "AWS_ENDPOINT_URL") {
						env = append(env, v)
					}
				}
				if place == "environment" {
					env = append(env, "AWS_ENDPOINT_URL="+s.URL)
				} else {
					addEndpoint(t, filepath.Join(dir, ".aws", "config"), env, s.URL)
				}
				// Only loopback may be called, whatever goes wrong.
				env = append(env, "HTTPS_PROXY="+s.BlackHole())
				request := private(ecrtest.Region)
				// The switches must not get in the way of an override either.
				request.Registry.FIPS = true
				r := fetch(t, append(env, "AWS_USE_DUALSTACK_ENDPOINT=true"), job{Request: request})
				wantToken(t, s, r, source.Principal())
			})
		}
	}
}

// addEndpoint gives the profile of env an endpoint_url.
func addEndpoint(t *testing.T, config string, env []string, endpoint string) {
	t.Helper()
	head := "[default]"
	for _, v := range env {
		if name, ok := strings.CutPrefix(v, "AWS_PROFILE="); ok {
			head = "[profile " + name + "]"
		}
	}
	old, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	lines := string(old)
	if !strings.Contains(lines, head+"\n") {
		lines += head + "\n"
	}
	lines = strings.Replace(lines, head+"\n", head+"\nendpoint_url = "+endpoint+"\n", 1)
	if err := os.WriteFile(config, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
}

// One host sees one connection, and so one TLS handshake, for STS, IAM Identity
// Center, sign-in and ECR together.
func TestOneHandshake(t *testing.T) {
	t.Parallel()
	for _, source := range []ecrtest.Source{
		ecrtest.FromRole, ecrtest.FromRoleChain, ecrtest.FromWebIdentity, ecrtest.FromSSO, ecrtest.FromExpiredSSO, ecrtest.FromExpiredLogin,
	} {
		t.Run(string(source), func(t *testing.T) {
			t.Parallel()
			s := ecrtest.New(t)
			var env []string
			for _, v := range s.Env(t.TempDir(), source) {
				if !strings.HasPrefix(v, "AWS_ENDPOINT_URL") {
					env = append(env, v)
				}
			}
			request := private(ecrtest.Region)
			request.RoleARN = "arn:aws:iam::123456789012:role/rule"
			s.AddRole(ecrtest.Role{ARN: request.RoleARN})
			s.Reset()
			r := fetch(t, append(env, "AWS_ENDPOINT_URL="+s.TLSURL, "AWS_CA_BUNDLE="+s.CAFile), job{Request: request})
			wantToken(t, s, r, "arn:aws:sts::123456789012:assumed-role/rule/"+token.DefaultSessionName)
			if n := s.Connections(); n != 1 {
				t.Errorf("%d connections for %d calls", n, len(s.Requests("")))
			}
		})
	}
}

// Through a proxy that ends TLS the real host names are seen; the CA comes from
// the environment or from the profile.
func TestProxyAndCA(t *testing.T) {
	t.Parallel()
	for _, place := range []string{"environment", "profile"} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			s := ecrtest.New(t)
			home := s.Home(t.TempDir())
			home.Proxy = true
			env := home.Source(ecrtest.FromRole)
			if place == "profile" {
				for i, v := range env {
					if strings.HasPrefix(v, "AWS_CA_BUNDLE=") {
						env[i] = "AWS_CA_BUNDLE="
					}
				}
				home.Config("ca_bundle = " + s.CAFile) // the last section is the role's profile
			}
			request := private("eu-west-1")
			request.Registry.FIPS, request.Registry.DualStack = true, true
			r := fetch(t, env, job{Request: request})
			wantToken(t, s, r, ecrtest.FromRole.Principal())
			if endpoints := fetch(t, env, job{Request: request, Recorded: true}).Endpoints; endpoints.CABundle != s.CAFile {
				t.Errorf("the CA bundle is %q, want %q", endpoints.CABundle, s.CAFile)
			}
			hosts := strings.Join(s.Hosts(), " ")
			if hosts != "sts-fips.us-east-1.amazonaws.com ecr-fips.eu-west-1.api.aws" {
				t.Errorf("called %s", hosts)
			}
			for _, host := range s.Hosts() {
				if _, err := url.Parse("https://" + host); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
