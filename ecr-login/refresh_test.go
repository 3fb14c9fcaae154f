package ecrlogin_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/cache"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

const neighbour = "210987654321.dkr.ecr.us-east-1.amazonaws.com" // another account of the same region

func mustGet(t *testing.T, h *ecrlogin.Helper, serverURL string) ecrlogin.Credentials {
	t.Helper()
	l, err := h.Get(t.Context(), serverURL)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func mustStatus(t *testing.T, h *ecrlogin.Helper, serverURL string) ecrlogin.Status {
	t.Helper()
	k, err := h.Status(serverURL)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func wantCalls(t *testing.T, s *ecrtest.Server, want int) {
	t.Helper()
	if n := s.Calls(getToken); n != want {
		t.Errorf("%d calls, want %d", n, want)
	}
}

func TestRefreshReplacesValidToken(t *testing.T) {
	s := newAWS(t, ecrtest.FromEnvironment)
	h := ecrlogin.New(ecrlogin.Options{})
	if k := mustStatus(t, h, host); k.State != cache.Absent || k.Reason == "" || !k.Expires.IsZero() {
		t.Errorf("before anything was fetched: %+v", k)
	}
	old := mustGet(t, h, host)
	k, err := h.Refresh(t.Context(), "https://"+host+"/v2/")
	if err != nil {
		t.Fatal(err)
	}
	if k.Host != host || k.State != cache.Fresh || k.Expires.Sub(k.Fetched).Round(time.Minute) != 12*time.Hour ||
		!k.Refresh.After(k.Fetched.Add(5*time.Hour)) || !k.Refresh.Before(k.Fetched.Add(7*time.Hour)) {
		t.Errorf("renewed: %+v", k)
	}
	if mustGet(t, h, host) == old {
		t.Error("the old token is still served")
	}
	wantCalls(t, s, 2)

	// The neighbour's token is the same one, and was renewed with it.
	n := mustStatus(t, h, neighbour)
	if n.Token != k.Token || !n.Fetched.Equal(k.Fetched) {
		t.Errorf("the neighbour's token is another one: %+v", n)
	}
	if mustStatus(t, h, "123456789012.dkr.ecr.eu-west-1.amazonaws.com").Token == k.Token {
		t.Error("another region's token is the same one")
	}
}

func TestFailedRefreshKeepsOldToken(t *testing.T) {
	s := newAWS(t, ecrtest.FromEnvironment)
	h := ecrlogin.New(ecrlogin.Options{})
	old := mustGet(t, h, host)
	before := mustStatus(t, h, host)
	s.Deny(getToken)
	k, err := h.Refresh(t.Context(), host)
	var e *ecrlogin.Error
	if !errors.As(err, &e) || e.Kind != token.AccessDenied || e.Hint() == "" {
		t.Errorf("%v, want AWS's refusal with a hint", err)
	}
	if k != before {
		t.Errorf("told after a failure: %+v, want what is kept: %+v", k, before)
	}
	if mustGet(t, h, host) != old {
		t.Error("the old token is gone")
	}
}

func TestRefreshErrors(t *testing.T) {
	s := newAWS(t, ecrtest.FromEnvironment)
	h := ecrlogin.New(ecrlogin.Options{})
	if _, err := h.Refresh(t.Context(), "docker.io"); !errors.Is(err, ecrlogin.ErrNotECR) {
		t.Errorf("a foreign host: %v", err)
	}
	if _, err := h.Status("docker.io"); !errors.Is(err, ecrlogin.ErrNotECR) {
		t.Errorf("a foreign host: %v", err)
	}
	t.Setenv("ECR_LOGIN_PUBLIC", "never")
	if _, err := ecrlogin.New(ecrlogin.Options{}).Refresh(t.Context(), "public.ecr.aws"); !errors.Is(err, ecrlogin.ErrNotFound) {
		t.Errorf(`ECR Public with public = "never": %v`, err)
	}
	wantCalls(t, s, 0)

	// A token that nobody keeps was not worth a call, and that must be said.
	t.Setenv("AWS_ECR_DISABLE_CACHE", "1")
	if _, err := ecrlogin.New(ecrlogin.Options{}).Refresh(t.Context(), host); err == nil || !strings.Contains(err.Error(), "could not be cached: switched off") {
		t.Errorf("without a cache: %v", err)
	}

	broken := filepath.Join(t.TempDir(), "broken.toml")
	if err := os.WriteFile(broken, []byte("timout = \"1s\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ECR_LOGIN_CONFIG", broken)
	h = ecrlogin.New(ecrlogin.Options{})
	_, renewed := h.Refresh(t.Context(), host)
	_, kept := h.Status(host)
	_, forgot := h.Forget(host)
	_, held := h.CacheEntries(nil)
	_, emptied := h.ForgetAll()
	_, region := h.GetForRegion(t.Context(), ecrlogin.Region{Name: "us-east-1"})
	for what, err := range map[string]error{"Refresh": renewed, "Status": kept, "Forget": forgot, "CacheEntries": held, "ForgetAll": emptied, "GetForRegion": region} {
		if err == nil || !strings.Contains(err.Error(), "timout") {
			t.Errorf("%s with broken settings: %v", what, err)
		}
	}
}

func TestStatusReportsStoredLogin(t *testing.T) {
	s := newAWS(t, ecrtest.FromEnvironment)
	h := ecrlogin.New(ecrlogin.Options{})
	stored := s.IssueToken(ecrtest.Principal{ARN: "arn:aws:iam::123456789012:user/somebody", Account: ecrtest.Account}, "ecr", "us-east-1").Password
	if err := h.Store(t.Context(), host, ecrlogin.Credentials{Username: "AWS", Password: stored}); err != nil {
		t.Fatal(err)
	}
	k, err := h.Refresh(t.Context(), host)
	if err != nil || k.Login.IsZero() {
		t.Errorf("%+v, %v; want the login told", k, err)
	}
	if mustGet(t, h, host).Password != stored {
		t.Error("the login is not served any more")
	}
	if k := mustStatus(t, h, neighbour); !k.Login.IsZero() {
		t.Errorf("the login of %s is told for %s", host, neighbour)
	}
}

func TestRegionSharesTheCache(t *testing.T) {
	s := newAWS(t, ecrtest.FromEnvironment)
	h := ecrlogin.New(ecrlogin.Options{})
	want := mustGet(t, h, host)
	if got, err := h.GetForRegion(t.Context(), ecrlogin.Region{Name: "us-east-1"}); err != nil || got != want {
		t.Errorf("not the token that get has, %v", err)
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
		t.Error("ECR Public: not the token that get has")
	}
	if hosts := h.KnownHosts(); len(hosts) != 2 {
		t.Errorf("known hosts %q, want the two that were asked for by name", hosts)
	}
}

// AWS_REGION, AWS_DEFAULT_REGION, the profile's, in that order, as the AWS command line has it.
func TestWhichRegion(t *testing.T) {
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
		{why: "nothing says", err: "no region"},
		{why: "the profile's", profile: "north", want: "eu-north-1"},
		{why: "the older variable is before the profile", older: "eu-west-3", profile: "north", want: "eu-west-3"},
		{why: "the variable is before the older one", variable: "eu-west-2", older: "eu-west-3", want: "eu-west-2"},
		{why: "what was asked for comes first", region: "eu-west-1", variable: "eu-west-2", want: "eu-west-1"},
		{why: "no region has such a name", region: "mars", err: `no partition of AWS has a region of the form "mars"`},
		{why: "the profile's is none", profile: "odd", err: `region of the form "nowhere"`},
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
			t.Errorf("%s: asked in %q, want %q; %v", test.why, got, test.want, err)
		}
	}
}

// Two principals and a login: each row says whose it is, and which registries use it.
func TestHoldingsAndForget(t *testing.T) {
	s := newAWS(t, ecrtest.FromEnvironment)
	mine := ecrlogin.New(ecrlogin.Options{})
	mustGet(t, mine, host)
	mustGet(t, mine, neighbour)
	mustGet(t, mine, "123456789012.dkr.ecr.eu-west-1.amazonaws.com")
	stored := s.IssueToken(ecrtest.Principal{ARN: "arn:aws:iam::123456789012:user/somebody", Account: ecrtest.Account}, "ecr", "us-east-1").Password
	if err := mine.Store(t.Context(), neighbour, ecrlogin.Credentials{Username: "AWS", Password: stored}); err != nil {
		t.Fatal(err)
	}
	key := s.AddUser("another")
	t.Setenv("AWS_ACCESS_KEY_ID", key.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", key.SecretAccessKey)
	mustGet(t, mine, host)

	all, err := mine.CacheEntries(nil)
	if err != nil {
		t.Fatal(err)
	}
	var tokens, logins, used int
	for _, held := range all.List {
		switch {
		case held.Host != "":
			logins++
			if held.Host != neighbour || len(held.Hosts) != 1 {
				t.Errorf("the login: %+v", held)
			}
		default:
			tokens++
			if held.Source != awsconfig.Environment || held.State != cache.Fresh || held.Expires.IsZero() {
				t.Errorf("a token: %+v", held)
			}
			if len(held.Hosts) > 0 {
				used++
			}
		}
	}
	if tokens != 3 || logins != 1 || used != 1 || !all.Sealed || all.Damaged != 0 || all.Foreign != 0 {
		t.Errorf("%d tokens (%d in use now), %d logins: %+v; want 3 (1), 1", tokens, used, logins, all)
	}

	// Both principals' tokens of that region go, those of other regions and other hosts' logins stay.
	if n, err := mine.Forget("https://" + host); err != nil || n != (ecrlogin.Removed{Tokens: 2}) {
		t.Errorf("%+v, %v; want two tokens forgotten", n, err)
	}
	if all, _ = mine.CacheEntries(nil); len(all.List) != 2 {
		t.Errorf("%d entries left, want 2", len(all.List))
	}
	if n, err := mine.Forget(neighbour); err != nil || n != (ecrlogin.Removed{Logins: 1}) {
		t.Errorf("%+v, %v; want one login forgotten", n, err)
	}
	if hosts := mine.KnownHosts(); len(hosts) != 1 {
		t.Errorf("known hosts %q, want the other region's alone", hosts)
	}
	if _, err := mine.Forget("docker.io"); !errors.Is(err, ecrlogin.ErrNotECR) {
		t.Errorf("a foreign host: %v", err)
	}
	if n, err := mine.ForgetAll(); err != nil || n == 0 {
		t.Errorf("forgot %d, %v", n, err)
	}
	if all, _ = mine.CacheEntries(nil); len(all.List) != 0 {
		t.Errorf("left: %+v", all)
	}
}
