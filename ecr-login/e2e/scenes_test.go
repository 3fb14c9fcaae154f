//go:build e2e && linux

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// The registries of the documentation. The images app:1 and app:latest are in each.
const (
	docsRegion  = "eu-west-1"
	docsHost    = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	prodDocs    = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
	stagingDocs = "444455556666.dkr.ecr.eu-west-1.amazonaws.com"
)

// docsImages pushes the images once.
var docsImages sync.Once

// A reader is a user who types the commands of the documentation.
type reader struct {
	*user
	// placeholders are texts of the documentation and what the reader writes in their place.
	placeholders []string
}

// newReader returns a reader on a machine with the Docker engine, where the program is installed
// under both names.
func newReader(t *testing.T) *reader {
	t.Helper()
	needEngine(t)
	for _, program := range []string{"sudo", "aws"} {
		needProgram(t, program, fromDebian+"sudo awscli")
	}
	docsImages.Do(func() {
		owner := dockerUser(t)
		owner.signIn("default", devAccount)
		owner.configure(dockerConfig{CredsStore: helperName})
		for _, host := range []string{docsHost, prodDocs, stagingDocs} {
			for _, tag := range []string{"/app:1", "/app:latest"} {
				owner.push(host + tag)
			}
		}
	})
	r := &reader{user: newUser(t)}
	engineSettings(r.user)
	// configure finds the registries of the engine's images, also those of earlier sessions.
	r.must("", "docker", "system", "prune", "--all", "--force")
	delete(r.env, "DOCKER_CONFIG")
	r.env["LANG"] = "C.UTF-8"
	// The CA of the site is the machine's only one, and the AWS CLI has certificates of its own.
	r.env["AWS_CA_BUNDLE"] = "/etc/ssl/certs/ca-certificates.crt"
	if err := os.RemoveAll(r.path("bin")); err != nil {
		t.Fatal(err)
	}
	r.installProgram()
	return r
}

// programDirectory is private to the run, and the first one in which sudo finds programs.
const programDirectory = "/usr/local/bin"

func (r *reader) installProgram() {
	r.t.Helper()
	before, err := filepath.Glob(programDirectory + "/*")
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		after, _ := filepath.Glob(programDirectory + "/*")
		for _, file := range after {
			if !slices.Contains(before, file) {
				os.RemoveAll(file)
			}
		}
	})
	r.must("", "install", "-m", "0755", *helperPath, programDirectory+"/docker-credential-ecr-login")
	r.must("", "ln", "-s", "docker-credential-ecr-login", programDirectory+"/ecr-login")
}

// withKey gives a user an access key and a region.
func withKey(r *reader) {
	r.t.Helper()
	r.signIn("default", devAccount)
	r.write(".aws/config", "[default]\nregion = "+docsRegion+"\n")
}

// withLogin gives a user a login for another registry. Without any login, docker stores passwords
// with docker-credential-pass if that is installed.
func withLogin(r *reader) {
	r.t.Helper()
	r.write(".docker/config.json", `{"auths":{"registry.example.com":{"auth":"YTpi"}}}`)
}

// withDockerfile gives a user an access key, and a directory with a Dockerfile.
func withDockerfile(r *reader) {
	r.t.Helper()
	withKey(r)
	r.write("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n")
	for _, name := range []string{"GIT_COMMIT", "BUILDKITE_COMMIT", "CIRCLE_SHA1", "CODEBUILD_RESOLVED_SOURCE_VERSION", "GITHUB_SHA", "CI_COMMIT_SHA"} {
		r.env[name] = "3b18e512"
	}
	r.env["WORKSPACE_TMP"] = r.path("tmp")
}

// withToken puts an OIDC token into an environment variable, in place of the access key. The role of
// the documentation trusts its issuer.
func (r *reader) withToken(variable string) {
	r.t.Helper()
	const subject = "project_path:group/project:ref_type:branch:ref:main"
	if err := os.RemoveAll(r.path(".aws")); err != nil {
		r.t.Fatal(err)
	}
	r.aws.AddRole(ecrtest.Role{ARN: "arn:aws:iam::" + devAccount + ":role/ci", Subject: subject})
	r.env[variable] = r.aws.NewWebIdentityToken(subject, time.Hour)
}

// scenes are the situations in which the blocks of the documentation run.
var scenes = map[string]func(r *reader){
	// A user with an access key for the first registry, and nothing else.
	"":    withKey,
	"key": withKey,
	// The same user, after configure.
	"configured": func(r *reader) {
		withKey(r)
		r.must("", "ecr-login", "configure", docsHost)
	},
	// Root on a machine with containerd.
	"containerd": func(r *reader) {
		withKey(r)
		needProgram(r.t, "crictl", fromGo)
		r.env["CONTAINERD_ADDRESS"] = needContainerd(r.t)
		r.env["CONTAINERD_SNAPSHOTTER"] = "native"
		r.env["CONTAINER_RUNTIME_ENDPOINT"] = "unix://" + needContainerd(r.t)
	},
	// A Node project with the package dockerode.
	"dockerode": func(r *reader) {
		withKey(r)
		needProgram(r.t, "node", fromDebian+"nodejs")
		r.env["NODE_PATH"] = nodeModules()
	},
	// A step after the GitHub action.
	"github": func(r *reader) {
		withDockerfile(r)
		r.env["REGISTRY"] = docsHost
		r.must("", "docker-credential-ecr-login", "configure", docsHost)
	},
	// A role in another account trusts the user.
	"github-role": func(r *reader) {
		withKey(r)
		r.aws.AddRole(ecrtest.Role{ARN: "arn:aws:iam::111122223333:role/pull-images", Trusted: []string{"arn:aws:iam::" + devAccount + ":user/default"}})
		r.must("", "docker-credential-ecr-login", "configure", prodDocs)
	},
	// A job of GitLab, with an ID token, and its own storage for buildah.
	"gitlab": func(r *reader) {
		withDockerfile(r)
		containersSettings(r.user)
		r.withToken("ECR_LOGIN_ID_TOKEN")
		r.env["CI_JOB_ID"] = "7"
		r.env["DOCKER_TLS_VERIFY"], r.env["DOCKER_CERT_PATH"] = "", ""
	},
	// A machine where GitLab's runner is a process of root.
	"gitlab-runner": func(r *reader) {
		withKey(r)
		r.must("", "sed", "-i", "s#:/root:#:"+r.home+":#", "/etc/passwd")
		r.t.Cleanup(func() { r.must("", "sed", "-i", "s#:"+r.home+":#:/root:#", "/etc/passwd") })
	},
	"buildkite": func(r *reader) {
		withDockerfile(r)
		r.withToken("TOKEN")
		r.writeIn(programDirectory, "buildkite-agent", "#!/bin/sh\ntest \"$*\" = 'oidc request-token --audience sts.amazonaws.com' && printf %s \"$TOKEN\"\n")
		r.must("", "chmod", "0755", programDirectory+"/buildkite-agent")
	},
	"circleci": func(r *reader) {
		withDockerfile(r)
		r.withToken("CIRCLE_OIDC_TOKEN_V2")
		r.env["BASH_ENV"] = r.path("tmp/environment")
		r.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = r.path("tmp/token")
	},
	"codebuild": withDockerfile,
	// withCredentials of Jenkins writes the token to a file.
	"jenkins-oidc": func(r *reader) {
		withKey(r)
		r.withToken("TOKEN")
		r.write("tmp/token", r.env["TOKEN"])
		r.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = r.path("tmp/token")
		r.must("", "ecr-login", "configure", docsHost)
	},
	// A user with a login for another registry.
	"other-login": func(r *reader) {
		withKey(r)
		withLogin(r)
	},
	// A user in a directory with a Dockerfile who has installed ecrtest, and no AWS account.
	"ecrtest": func(r *reader) {
		r.write("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n")
		delete(r.env, "AWS_CA_BUNDLE")
		r.env["AWS_MAX_ATTEMPTS"] = "1" // when it is throttled
		withLogin(r)
		r.must("", "install", "-m", "0755", *ecrtestPath, programDirectory+"/ecrtest")
	},
	// A step of a CI job.
	"build": withDockerfile,
	// A server where root has a stand-in for AWS's aws_signing_helper.
	"on-premises": func(r *reader) {
		key := r.aws.AddUser("arn:aws:iam::" + devAccount + ":user/node")
		r.placeholders = []string{"YOUR-ACCESS-KEY-ID", key.AccessKeyID, "YOUR-SECRET-ACCESS-KEY", key.SecretAccessKey}
		r.writeIn(programDirectory, "aws_signing_helper", "#!/bin/sh\ntest \"$1\" = credential-process || exit 1\n"+
			`echo '{"Version":1,"AccessKeyId":"`+key.AccessKeyID+`","SecretAccessKey":"`+key.SecretAccessKey+"\"}'\n")
		r.must("", "chmod", "0755", programDirectory+"/aws_signing_helper")
	},
	// A machine with the user jenkins, who has an access key.
	"jenkins": func(r *reader) {
		withKey(r)
		home := "/run/jenkins"
		r.must("", "useradd", "--home-dir", home, "jenkins")
		r.t.Cleanup(func() { r.must("", "userdel", "jenkins") })
		r.must("", "mkdir", "-p", home+"/.aws")
		r.must("", "cp", r.path(".aws/credentials"), r.path(".aws/config"), home+"/.aws/")
		r.must("", "chown", "-R", "jenkins:", home)
	},
	// A user with an expired password of docker login.
	"old-login": func(r *reader) {
		withKey(r)
		r.write(".docker/config.json", r.stale(docsHost))
	},
	// A user of the existing helper, with the files that it leaves.
	"existing-helper": func(r *reader) {
		withKey(r)
		r.configure(dockerConfig{CredHelpers: map[string]string{docsHost: helperName}})
		expires := r.aws.Now().Add(time.Hour).Format(time.RFC3339)
		r.write(".ecr/cache.json", `{"Version":"1.0","Registries":{"`+docsHost+`":{"AuthorizationToken":"QVdTOm5vdC1hLXJlYWwtdG9rZW4=","RequestedAt":"`+expires+
			`","ExpiresAt":"`+expires+`","ProxyEndpoint":"https://`+docsHost+`","Service":"ecr"}}}`)
		r.write(".ecr/log/ecr-login.log", "time=\"2026-11-28T08:00:00Z\" level=error msg=\"Error retrieving credentials\"\n")
	},
	// A user with a profile for each of two accounts, and images of both.
	"profiles": func(r *reader) {
		r.signIn("prod", "111122223333")
		r.signIn("staging", "444455556666")
		r.write(".aws/config", "[profile prod]\nregion = "+docsRegion+"\n[profile staging]\nregion = "+docsRegion+"\n")
		r.tagImages()
	},
	// A user who has signed in to SSO. The page has the profiles.
	"sso": func(r *reader) {
		session := r.aws.NewSSOSession("developer", time.Hour,
			ecrtest.Assignment{Account: "111122223333", Role: "Developer"}, ecrtest.Assignment{Account: "444455556666", Role: "Developer"})
		r.aws.Home(r.home).SSO("unused", "corp", session, ecrtest.Assignment{Account: "111122223333", Role: "Developer"})
		r.tagImages()
	},
}

// tagImages gives the engine an image of each account.
func (r *reader) tagImages() {
	r.t.Helper()
	for _, host := range []string{prodDocs, stagingDocs} {
		r.build(host+"/app:1", "scratch")
	}
}
