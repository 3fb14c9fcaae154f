package main

import (
	"os"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/hit"
)

// slow are packages that a hit must not initialise. A slash at the end includes all packages below.
var slow = []string{
	"net/http", "crypto/tls", "encoding/gob", "text/template/", "html/template/",
	"github.com/aws/aws-sdk-go-v2/config", "github.com/aws/aws-sdk-go-v2/credentials/", "github.com/aws/aws-sdk-go-v2/service/",
	"github.com/docker/", "github.com/patrickmn/", "github.com/spf13/",
}

// initialised returns the packages in Go's trace of the initialisation.
func (u *user) initialised(t *testing.T) map[string]bool {
	t.Helper()
	a := u.with("GODEBUG=inittrace=1").run(host, "get")
	if a.code != 0 {
		t.Fatalf("%+v", a)
	}
	packages := map[string]bool{}
	for line := range strings.Lines(a.stderr) {
		if rest, ok := strings.CutPrefix(line, "init "); ok {
			name, _, _ := strings.Cut(rest, " ")
			packages[name] = true
		}
	}
	return packages
}

func isSlow(name string) bool {
	for _, prefix := range slow {
		if name == prefix || strings.HasSuffix(prefix, "/") && strings.HasPrefix(name+"/", prefix) {
			return true
		}
	}
	return false
}

func TestHitInitialisesNoSlowPackage(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	seen := 0
	for name := range u.initialised(t) {
		if isSlow(name) {
			seen++
		}
	}
	if seen == 0 {
		t.Fatal("a miss initialises none of the slow packages either: the format of the trace has changed")
	}
	hits := u.initialised(t)
	for name := range hits {
		if isSlow(name) {
			t.Errorf("a hit initialises %s", name)
		}
	}
	if len(hits) == 0 {
		t.Error("the trace of a hit is empty")
	}
}

// maxAllocations is about twice the current number of allocations of a hit. It would notice another
// parser of the AWS configuration in the hit; it is not a benchmark.
const maxAllocations = 300

func TestHitAllocations(t *testing.T) {
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromFile)
	u.get(host)
	input := []byte(host)
	if _, ok := hit.Get(helper, u.environ, input); !ok {
		t.Fatal("no hit")
	}
	n := testing.AllocsPerRun(20, func() { hit.Get(helper, u.environ, input) })
	t.Logf("%.0f allocations", n)
	if n > maxAllocations {
		t.Errorf("a hit makes %.0f allocations, want at most %d", n, maxAllocations)
	}
}

// hit.Get returns the cached result, and nothing in all other cases.
func TestHitGet(t *testing.T) {
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromFile)
	l := u.get(host)
	want := `{"ServerURL":"` + host + `","Username":"AWS","Secret":"` + l.Secret + `"}` + "\n"
	for _, test := range []struct {
		name, input, why string
		env              []string
		want             bool
	}{
		{name: "token", input: host + "\n", want: true},
		{name: "another account of the region", input: "210987654321.dkr.ecr.us-east-1.amazonaws.com"},
		{name: "another region", input: "123456789012.dkr.ecr.eu-west-1.amazonaws.com", why: "no entry"},
		{name: "not ECR", input: "index.docker.io", why: "may have a fallback helper"},
		{name: "look-alike", input: host + ".evil.example", why: "not ECR"},
		{name: "nothing", input: "", why: "the protocol has an error for it"},
		{name: "too long", input: host + strings.Repeat(" ", maxInput), why: "an error, although the host is valid"},
		{name: "cache off", input: host, env: []string{"AWS_ECR_DISABLE_CACHE=1"}, why: "no cache"},
		{name: "log wanted", input: host, env: []string{"ECR_LOGIN_LOG=debug"}, why: "a hit writes no log"},
		{name: "log file wanted", input: host, env: []string{"ECR_LOGIN_LOG_FILE=/dev/null"}, why: "a hit writes no log"},
		{name: "other credentials", input: host, env: []string{"AWS_PROFILE=other"}, why: "another principal"},
		{name: "broken settings", input: host, env: []string{"ECR_LOGIN_CONFIG=/nonexistent"}, why: "an error"},
	} {
		output, ok := hit.Get(helper, u.with(test.env...).environ, []byte(test.input))
		if test.name == "another account of the region" {
			if !ok || !strings.Contains(string(output), l.Secret) {
				t.Error("the token was not returned for another account of its region")
			}
			continue
		}
		if ok != test.want || ok && string(output) != want {
			t.Errorf("%s: returned %t (%d bytes), want %t: %s", test.name, ok, len(output), test.want, test.why)
		}
	}
	old := u.seed(s, "123456789012.dkr.ecr.eu-west-2.amazonaws.com", 7*60*60*1e9)
	if _, ok := hit.Get(helper, u.environ, []byte(old.ServerURL)); ok {
		t.Error("an aging token was returned without a refresh")
	}
}

func TestStdinOfOtherCommands(t *testing.T) {
	in := hit.Stdin(os.Stdin)
	if in != os.Stdin {
		t.Error("standard input was read although the process runs no get")
	}
}
