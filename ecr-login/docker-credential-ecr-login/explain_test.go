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

// explain runs explain --json and checks its exit code.
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

// A situation is a user with generated credentials, settings, registry and cache.
type situation struct {
	words []string // the choices, for the message of a failure
	user  *user
	host  string
}

func (s *situation) pick(r *rand.Rand, choices ...string) string {
	c := choices[r.IntN(len(choices))]
	s.words = append(s.words, fmt.Sprintf("%q", c))
	return c
}

// generate returns a random situation. Requests go through the proxy, which records the real host
// names.
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
		return s // no token can be cached
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
			principal := ecrtest.Principal{ARN: "arn:aws:iam::123456789012:user/stored", Account: "123456789012"}
			s.user.store(login{s.host, "AWS", aws.IssueToken(principal, "ecr", p.Registry.Region).Password}).mustSucceed(t)
		}
	}
	return s
}

// get does what explain prints, in two hundred situations that are the same in every run.
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
	for _, v := range []ecrlogin.Verdict{ecrlogin.ServeLogin, ecrlogin.ServeToken, ecrlogin.Refresh, ecrlogin.RequestToken, ecrlogin.NotFound, ecrlogin.Fail} {
		if verdicts[v] < 3 {
			t.Errorf("only %d of the situations have the verdict %s: too few to prove anything", verdicts[v], v)
		}
	}
	t.Logf("%v", verdicts)
}

// disagreement returns how get differs from what explain printed, or "".
func disagreement(x ecrlogin.Explanation, a result, connections int, hosts []string) string {
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
			return "did not return not-found at once"
		}
	case ecrlogin.Fail:
		if a.code != 1 || connections != 0 || !strings.Contains(a.stderr, x.Why) {
			return "did not fail in that way"
		}
	case ecrlogin.Refresh, ecrlogin.RequestToken:
		// Without credentials there is no request. explain cannot know that before the search for
		// them.
		if strings.Contains(a.stdout, "no AWS credentials") || a.stdout == notFoundLine && connections == 0 || x.Verdict == ecrlogin.Refresh && connections == 0 {
			if x.Source != string(awsconfig.Instance) {
				return "found no credentials"
			}
			return ""
		}
		if x.STS != "" && !called(x.STS) {
			return "did not call that STS"
		}
		// Without the role there is no request to ECR.
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

func TestExplainText(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	a := u.run("", "explain", host)
	for _, line := range []string{
		"registry     " + host + "\n             account 123456789012, region us-east-1, partition aws\n",
		"docker       docker runs no helper: " + u.dir + "/.docker/config.json does not exist\n",
		"settings     no settings file\n",
		"credentials  access key in the environment\n",
		"endpoints    ECR at " + s.URL,
		"entry        absent\n",
		"get would    request a token from AWS: ",
	} {
		if !strings.Contains(a.stdout, line) {
			t.Errorf("explain does not print %q:\n%s", line, a.stdout)
		}
	}
	u.get(host)
	if a := u.run("", "explain", host); !strings.Contains(a.stdout, "get would    return the cached token") || a.code != 0 || a.stderr != "" {
		t.Errorf("%+v", a)
	}
}

// A password in an endpoint's URL is not printed.
func TestExplainRedactsPasswords(t *testing.T) {
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

// explain uses the profile in the name of the helper that docker or podman runs, unless --profile
// or its own name has one, and shows what docker runs.
func TestExplainUsesProfileOfDocker(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	for _, profile := range []string{"prod", "dev"} {
		p.home.Keys(profile, p.s.AddUser("arn:aws:iam::123456789012:user/"+profile))
	}
	p.install("bin/docker-credential-ecr-login-dev")
	const helpers = `{"credHelpers": {"` + host + `": "ecr-login-prod"}}`
	for _, test := range []struct {
		name, config, auth string
		args               []string
		program            string
		profile, docker    string
	}{
		{name: "plain", config: `{"credHelpers": {"` + host + `": "ecr-login"}}`, profile: "default",
			docker: "credHelpers: docker runs docker-credential-ecr-login"},
		{name: "credHelpers", config: helpers, profile: "prod",
			docker: "credHelpers: docker runs docker-credential-ecr-login-prod"},
		{name: "credsStore", config: `{"credsStore": "ecr-login-prod"}`, profile: "prod",
			docker: "credsStore: docker runs docker-credential-ecr-login-prod for every registry"},
		{name: "flag", config: helpers, args: []string{"--profile", "dev"}, profile: "dev",
			docker: "credHelpers: docker runs docker-credential-ecr-login-prod"},
		{name: "name of the program", config: helpers, program: "docker-credential-ecr-login-dev", profile: "dev",
			docker: "credHelpers: docker runs docker-credential-ecr-login-prod"},
		{name: "another helper", config: `{"credHelpers": {"` + host + `": "gcloud"}}`, profile: "default",
			docker: "docker runs another helper: docker-credential-gcloud, credHelpers in $DIR/.docker/config.json:1"},
		{name: "DOCKER_AUTH_CONFIG", config: helpers, auth: `{"auths": {"` + host + `": {"auth": "` + auth("not-a-real-password") + `"}}}`, profile: "prod",
			docker: "docker 28.3 and newer runs no helper: it uses the login in DOCKER_AUTH_CONFIG"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p.config(test.config)
			u := p.with("AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "DOCKER_AUTH_CONFIG="+test.auth)
			for _, serverURL := range []string{host, "https://" + host + "/v2/"} {
				cmd := u.command("", append(append([]string{"explain"}, test.args...), serverURL)...)
				if test.program != "" {
					cmd.Path = p.path("bin/" + test.program)
					cmd.Args[0] = cmd.Path
				}
				a := finish(t, cmd)
				p.checkNoSecrets(a)
				for _, want := range []string{"\nprofile      " + test.profile + "\n", "\ndocker       " + p.fill(test.docker) + "\n"} {
					if !strings.Contains(a.stdout, want) || a.stderr != "" {
						t.Errorf("explain %s prints\n%s%s\nwant %q", serverURL, a.stdout, a.stderr, want)
					}
				}
			}
		})
	}
}
