package doctor

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
)

func TestIsOlder(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"v1.2.3", "v1.2.4", true},
		{"v1.2.3", "v1.10.0", true},
		{"1.2.3", "v2.0.0", true},
		{"v1.2.3-rc.1", "v1.2.3", true},
		{"v1.2.3", "v1.2.3", false},
		{"v1.2.4", "v1.2.3", false},
		{"v1.2.3", "v1.2.3-rc.1", false},
		{"v1.2.3+dirty", "v1.2.3", false},
		{"v1.2.3-rc.2", "v1.2.3-rc.10", true},
		{"v1.2.3-rc.10", "v1.2.3-rc.2", false},
		{"v1.2.3-rc", "v1.2.3-rc.1", true},
		{"v1.2.3-alpha", "v1.2.3-beta", true},
		{"v1.2.3-1", "v1.2.3-alpha", true},
		{"v1.2.3-alpha", "v1.2.3-1", false},
		{"v0.0.0-20260101000000-000000000000", "v0.0.0-20260201000000-000000000000", true},
		{"v1.2.3", "v1.2.3-4-g0123abc", true}, // as "git describe" writes it
		{"v1.2.3-4-g0123abc-dirty", "v1.2.3-10-g0123abc", true},
		{"v1.2.3-4-g0123abc", "v1.2.3", false},
		{"v1.2.3-4-g0123abc", "v1.2.4-rc.1", true},
		{"(devel)", "v1.2.3", false}, // no versions to compare
		{"v1.2.3", "unknown", false},
		{"v1.2", "v1.3", true},
		{"v1.2.x", "v1.3.0", false},
		{"v-1.2.3", "v1.3.0", false},
		{"", "v1.0.0", false},
	} {
		if got := isOlder(test.a, test.b); got != test.want {
			t.Errorf("%q older than %q: %v", test.a, test.b, got)
		}
	}
}

func TestParseTarget(t *testing.T) {
	t.Parallel()
	const host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	const digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
	for name, want := range map[string][3]string{
		host: {host, "", "latest"},
		"HTTPS://" + strings.ToUpper(host) + ":443/": {host, "", "latest"},
		host + "/v2/":              {host, "", "latest"},
		host + "/app":              {host, "app", "latest"},
		host + "/team/app:v1":      {host, "team/app", "v1"},
		host + "/app@" + digest:    {host, "app", digest},
		host + "/app:v1@" + digest: {host, "app", digest},
		"somebody:not-a-real-password@" + host + "/app": {host, "app", "latest"},
		"registry.example:5000/app":                     {"registry.example:5000", "app", "latest"},
	} {
		got, err := parseTarget(name)
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		if want != [3]string{got.host, got.repository, got.reference} {
			t.Errorf("%q is %q, %q, %q; want %q", name, got.host, got.repository, got.reference, want)
		}
	}
	for _, name := range []string{
		"", "/app", "https://", "not a host/app", host + "/app:", host + "/app@", host + "/a b", host + "/app?x=1", host + "/app#x",
		"somebody:not-a-real-password@:x/app",
	} {
		got, err := parseTarget(name)
		if err == nil {
			t.Errorf("%q is taken for %q, %q, %q", name, got.host, got.repository, got.reference)
		} else if f := badTarget(err); strings.Contains(f.Fact+f.Fix, "password") || f.Status != Fail || f.Fix == "" {
			t.Errorf("%q: %+v", name, f)
		}
	}
}

func TestChallenge(t *testing.T) {
	t.Parallel()
	realm, query := challenge(`Bearer realm="https://public.ecr.aws/token/",service="public.ecr.aws",scope="aws"`)
	if realm == nil || realm.String() != "https://public.ecr.aws/token/" || query.Encode() != "scope=aws&service=public.ecr.aws" {
		t.Errorf("%v, %v", realm, query)
	}
	for _, header := range []string{"", "Basic realm=\"https://x\"", "bearer", `Bearer service="x"`, `Bearer realm="%zz"`} {
		if realm, _ := challenge(header); realm != nil {
			t.Errorf("%q has the realm %v", header, realm)
		}
	}
}

// The clock is compared with that of any server that answered.
func TestClock(t *testing.T) {
	t.Parallel()
	now := time.Now()
	slow := probe{date: now.Add(3 * time.Hour), received: now}
	fast := probe{date: now.Add(-2 * time.Minute), received: now}
	sts := &ecrlogin.Caller{Skew: -time.Hour}
	for _, test := range []struct {
		target target
		status Status
		want   string
	}{
		{target{apiProbe: slow, hostProbe: fast, caller: sts}, Fail, "this clock is 3h0m0s behind the server's; AWS rejects more than 5 minutes"},
		{target{hostProbe: fast, caller: sts}, Warn, "this clock is 2m0s ahead of the server's"},
		{target{caller: sts}, Fail, "this clock is 1h0m0s ahead of the server's; AWS rejects more than 5 minutes"},
		{target{caller: &ecrlogin.Caller{}}, OK, "within a minute of the server's"},
		{target{}, Skipped, "not checked: host failed"},
	} {
		test.target.reach = &step{name: "host"}
		if f := test.target.checkClock()[0]; f.Status != test.status || f.Fact != test.want {
			t.Errorf("%+v, want %s: %s", f, test.status, test.want)
		}
	}
}

func TestHealthy(t *testing.T) {
	t.Parallel()
	for status, want := range map[Status]bool{OK: true, Warn: true, Fail: false, Skipped: false} {
		if got := Healthy([]Finding{{Status: OK}, {Status: status}}); got != want {
			t.Errorf("%s: %v", status, got)
		}
	}
}

// An interrupted run ends at once, and what was not checked is skipped.
func TestRunInterrupted(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	findings := Run(ctx, Options{Registry: "123456789012.dkr.ecr.eu-west-1.amazonaws.com"})
	if Healthy(findings) {
		t.Errorf("%+v", findings)
	}
	for _, f := range findings {
		if f.Check == "registry" && (f.Status != Skipped || f.BlockedBy != ByInterrupt) {
			t.Errorf("%+v", f)
		}
	}
}

// expiredContext is a context whose deadline has passed when the one inside is canceled.
type expiredContext struct{ context.Context }

func (c expiredContext) Err() error {
	if c.Context.Err() != nil {
		return context.DeadlineExceeded
	}
	return nil
}

// A check that hangs and those that need it are skipped; the rest is reported.
func TestCollectSkipsHangingChecks(t *testing.T) {
	t.Parallel()
	ctx, expire := context.WithCancel(t.Context())
	defer expire()
	d := newDoctor(expiredContext{ctx}, Options{Waiting: func(string, string) {}})
	hang := make(chan struct{})
	defer close(hang)
	start := func(name, registry string, check func() []Finding, needs []*step, after ...*step) *step {
		return d.start(&step{name: name, registry: registry, check: check, needs: needs, after: after})
	}
	never := func() []Finding { t.Error("checked"); return nil }
	good := start("good", "", func() []Finding { return one(ok("fine")) }, nil)
	bad := start("bad", "", func() []Finding { return one(fail("", "broken")) }, []*step{good})
	slow := start("slow", "host", func() []Finding { <-hang; return nil }, nil)
	blocked := start("after bad", "", never, []*step{bad})
	start("after slow", "host", never, []*step{slow})
	afterBlocked := start("after blocked", "", never, []*step{blocked})
	beside := start("beside bad", "", func() []Finding { return one(warn("", "all the same")) }, nil, bad)
	close(d.started)
	go func() { // the time is over when all others are done
		<-afterBlocked.done
		<-beside.done
		expire()
	}()
	var reported []Finding
	all := d.collect(func(f Finding) { reported = append(reported, f) })
	if len(reported) != len(all) {
		t.Errorf("%d findings reported, %d returned", len(reported), len(all))
	}
	var got []string
	for _, f := range all {
		got = append(got, fmt.Sprintf("%s %s: %s: %s", f.Registry, f.Check, f.Status, f.Fact))
	}
	want := []string{
		" good: ok: fine", " bad: fail: broken", "host slow: skipped: not checked: no time left, a run ends after 20s",
		" after bad: skipped: not checked: bad failed", "host after slow: skipped: not checked: no time left, a run ends after 20s",
		" after blocked: skipped: not checked: bad failed", " beside bad: warn: all the same",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
}

// A token that the registry repeats in its response is redacted.
func TestEchoIsRedacted(t *testing.T) {
	t.Parallel()
	login := ecrlogin.Credentials{Username: "AWS", Password: "not-a-real-token"}
	registry := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `{"errors": [{"code": "DENIED", "message": "%s is %s"}]}`, r.Header.Get("Authorization"), login.Password)
	}))
	defer registry.Close()
	target := &target{
		d: &doctor{Options: Options{Now: time.Now}, ctx: t.Context()}, host: strings.TrimPrefix(registry.URL, "https://"), repository: "app", reference: "v1",
		trust: trustOf(registry), login: &login,
	}
	target.authorization = basicAuth(login)
	for _, f := range append(target.checkRegistry(), target.checkImage()...) {
		if f.Status != Fail || !strings.Contains(f.Fact, "Basic [redacted] is [redacted]") {
			t.Errorf("%+v", f)
		}
	}
}

// A token in a malformed response is redacted too, and the findings have no control characters.
func TestEchoInMalformedResponse(t *testing.T) {
	t.Parallel()
	login := ecrlogin.Credentials{Username: "AWS", Password: strings.Repeat("not-a-real-token", 20)}
	for name, answer := range map[string]func(authorization string) string{
		"no status":   func(a string) string { return a + "\x1b[31m" },
		"no header":   func(a string) string { return "HTTP/1.1 200 OK\r\n" + a + "\x1b[31m\r\n\r\n" },
		"a part":      func(a string) string { return "HTTP/1.1 200 OK\r\n" + a[:100] + "\u202e\r\n\r\n" },
		"no length":   func(a string) string { return "HTTP/1.1 200 OK\r\nContent-Length: " + a + "\r\n\r\n" },
		"an encoding": func(a string) string { return "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + a + "\r\n\r\n" },
		"the digest": func(a string) string {
			return "HTTP/1.1 200 OK\r\nDocker-Content-Digest: " + a + "\r\nContent-Length: 0\r\n\r\n"
		},
		"the location": func(a string) string {
			return "HTTP/1.1 307 OK\r\nLocation: https://" + a + "/\r\nContent-Length: 0\r\n\r\n"
		},
	} {
		registry := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			fmt.Fprint(conn, answer(r.Header.Get("Authorization")))
		}))
		target := &target{
			d: &doctor{Options: Options{Now: time.Now}, ctx: t.Context()}, host: strings.TrimPrefix(registry.URL, "https://"), repository: "app", reference: "v1",
			trust: trustOf(registry), login: &login, authorization: basicAuth(login),
		}
		sent := strings.TrimPrefix(target.authorization, "Basic ")
		for _, f := range slices.Concat(target.checkRegistry(), target.checkImage(), target.checkLayers()) {
			if strings.Contains(f.Fact, sent[:40]) || strings.Contains(f.Fact, login.Password[:40]) || strings.ContainsFunc(f.Fact, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%s: %+v", name, f)
			}
		}
		registry.Close()
	}
}

// The password for ECR Public is sent to no other host, whatever realm a challenge names.
func TestPasswordOnlyToECRPublic(t *testing.T) {
	t.Parallel()
	other := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("unexpected request for %s with %q", r.URL, r.Header.Get("Authorization"))
	}))
	defer other.Close()
	for _, realm := range []string{other.URL + "/token/", "http://public.ecr.aws/token/", "%zz", ""} {
		registry := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "" {
				t.Errorf("the registry received %q", r.Header.Get("Authorization"))
			}
			w.Header().Set("Www-Authenticate", fmt.Sprintf("Bearer realm=%q,service=%q", realm, "public.ecr.aws"))
			w.WriteHeader(http.StatusUnauthorized)
		}))
		target := &target{
			d: &doctor{Options: Options{Now: time.Now}, ctx: t.Context()}, host: strings.TrimPrefix(registry.URL, "https://"),
			trust: trustOf(registry, other), login: &ecrlogin.Credentials{Username: "AWS", Password: "not-a-real-token"},
		}
		if f := target.checkPublic()[0]; f.Status != Fail || !strings.Contains(f.Fact, "sent no challenge for its own bearer token") {
			t.Errorf("%q: %+v", realm, f)
		}
		registry.Close()
	}
}

// trustOf returns one CA set, which verifies the servers.
func trustOf(servers ...*httptest.Server) caSets {
	a := caSet{name: "the test"}
	for _, s := range servers {
		a.certificates = append(a.certificates, s.Certificate())
	}
	return caSets{a}
}

func TestUnreachableFix(t *testing.T) {
	t.Parallel()
	f := probe{proxy: "http://proxy:3128"}.unreachable("registry.example", context.DeadlineExceeded)
	if f.Status != Fail || f.Fact != "cannot reach registry.example through proxy http://proxy:3128: it does not respond" || f.Fix != "check HTTPS_PROXY and NO_PROXY" {
		t.Errorf("%+v", f)
	}
}
