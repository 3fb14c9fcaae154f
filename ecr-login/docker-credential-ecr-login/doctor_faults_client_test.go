package main

import (
	"os"
	"strings"
	"time"
)

// clientFaults are faults of what clients read: programs on PATH and the files with helpers and
// passwords.
var clientFaults = []fault{
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
		name: "not executable, in a directory with a space",
		change: func(p *fixture) {
			p.file("my bin/docker-credential-ecr-login", "")
			p.set("PATH=" + p.path("my bin"))
		},
		code: 1,
		want: `✘ program      docker cannot run $DIR/my bin/docker-credential-ecr-login: not executable
               fix: chmod +x '$DIR/my bin/docker-credential-ecr-login'
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
               fix: ln -s * '/usr/local/bin/docker-credential-***@x', or another directory of PATH
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
}
