//go:build e2e && linux

package e2e

import (
	"strings"
	"testing"
	"time"
)

// dockerStores are the two settings of config.json that name a helper for a host.
var dockerStores = map[string]dockerConfig{
	"credHelpers": {CredHelpers: map[string]string{devHost: helperName}},
	"credsStore":  {CredsStore: helperName},
}

// TestDockerLoginWithToken checks that a token given to docker login is served until it expires or
// until docker logout.
func TestDockerLoginWithToken(t *testing.T) {
	for name, config := range dockerStores {
		t.Run(name, func(t *testing.T) {
			u, elsewhere := dockerUser(t), dockerUser(t)
			elsewhere.signIn("default", devAccount)
			elsewhere.configure(config)
			u.configure(config) // without AWS credentials
			tag := devHost + "/login-" + strings.ToLower(name) + ":1"
			id := elsewhere.push(tag)
			token := elsewhere.get(helperName, devHost)
			u.aws.Reset()

			u.mustFail("", "docker", "pull", tag)
			u.must(token, "docker", "login", "--username", "AWS", "--password-stdin", devHost)
			if got := u.get(helperName, devHost); got != token {
				t.Errorf("get does not return the token of docker login")
			}
			u.pull(tag, id)
			u.forget(tag)
			u.wantNoSecret(token)
			wantCalls(t, u.aws)

			u.must("", "docker", "logout", devHost)
			u.mustFail("", "docker", "pull", tag)
			u.mustFail(devHost, "docker-credential-ecr-login", "get")
		})
	}
}

func TestDockerLoginWithExpiredToken(t *testing.T) {
	u := dockerUser(t)
	u.configure(dockerStores["credHelpers"])
	user := u.aws.AddUser("late")
	u.aws.SetTokenLife(-time.Minute)
	t.Cleanup(func() { u.aws.SetTokenLife(12 * time.Hour) })
	expired := u.aws.IssueToken(user.Principal, "ecr", "us-east-1").Password
	r := u.mustFail(expired, "docker", "login", "--username", "AWS", "--password-stdin", devHost)
	if !strings.Contains(r.output(), "403") {
		t.Errorf("the registry's error is missing:\n%s", r.describe())
	}
	u.mustFail(devHost, "docker-credential-ecr-login", "get")
}

// TestBareDockerLoginStoresNothing checks a docker login without a password: it calls get and gives
// the answer to store. A stored login would come before every later profile.
func TestBareDockerLoginStoresNothing(t *testing.T) {
	for name, config := range dockerStores {
		t.Run(name, func(t *testing.T) {
			u := dockerUser(t)
			u.signIn("default", devAccount)
			other := u.signIn("other", devAccount)
			u.configure(config)

			u.must("", "docker", "login", devHost)
			first := u.get(helperName, devHost)
			u.wantNoSecret(first)
			wantCalls(t, u.aws, getToken)

			u.env["AWS_PROFILE"] = "other"
			second := u.get(helperName, devHost)
			if principal, _ := u.aws.PrincipalOf(second); principal.ARN != other {
				t.Errorf("after docker login the profile %q gets the token of %q, want %q", "other", principal.ARN, other)
			}
			wantCalls(t, u.aws, getToken, getToken)

			delete(u.env, "AWS_PROFILE")
			if u.get(helperName, devHost) != first {
				t.Errorf("the first profile's token is no longer served")
			}
		})
	}
}

// TestDockerLogoutDeletesCachedToken checks that the first get after docker logout calls AWS.
func TestDockerLogoutDeletesCachedToken(t *testing.T) {
	u := dockerUser(t)
	u.signIn("default", devAccount)
	u.configure(dockerStores["credHelpers"])
	u.must("", "docker", "login", devHost)
	u.must("", "docker", "logout", devHost)
	wantCalls(t, u.aws, getToken)
	u.get(helperName, devHost)
	wantCalls(t, u.aws, getToken, getToken)
}

func TestDockerLoginToOtherRegistryFails(t *testing.T) {
	u := dockerUser(t)
	u.configure(dockerConfig{CredsStore: helperName})
	r := u.mustFail(foreignPassword, "docker", "login", "--username", foreignUser, "--password-stdin", closedHost)
	if !strings.Contains(r.output(), "ECR") {
		t.Errorf("the reason is missing:\n%s", r.describe())
	}
	u.wantNoSecret(foreignPassword)
}
