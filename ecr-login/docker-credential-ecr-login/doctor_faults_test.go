package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// A fault is a change to a working fixture, and everything that doctor reports about it.
type fault struct {
	name   string
	change func(p *fixture)
	args   []string // after "doctor"; the usual image when empty
	code   int
	want   string
}

// otherHost is a registry of another account.
const otherHost = "210987654321.dkr.ecr.us-east-1.amazonaws.com"

// auth returns the auth field of a login.
func auth(password string) string {
	return base64.StdEncoding.EncodeToString([]byte("AWS:" + password))
}

// expiring returns a password that contains its expiry, as ECR's do.
func expiring(in time.Duration) string {
	payload, err := json.Marshal(map[string]any{"payload": "not-a-real-password", "expiration": time.Now().Add(in).Unix()})
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(payload)
}

// oldCache returns a cache.json of amazon-ecr-credential-helper with one token.
func oldCache(life time.Duration) string {
	return fmt.Sprintf(`{"Registries": {"us-east-1-0000-%s": {"AuthorizationToken": %q, "RequestedAt": "2026-01-01T00:00:00Z", "ExpiresAt": %q,
	"ProxyEndpoint": "https://%s"}}, "Version": "1.0"}`, host, auth("not-a-real-password"), time.Now().Add(life).Format(time.RFC3339), host)
}

var faults = []fault{
	{
		name:   "not on PATH",
		change: func(p *fixture) { p.remove("bin/docker-credential-ecr-login") },
		code:   1,
		want: `✘ program      docker cannot run docker-credential-ecr-login: not found on PATH
               fix: ln -s * /usr/local/bin/docker-credential-ecr-login, or another directory of PATH
`,
	},
	{
		name: "not executable",
		change: func(p *fixture) {
			p.remove("bin/docker-credential-ecr-login")
			p.file("bin/docker-credential-ecr-login", "")
		},
		code: 1,
		want: `✘ program      docker cannot run $DIR/bin/docker-credential-ecr-login: not executable
               fix: chmod +x $DIR/bin/docker-credential-ecr-login
`,
	},
	{
		name: "older copy first",
		change: func(p *fixture) {
			p.script("old/docker-credential-ecr-login", "docker-credential-ecr-login (github.com/4e881efc/ecr-credential-helper) v0.0.0-alpha")
			p.script("new/docker-credential-ecr-login", "docker-credential-ecr-login (github.com/4e881efc/ecr-credential-helper) v1.2.3")
			p.set("PATH=" + p.path("old") + string(os.PathListSeparator) + p.path("new"))
		},
		code: 1,
		want: `✘ program      docker runs $DIR/old/docker-credential-ecr-login v0.0.0-alpha, older than $DIR/new/docker-credential-ecr-login v1.2.3
               fix: remove $DIR/old/docker-credential-ecr-login, or put the directory of $DIR/new/docker-credential-ecr-login before it in PATH
`,
	},
	{
		name: "older copy alone",
		change: func(p *fixture) {
			p.script("old/docker-credential-ecr-login", "docker-credential-ecr-login (github.com/4e881efc/ecr-credential-helper) v0.0.0-alpha")
			p.set("PATH=" + p.path("old"))
		},
		code: 1,
		want: `✘ program      docker runs $DIR/old/docker-credential-ecr-login v0.0.0-alpha, older than this program, v0.0.0-test
               fix: remove $DIR/old/docker-credential-ecr-login, or put the directory of * before it in PATH
`,
	},
	{
		name: "another version later on PATH",
		change: func(p *fixture) {
			p.script("other/docker-credential-ecr-login", "docker-credential-ecr-login (github.com/4e881efc/ecr-credential-helper) v0.0.0-test")
			p.script("old/docker-credential-ecr-login", "docker-credential-ecr-login (github.com/4e881efc/ecr-credential-helper) unknown")
			p.set("PATH=" + strings.Join([]string{p.bin, p.path("other"), p.path("old")}, string(os.PathListSeparator)))
		},
		want: `! program      another copy later on PATH: $DIR/old/docker-credential-ecr-login unknown
               fix: remove it if nothing needs it
`,
	},
	{
		name: "amazon-ecr-credential-helper first on PATH",
		change: func(p *fixture) {
			p.script("aws/docker-credential-ecr-login", "amazon-ecr-credential-helper", "version: 0.9.1, commitsha: 0000000")
			p.set("PATH=" + p.path("aws") + string(os.PathListSeparator) + p.bin)
		},
		code: 1,
		want: `✘ program      docker runs $DIR/aws/docker-credential-ecr-login, which is amazon-ecr-credential-helper 0.9.1
               fix: remove $DIR/aws/docker-credential-ecr-login, or put the directory of * before it in PATH
`,
	},
	{
		name: "another program first on PATH",
		change: func(p *fixture) {
			p.script("other/docker-credential-ecr-login", "hello")
			p.set("PATH=" + p.path("other") + string(os.PathListSeparator) + p.bin)
		},
		code: 1,
		want: `✘ program      docker runs $DIR/other/docker-credential-ecr-login, which is not this program
               fix: remove $DIR/other/docker-credential-ecr-login, or put the directory of * before it in PATH
`,
	},
	{
		name: "configured helper not installed",
		change: func(p *fixture) {
			p.home.Keys("prod", p.s.AddUser("arn:aws:iam::123456789012:user/prod"))
			p.config(`{"credHelpers": {"` + host + `": "ecr-login-prod"}}`)
		},
		code: 1,
		want: `✘ program      docker cannot run docker-credential-ecr-login-prod: not found on PATH
               fix: ln -s * /usr/local/bin/docker-credential-ecr-login-prod, or another directory of PATH
`,
	},
	{
		name:   "broken config.json",
		change: func(p *fixture) { p.config("{\n  \"credHelpers\": {\n    \"" + host + "\": \"ecr-login\",\n  }\n}\n") },
		code:   1,
		want: `✘ config       $DIR/.docker/config.json:4: invalid JSON: invalid character '}' looking for beginning of object key string
               fix: fix the line, or move the file away; docker accepts neither comments nor trailing commas
! not checked  passwords: config failed
! not checked  entry: config failed
`,
	},
	{
		name: "a wrong type in another key of config.json",
		change: func(p *fixture) {
			p.config("{\n\"features\": {\"buildkit\": true},\n\"credHelpers\": {\"" + host + "\": \"ecr-login\"}}")
		},
		code: 0,
		want: `! config       $DIR/.docker/config.json:2: "buildkit" in features is a boolean, not a string; docker warns about the file, and crane, ko and cosign refuse it
               fix: put the value in double quotes
`,
	},
	{
		name: "passwords in the files of other programs",
		change: func(p *fixture) {
			p.file(".config/helm/registry/config.json", `{"auths": {"`+host+`": {"auth": "QVdTOng="}, "ghcr.io": {"auth": "QVdTOng="}}}`)
			p.file(".regctl/config.json", `{"hosts": {"`+host+`": {"user": "AWS", "pass": "x"}}}`)
		},
		code: 1,
		want: `✘ passwords    $DIR/.config/helm/registry/config.json:1 stores an ECR password in plain text (123456789012.dkr.ecr.us-east-1.amazonaws.com), which helm uses
               fix: helm registry logout 123456789012.dkr.ecr.us-east-1.amazonaws.com
✘ passwords    $DIR/.regctl/config.json:1 stores an ECR password in plain text (123456789012.dkr.ecr.us-east-1.amazonaws.com), which regctl uses
               fix: regctl registry logout 123456789012.dkr.ecr.us-east-1.amazonaws.com
`,
	},
	{
		name: "a login in config.json that docker cannot read",
		change: func(p *fixture) {
			p.config(`{"auths": {"registry.example": {"auth": "?"}}, "credHelpers": {"` + host + `": "ecr-login"}}`)
		},
		code: 1,
		want: `✘ config       $DIR/.docker/config.json:1: the login of "registry.example" cannot be decoded, so docker refuses the whole file
               fix: delete the entry and run docker login again
! not checked  entry: config failed
`,
	},
	{
		name:   "another credsStore",
		change: func(p *fixture) { p.config("{\n  \"credsStore\": \"desktop\"\n}\n") },
		code:   1,
		want: `✘ entry        docker runs another helper: docker-credential-desktop, credsStore in $DIR/.docker/config.json:2
               fix: docker-credential-ecr-login configure $HOST
`,
	},
	{
		name:   "another helper for the host",
		change: func(p *fixture) { p.config(`{"credHelpers": {"` + host + `": "gcloud"}, "credsStore": "ecr-login"}`) },
		code:   1,
		want: `✘ entry        docker runs another helper: docker-credential-gcloud, credHelpers in $DIR/.docker/config.json:1
               fix: docker-credential-ecr-login configure $HOST
`,
	},
	{
		name: "passwords in names",
		change: func(p *fixture) {
			p.config("{\"auths\": {\"https://somebody:not-a-real-password@" + host + "\": {\"auth\": \"" + auth(expiring(time.Hour)) + "\"}},\n" +
				"\"credHelpers\": {\"" + host + "\": \"https://somebody:not-a-real-password@x\"}}\n")
		},
		code: 1,
		want: `✘ passwords    $DIR/.docker/config.json:1 stores an ECR password in plain text ($HOST)
               fix: docker-credential-ecr-login configure $HOST
✘ entry        docker runs another helper: docker-credential-https://***@x, credHelpers in $DIR/.docker/config.json:2
               fix: docker-credential-ecr-login configure $HOST
`,
	},
	{
		name: "passwords in a key that never matches and in a helper's name",
		change: func(p *fixture) {
			p.config("{\"auths\": {\"somebody:not-a-real-password@" + host + "\": {}},\n" +
				"\"credHelpers\": {\"https://somebody:not-a-real-password@" + host + "\": \"ecr-login\", \"x\": \"ecr-login-somebody:not-a-real-password@x\"}}\n")
		},
		code: 1,
		want: `✘ program      docker cannot run docker-credential-***@x: not found on PATH
               fix: ln -s * /usr/local/bin/docker-credential-***@x, or another directory of PATH
✘ passwords    $DIR/.docker/config.json:1 stores an ECR password in plain text ($HOST)
               fix: docker-credential-ecr-login configure $HOST
✘ entry        credHelpers key "https://***@$HOST" never matches, docker looks for "$HOST"; $DIR/.docker/config.json:2
               fix: docker-credential-ecr-login configure $HOST
`,
	},
	{
		name: "no entry for the host",
		change: func(p *fixture) {
			p.config(`{"credHelpers": {"210987654321.dkr.ecr.us-east-1.amazonaws.com": "ecr-login"}}`)
		},
		code: 1,
		want: `✘ entry        docker runs no helper: no entry in $DIR/.docker/config.json
               fix: docker-credential-ecr-login configure $HOST
`,
	},
	{
		name:   "key that never matches",
		change: func(p *fixture) { p.config(`{"credHelpers": {"https://` + host + `": "ecr-login"}}`) },
		code:   1,
		want: `✘ entry        credHelpers key "https://$HOST" never matches, docker looks for "$HOST"; $DIR/.docker/config.json:1
               fix: docker-credential-ecr-login configure $HOST
`,
	},
	{
		name:   "no config.json",
		change: func(p *fixture) { p.remove(".docker") },
		code:   1,
		want: `✘ entry        docker runs no helper: $DIR/.docker/config.json does not exist
               fix: docker-credential-ecr-login configure $HOST
`,
	},
	{
		name: "login in DOCKER_AUTH_CONFIG",
		change: func(p *fixture) {
			p.set(`DOCKER_AUTH_CONFIG={"auths": {"` + host + `": {"auth": "` + auth(expiring(time.Hour)) + `"}}}`)
		},
		code: 1,
		want: `✘ entry        docker 28.3 and newer runs no helper: it uses the login in DOCKER_AUTH_CONFIG
               fix: remove $HOST from DOCKER_AUTH_CONFIG
`,
	},
	{
		name: "expired login in DOCKER_AUTH_CONFIG",
		change: func(p *fixture) {
			p.set(`DOCKER_AUTH_CONFIG={"auths": {"` + host + `": {"auth": "` + auth(expiring(-time.Hour)) + `"}}}`)
		},
		code: 1,
		want: `✘ entry        docker 28.3 and newer runs no helper: it uses the login in DOCKER_AUTH_CONFIG, expired
               fix: remove $HOST from DOCKER_AUTH_CONFIG
`,
	},
	{
		name: "login of another registry in DOCKER_AUTH_CONFIG",
		change: func(p *fixture) {
			p.set(`DOCKER_AUTH_CONFIG={"auths": {"registry.example": {"auth": "` + auth("not-a-real-password") + `"}}}`)
		},
	},
	{
		name:   "helpers in DOCKER_AUTH_CONFIG",
		change: func(p *fixture) { p.set(`DOCKER_AUTH_CONFIG={"credHelpers": {"` + host + `": "ecr-login"}}`) },
		want: `! config       docker ignores DOCKER_AUTH_CONFIG and prints a warning for each command: only auths are allowed: json: unknown field "credHelpers"
               fix: unset DOCKER_AUTH_CONFIG
`,
	},
	{
		name: "password in a broken DOCKER_AUTH_CONFIG",
		change: func(p *fixture) {
			p.set(`DOCKER_AUTH_CONFIG={"auths": {"https://u:not-a-real-password@registry.example": {"auth": "not-a-real-password"}}}`)
		},
		want: `! config       docker ignores DOCKER_AUTH_CONFIG and prints a warning for each command: the login of "https://***@registry.example" cannot be decoded
               fix: unset DOCKER_AUTH_CONFIG
`,
	},
	{
		name: "unused password in auths",
		change: func(p *fixture) {
			p.config("{\n  \"auths\": {\"" + host + "\": {\"auth\": \"" + auth(expiring(time.Hour)) + "\"}},\n  \"credHelpers\": {\"" + host + "\": \"ecr-login\"}\n}\n")
		},
		code: 1,
		want: `✘ passwords    $DIR/.docker/config.json:2 stores an ECR password in plain text ($HOST); it is not used any more
               fix: docker-credential-ecr-login doctor --fix
`,
	},
	{
		name: "expired token in auths, no helper",
		change: func(p *fixture) {
			p.config(`{"auths": {"` + host + `": {"auth": "` + auth(expiring(-time.Hour)) + `"}}}`)
		},
		code: 1,
		want: `! passwords    $DIR/.docker/config.json:1 stores an ECR password in plain text ($HOST); it has expired
               fix: docker-credential-ecr-login doctor --fix
✘ entry        docker runs no helper: it uses the password in auths, $DIR/.docker/config.json:1, expired
               fix: docker-credential-ecr-login configure $HOST
`,
	},
	{
		name: "config.json with passwords readable by others",
		change: func(p *fixture) {
			p.config(`{"auths": {"registry.example": {"auth": "` + auth("not-a-real-password") + `"}}, "credHelpers": {"` + host + `": "ecr-login"}}`)
			p.chmod(".docker/config.json", 0o644)
		},
		want: `! passwords    $DIR/.docker/config.json stores passwords and other users can read it (mode 0644)
               fix: chmod go= $DIR/.docker/config.json
`,
	},
	{
		name:   "valid tokens of amazon-ecr-credential-helper",
		change: func(p *fixture) { p.file(".ecr/cache.json", oldCache(time.Hour)) },
		want: `! old cache    $DIR/.ecr/cache.json stores 1 token of amazon-ecr-credential-helper in plain text, 1 still valid
               fix: docker-credential-ecr-login doctor --fix
`,
	},
	{
		name:   "expired tokens of amazon-ecr-credential-helper",
		change: func(p *fixture) { p.file(".ecr/cache.json", oldCache(-time.Hour)) },
		want: `! old cache    $DIR/.ecr/cache.json stores 1 token of amazon-ecr-credential-helper in plain text, all expired
               fix: docker-credential-ecr-login doctor --fix
`,
	},
	{
		name:   "unknown key in the settings",
		change: func(p *fixture) { p.user = p.settings("timeout = \"15s\"\nfallbak = \"pass\"\n") },
		code:   1,
		want: `✘ settings     $ECR_LOGIN_CONFIG:2: unknown key "fallbak", did you mean "fallback"?
               fix: write fallback
! not checked  fallback, passwords, cache, sealing: settings failed
! not checked  credentials, api, token, registry, image, layers: settings failed
`,
	},
	{
		name:   "unknown environment variable",
		change: func(p *fixture) { p.set("ECR_LOGIN_TIMEOUTT=5s") },
		want: `! settings     unknown environment variable ECR_LOGIN_TIMEOUTT
               fix: correct its name; docs/configuration.md lists every variable
`,
	},
	{
		name:   "fallback missing",
		change: func(p *fixture) { p.user = p.settings("fallback = \"pass\"\n") },
		code:   1,
		want: `✘ fallback     fallback helper docker-credential-pass ($ECR_LOGIN_CONFIG) not found on PATH; registries other than ECR fail
               fix: install it, or remove fallback from the settings
`,
	},
	{
		name:   "fallback that is this program",
		change: func(p *fixture) { p.install("bin/docker-credential-other"); p.set("ECR_LOGIN_FALLBACK=other") },
		code:   1,
		want: `✘ fallback     fallback helper $DIR/bin/docker-credential-other (ECR_LOGIN_FALLBACK) is this program itself
               fix: name another helper, or none
`,
	},
	{
		name:   "no credentials",
		change: func(p *fixture) { p.set("AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=") },
		code:   1,
		want: `✘ credentials  no AWS credentials: AWS_ACCESS_KEY_ID is not set, there is no default profile, no container credentials are configured, and the EC2 instance metadata service is disabled (AWS_EC2_METADATA_DISABLED)
               fix: run ` + "`aws configure` or `aws login`" + `, or set AWS_PROFILE to a profile that has credentials
! not checked  token, registry, image, layers: credentials failed
`,
	},
	{
		name: "credentials deleted, token in the cache",
		change: func(p *fixture) {
			p.seed(p.s, host, time.Hour)
			p.s.RemoveCredentials(p.getenv("AWS_ACCESS_KEY_ID"))
		},
		code: 1,
		want: `✘ credentials  STS at sts.us-east-1.amazonaws.com through proxy $PROXY refused: InvalidClientTokenId: The security token included in the request is invalid
               fix: check the access key: aws sts get-caller-identity
`,
	},
	{
		name:   "profile that does not exist",
		change: func(p *fixture) { p.set("AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "AWS_PROFILE=prdo") },
		code:   1,
		want: `✘ credentials  profile "prdo" not found in ~/.aws/config or ~/.aws/credentials
               fix: check ~/.aws/config and the AWS_ environment variables
! not checked  api, token, registry, image, layers: credentials failed
`,
	},
	{
		name: "expired SSO",
		change: func(p *fixture) {
			session := p.s.NewSSOSession("developer", -time.Hour, assignment)
			p.s.EndSSOSession(session)
			p.home.SSO("work", "corporate", session, assignment)
			p.set("AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "AWS_PROFILE=work")
		},
		code: 1,
		want: `✘ credentials  the SSO session of profile "work" has expired
               fix: run: aws sso login --sso-session corporate
! not checked  token, registry, image, layers: credentials failed
`,
	},
	{
		name:   "missing AWS_CONFIG_FILE",
		change: func(p *fixture) { p.set("AWS_CONFIG_FILE=/nonexistent/config") },
		want: `! credentials  AWS_CONFIG_FILE names /nonexistent/config, which does not exist
               fix: correct the environment variable, or unset it
`,
	},
	{
		name: "ECR password readable by others",
		change: func(p *fixture) {
			p.config(`{"auths": {"` + host + `": {"auth": "` + auth("not-a-real-password") + `"}}}`)
			p.chmod(".docker/config.json", 0o644)
		},
		code: 1,
		want: `✘ passwords    $DIR/.docker/config.json stores passwords and other users can read it (mode 0644)
               fix: chmod go= $DIR/.docker/config.json
✘ passwords    $DIR/.docker/config.json:1 stores an ECR password in plain text ($HOST)
               fix: docker-credential-ecr-login configure $HOST
✘ entry        docker runs no helper: it uses the password in auths, $DIR/.docker/config.json:1
               fix: docker-credential-ecr-login configure $HOST
`,
	},
	{
		name: "IMDS hop limit",
		change: func(p *fixture) {
			p.set("AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "AWS_EC2_METADATA_DISABLED=false", "AWS_EC2_METADATA_SERVICE_ENDPOINT="+p.s.URL)
			p.s.SetFault("imds:token", ecrtest.Fault{Silence: true})
		},
		code: 1,
		want: `✘ credentials  no AWS credentials: the response to the EC2 metadata service's PUT is lost, the hop limit is 1 and a container needs 2
               fix: aws ec2 modify-instance-metadata-options --instance-id ID --http-put-response-hop-limit 2
! not checked  token, registry, image, layers: credentials failed
`,
	},
	{
		name:   "STS unreachable",
		change: func(p *fixture) { p.s.SetFault("sts:GetCallerIdentity", ecrtest.Fault{CloseConnection: true}) },
		want: `! credentials  credentials found, but STS could not identify them: cannot reach STS at sts.us-east-1.amazonaws.com through proxy $PROXY: it closed the connection without a response
               fix: check HTTPS_PROXY and NO_PROXY
`,
	},
	{
		name:   "denied token",
		change: func(p *fixture) { p.s.Deny(getToken) },
		code:   1,
		want: `✘ token        access denied: arn:aws:iam::123456789012:user/developer is not allowed to call ecr:GetAuthorizationToken, because no identity-based policy allows the ecr:GetAuthorizationToken action
               fix: allow ecr:GetAuthorizationToken in a policy of that principal
! not checked  registry, image, layers: token failed
`,
	},
	{
		name:   "denied repository",
		change: func(p *fixture) { p.s.DenyRepository(host, "app") },
		code:   1,
		want: `✘ image        access denied: arn:aws:iam::123456789012:user/developer lacks ecr:BatchGetImage on app:v1: no resource-based policy allows the ecr:BatchGetImage action
               fix: allow ecr:BatchGetImage in the repository's policy; a pull needs ecr:BatchGetImage and ecr:GetDownloadUrlForLayer
! not checked  layers: image failed
`,
	},
	{
		name: "denied repository of another account",
		change: func(p *fixture) {
			p.config(`{"credHelpers": {"` + otherHost + `": "ecr-login"}}`)
			p.s.DenyRepository(otherHost, "app")
		},
		args: []string{otherHost + "/app:v1"},
		code: 1,
		want: `✘ image        access denied: arn:aws:iam::123456789012:user/developer lacks ecr:BatchGetImage on app:v1: no resource-based policy allows the ecr:BatchGetImage action
               fix: allow ecr:BatchGetImage in a policy of that principal and in the repository's policy of account 210987654321; a pull needs ecr:BatchGetImage and ecr:GetDownloadUrlForLayer
! not checked  layers: image failed
`,
	},
	{
		name:   "missing image of ECR Public",
		change: func(p *fixture) { p.config(`{"credHelpers": {"public.ecr.aws": "ecr-login"}}`) },
		args:   []string{"public.ecr.aws/docker/library/missing"},
		code:   1,
		want: `✘ image        repository docker/library/missing not found in public.ecr.aws
               fix: find the name on https://gallery.ecr.aws: public.ecr.aws/ALIAS/REPOSITORY
! not checked  layers: image failed
`,
	},
	{
		name:   "denied action",
		change: func(p *fixture) { p.s.Deny("ecr:BatchGetImage") },
		code:   1,
		want: `✘ image        access denied: arn:aws:iam::123456789012:user/developer lacks ecr:BatchGetImage on app:v1: no identity-based policy allows the ecr:BatchGetImage action
               fix: allow ecr:BatchGetImage in a policy of that principal; a pull needs ecr:BatchGetImage and ecr:GetDownloadUrlForLayer
! not checked  layers: image failed
`,
	},
	{
		name:   "denied layers",
		change: func(p *fixture) { p.s.Deny("ecr:GetDownloadUrlForLayer") },
		code:   1,
		want: `✘ layers       access denied: arn:aws:iam::123456789012:user/developer lacks ecr:GetDownloadUrlForLayer on app:v1: no identity-based policy allows the ecr:GetDownloadUrlForLayer action
               fix: allow ecr:GetDownloadUrlForLayer in a policy of that principal; a pull needs ecr:BatchGetImage and ecr:GetDownloadUrlForLayer
`,
	},
	{
		name: "wrong region",
		change: func(p *fixture) {
			p.set("AWS_REGION=eu-west-1")
		},
		args: []string{host + "/team/other"},
		code: 1,
		want: `✘ image        repository team/other not found in account 123456789012, region us-east-1
               fix: check account and region in the name: the credentials' region is eu-west-1, not us-east-1
! not checked  layers: image failed
`,
	},
	{
		name: "token of another region stored",
		change: func(p *fixture) {
			token := p.s.IssueToken(ecrtest.Principal{ARN: developer, Account: ecrtest.Account}, "ecr", "eu-west-1")
			p.store(login{host, "AWS", token.Password}).mustSucceed(p.t)
		},
		code: 1,
		want: `✘ registry     $HOST rejects the token that docker login stored; it may be of another region or account (HTTP 401: Not Authorized)
               fix: docker logout $HOST
! not checked  image, layers: registry failed
`,
	},
	{
		name:   "no such tag",
		change: func(p *fixture) {},
		args:   []string{host + "/app:v2"},
		code:   1,
		want: `✘ image        app:v2 not found in account 123456789012, region us-east-1
               fix: check the tag or digest, and the region
! not checked  layers: image failed
`,
	},
	{
		name:   "no such registry",
		change: func(p *fixture) {},
		args:   []string{"https://somebody:not-a-real-password@index.docker.io/library/app"},
		code:   1,
		want: `✘ registry     not an Amazon ECR registry: the host does not begin with a twelve-digit account
               fix: check the spelling; an alias of an ECR registry needs a rule in the settings
`,
	},
	{
		name: "DNS failure",
		// A label of 64 letters is no name, so that no resolver is asked.
		change: func(p *fixture) {
			p.set("AWS_ENDPOINT_URL_ECR=https://"+strings.Repeat("x", 64)+".invalid", "NO_PROXY=.invalid")
		},
		code: 1,
		want: `✘ api          cannot reach xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.invalid: the name "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.invalid" does not resolve
               fix: check the host name, its region, and DNS; behind a proxy set HTTPS_PROXY
! not checked  token, registry, image, layers: api failed
`,
	},
	{
		name:   "connection refused",
		change: func(p *fixture) { p.set("AWS_ENDPOINT_URL_ECR=http://127.0.0.1:1") },
		code:   1,
		want: `✘ api          cannot reach 127.0.0.1:1: connection refused
               fix: check the network; behind a proxy set HTTPS_PROXY
! not checked  token, registry, image, layers: api failed
`,
	},
	{
		name:   "proxy that refuses",
		change: func(p *fixture) { p.s.SetFault("proxy:CONNECT", ecrtest.Fault{Status: 407}) },
		code:   1,
		want: `! credentials  credentials found, but STS could not identify them: cannot reach STS at sts.us-east-1.amazonaws.com through proxy $PROXY: the proxy returned HTTP 407 (proxy authentication required)
               fix: check HTTPS_PROXY and NO_PROXY
✘ api          cannot reach api.ecr.us-east-1.amazonaws.com through proxy $PROXY: the proxy returned HTTP 407 (proxy authentication required)
               fix: check HTTPS_PROXY and NO_PROXY
✘ host         cannot reach $HOST through proxy $PROXY: the proxy returned HTTP 407 (proxy authentication required)
               fix: check HTTPS_PROXY and NO_PROXY
! not checked  clock, registry, image, layers: host failed
! not checked  token: api failed
`,
	},
	{
		name:   "unreachable proxy with a password",
		change: func(p *fixture) { p.set("HTTPS_PROXY=http://somebody:not-a-real-password@127.0.0.1:1") },
		code:   1,
		want: `! credentials  credentials found, but STS could not identify them: cannot reach STS at sts.us-east-1.amazonaws.com through proxy http://***@127.0.0.1:1: the proxy cannot be reached: connection refused
               fix: check HTTPS_PROXY and NO_PROXY
✘ api          cannot reach api.ecr.us-east-1.amazonaws.com through proxy http://***@127.0.0.1:1: the proxy cannot be reached: connection refused
               fix: check HTTPS_PROXY and NO_PROXY
✘ host         cannot reach $HOST through proxy http://***@127.0.0.1:1: the proxy cannot be reached: connection refused
               fix: check HTTPS_PROXY and NO_PROXY
! not checked  clock, registry, image, layers: host failed
! not checked  token: api failed
`,
	},
	{
		name:   "private CA missing",
		change: func(p *fixture) { p.set("AWS_CA_BUNDLE=") },
		code:   1,
		want: `! credentials  credentials found, but STS could not identify them: cannot reach STS at sts.us-east-1.amazonaws.com through proxy $PROXY: its certificate is signed by an unknown CA
               fix: if the proxy decrypts TLS, add its CA to the file in AWS_CA_BUNDLE, or in ca_bundle of the profile
✘ api          cannot reach api.ecr.us-east-1.amazonaws.com through proxy $PROXY: its certificate is signed by an unknown CA
               fix: add the proxy's CA to AWS_CA_BUNDLE, and for Docker's daemon to /etc/docker/certs.d/api.ecr.us-east-1.amazonaws.com
✘ host         cannot reach $HOST through proxy $PROXY: its certificate is signed by an unknown CA
               fix: add the proxy's CA to AWS_CA_BUNDLE, and for Docker's daemon to /etc/docker/certs.d/$HOST
! not checked  clock, registry, image, layers: host failed
! not checked  token: api failed
`,
	},
	{
		name:   "CA bundle not found",
		change: func(p *fixture) { p.set("AWS_CA_BUNDLE=/nonexistent/ca.pem") },
		code:   1,
		want: `✘ credentials  cannot read the CA bundle "/nonexistent/ca.pem": no such file or directory
               fix: check ~/.aws/config and the AWS_ environment variables
✘ host         cannot reach $HOST through proxy $PROXY: its certificate is signed by an unknown CA
               fix: add the proxy's CA to AWS_CA_BUNDLE, and for Docker's daemon to /etc/docker/certs.d/$HOST
! not checked  api, token: credentials failed
! not checked  clock, registry, image, layers: host failed
`,
	},
	{
		name:   "registry closes the connection",
		change: func(p *fixture) { p.s.SetFault("registry", ecrtest.Fault{CloseConnection: true}) },
		code:   1,
		want: `✘ host         cannot reach $HOST through proxy $PROXY: it closed the connection without a response
               fix: check HTTPS_PROXY and NO_PROXY
! not checked  registry, image, layers: host failed
`,
	},
	{
		name:   "not a registry",
		change: func(p *fixture) { p.s.SetFault("registry", ecrtest.Fault{Garbage: true, Status: 503}) },
		code:   1,
		want: `✘ registry     $HOST does not answer as a registry (HTTP 503)
               fix: check HTTPS_PROXY: a proxy may answer instead of AWS
! not checked  image, layers: registry failed
`,
	},
	{
		name: "token rejected as expired",
		change: func(p *fixture) {
			p.seed(p.s, host, time.Hour)
			p.s.SetClockOffset(4 * time.Minute)
			p.s.SetFault("registry", ecrtest.Fault{Status: 403, Code: "DENIED", Message: "Your authorization token has expired. Reauthenticate and try again."})
		},
		code: 1,
		want: `! clock        this clock is 4m0s behind the server's
               fix: sudo timedatectl set-ntp true
✘ registry     $HOST rejects the token as expired (HTTP 403: Your authorization token has expired. Reauthenticate and try again)
               fix: docker logout $HOST
! not checked  image, layers: registry failed
`,
	},
	{
		name:   "clock skew",
		change: func(p *fixture) { p.s.SetClockOffset(3 * time.Hour) },
		code:   1,
		want: `✘ clock        this clock is 3h0m0s behind the server's; AWS rejects more than 5 minutes
               fix: sudo timedatectl set-ntp true
`,
	},
	{
		name:   "clock slightly ahead",
		change: func(p *fixture) { p.s.SetClockOffset(-3 * time.Minute) },
		want: `! clock        this clock is 3m0s ahead of the server's
               fix: sudo timedatectl set-ntp true
`,
	},
	{
		name:   "cache disabled",
		change: func(p *fixture) { p.set("AWS_ECR_DISABLE_CACHE=1") },
		want: `! cache        disabled by AWS_ECR_DISABLE_CACHE; every pull calls AWS
               fix: unset it, unless tokens must not be stored
`,
	},
	{
		name:   "cache that cannot lock",
		change: func(p *fixture) { p.file(".cache/ecr-login/locks", "") },
		want: `! cache        $DIR/.cache/ecr-login cannot be locked (*); programs that start at the same time each call AWS
               fix: set AWS_ECR_CACHE_DIR to a directory on a local disk
`,
	},
	{
		name: "cache writable by others",
		change: func(p *fixture) {
			p.file(".cache/ecr-login/CACHEDIR.TAG", "")
			p.chmod(".cache/ecr-login", 0o777)
		},
		want: `! cache        $DIR/.cache/ecr-login is not used: group or others can write to it
               fix: chmod go-w $DIR/.cache/ecr-login
`,
	},
}

// doctor reports the fault and nothing else.
func TestDoctorFaults(t *testing.T) {
	t.Parallel()
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			p := newFixture(t)
			f.change(p)
			args := f.args
			if args == nil {
				args = []string{host + "/app:v1"}
			}
			a := p.run("", append([]string{"doctor"}, args...)...)
			p.checkNoSecrets(a)
			p.wants(problems(a), f.code, f.want)
		})
	}
}

// getenv returns an environment variable of the fixture.
func (p *fixture) getenv(name string) string {
	value, _ := p.environ(name)
	return value
}
