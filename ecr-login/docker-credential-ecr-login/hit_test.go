package main

import (
	"os"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/hit"
)

// slow are packages whose initialisation a hit must not pay for; with a slash at the end, all below it too.
var slow = []string{
	"net/http", "crypto/tls", "encoding/gob", "text/template/", "html/template/",
	"github.com/aws/aws-sdk-go-v2/config", "github.com/aws/aws-sdk-go-v2/credentials/", "github.com/aws/aws-sdk-go-v2/service/",
	"github.com/docker/", "github.com/patrickmn/", "github.com/spf13/",
}

// initialised are the packages that Go says it initialised before the process ended.
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

func TestHitInitialisesNothingItDoesNotNeed(t *testing.T) {
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
		t.Fatal("a miss initialises none of the slow packages either: the trace is not understood")
	}
	hits := u.initialised(t)
	for name := range hits {
		if isSlow(name) {
			t.Errorf("a hit initialises %s", name)
		}
	}
	if len(hits) == 0 {
		t.Error("a hit left no trace")
	}
}

// What a hit may allocate. It is a guard against a copy of the AWS configuration chain creeping in, not a
// benchmark: today's count is about half of it.
const maxAllocations = 300

func TestHitAllocations(t *testing.T) {
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromFile)
	u.get(host)
	question := []byte(host)
	if _, ok := hit.Answer(helper, u.environ, question); !ok {
		t.Fatal("no hit")
	}
	n := testing.AllocsPerRun(20, func() { hit.Answer(helper, u.environ, question) })
	t.Logf("%.0f allocations", n)
	if n > maxAllocations {
		t.Errorf("a hit makes %.0f allocations, want at most %d", n, maxAllocations)
	}
}

// The path of a hit, called as the init function calls it: it answers exactly what it should.
func TestHitAnswers(t *testing.T) {
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromFile)
	l := u.get(host)
	want := `{"ServerURL":"` + host + `","Username":"AWS","Secret":"` + l.Secret + `"}` + "\n"
	for _, test := range []struct {
		name, question, why string
		env                 []string
		want                bool
	}{
		{name: "token", question: host + "\n", want: true},
		{name: "another account of the region", question: "210987654321.dkr.ecr.us-east-1.amazonaws.com"},
		{name: "another region", question: "123456789012.dkr.ecr.eu-west-1.amazonaws.com", why: "no entry"},
		{name: "foreign host", question: "index.docker.io", why: "not ours to say"},
		{name: "look-alike", question: host + ".evil.example", why: "not ECR"},
		{name: "nothing", question: "", why: "the protocol has a text for it"},
		{name: "too long", question: host + strings.Repeat(" ", maxInput), why: "an error, even if the host is good"},
		{name: "cache off", question: host, env: []string{"AWS_ECR_DISABLE_CACHE=1"}, why: "there is none"},
		{name: "log wanted", question: host, env: []string{"ECR_LOGIN_LOG=debug"}, why: "a hit tells nothing"},
		{name: "log file wanted", question: host, env: []string{"ECR_LOGIN_LOG_FILE=/dev/null"}, why: "a hit tells nothing"},
		{name: "other credentials", question: host, env: []string{"AWS_PROFILE=other"}, why: "another principal"},
		{name: "broken settings", question: host, env: []string{"ECR_LOGIN_CONFIG=/nonexistent"}, why: "an error"},
	} {
		answer, ok := hit.Answer(helper, u.with(test.env...).environ, []byte(test.question))
		if test.name == "another account of the region" {
			if !ok || !strings.Contains(string(answer), l.Secret) {
				t.Error("the token was not served for another account of its region")
			}
			continue
		}
		if ok != test.want || ok && string(answer) != want {
			t.Errorf("%s: answered %t (%d bytes), want %t: %s", test.name, ok, len(answer), test.want, test.why)
		}
	}
	old := u.seed(s, "123456789012.dkr.ecr.eu-west-2.amazonaws.com", 7*60*60*1e9)
	if _, ok := hit.Answer(helper, u.environ, []byte(old.ServerURL)); ok {
		t.Error("an aging token was served without anybody refreshing it")
	}
}

func TestStdinIsLeftAlone(t *testing.T) {
	in := hit.Stdin(os.Stdin)
	if in != os.Stdin {
		t.Error("a process that is no get had its standard input read")
	}
}
