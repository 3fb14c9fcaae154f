//go:build e2e && linux

package e2e

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

const (
	helperName     = "ecr-login"      // the helper's name in config.json
	devHelperName  = "ecr-login-dev"  // the same program with a profile in its name
	prodHelperName = "ecr-login-prod" // the same program with another profile
	getToken       = "ecr:GetAuthorizationToken"
)

// dockerUser returns a user of the run's engine.
func dockerUser(t *testing.T) *user {
	t.Helper()
	needEngine(t)
	u := newUser(t)
	engineSettings(u)
	return u
}

// build builds an image whose only layer is its tag, and returns its id.
func (u *user) build(tag, from string) (id string) {
	u.t.Helper()
	u.write("build/Dockerfile", fmt.Sprintf("FROM %s\nCOPY layer /layer-of-%s\n", from, strings.NewReplacer("/", "-", ":", "-").Replace(tag)))
	u.write("build/layer", tag)
	u.must("", "docker", "build", "--tag", tag, "build")
	return u.imageID(tag)
}

func (u *user) imageID(tag string) string {
	u.t.Helper()
	return strings.TrimSpace(u.must("", "docker", "image", "inspect", "--format", "{{.Id}}", tag).stdout)
}

// push builds an image, pushes it and removes it from the engine, so that it can be pulled.
func (u *user) push(tag string) (id string) {
	u.t.Helper()
	id = u.build(tag, "scratch")
	u.must("", "docker", "push", tag)
	u.forget(tag)
	return id
}

func (u *user) forget(tags ...string) {
	u.t.Helper()
	u.must("", "docker", append([]string{"image", "rm"}, tags...)...)
}

// pull pulls an image that the engine does not have and checks that it is the one that was pushed.
func (u *user) pull(tag, id string) {
	u.t.Helper()
	if r := u.run("", "docker", "image", "inspect", tag); r.err == nil {
		u.t.Fatalf("%s exists before it was pulled:\n%s", tag, r.describe())
	}
	u.must("", "docker", "pull", tag)
	if got := u.imageID(tag); got != id {
		u.t.Errorf("pulled %s of %s, pushed %s", got, tag, id)
	}
}

func TestDockerPushAndPull(t *testing.T) {
	u := dockerUser(t)
	u.signIn("default", devAccount)
	u.configure(dockerConfig{CredHelpers: map[string]string{devHost: helperName}})
	config := u.read(".docker/config.json")
	tag := devHost + "/push-and-pull:1"

	id := u.push(tag)
	wantCalls(t, u.aws, getToken)
	u.pull(tag, id)
	u.forget(tag)
	u.pull(tag, id)
	// The push made the only call: neither pull called AWS.
	wantCalls(t, u.aws, getToken)

	if now := u.read(".docker/config.json"); now != config {
		t.Errorf("config.json was changed to\n%s", now)
	}
	u.wantNoSecret(u.get(helperName, devHost))
}

func TestDockerPullOfUnknownImage(t *testing.T) {
	u := dockerUser(t)
	u.signIn("default", devAccount)
	u.configure(dockerConfig{CredHelpers: map[string]string{devHost: helperName}})
	// The credentials are valid and the image is missing: the error is the registry's.
	r := u.mustFail("", "docker", "pull", devHost+"/never-pushed:1")
	if !strings.Contains(r.output(), "not found") && !strings.Contains(r.output(), "unknown") {
		t.Errorf("the registry's error is missing:\n%s", r.describe())
	}
}

func TestDockerTwoAccountsTwoProfiles(t *testing.T) {
	u := dockerUser(t)
	u.install("docker-credential-" + prodHelperName)
	who := map[string]string{devHost: u.signIn("default", devAccount), prodHost: u.signIn("prod", prodAccount)}
	u.configure(dockerConfig{CredHelpers: map[string]string{devHost: helperName, prodHost: prodHelperName}})

	for host := range who {
		tag := host + "/two-accounts:1"
		u.pull(tag, u.push(tag))
	}
	wantCalls(t, u.aws, getToken, getToken)
	wantOpenedBy(t, u.aws, who)
}

// TestDockerBuildFromPrivateImage uses the classic builder, which collects all credentials before
// it starts: it calls list, get for each entry of the list, and get for each key of credHelpers.
func TestDockerBuildFromPrivateImage(t *testing.T) {
	for name, config := range map[string]dockerConfig{
		"credHelpers": {CredHelpers: map[string]string{devHost: helperName, prodHost: prodHelperName}},
		"credsStore":  {CredsStore: helperName, CredHelpers: map[string]string{prodHost: prodHelperName}},
	} {
		t.Run(name, func(t *testing.T) {
			u := dockerUser(t)
			u.install("docker-credential-" + prodHelperName)
			u.signIn("default", devAccount)
			u.signIn("prod", prodAccount)
			u.configure(config)
			for _, host := range []string{devHost, prodHost} {
				base := host + "/base-" + strings.ToLower(name) + ":1"
				u.push(base)
				u.build(host+"/from-base:"+name, base)
			}
			wantCalls(t, u.aws, getToken, getToken)
		})
	}
}

func TestDockerPublicRegistryWithoutCredentials(t *testing.T) {
	owner, anybody := dockerUser(t), dockerUser(t)
	owner.signIn("default", devAccount)
	for _, u := range []*user{owner, anybody} {
		u.configure(dockerConfig{CredsStore: helperName})
	}
	tag := publicHost + "/somebody/thing:1"

	id := owner.push(tag)
	wantCalls(t, owner.aws, "ecr-public:GetAuthorizationToken")
	owner.pull(tag, id)
	owner.forget(tag)

	owner.aws.Reset()
	anybody.pull(tag, id)
	wantCalls(t, anybody.aws) // without credentials there is no call
	anybody.mustFail("", "docker", "push", tag)
}

func TestDockerForeignRegistryNextToECR(t *testing.T) {
	u := dockerUser(t)
	u.signIn("default", devAccount)
	u.configure(dockerConfig{CredsStore: helperName})
	for _, host := range []string{openHost, devHost} {
		tag := host + "/next-to-ecr:1"
		u.pull(tag, u.push(tag))
	}
	wantCalls(t, u.aws, getToken)
}

func TestDockerAccessDenied(t *testing.T) {
	u := dockerUser(t)
	arn := u.signIn("default", devAccount)
	u.configure(dockerConfig{CredHelpers: map[string]string{devHost: helperName}})
	breakCall(t, u.aws, getToken, ecrtest.AccessDenied())
	for _, command := range []string{"pull", "push"} {
		tag := devHost + "/denied:1"
		if command == "push" {
			u.build(tag, "scratch")
		}
		r := u.mustFail("", "docker", command, tag)
		for _, part := range []string{getToken, arn} {
			if !strings.Contains(r.output(), part) {
				t.Errorf("docker %s does not say %q:\n%s", command, part, r.describe())
			}
		}
	}
}

func TestDockerParallelPullsOnColdCache(t *testing.T) {
	u, other := dockerUser(t), dockerUser(t)
	for _, user := range []*user{u, other} {
		user.signIn("default", devAccount)
		user.configure(dockerConfig{CredHelpers: map[string]string{devHost: helperName}})
	}
	const pulls = 16
	tag := func(i int) string { return fmt.Sprintf("%s/parallel-%d:1", devHost, i) }
	for i := range pulls {
		other.push(tag(i)) // with a cache of its own
	}
	u.aws.Reset()

	results := make([]result, pulls)
	var all sync.WaitGroup
	for i := range pulls {
		all.Go(func() { results[i] = u.run("", "docker", "pull", tag(i)) })
	}
	all.Wait()
	for _, r := range results {
		if r.err != nil {
			t.Errorf("pull on a cold cache:\n%s", r.describe())
		}
	}
	wantCalls(t, u.aws, getToken)
}
