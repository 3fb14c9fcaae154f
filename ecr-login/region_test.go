package ecrlogin_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

func TestRegionSharesTheCache(t *testing.T) {
	s := newAWS(t, ecrtest.FromEnvironment)
	h := ecrlogin.New(ecrlogin.Options{})
	want := mustGet(t, h, host)
	if got, err := h.GetForRegion(t.Context(), ecrlogin.Region{Name: "us-east-1"}); err != nil || got != want {
		t.Errorf("not the token of Get, %v", err)
	}
	wantCalls(t, s, 1)
	if _, err := h.GetForRegion(t.Context(), ecrlogin.Region{Name: "us-east-1", Endpoint: s.URL}); err != nil {
		t.Error(err)
	}
	wantCalls(t, s, 2) // another endpoint, another token
	public, err := h.GetForRegion(t.Context(), ecrlogin.Region{Public: true})
	if err != nil || public == want {
		t.Errorf("ECR Public: %v", err)
	}
	if got := mustGet(t, h, "public.ecr.aws"); got != public {
		t.Error("ECR Public: not the token of Get")
	}
	if hosts := h.List(t.Context()); len(hosts) != 2 {
		t.Errorf("List %q, want the two hosts of the gets", hosts)
	}
}

// The region is that of AWS_REGION, AWS_DEFAULT_REGION or the profile, in this order, as in the AWS
// CLI.
func TestRegionSources(t *testing.T) {
	s := ecrtest.New(t)
	dir := t.TempDir()
	home := s.Home(dir)
	become(t, home.Environment(s.AddUser("somebody")))
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
		t.Setenv(name, "")
	}
	config := filepath.Join(dir, "config")
	t.Setenv("AWS_CONFIG_FILE", config)
	if err := os.WriteFile(config, []byte("[profile north]\nregion = eu-north-1\n[profile odd]\nregion = nowhere\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	last := func() string {
		requests := s.Requests(getToken)
		if len(requests) == 0 {
			return ""
		}
		return requests[len(requests)-1].Region
	}
	for _, test := range []struct {
		why                     string
		region, variable, older string
		profile                 string
		public                  bool
		want                    string
		err                     string
	}{
		{why: "no region anywhere", err: "no region"},
		{why: "profile", profile: "north", want: "eu-north-1"},
		{why: "AWS_DEFAULT_REGION before the profile", older: "eu-west-3", profile: "north", want: "eu-west-3"},
		{why: "AWS_REGION before AWS_DEFAULT_REGION", variable: "eu-west-2", older: "eu-west-3", want: "eu-west-2"},
		{why: "argument first", region: "eu-west-1", variable: "eu-west-2", want: "eu-west-1"},
		{why: "malformed argument", region: "mars", err: `no partition of AWS has a region of the form "mars"`},
		{why: "malformed region in the profile", profile: "odd", err: `region of the form "nowhere"`},
		{why: "no such profile", profile: "missing", err: "missing"},
		{why: "ECR Public elsewhere", region: "eu-west-1", public: true, err: "only in us-east-1"},
	} {
		t.Setenv("AWS_REGION", test.variable)
		t.Setenv("AWS_DEFAULT_REGION", test.older)
		t.Setenv("AWS_PROFILE", test.profile)
		h := ecrlogin.New(ecrlogin.Options{})
		s.Reset()
		_, err := h.GetForRegion(t.Context(), ecrlogin.Region{Name: test.region, Public: test.public})
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: %v, want %q", test.why, err, test.err)
			}
			continue
		}
		if got := last(); err != nil || got != test.want {
			t.Errorf("%s: requested in %q, want %q; %v", test.why, got, test.want, err)
		}
	}
}
