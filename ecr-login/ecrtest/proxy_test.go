package ecrtest_test

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// TestProxyRecordsHostNames checks that the SDK calls AWS's own host names through the proxy and
// trusts the certificates.
func TestProxyRecordsHostNames(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, op string
		src      ecrtest.Source
		more     []string
		hosts    []string
	}{
		{"plain", "ecr", ecrtest.FromFile, nil, []string{"api.ecr.us-east-1.amazonaws.com"}},
		{"other region", "ecr", ecrtest.FromFile, []string{"AWS_REGION=cn-north-1"}, []string{"api.ecr.cn-north-1.amazonaws.com.cn"}},
		{"FIPS", "ecr", ecrtest.FromFile, []string{"AWS_USE_FIPS_ENDPOINT=true"}, []string{"api.ecr-fips.us-east-1.amazonaws.com"}},
		{"dual-stack", "ecr", ecrtest.FromFile, []string{"AWS_USE_DUALSTACK_ENDPOINT=true"}, []string{"ecr.us-east-1.api.aws"}},
		{"public", "ecr-public", ecrtest.FromFile, nil, []string{"api.ecr-public.us-east-1.amazonaws.com"}},
		{"STS", "sts", ecrtest.FromFile, nil, []string{"sts.us-east-1.amazonaws.com"}},
		{"role", "ecr", ecrtest.FromRole, nil, []string{"sts.us-east-1.amazonaws.com", "api.ecr.us-east-1.amazonaws.com"}},
		{"SSO", "ecr", ecrtest.FromExpiredSSO, nil,
			[]string{"oidc.us-east-1.amazonaws.com", "portal.sso.us-east-1.amazonaws.com", "api.ecr.us-east-1.amazonaws.com"}},
		{"login", "ecr", ecrtest.FromExpiredLogin, nil, []string{"us-east-1.signin.aws.amazon.com", "api.ecr.us-east-1.amazonaws.com"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := ecrtest.New(t)
			home := s.Home(t.TempDir())
			home.Proxy = true
			r := run(t, tc.op, append(home.Source(tc.src), tc.more...))
			if r.Error != "" {
				t.Fatalf("%s\nrequests: %+v", r.Error, s.Requests(""))
			}
			if got := s.Hosts(); !slices.Equal(got, tc.hosts) {
				t.Errorf("called %q, want %q", got, tc.hosts)
			}
		})
	}
}

// TestProxyChecksRegion checks that a signature for one region is refused by another region's host.
func TestProxyChecksRegion(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	home := s.Home(t.TempDir())
	home.Proxy = true
	env := append(home.Source(ecrtest.FromFile), "AWS_REGION=eu-west-1", "AWS_ENDPOINT_URL_ECR=https://api.ecr.us-east-1.amazonaws.com")
	if r := run(t, "ecr", env); r.Code != "InvalidSignatureException" || !strings.Contains(r.Error, "valid region, not 'eu-west-1'") {
		t.Errorf("got %q", r.Error)
	}
}

func TestProxyFaults(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	home := s.Home(t.TempDir())
	home.Proxy = true
	env := append(home.Source(ecrtest.FromFile), "AWS_MAX_ATTEMPTS=1")
	for _, tc := range []struct {
		fault ecrtest.Fault
		want  string
	}{
		{ecrtest.Fault{Status: http.StatusProxyAuthRequired}, "Proxy Authentication Required"},
		{ecrtest.Fault{Status: http.StatusForbidden}, "Forbidden"},
		{ecrtest.Fault{CloseConnection: true}, "EOF"},
	} {
		s.SetFault("proxy:CONNECT", tc.fault)
		if r := run(t, "ecr", env); !strings.Contains(r.Error, tc.want) {
			t.Errorf("got %q, want %q", r.Error, tc.want)
		}
	}
	if n := s.Calls("ecr:GetAuthorizationToken"); n != 0 {
		t.Errorf("%d calls came through", n)
	}
}

// TestProxyRequiresTrust checks that TLS fails for a client that does not trust the authority.
func TestProxyRequiresTrust(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	home := s.Home(t.TempDir())
	home.Proxy = true
	env := slices.DeleteFunc(home.Source(ecrtest.FromFile), func(v string) bool { return strings.HasPrefix(v, "AWS_CA_BUNDLE=") })
	r := run(t, "ecr", append(env, "AWS_MAX_ATTEMPTS=1"))
	if !strings.Contains(r.Error, "certificate") {
		t.Errorf("got %q", r.Error)
	}
}

// TestProxyServesRegistry checks a client that pulls through the proxy.
func TestProxyServesRegistry(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	token := s.IssueToken(s.AddUser("developer").Principal, "ecr", "us-east-1")
	proxy, err := url.Parse(s.ProxyURL)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{
		Proxy:           http.ProxyURL(proxy),
		TLSClientConfig: &tls.Config{RootCAs: authority(t, s)},
	}
	// An address has no name to ask for in the handshake; the certificate must fit it all the same.
	for _, base := range []string{"https://" + host, "http://" + host, "https://192.0.2.1"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/v2/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(ecrtest.User, token.Password)
		resp, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", base, resp.StatusCode)
		}
	}
	if got := s.Hosts(); !slices.Equal(got, []string{host, "192.0.2.1"}) {
		t.Errorf("called %q", got)
	}
}
