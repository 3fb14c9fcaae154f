package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
)

// explain runs explain --json; wantCode is 1 for a get that would fail.
func (u *user) explain(serverURL string) (x ecrlogin.Explanation) {
	u.t.Helper()
	a := u.run("", "explain", "--json", serverURL)
	if err := json.Unmarshal([]byte(a.stdout), &x); err != nil || a.stderr != "" {
		u.t.Fatalf("explain: %+v: %v", a, err)
	}
	if failed := x.Verdict == ecrlogin.Fail; failed != (a.code == 1) {
		u.t.Errorf("explain exits with %d and the verdict %s", a.code, x.Verdict)
	}
	return x
}

// A situation is a user, somewhere in the space of credentials, settings, registries and cache states.
type situation struct {
	words []string // what was chosen, to tell the failing one
	user  *user
	host  string
}

func (s *situation) pick(r *rand.Rand, choices ...string) string {
	c := choices[r.IntN(len(choices))]
	s.words = append(s.words, fmt.Sprintf("%q", c))
	return c
}

// generate makes up a situation. The home goes through the proxy, which sees the real names of the hosts called.
func generate(t *testing.T, aws *ecrtest.Server, r *rand.Rand) situation {
	t.Helper()
	dir := t.TempDir()
	home := aws.Home(dir)
	home.Proxy = true
	role := ecrtest.Role{ARN: "arn:aws:iam::123456789012:role/puller"}
	aws.AddRole(role)
	for _, profile := range []string{"base", "prod"} {
		home.Keys(profile, aws.AddUser(profile))
	}
	home.AssumeRole("chained", "base", role)
	var s situation
	var env []string
	switch s.pick(r, "environment", "profile", "chained", "nothing", "unknown profile") {
	case "environment":
		env = home.Environment(aws.AddUser("somebody"))
	case "profile":
		env = home.Env("AWS_PROFILE=base")
	case "chained":
		env = home.Env("AWS_PROFILE=chained")
	case "nothing":
		env = home.Env()
	case "unknown profile":
		env = home.Env("AWS_PROFILE=unheard-of")
	}
	s.user = newUser(t, dir, env)
	s.host = s.pick(r,
		"123456789012.dkr.ecr.us-east-1.amazonaws.com", "https://210987654321.dkr.ecr.eu-west-1.amazonaws.com/v2/",
		"123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", "123456789012.dkr-ecr.us-west-2.on.aws",
		"123456789012.dkr-ecr-fips.us-west-2.on.aws", "123456789012.dkr.ecr.us-gov-west-1.amazonaws.com",
		"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "public.ecr.aws", "images.example.com", "index.docker.io",
	)
	settings := s.pick(r, "", `public = "never"`, "[[registry]]\nmatch = \"123456789012\"\nprofile = \"prod\"\n",
		"[[registry]]\nmatch = \"images.example.com\"\nhost = \"123456789012.dkr.ecr.eu-west-1.amazonaws.com\"\n",
		"[[registry]]\nmatch = \"*/eu-west-1\"\nprofile = \"base\"\nrole_arn = \"arn:{partition}:iam::123456789012:role/puller\"\nregion = \"eu-central-1\"\n",
		"[[registry]]\nmatch = \"*.amazonaws.com\"\nfips = true\n[[registry]]\nmatch = \"*.on.aws\"\ndual_stack = false\n",
		"[[registry]]\nmatch = \"*\"\nendpoint = \"https://vpce.api.ecr.example\"\n",
		"timeout = \"soon\"",
	)
	file := filepath.Join(dir, "settings.toml")
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	s.user = s.user.with("ECR_LOGIN_CONFIG=" + file)
	if s.user.run("", "explain", s.host).code != 0 {
		return s // nothing can be seeded
	}
	if p, err := s.user.tryPlan(s.host); err == nil && !p.Anonymous {
		switch s.pick(r, "empty cache", "fresh", "aging", "expired", "stored login") {
		case "fresh":
			s.user.seed(aws, s.host, time.Hour)
		case "aging":
			s.user.seed(aws, s.host, 7*time.Hour)
		case "expired":
			s.user.seed(aws, s.host, 13*time.Hour)
		case "stored login":
			who := ecrtest.Principal{ARN: "arn:aws:iam::123456789012:user/stored", Account: "123456789012"}
			s.user.store(login{s.host, "AWS", aws.IssueToken(who, "ecr", p.Registry.Region).Password}).mustSucceed(t)
		}
	}
	return s
}

// What explain says, get then does: two hundred situations, the same ones every time.
func TestExplainAgreesWithGet(t *testing.T) {
	t.Parallel()
	aws := ecrtest.New(t)
	r := rand.New(rand.NewPCG(1, 2))
	verdicts := map[ecrlogin.Verdict]int{}
	for i := range 200 {
		s := generate(t, aws, r)
		aws.Reset()
		before := aws.Connections()
		x := s.user.explain(s.host)
		if n := aws.Connections() - before; n != 0 {
			t.Errorf("explain made %d connections", n)
		}
		a := s.user.run(s.host, "get")
		verdicts[x.Verdict]++
		if wrong := disagreement(x, a, aws.Connections()-before, aws.Hosts()); wrong != "" {
			t.Errorf("situation %d, %s:\nexplain: %s, because %s; ECR at %s, STS at %s\nget: %s: %+v\nhosts called: %v",
				i, strings.Join(s.words, ", "), x.Verdict, x.Why, x.ECR, x.STS, wrong, a, aws.Hosts())
		}
	}
	for _, v := range []ecrlogin.Verdict{ecrlogin.ServeLogin, ecrlogin.ServeToken, ecrlogin.Refresh, ecrlogin.AskAWS, ecrlogin.NotFound, ecrlogin.Fail} {
		if verdicts[v] < 3 {
			t.Errorf("only %d of the situations have the verdict %s: they prove nothing about it", verdicts[v], v)
		}
	}
	t.Logf("%v", verdicts)
}

// disagreement says in what get did something else than explain said; empty when in nothing.
func disagreement(x ecrlogin.Explanation, a answer, connections int, hosts []string) string {
	called := func(raw string) bool {
		u, err := url.Parse(raw)
		return err == nil && slices.Contains(hosts, u.Hostname())
	}
	switch x.Verdict {
	case ecrlogin.ServeLogin, ecrlogin.ServeToken:
		if a.code != 0 || connections != 0 {
			return "did not answer from the cache"
		}
	case ecrlogin.NotFound:
		if a.stdout != notFoundLine || connections != 0 {
			return "did not say not-found at once"
		}
	case ecrlogin.Fail:
		if a.code != 1 || connections != 0 || !strings.Contains(a.stderr, x.Why) {
			return "did not fail so"
		}
	case ecrlogin.Refresh, ecrlogin.AskAWS:
		// Without credentials nobody is called; explain cannot know that there are none before it looks for them.
		if strings.Contains(a.stdout, "no AWS credentials") || a.stdout == notFoundLine && connections == 0 || x.Verdict == ecrlogin.Refresh && connections == 0 {
			if x.Source != string(awsconfig.Instance) {
				return "found no credentials"
			}
			return ""
		}
		if x.STS != "" && !called(x.STS) {
			return "did not call that STS"
		}
		// A role that is refused ends the get before ECR is called.
		if !called(x.ECR) && !strings.Contains(a.stdout, "sts:AssumeRole") {
			return "did not call that ECR endpoint"
		}
		for _, h := range hosts {
			if !called(x.ECR) && !called(x.STS) {
				return "called " + h
			}
		}
	}
	return ""
}

func TestExplainForPeople(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	a := u.run("", "explain", host)
	for _, line := range []string{
		"get           " + host + "\n",
		"registry      account 123456789012, region us-east-1, partition aws, plain\n",
		"settings      no file\n",
		"credentials   access key in the environment\n",
		"calls         ECR at " + s.URL,
		"entry         absent\n",
		"so get would  ask AWS: ",
	} {
		if !strings.Contains(a.stdout, line) {
			t.Errorf("explain does not print %q:\n%s", line, a.stdout)
		}
	}
	u.get(host)
	if a := u.run("", "explain", host); !strings.Contains(a.stdout, "so get would  serve the cached token") || a.code != 0 || a.stderr != "" {
		t.Errorf("%+v", a)
	}
}

// An endpoint may have a password in it, which is nobody's to see.
func TestExplainKeepsPasswords(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	at := func(service string) string {
		return "https://somebody:not-a-real-password@" + service + ".example:1/" + service
	}
	p.set("AWS_ENDPOINT_URL_ECR="+at("ecr"), "AWS_ENDPOINT_URL_STS="+at("sts"), "ECR_LOGIN_CONFIG="+p.path("settings.toml"))
	p.file("settings.toml", "[[registry]]\nmatch = \"*\"\nrole_arn = \"arn:aws:iam::123456789012:role/pull\"\n")
	for _, args := range [][]string{{"explain", host}, {"explain", "--json", host}, {"doctor", host}} {
		a := p.run("", args...)
		p.checkNoSecrets(a)
		if args[0] == "explain" && (!strings.Contains(a.stdout, "https://ecr.example:1/ecr") || !strings.Contains(a.stdout, "https://sts.example:1/sts")) {
			t.Errorf("%q says %s%s", args, a.stdout, a.stderr)
		}
	}
}
