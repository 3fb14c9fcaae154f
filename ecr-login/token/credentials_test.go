package token_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/authtoken"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

const ruleRole = "arn:aws:iam::444455556666:role/pull-images"

// A rule's role is assumed with what the profile, or the environment, gives.
func TestRoleOfARule(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		source  ecrtest.Source
		role    ecrtest.Role
		session string
		want    string
	}{
		{"from the environment", ecrtest.FromEnvironment, ecrtest.Role{ARN: ruleRole}, "", "/" + token.DefaultSessionName},
		{"from a role", ecrtest.FromRoleChain, ecrtest.Role{ARN: ruleRole, Trusted: []string{ecrtest.FromRoleChain.Principal()}}, "named", "/named"},
		{"from SSO, with an external id", ecrtest.FromSSO, ecrtest.Role{ARN: ruleRole, ExternalID: "external-id-for-tests"}, "", "/" + token.DefaultSessionName},
		{"from EC2", ecrtest.FromEC2, ecrtest.Role{ARN: ruleRole}, "", "/" + token.DefaultSessionName},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := ecrtest.New(t)
			s.AddRole(test.role)
			request := private(ecrtest.Region)
			request.RoleARN, request.ExternalID, request.SessionName = test.role.ARN, test.role.ExternalID, test.session
			r := fetch(t, s.Env(t.TempDir(), test.source), job{Request: request})
			wantToken(t, s, r, "arn:aws:sts::444455556666:assumed-role/pull-images"+test.want)
			if left := r.Token.Session; left <= 0 || left > 15*time.Minute+time.Second {
				t.Errorf("session %v, want that of the role, 15m", left)
			}
		})
	}
}

func TestRoleRefused(t *testing.T) {
	t.Parallel()
	s, env, c := user(t)
	s.AddRole(ecrtest.Role{ARN: ruleRole, ExternalID: "external-id-for-tests"})
	request := private(ecrtest.Region)
	request.RoleARN = ruleRole // and no external id
	r := fetch(t, env, job{Request: request})
	wantError(t, r, token.AccessDenied, "access denied: "+c.Principal.ARN+" is not allowed to assume the role "+ruleRole)
	withoutSecrets(t, r, c.SecretAccessKey)
	if r.Err.Action != "sts:AssumeRole" || r.Err.Principal != c.Principal.ARN || r.Err.Stage != token.StageAssumeRole {
		t.Errorf("action %q, principal %q, stage %q", r.Err.Action, r.Err.Principal, r.Err.Stage)
	}
	if s.Calls(ecrCall) != 0 {
		t.Error("ECR was called")
	}
}

func TestRoleOfAProfileRefused(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	home := s.Home(t.TempDir())
	home.Keys("base", s.AddUser("builder"))
	env := home.AssumeRole("prod", "base", ecrtest.Role{ARN: ruleRole, Trusted: []string{"arn:aws:iam::123456789012:user/another"}})
	r := fetch(t, env, job{Request: private(ecrtest.Region)})
	wantError(t, r, token.AccessDenied, "is not allowed to assume the role "+ruleRole)
	if r.Err.Profile != "prod" {
		t.Errorf("profile %q", r.Err.Profile)
	}
}

// The kubelet's token is all that is needed: what the environment and the files
// say about credentials is not even looked at.
func TestWebIdentityAlone(t *testing.T) {
	t.Parallel()
	const role, subject = "arn:aws:iam::123456789012:role/pod", "system:serviceaccount:default:builder"
	s := ecrtest.New(t)
	s.AddRole(ecrtest.Role{ARN: role, Subject: subject})
	home := s.Home(t.TempDir())
	home.Config("[profile hopeless]", "role_arn = "+role, "credential_source = Ec2InstanceMetadata", "mfa_serial = arn:aws:iam::123456789012:mfa/somebody")
	env := home.Env("AWS_PROFILE=hopeless", "AWS_EC2_METADATA_SERVICE_ENDPOINT="+s.BlackHole())
	request := private(ecrtest.Region)
	request.WebIdentity = &token.WebIdentity{Token: s.NewWebIdentityToken(subject, time.Hour), RoleARN: role, SessionName: "default.builder"}
	r := fetch(t, env, job{Request: request})
	wantToken(t, s, r, "arn:aws:sts::123456789012:assumed-role/pod/default.builder")
	if len(s.Requests("")) != 2 {
		t.Errorf("requests %v", s.Requests(""))
	}

	s.AddRole(ecrtest.Role{ARN: ruleRole, Trusted: []string{role}})
	request.RoleARN = ruleRole
	wantToken(t, s, fetch(t, env, job{Request: request}), "arn:aws:sts::444455556666:assumed-role/pull-images/"+token.DefaultSessionName)

	request.RoleARN = ""
	request.WebIdentity.RoleARN = "arn:aws:iam::123456789012:role/another"
	r = fetch(t, env, job{Request: request})
	wantError(t, r, token.AccessDenied, "role/another", "sts:AssumeRoleWithWebIdentity")
	withoutSecrets(t, r, request.WebIdentity.Token)
	if r.Err.Profile != "" {
		t.Errorf("profile %q has nothing to do with it", r.Err.Profile)
	}

	request.WebIdentity.Token = "not-a-real-token"
	r = fetch(t, env, job{Request: request})
	wantError(t, r, token.Refused, "STS")
	withoutSecrets(t, r, "not-a-real-token")
}

// Keys in the environment outrank its AWS_PROFILE, as in the SDK; a profile that
// is requested has precedence over both.
func TestPrecedenceOfKeysAndProfiles(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	home := s.Home(t.TempDir())
	inFile, inEnvironment := s.AddUser("in-file"), s.AddUser("in-environment")
	home.Keys("prod", inFile)
	env := append(home.Environment(inEnvironment), "AWS_PROFILE=prod")
	wantToken(t, s, fetch(t, env, job{Request: private(ecrtest.Region)}), inEnvironment.Principal.ARN)
	request := private(ecrtest.Region)
	request.Profile = "prod"
	wantToken(t, s, fetch(t, env, job{Request: request}), inFile.Principal.ARN)

	s.SetFault(ecrCall, ecrtest.AccessDenied())
	for profile, want := range map[string]string{"": "", "prod": "prod"} {
		request.Profile = profile
		r := fetch(t, env, job{Request: request})
		wantError(t, r, token.AccessDenied)
		if r.Err.Profile != want {
			t.Errorf("the error names profile %q, want %q", r.Err.Profile, want)
		}
	}
}

// What the session that fetched a token had left.
func TestSession(t *testing.T) {
	t.Parallel()
	const in = "AWS_CREDENTIAL_EXPIRATION=in " // a duration from when the test runs
	tests := []struct {
		name      string
		temporary bool
		env       []string
		request   token.Request
		want      time.Duration
	}{
		{"a key has no end", false, nil, private(ecrtest.Region), 0},
		{"a key has no end, for a public token neither", false, nil, public(), 0},
		{"a session of unknown end", true, nil, private(ecrtest.Region), 0},
		{"a session of unknown end, for a public token", true, nil, public(), time.Hour},
		{"a session whose end is in the environment", true, []string{in + "30m"}, private(ecrtest.Region), 30 * time.Minute},
		{"the same for a public token", true, []string{in + "3h"}, public(), 3 * time.Hour},
		{"a session that has ended by that word", true, []string{in + "-1h"}, private(ecrtest.Region), time.Second},
		{"a date in no form", true, []string{"AWS_CREDENTIAL_EXPIRATION=tomorrow"}, public(), time.Hour},
		{"an empty date", true, []string{"AWS_CREDENTIAL_EXPIRATION="}, private(ecrtest.Region), 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := ecrtest.New(t)
			c := s.AddUser("builder")
			if test.temporary {
				c = s.NewSession("arn:aws:sts::123456789012:assumed-role/builder/session")
			}
			env := s.Home(t.TempDir()).Environment(c)
			for _, v := range test.env {
				if after, ok := strings.CutPrefix(v, in); ok {
					d, err := time.ParseDuration(after)
					if err != nil {
						t.Fatal(err)
					}
					v = "AWS_CREDENTIAL_EXPIRATION=" + time.Now().Add(d).UTC().Format(time.RFC3339)
				}
				env = append(env, v)
			}
			r := fetch(t, env, job{Request: test.request})
			wantToken(t, s, r, c.Principal.ARN)
			wantAbout(t, r.Token.Session, test.want)
		})
	}
	for source, want := range map[ecrtest.Source]time.Duration{
		ecrtest.FromProcess:     40 * time.Minute,
		ecrtest.FromSSO:         40 * time.Minute,
		ecrtest.FromRole:        40 * time.Minute,
		ecrtest.FromEC2:         40 * time.Minute,
		ecrtest.FromECS:         40 * time.Minute,
		ecrtest.FromPodIdentity: 40 * time.Minute,
		ecrtest.FromWebIdentity: 40 * time.Minute,
	} {
		t.Run(string(source), func(t *testing.T) {
			t.Parallel()
			s := ecrtest.New(t)
			s.SetSessionLife(40 * time.Minute)
			r := fetch(t, s.Env(t.TempDir(), source), job{Request: public()})
			wantToken(t, s, r, source.Principal())
			wantAbout(t, r.Token.Session, want)
		})
	}
}

// wantAbout allows for whole seconds in dates and for a slow machine.
func wantAbout(t *testing.T, got, want time.Duration) {
	t.Helper()
	if want == 0 || want == time.Second {
		if got != want {
			t.Errorf("got %v, want %v", got, want)
		}
		return
	}
	if got > want+2*time.Second || got < want-30*time.Second {
		t.Errorf("got %v, want about %v", got, want)
	}
}

// The life of a token is the server's, whatever the local clock shows, and one that is over already
// is handed out once.
func TestLifeOfAToken(t *testing.T) {
	t.Parallel()
	s, env, c := user(t)
	for _, life := range []time.Duration{12 * time.Hour, time.Hour, -time.Minute} {
		s.SetTokenLife(life)
		for _, clock := range []time.Duration{0, -3 * time.Hour, 3 * time.Hour} {
			r := fetch(t, env, job{Request: private(ecrtest.Region), Now: clock})
			wantToken(t, s, r, c.Principal.ARN)
			if life > 0 {
				wantAbout(t, r.Token.Lifetime, life)
			} else if r.Token.Lifetime > 0 {
				t.Errorf("lifetime %v of a token that is over", r.Token.Lifetime)
			}
			if off := (r.Token.Skew + clock).Abs(); off > 30*time.Second {
				t.Errorf("skew %v with a clock off by %v", r.Token.Skew, clock)
			}
		}
	}
	// The recorder's responses have neither a date nor an expiry.
	r := fetch(t, settings(t, keys...), job{Recorded: true, Request: private("us-east-1")})
	if r.Token.Password != "not-a-real-token" || r.Token.Lifetime != authtoken.Life || r.Token.Skew != 0 {
		t.Errorf("got %+v", r.Token)
	}
}

// The failure of a credential_process is reported, its output never.
func TestProcess(t *testing.T) {
	t.Parallel()
	const secret = "process-secret-for-tests"
	tests := []struct{ name, command, want string }{
		{"fails", "exit 3", "failed: exit status 3"},
		{"fails after output", `echo '` + secret + `'; exit 1`, "failed: exit status 1"},
		{"prints nothing", "true", "did not print version 1 credentials as JSON"},
		{"prints rubbish", "echo " + secret, "did not print version 1 credentials as JSON"},
		{"prints rubbish that sounds like an error", "echo error in credential_process credential process timed out " + secret, "did not print version 1 credentials as JSON"},
		{"prints another version", `echo '{"Version":2,"AccessKeyId":"AKIDEXAMPLE","SecretAccessKey":"` + secret + `"}'`, "did not print version 1 credentials as JSON"},
		{"prints no key", `echo '{"Version":1,"SecretAccessKey":"` + secret + `"}'`, "did not print version 1 credentials as JSON"},
		{"prints no secret", `echo '{"Version":1,"AccessKeyId":"` + secret + `"}'`, "did not print version 1 credentials as JSON"},
		{"prints a number for a string", `echo '{"Version":1,"AccessKeyId":1,"SecretAccessKey":"` + secret + `"}'`, "did not print version 1 credentials as JSON"},
		{"prints an invalid date", `echo '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"` + secret + `","Expiration":"soon"}'`, "printed an Expiration that is not a time"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			config := filepath.Join(t.TempDir(), "config")
			script := filepath.Join(filepath.Dir(config), "tool")
			if err := os.WriteFile(script, []byte("#!/bin/sh\n"+test.command+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			write(t, config, "[profile tool]\ncredential_process = "+script+"\n"+
				"[profile role]\nrole_arn = "+ruleRole+"\nsource_profile = tool\n")
			env := settings(t, "AWS_CONFIG_FILE="+config)
			for _, profile := range []string{"tool", "role"} {
				request := private("us-east-1")
				request.Profile = profile
				r := fetch(t, env, job{Recorded: true, Request: request})
				wantError(t, r, token.NoCredentials, `the credential_process of profile "tool" `+test.want)
				withoutSecrets(t, r, secret)
				if r.Err.Code != token.CodeProcess || len(r.URLs) != 0 {
					t.Errorf("code %q, calls %v", r.Err.Code, r.URLs)
				}
			}
		})
	}
}

// Without any credentials, the error names every source that was tried.
func TestNoCredentials(t *testing.T) {
	t.Parallel()
	config := filepath.Join(t.TempDir(), "config")
	write(t, config, `
[profile bare]
region = eu-west-1
[profile from-environment]
role_arn = `+ruleRole+`
credential_source = Environment
[profile no-role]
source_profile = from-environment
[profile from-file]
role_arn = `+ruleRole+`
web_identity_token_file = /nonexistent/token
[profile from-ec2]
role_arn = `+ruleRole+`
credential_source = Ec2InstanceMetadata
`)
	tests := []struct {
		name, profile string
		env           []string
		words         []string
	}{
		{"nothing at all", "", nil, []string{"AWS_ACCESS_KEY_ID is not set", "no default profile", "disabled (AWS_EC2_METADATA_DISABLED)"}},
		{"a bare profile", "bare", nil, []string{`profile "bare" has none`, "AWS_ACCESS_KEY_ID is not set"}},
		{"a secret key alone", "", keys[1:2:2], []string{"AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not"}},
		{"names of older SDKs", "", []string{"AWS_ACCESS_KEY=A", "AWS_SECRET_KEY=b"}, []string{"AWS_ACCESS_KEY is set, which only older SDKs read"}},
		{"no role", "no-role", nil, []string{`profile "no-role" has none`}},
		{"a profile that wants the instance's", "from-ec2", nil, []string{`profile "from-ec2"`, "from the EC2 instance", "disabled"}},
		{"a missing token file", "from-file", nil, []string{`"/nonexistent/token"`, "no such file"}},
		{"a missing token file of a container", "", []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:1/", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/nonexistent/token"},
			[]string{"failed to read authorization token from /nonexistent/token"}},
		{"a missing token file, environment", "", []string{"AWS_WEB_IDENTITY_TOKEN_FILE=/nonexistent/token", "AWS_ROLE_ARN=" + ruleRole}, []string{`"/nonexistent/token"`, "no such file"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			request := private("us-east-1")
			request.Profile = test.profile
			r := fetch(t, settings(t, append(test.env, "AWS_CONFIG_FILE="+config)...), job{Recorded: true, Request: request})
			wantError(t, r, token.NoCredentials, test.words...)
			withoutSecrets(t, r, "secret-for-tests")
			if len(r.URLs) != 0 {
				t.Errorf("called %v", r.URLs)
			}
		})
	}
}

// Responses without what the SDK's providers take for granted: some of them would
// panic.
func TestIncompleteCredentials(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		source ecrtest.Source
		op     string
		body   string
	}{
		{"STS, empty", ecrtest.FromRole, "sts:AssumeRole", `<AssumeRoleResponse><AssumeRoleResult></AssumeRoleResult></AssumeRoleResponse>`},
		{"STS, no secret", ecrtest.FromRole, "sts:AssumeRole", `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AKIDEXAMPLE</AccessKeyId></Credentials></AssumeRoleResult></AssumeRoleResponse>`},
		{"STS, empty, web identity", ecrtest.FromWebIdentity, "sts:AssumeRoleWithWebIdentity", `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`},
		{"SSO, empty", ecrtest.FromSSO, "sso:GetRoleCredentials", `{}`},
		{"SSO, no keys", ecrtest.FromSSO, "sso:GetRoleCredentials", `{"roleCredentials":{}}`},
		{"login, empty", ecrtest.FromExpiredLogin, "signin:CreateToken", `{}`},
		{"login, no end", ecrtest.FromExpiredLogin, "signin:CreateToken", `{"accessToken":{"accessKeyId":"AKIDEXAMPLE","secretAccessKey":"x","sessionToken":"x"}}`},
		{"container, empty", ecrtest.FromECS, "container:credentials", `{}`},
		{"EC2, empty", ecrtest.FromEC2, "imds:credentials", `{"Code":"Success"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := ecrtest.New(t)
			s.SetFault(test.op, ecrtest.Fault{Body: []byte(test.body)})
			r := fetch(t, s.Env(t.TempDir(), test.source), job{Request: private(ecrtest.Region)})
			wantError(t, r, token.UnusableAnswer, "unusable response", "has no credentials")
			if s.Calls(ecrCall) != 0 {
				t.Error("ECR was called without credentials")
			}
		})
	}
}

// A credential_process runs without a shell, with its arguments as the AWS CLI splits them.
func TestProcessCommand(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "my bin")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	script, output := filepath.Join(dir, "tool.sh"), filepath.Join(t.TempDir(), "arguments")
	text := "#!/bin/sh\nfor a; do echo \"$a\"; done >'" + output + "'\n" +
		`echo '{"Version":1,"AccessKeyId":"AKIDEXAMPLE","SecretAccessKey":"secret-for-tests","Expiration":"2099-05-16 19:19:29UTC"}'` + "\n"
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	for command, want := range map[string]string{
		`"SCRIPT"`:                  "",
		`'SCRIPT'`:                  "",
		`"SCRIPT" arg "arg two"`:    "arg\narg two\n",
		`'SCRIPT' 'arg one' two`:    "arg one\ntwo\n",
		`"SCRIPT" $HOME * | ~ # no`: "$HOME\n*\n|\n~\n#\nno\n",
		`"SCRIPT" a\ b "c\"d"`:      "a b\nc\"d\n",
	} {
		config := filepath.Join(t.TempDir(), "config")
		write(t, config, "[default]\ncredential_process = "+strings.ReplaceAll(command, "SCRIPT", script)+"\n")
		r := fetch(t, settings(t, "AWS_CONFIG_FILE="+config), job{Recorded: true, Request: private("us-east-1")})
		got, _ := os.ReadFile(output)
		if r.Err != nil || string(got) != want || r.Token.Session < 24*time.Hour {
			t.Errorf("%s: arguments %q, want %q; session %v, error %v", command, got, want, r.Token.Session, r.Err)
		}
	}
	for command, words := range map[string]string{
		"/nonexistent/program": "could not be started", "~/bin/tool": "without a shell", `"/bin/true`: "a quote that is not closed",
	} {
		config := filepath.Join(t.TempDir(), "config")
		write(t, config, "[default]\ncredential_process = "+command+"\n")
		r := fetch(t, settings(t, "AWS_CONFIG_FILE="+config), job{Recorded: true, Request: private("us-east-1")})
		wantError(t, r, token.NoCredentials, words)
	}
}
