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

// A fault is something wrong with the patient of newPatient, and all that doctor may complain of.
type fault struct {
	name  string
	plant func(p *patient)
	args  []string // after "doctor"; the usual image when empty
	code  int
	want  string
}

// auth is the entry of a login in auths.
func auth(password string) string {
	return base64.StdEncoding.EncodeToString([]byte("AWS:" + password))
}

// ending is a password that says itself when it ends, as ECR's do.
func ending(in time.Duration) string {
	payload, err := json.Marshal(map[string]any{"payload": "not-a-real-password", "expiration": time.Now().Add(in).Unix()})
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(payload)
}

// oldCache is the existing helper's cache with one token.
func oldCache(life time.Duration) string {
	return fmt.Sprintf(`{"Registries": {"us-east-1-0000-%s": {"AuthorizationToken": %q, "RequestedAt": "2026-01-01T00:00:00Z", "ExpiresAt": %q,
	"ProxyEndpoint": "https://%s"}}, "Version": "1.0"}`, host, auth("not-a-real-password"), time.Now().Add(life).Format(time.RFC3339), host)
}

var faults = []fault{
	{
		name:  "no binary on PATH",
		plant: func(p *patient) { p.remove("bin/docker-credential-ecr-login") },
		code:  1,
		want: `✘ program      docker finds no docker-credential-ecr-login on PATH
               fix: copy or link this program as docker-credential-ecr-login into a folder of PATH
`,
	},
	{
		name: "binary that may not be run",
		plant: func(p *patient) {
			p.remove("bin/docker-credential-ecr-login")
			p.file("bin/docker-credential-ecr-login", "")
		},
		code: 1,
		want: `✘ program      docker finds no docker-credential-ecr-login on PATH: $DIR/bin/docker-credential-ecr-login is not executable
               fix: chmod +x $DIR/bin/docker-credential-ecr-login
`,
	},
	{
		name: "older copy first",
		plant: func(p *patient) {
			p.script("old/docker-credential-ecr-login", "docker-credential-ecr-login (github.com/4e881efc/ecr-credential-helper) v0.0.0-alpha")
			p.script("new/docker-credential-ecr-login", "docker-credential-ecr-login (github.com/4e881efc/ecr-credential-helper) v1.2.3")
			p.set("PATH=" + p.path("old") + string(os.PathListSeparator) + p.path("new"))
		},
		code: 1,
		want: `✘ program      docker runs $DIR/old/docker-credential-ecr-login v0.0.0-alpha, which is older than $DIR/new/docker-credential-ecr-login v1.2.3
               fix: remove it, or put the folder of the newer one before it in PATH
`,
	},
	{
		name: "older copy alone",
		plant: func(p *patient) {
			p.script("old/docker-credential-ecr-login", "docker-credential-ecr-login (github.com/4e881efc/ecr-credential-helper) v0.0.0-alpha")
			p.set("PATH=" + p.path("old"))
		},
		code: 1,
		want: `✘ program      docker runs $DIR/old/docker-credential-ecr-login v0.0.0-alpha, which is older than this program, v0.0.0-test
               fix: remove it, or put a newer one before it in PATH
`,
	},
	{
		name: "another version later on PATH",
		plant: func(p *patient) {
			p.script("other/docker-credential-ecr-login", "docker-credential-ecr-login (github.com/4e881efc/ecr-credential-helper) v0.0.0-test")
			p.script("old/docker-credential-ecr-login", "docker-credential-ecr-login (github.com/4e881efc/ecr-credential-helper) unknown")
			p.set("PATH=" + strings.Join([]string{p.bin, p.path("other"), p.path("old")}, string(os.PathListSeparator)))
		},
		want: `! program      there is another copy later on PATH: $DIR/old/docker-credential-ecr-login unknown
               fix: remove it, if nothing needs it
`,
	},
	{
		name: "existing helper under the same name first",
		plant: func(p *patient) {
			p.script("aws/docker-credential-ecr-login", "amazon-ecr-credential-helper", "version: 0.9.1, commitsha: 0000000")
			p.set("PATH=" + p.path("aws") + string(os.PathListSeparator) + p.bin)
		},
		code: 1,
		want: `✘ program      docker runs $DIR/aws/docker-credential-ecr-login, the helper of AWS 0.9.1, not this program
               fix: remove it, or put the folder of this program before it in PATH
`,
	},
	{
		name: "another program under the same name first",
		plant: func(p *patient) {
			p.script("other/docker-credential-ecr-login", "hello")
			p.set("PATH=" + p.path("other") + string(os.PathListSeparator) + p.bin)
		},
		code: 1,
		want: `✘ program      docker runs $DIR/other/docker-credential-ecr-login, which is another program
               fix: remove it, or put the folder of this program before it in PATH
`,
	},
	{
		name: "helper of the configuration is not installed",
		plant: func(p *patient) {
			p.home.Keys("prod", p.s.AddUser("arn:aws:iam::123456789012:user/prod"))
			p.config(`{"credHelpers": {"` + host + `": "ecr-login-prod"}}`)
		},
		code: 1,
		want: `✘ program      docker finds no docker-credential-ecr-login-prod on PATH
               fix: copy or link this program as docker-credential-ecr-login-prod into a folder of PATH
`,
	},
	{
		name:  "broken config.json",
		plant: func(p *patient) { p.config("{\n  \"credHelpers\": {\n    \"" + host + "\": \"ecr-login\",\n  }\n}\n") },
		code:  1,
		want: `✘ config       $DIR/.docker/config.json:4: broken JSON: invalid character '}' looking for beginning of object key string
               fix: mend the line, or move the file away; docker takes neither comments nor a comma after the last entry
! passwords    not checked: config failed
! entry        not checked: config failed
`,
	},
	{
		name: "a login in config.json that docker cannot read",
		plant: func(p *patient) {
			p.config(`{"auths": {"registry.example": {"auth": "?"}}, "credHelpers": {"` + host + `": "ecr-login"}}`)
		},
		code: 1,
		want: `✘ config       $DIR/.docker/config.json:1: the login of "registry.example" cannot be decoded, so docker refuses the whole file
               fix: delete the entry, and sign in there again
! entry        not checked: config failed
`,
	},
	{
		name:  "credsStore shadows",
		plant: func(p *patient) { p.config("{\n  \"credsStore\": \"desktop\"\n}\n") },
		code:  1,
		want: `✘ entry        docker asks docker-credential-desktop, by credsStore in $DIR/.docker/config.json:2
               fix: docker-credential-ecr-login configure $HOST
`,
	},
	{
		name:  "another helper for the host",
		plant: func(p *patient) { p.config(`{"credHelpers": {"` + host + `": "gcloud"}, "credsStore": "ecr-login"}`) },
		code:  1,
		want: `✘ entry        docker asks docker-credential-gcloud, by credHelpers in $DIR/.docker/config.json:1
               fix: docker-credential-ecr-login configure $HOST
`,
	},
	{
		name: "passwords where names belong",
		plant: func(p *patient) {
			p.config("{\"auths\": {\"https://somebody:not-a-real-password@" + host + "\": {\"auth\": \"" + auth(ending(time.Hour)) + "\"}},\n" +
				"\"credHelpers\": {\"" + host + "\": \"https://somebody:not-a-real-password@x\"}}\n")
		},
		code: 1,
		want: `✘ passwords    $DIR/.docker/config.json:1 keeps a password for $HOST in plain text
               fix: docker-credential-ecr-login configure $HOST
✘ entry        docker asks docker-credential-https://***@x, by credHelpers in $DIR/.docker/config.json:2
               fix: docker-credential-ecr-login configure $HOST
`,
	},
	{
		name: "a password in a name that never matches, and in a name of this program",
		plant: func(p *patient) {
			p.config("{\"auths\": {\"somebody:not-a-real-password@" + host + "\": {}},\n" +
				"\"credHelpers\": {\"https://somebody:not-a-real-password@" + host + "\": \"ecr-login\", \"x\": \"ecr-login-somebody:not-a-real-password@x\"}}\n")
		},
		code: 1,
		want: `✘ program      docker finds no docker-credential-***@x on PATH
               fix: copy or link this program as docker-credential-***@x into a folder of PATH
✘ passwords    $DIR/.docker/config.json:1 keeps a password for $HOST in plain text
               fix: docker-credential-ecr-login configure $HOST
✘ entry        the credHelpers key "https://***@$HOST" in $DIR/.docker/config.json:2 never matches: docker looks for $HOST
               fix: write the bare host: $HOST
`,
	},
	{
		name: "no entry for the host",
		plant: func(p *patient) {
			p.config(`{"credHelpers": {"210987654321.dkr.ecr.us-east-1.amazonaws.com": "ecr-login"}}`)
		},
		code: 1,
		want: `✘ entry        docker asks nobody: no entry in $DIR/.docker/config.json
               fix: docker-credential-ecr-login configure $HOST
`,
	},
	{
		name:  "entry spelt in a way that never matches",
		plant: func(p *patient) { p.config(`{"credHelpers": {"https://` + host + `": "ecr-login"}}`) },
		code:  1,
		want: `✘ entry        the credHelpers key "https://$HOST" in $DIR/.docker/config.json:1 never matches: docker looks for $HOST
               fix: write the bare host: $HOST
`,
	},
	{
		name:  "no config.json",
		plant: func(p *patient) { p.remove(".docker") },
		code:  1,
		want: `✘ entry        docker asks nobody: no entry in $DIR/.docker/config.json, which is not there
               fix: docker-credential-ecr-login configure $HOST
`,
	},
	{
		name: "stale auths",
		plant: func(p *patient) {
			p.config("{\n  \"auths\": {\"" + host + "\": {\"auth\": \"" + auth(ending(time.Hour)) + "\"}},\n  \"credHelpers\": {\"" + host + "\": \"ecr-login\"}\n}\n")
		},
		code: 1,
		want: `✘ passwords    $DIR/.docker/config.json:2 keeps a password for $HOST in plain text, which is not used any more
               fix: docker-credential-ecr-login doctor --fix
`,
	},
	{
		name: "expired token in auths, and nobody else",
		plant: func(p *patient) {
			p.config(`{"auths": {"` + host + `": {"auth": "` + auth(ending(-time.Hour)) + `"}}}`)
		},
		code: 1,
		want: `! passwords    $DIR/.docker/config.json:1 keeps a password for $HOST in plain text; it has expired
               fix: docker-credential-ecr-login doctor --fix
✘ entry        docker uses the password in auths of $DIR/.docker/config.json:1, which has expired, and asks no helper
               fix: docker-credential-ecr-login configure $HOST
`,
	},
	{
		name: "config.json with passwords that others may read",
		plant: func(p *patient) {
			p.config(`{"auths": {"registry.example": {"auth": "` + auth("not-a-real-password") + `"}}, "credHelpers": {"` + host + `": "ecr-login"}}`)
			p.chmod(".docker/config.json", 0o644)
		},
		code: 1,
		want: `✘ passwords    $DIR/.docker/config.json holds passwords, and others may read it (mode 0644)
               fix: chmod go= $DIR/.docker/config.json
`,
	},
	{
		name:  "tokens of the existing helper",
		plant: func(p *patient) { p.file(".ecr/cache.json", oldCache(time.Hour)) },
		code:  1,
		want: `✘ old cache    $DIR/.ecr/cache.json holds 1 token of the existing helper in plain text, 1 still good
               fix: docker-credential-ecr-login doctor --fix
`,
	},
	{
		name:  "old tokens of the existing helper",
		plant: func(p *patient) { p.file(".ecr/cache.json", oldCache(-time.Hour)) },
		want: `! old cache    $DIR/.ecr/cache.json holds 1 token of the existing helper in plain text; all have expired
               fix: docker-credential-ecr-login doctor --fix
`,
	},
	{
		name:  "settings typo",
		plant: func(p *patient) { p.user = p.settings("timeout = \"15s\"\nfallbak = \"pass\"\n") },
		code:  1,
		want: `✘ settings     $ECR_LOGIN_CONFIG:2: unknown key "fallbak", did you mean "fallback"?
               fix: write fallback
! fallback     not checked: settings failed
! passwords    not checked: settings failed
! cache        not checked: settings failed
! sealing      not checked: settings failed
! credentials  not checked: settings failed
! api          not checked: settings failed
! token        not checked: settings failed
! registry     not checked: token failed
! image        not checked: registry failed
! layers       not checked: image failed
`,
	},
	{
		name:  "variable typo",
		plant: func(p *patient) { p.set("ECR_LOGIN_TIMEOUTT=5s") },
		want: `! settings     nothing reads the variable ECR_LOGIN_TIMEOUTT
               fix: docs/configuration.md lists every variable
`,
	},
	{
		name:  "fallback missing",
		plant: func(p *patient) { p.user = p.settings("fallback = \"pass\"\n") },
		code:  1,
		want: `✘ fallback     docker-credential-pass, the fallback of $ECR_LOGIN_CONFIG, is not on PATH: registries that are not ECR fail
               fix: install it, or take fallback out of the settings
`,
	},
	{
		name:  "fallback that is this program",
		plant: func(p *patient) { p.install("bin/docker-credential-other"); p.set("ECR_LOGIN_FALLBACK=other") },
		code:  1,
		want: `✘ fallback     $DIR/bin/docker-credential-other, the fallback of the environment (ECR_LOGIN_FALLBACK), is this program itself
               fix: name another helper, or none
`,
	},
	{
		name:  "no credentials",
		plant: func(p *patient) { p.set("AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=") },
		code:  1,
		want: `✘ credentials  no AWS credentials: AWS_ACCESS_KEY_ID is not set, there is no default profile, no container offers any, and the EC2 instance metadata service is disabled (AWS_EC2_METADATA_DISABLED)
               fix: run ` + "`aws configure` or `aws login`" + `, or set AWS_PROFILE to a profile that has credentials
! token        not checked: credentials failed
! registry     not checked: token failed
! image        not checked: registry failed
! layers       not checked: image failed
`,
	},
	{
		name: "credentials gone, token still in the cache",
		plant: func(p *patient) {
			p.seed(p.s, host, time.Hour)
			p.s.RemoveCredentials(p.getenv("AWS_ACCESS_KEY_ID"))
		},
		code: 1,
		want: `✘ credentials  STS at sts.us-east-1.amazonaws.com through proxy $PROXY refused: InvalidClientTokenId: The security token included in the request is invalid
               fix: check the access key: aws sts get-caller-identity
`,
	},
	{
		name:  "profile that does not exist",
		plant: func(p *patient) { p.set("AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "AWS_PROFILE=prdo") },
		code:  1,
		want: `✘ credentials  the AWS profile "prdo" does not exist
               fix: see ~/.aws/config and the AWS_ variables of the environment
! api          not checked: the AWS configuration cannot be used
! token        not checked: credentials failed
! registry     not checked: token failed
! image        not checked: registry failed
! layers       not checked: image failed
`,
	},
	{
		name: "expired SSO",
		plant: func(p *patient) {
			session := p.s.NewSSOSession("developer", -time.Hour, assignment)
			p.s.EndSSOSession(session)
			p.home.SSO("work", "corporate", session, assignment)
			p.set("AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "AWS_PROFILE=work")
		},
		code: 1,
		want: `✘ credentials  the SSO session of profile "work" has expired
               fix: run: aws sso login --profile work
! token        not checked: credentials failed
! registry     not checked: token failed
! image        not checked: registry failed
! layers       not checked: image failed
`,
	},
	{
		name: "IMDS hop limit",
		plant: func(p *patient) {
			p.set("AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "AWS_EC2_METADATA_DISABLED=false", "AWS_EC2_METADATA_SERVICE_ENDPOINT="+p.s.URL)
			p.s.SetFault("imds:token", ecrtest.Fault{Silence: true})
		},
		code: 1,
		want: `✘ credentials  no AWS credentials: the EC2 metadata service answers, but its session token gets lost: a container is one hop too far, HttpPutResponseHopLimit is 1
               fix: aws ec2 modify-instance-metadata-options --instance-id ID --http-put-response-hop-limit 2, or use the host's network
! token        not checked: credentials failed
! registry     not checked: token failed
! image        not checked: registry failed
! layers       not checked: image failed
`,
	},
	{
		name:  "STS that cannot be asked",
		plant: func(p *patient) { p.s.SetFault("sts:GetCallerIdentity", ecrtest.Fault{CloseConnection: true}) },
		want: `! credentials  there are some, and STS does not say whose: cannot reach STS at sts.us-east-1.amazonaws.com through proxy $PROXY: it closed the connection without an answer
               fix: check HTTPS_PROXY and NO_PROXY
`,
	},
	{
		name:  "denied token",
		plant: func(p *patient) { p.s.Deny(getToken) },
		code:  1,
		want: `✘ token        access denied: arn:aws:iam::123456789012:user/developer may not call ecr:GetAuthorizationToken, because no identity-based policy allows the ecr:GetAuthorizationToken action
               fix: allow ecr:GetAuthorizationToken in a policy of that principal
! registry     not checked: token failed
! image        not checked: registry failed
! layers       not checked: image failed
`,
	},
	{
		name:  "denied repository",
		plant: func(p *patient) { p.s.DenyRepository(host, "app") },
		code:  1,
		want: `✘ image        access denied: arn:aws:iam::123456789012:user/developer may not call ecr:BatchGetImage on app:v1: no resource-based policy allows the ecr:BatchGetImage action
               fix: allow ecr:BatchGetImage in the repository's policy; a pull needs ecr:BatchGetImage and ecr:GetDownloadUrlForLayer
! layers       not checked: image failed
`,
	},
	{
		name:  "denied action",
		plant: func(p *patient) { p.s.Deny("ecr:BatchGetImage") },
		code:  1,
		want: `✘ image        access denied: arn:aws:iam::123456789012:user/developer may not call ecr:BatchGetImage on app:v1: no identity-based policy allows the ecr:BatchGetImage action
               fix: allow ecr:BatchGetImage in a policy of that principal; a pull needs ecr:BatchGetImage and ecr:GetDownloadUrlForLayer
! layers       not checked: image failed
`,
	},
	{
		name:  "denied layers",
		plant: func(p *patient) { p.s.Deny("ecr:GetDownloadUrlForLayer") },
		code:  1,
		want: `✘ layers       access denied: arn:aws:iam::123456789012:user/developer may not call ecr:GetDownloadUrlForLayer on app:v1: no identity-based policy allows the ecr:GetDownloadUrlForLayer action
               fix: allow ecr:GetDownloadUrlForLayer in a policy of that principal; a pull needs ecr:BatchGetImage and ecr:GetDownloadUrlForLayer
`,
	},
	{
		name: "wrong region",
		plant: func(p *patient) {
			p.set("AWS_REGION=eu-west-1")
		},
		args: []string{host + "/team/other"},
		code: 1,
		want: `✘ image        there is no repository team/other in account 123456789012, region us-east-1
               fix: check account and region in the name: the credentials' own region is eu-west-1, not us-east-1
! layers       not checked: image failed
`,
	},
	{
		name: "token of another region stored",
		plant: func(p *patient) {
			token := p.s.IssueToken(ecrtest.Principal{ARN: developer, Account: ecrtest.Account}, "ecr", "eu-west-1")
			p.store(login{host, "AWS", token.Password}).mustSucceed(p.t)
		},
		code: 1,
		want: `✘ registry     $HOST does not take the token that docker login stored (HTTP 401: Not Authorized): it may be of another region or account
               fix: docker logout $HOST
! image        not checked: registry failed
! layers       not checked: image failed
`,
	},
	{
		name:  "no such tag",
		plant: func(p *patient) {},
		args:  []string{host + "/app:v2"},
		code:  1,
		want: `✘ image        there is no v2 in the repository app of account 123456789012, region us-east-1
               fix: check tag and digest, and the region
! layers       not checked: image failed
`,
	},
	{
		name:  "no such registry",
		plant: func(p *patient) {},
		args:  []string{"https://somebody:not-a-real-password@index.docker.io/library/app"},
		code:  1,
		want: `✘ registry     not an Amazon ECR registry: the host does not begin with a twelve-digit account
               fix: check the spelling; an alias of an ECR registry needs a rule in the settings
`,
	},
	{
		name: "DNS failure",
		// A label of 64 letters is no name, so that no resolver is asked.
		plant: func(p *patient) {
			p.set("AWS_ENDPOINT_URL_ECR=https://"+strings.Repeat("x", 64)+".invalid", "NO_PROXY=.invalid")
		},
		code: 1,
		want: `✘ api          cannot reach xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.invalid: the name "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.invalid" does not resolve
               fix: check the name, the region in it, and the resolver; behind a proxy set HTTPS_PROXY
! token        not checked: api failed
! registry     not checked: token failed
! image        not checked: registry failed
! layers       not checked: image failed
`,
	},
	{
		name:  "nobody listens",
		plant: func(p *patient) { p.set("AWS_ENDPOINT_URL_ECR=http://127.0.0.1:1") },
		code:  1,
		want: `✘ api          cannot reach 127.0.0.1:1: connection refused
               fix: check the network; behind a proxy set HTTPS_PROXY
! token        not checked: api failed
! registry     not checked: token failed
! image        not checked: registry failed
! layers       not checked: image failed
`,
	},
	{
		name:  "proxy that refuses",
		plant: func(p *patient) { p.s.SetFault("proxy:CONNECT", ecrtest.Fault{Status: 407}) },
		code:  1,
		want: `! credentials  there are some, and STS does not say whose: cannot reach STS at sts.us-east-1.amazonaws.com through proxy $PROXY: the proxy answered HTTP 407 (proxy authentication required)
               fix: check HTTPS_PROXY and NO_PROXY
✘ api          cannot reach api.ecr.us-east-1.amazonaws.com through proxy $PROXY: the proxy answered HTTP 407 (proxy authentication required)
               fix: check HTTPS_PROXY and NO_PROXY
✘ host         cannot reach $HOST through proxy $PROXY: the proxy answered HTTP 407 (proxy authentication required)
               fix: check HTTPS_PROXY and NO_PROXY
! clock        not checked: nobody answered
! token        not checked: api failed
! registry     not checked: host failed
! image        not checked: registry failed
! layers       not checked: image failed
`,
	},
	{
		name:  "proxy that is not there, with a password",
		plant: func(p *patient) { p.set("HTTPS_PROXY=http://somebody:not-a-real-password@127.0.0.1:1") },
		code:  1,
		want: `! credentials  there are some, and STS does not say whose: cannot reach STS at sts.us-east-1.amazonaws.com through proxy http://***@127.0.0.1:1: the proxy cannot be reached: connection refused
               fix: check HTTPS_PROXY and NO_PROXY
✘ api          cannot reach api.ecr.us-east-1.amazonaws.com through proxy http://***@127.0.0.1:1: the proxy cannot be reached: connection refused
               fix: check HTTPS_PROXY and NO_PROXY
✘ host         cannot reach $HOST through proxy http://***@127.0.0.1:1: the proxy cannot be reached: connection refused
               fix: check HTTPS_PROXY and NO_PROXY
! clock        not checked: nobody answered
! token        not checked: api failed
! registry     not checked: host failed
! image        not checked: registry failed
! layers       not checked: image failed
`,
	},
	{
		name:  "private CA missing",
		plant: func(p *patient) { p.set("AWS_CA_BUNDLE=") },
		code:  1,
		want: `! credentials  there are some, and STS does not say whose: cannot reach STS at sts.us-east-1.amazonaws.com through proxy $PROXY: its certificate is signed by an unknown authority
               fix: a proxy that ends TLS needs its CA in AWS_CA_BUNDLE or in ca_bundle of the profile
✘ api          cannot reach api.ecr.us-east-1.amazonaws.com through proxy $PROXY: its certificate is signed by an unknown authority
               fix: a proxy that ends TLS needs its CA in AWS_CA_BUNDLE, and Docker's daemon needs it in /etc/docker/certs.d/api.ecr.us-east-1.amazonaws.com
✘ host         cannot reach $HOST through proxy $PROXY: its certificate is signed by an unknown authority
               fix: a proxy that ends TLS needs its CA in AWS_CA_BUNDLE, and Docker's daemon needs it in /etc/docker/certs.d/$HOST
! clock        not checked: nobody answered
! token        not checked: api failed
! registry     not checked: host failed
! image        not checked: registry failed
! layers       not checked: image failed
`,
	},
	{
		name:  "CA bundle that is not there",
		plant: func(p *patient) { p.set("AWS_CA_BUNDLE=/nonexistent/ca.pem") },
		code:  1,
		want: `✘ credentials  cannot read the CA bundle "/nonexistent/ca.pem": no such file or directory
               fix: see ~/.aws/config and the AWS_ variables of the environment
! api          not checked: the AWS configuration cannot be used
✘ host         cannot reach $HOST through proxy $PROXY: its certificate is signed by an unknown authority
               fix: a proxy that ends TLS needs its CA in AWS_CA_BUNDLE, and Docker's daemon needs it in /etc/docker/certs.d/$HOST
! clock        not checked: nobody answered
! token        not checked: credentials failed
! registry     not checked: host failed
! image        not checked: registry failed
! layers       not checked: image failed
`,
	},
	{
		name:  "registry that hangs up",
		plant: func(p *patient) { p.s.SetFault("registry", ecrtest.Fault{CloseConnection: true}) },
		code:  1,
		want: `✘ host         cannot reach $HOST through proxy $PROXY: it closed the connection without an answer
               fix: check HTTPS_PROXY and NO_PROXY
! registry     not checked: host failed
! image        not checked: registry failed
! layers       not checked: image failed
`,
	},
	{
		name:  "something else in the place of the registry",
		plant: func(p *patient) { p.s.SetFault("registry", ecrtest.Fault{Garbage: true, Status: 503}) },
		code:  1,
		want: `✘ registry     $HOST is no registry (HTTP 503)
               fix: something between here and AWS may answer in its place: check HTTPS_PROXY
! image        not checked: registry failed
! layers       not checked: image failed
`,
	},
	{
		name: "token that the registry calls expired",
		plant: func(p *patient) {
			p.seed(p.s, host, time.Hour)
			p.s.SetClockOffset(4 * time.Minute)
			p.s.SetFault("registry", ecrtest.Fault{Status: 403, Code: "DENIED", Message: "Your authorization token has expired. Reauthenticate and try again."})
		},
		code: 1,
		want: `! clock        the clock is 4m0s behind the server's
               fix: set the clock of this machine: timedatectl set-ntp true
✘ registry     $HOST says that the token has expired (HTTP 403: Your authorization token has expired. Reauthenticate and try again)
               fix: docker logout $HOST
! image        not checked: registry failed
! layers       not checked: image failed
`,
	},
	{
		name:  "clock skew",
		plant: func(p *patient) { p.s.SetClockOffset(3 * time.Hour) },
		code:  1,
		want: `✘ clock        the clock is 3h0m0s behind the server's: AWS refuses what is signed by it
               fix: set the clock of this machine: timedatectl set-ntp true
`,
	},
	{
		name:  "clock a little ahead",
		plant: func(p *patient) { p.s.SetClockOffset(-3 * time.Minute) },
		want: `! clock        the clock is 3m0s ahead of the server's
               fix: set the clock of this machine: timedatectl set-ntp true
`,
	},
	{
		name:  "cache switched off",
		plant: func(p *patient) { p.set("AWS_ECR_DISABLE_CACHE=1") },
		want: `! cache        switched off by AWS_ECR_DISABLE_CACHE: AWS is asked for every pull
               fix: unset it, unless nothing may be kept
`,
	},
	{
		name:  "cache that cannot lock",
		plant: func(p *patient) { p.file(".cache/ecr-login/locks", "") },
		want: `! cache        $DIR/.cache/ecr-login cannot lock (*): processes that start together each ask AWS
               fix: set AWS_ECR_CACHE_DIR to a folder on a local disk
`,
	},
	{
		name: "cache that others can write to",
		plant: func(p *patient) {
			p.file(".cache/ecr-login/CACHEDIR.TAG", "")
			p.chmod(".cache/ecr-login", 0o777)
		},
		want: `! cache        $DIR/.cache/ecr-login is not used: group or others can write to it
               fix: chmod go-w $DIR/.cache/ecr-login
`,
	},
}

// doctor names the planted fault, and complains of nothing else.
func TestDoctorNamesTheFault(t *testing.T) {
	t.Parallel()
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			p := newPatient(t)
			f.plant(p)
			args := f.args
			if args == nil {
				args = []string{host + "/app:v1"}
			}
			a := p.run("", append([]string{"doctor"}, args...)...)
			p.keepsSecrets(a)
			p.wants(complaints(a), f.code, f.want)
		})
	}
}

// getenv is a variable of the patient's environment.
func (p *patient) getenv(name string) string {
	value, _ := p.environ(name)
	return value
}
