//go:build e2e && linux

package e2e

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// scenario is a behaviour that every client must have with the helper.
type scenario struct {
	name string // also part of the repository's name: letters and dashes
	text string // for docs/clients.md
	play func(t testing.TB, c client)
}

// scenarios are the columns of the table.
var scenarios = []scenario{
	{"push-and-pull", "push and pull with `credHelpers`: one API call in all, and no readable password in the home", playPushAndPull},
	{"two-accounts", "two accounts in one file, each with a profile in the helper's name", playTwoAccounts},
	{"public-anonymous", "ECR Public without credentials", playPublicAnonymous},
	{"public-signed-in", "ECR Public with credentials", playPublicSignedIn},
	{"foreign-anonymous", "a registry that is not ECR and needs no credentials, configured with the helper", playForeignAnonymous},
	{"foreign-by-fallback", "a registry that is not ECR, with a password from the fallback helper", playForeignByFallback},
	{"token-expires", "the token expires between two operations", playTokenExpires},
	{"access-denied", "AWS denies the token: the client's output names the missing permission and the principal", playAccessDenied},
	{"sso-expired", "the SSO session has expired: the client's output says how to sign in again", playSSOExpired},
	{"port-in-name", "the registry's name with a port", playPortInName},
	{"upper-case-name", "the registry's name in upper case", playUpperCaseName},
	{"sixteen-at-once", "sixteen pulls at once on a cold cache: one API call", playSixteenAtOnce},
}

// newPlayer returns a user of the client who configures a helper for each host.
func (c client) newPlayer(t testing.TB, helpers map[string]string) *user {
	t.Helper()
	u := newUser(t)
	u.install("docker-credential-" + prodHelperName)
	u.install("docker-credential-" + devHelperName)
	if c.sabotage != "" {
		u.sabotageHelpers(c.sabotage)
	}
	u.configure(dockerConfig{CredHelpers: helpers})
	if c.prepare != nil {
		c.prepare(u)
	}
	return u
}

// profile and helper return the profile and the helper of this client's user: the default profile,
// or one that only the helper's name selects.
func (c client) profile() string {
	if c.ownHelper {
		return "dev"
	}
	return "default"
}

func (c client) helper() string {
	if c.ownHelper {
		return devHelperName
	}
	return helperName
}

// ref returns the reference that this client pushes in a scenario. It contains the test's name, so
// that no client finds what another one pushed.
func (c client) ref(host, scenario string) string {
	if host == publicHost {
		host += "/somebody"
	}
	return host + "/" + c.name + "-" + scenario + ":1.0.0"
}

// publisher is the principal whose token provide uses.
const publisher = "arn:aws:iam::" + devAccount + ":user/publisher"

// provide pushes an image with the client. For a client that only pulls, it writes the image to the
// registry with a token that no helper has fetched.
func (c client) provide(u *user, ref string) result {
	u.t.Helper()
	if c.push != nil {
		return c.push(u, ref)
	}
	reference, err := name.ParseReference(strings.ToLower(ref))
	if err != nil {
		u.t.Fatal(err)
	}
	host := reference.Context().RegistryStr()
	login := authn.Basic{Username: "AWS"}
	switch host, _, _ := strings.Cut(host, ":"); host {
	case openHost:
		login = authn.Basic{}
	case closedHost:
		login = authn.Basic{Username: foreignUser, Password: foreignPassword}
	case publicHost:
		login.Password = u.aws.IssueToken(ecrtest.Principal{ARN: publisher, Account: devAccount}, "ecr-public", "us-east-1").Password
	default:
		region := strings.Split(host, ".")[3]
		login.Password = u.aws.IssueToken(ecrtest.Principal{ARN: publisher, Account: devAccount}, "ecr", region).Password
	}
	if err := remote.Write(reference, u.image(ref), remote.WithAuth(&login)); err != nil {
		u.t.Fatalf("writing %s: %v", ref, err)
	}
	return result{}
}

// use pushes an image, or pulls it when the client only pulls.
func (c client) use(u *user, ref string) result {
	u.t.Helper()
	if c.push != nil {
		return c.push(u, ref)
	}
	return c.pull(u, ref)
}

// wantSuccess and wantFailure check the result of an operation.
func wantSuccess(t testing.TB, r result) {
	t.Helper()
	if r.err != nil {
		t.Fatalf("must succeed:\n%s", r.describe())
	}
}

func wantFailure(t testing.TB, r result, parts ...string) {
	t.Helper()
	if r.err == nil {
		t.Errorf("must fail:\n%s", r.describe())
	}
	for _, part := range parts {
		if !strings.Contains(r.output(), part) {
			t.Errorf("%q is missing in the output:\n%s", part, r.describe())
		}
	}
}

func playPushAndPull(t testing.TB, c client) {
	u := c.newPlayer(t, map[string]string{devHost: c.helper()})
	arn := u.signIn(c.profile(), devAccount)
	config := u.read(".docker/config.json")
	ref := c.ref(devHost, "push-and-pull")
	wantSuccess(t, c.provide(u, ref))
	wantSuccess(t, c.pull(u, ref))
	wantSuccess(t, c.pull(u, ref))
	wantCalls(t, u.aws, getToken)
	wantOpenedBy(t, u.aws, map[string]string{devHost: arn})
	u.wantNoSecret(u.get(c.helper(), devHost))
	if now := u.read(".docker/config.json"); now != config {
		t.Errorf("config.json was changed to\n%s", now)
	}
}

func playTwoAccounts(t testing.TB, c client) {
	u := c.newPlayer(t, map[string]string{devHost: c.helper(), prodHost: prodHelperName})
	who := map[string]string{devHost: u.signIn(c.profile(), devAccount), prodHost: u.signIn("prod", prodAccount)}
	for host := range who {
		ref := c.ref(host, "two-accounts")
		wantSuccess(t, c.provide(u, ref))
		wantSuccess(t, c.pull(u, ref))
	}
	wantCalls(t, u.aws, getToken, getToken)
	wantOpenedBy(t, u.aws, who)
}

// wantOpenedBy checks that each registry got a token, and only tokens of the right principal.
func wantOpenedBy(t testing.TB, site *ecrtest.Server, who map[string]string) {
	t.Helper()
	seen := map[string]bool{}
	for _, request := range site.Requests("registry") {
		if request.Principal == "" || request.Principal == publisher {
			continue
		}
		seen[request.Host] = true
		if request.Principal != who[request.Host] {
			t.Errorf("%s was opened by %s, want %s", request.Host, request.Principal, who[request.Host])
			return
		}
	}
	for host := range who {
		if !seen[host] {
			t.Errorf("no request to %s with a token", host)
		}
	}
}

func playPublicAnonymous(t testing.TB, c client) {
	owner := c.newPlayer(t, map[string]string{publicHost: c.helper()})
	owner.signIn(c.profile(), devAccount)
	anybody := c.newPlayer(t, map[string]string{publicHost: helperName}) // a profile in the helper's name must exist
	ref := c.ref(publicHost, "public-anonymous")
	wantSuccess(t, c.provide(owner, ref))
	anybody.aws.Reset()
	wantSuccess(t, c.pull(anybody, ref))
	if c.push != nil {
		wantFailure(t, c.push(anybody, c.ref(publicHost, "public-refused")))
	}
	wantCalls(t, anybody.aws) // without credentials there is no call
}

func playPublicSignedIn(t testing.TB, c client) {
	u := c.newPlayer(t, map[string]string{publicHost: c.helper()})
	arn := u.signIn(c.profile(), devAccount)
	ref := c.ref(publicHost, "public-signed-in")
	wantSuccess(t, c.provide(u, ref))
	wantSuccess(t, c.pull(u, ref))
	wantCalls(t, u.aws, "ecr-public:GetAuthorizationToken")
	wantOpenedBy(t, u.aws, map[string]string{publicHost: arn})
}

// inCharge configures the helper for a host that is not ECR, in the way that the client supports.
func (c client) inCharge(u *user, host string) {
	if c.perHost {
		u.configure(dockerConfig{CredHelpers: map[string]string{devHost: c.helper(), host: c.helper()}})
	} else {
		u.configure(dockerConfig{CredsStore: c.helper()})
	}
}

func playForeignAnonymous(t testing.TB, c client) {
	u := c.newPlayer(t, nil)
	u.signIn(c.profile(), devAccount)
	c.inCharge(u, openHost)
	for _, host := range []string{openHost, devHost} {
		ref := c.ref(host, "foreign-anonymous")
		wantSuccess(t, c.provide(u, ref))
		wantSuccess(t, c.pull(u, ref))
	}
	wantCalls(t, u.aws, getToken)
}

func playForeignByFallback(t testing.TB, c client) {
	u := c.newPlayer(t, nil)
	u.signIn(c.profile(), devAccount)
	c.inCharge(u, closedHost)
	ref := c.ref(closedHost, "foreign-by-fallback")
	if c.push == nil {
		c.provide(u, ref)
	}
	wantFailure(t, c.use(u, ref))

	u.write(".config/ecr-login/config.toml", "fallback = \"shelf\"\n")
	u.script("bin/docker-credential-shelf", `
case "$1 $(cat)" in
"get `+closedHost+`") echo '{"ServerURL":"`+closedHost+`","Username":"`+foreignUser+`","Secret":"`+foreignPassword+`"}' ;;
"list "*) echo '{"`+closedHost+`":"`+foreignUser+`"}' ;;
*) echo 'credentials not found in native keychain'; exit 1 ;;
esac
`)
	wantSuccess(t, c.provide(u, ref))
	wantSuccess(t, c.pull(u, ref))
	private := c.ref(devHost, "foreign-by-fallback")
	wantSuccess(t, c.provide(u, private))
	wantSuccess(t, c.pull(u, private))
}

// A token expires only by waiting for it. A client on a busy machine may be slow, and the token
// must not expire during its operation. When it does, the token lives longer in the next try.
func playTokenExpires(t testing.TB, c client) {
	u := c.newPlayer(t, map[string]string{devHost: c.helper()})
	u.signIn(c.profile(), devAccount)
	ref := c.ref(devHost, "token-expires")
	if c.push == nil {
		c.provide(u, ref)
	}
	t.Cleanup(func() { u.aws.SetTokenLife(12 * time.Hour) })
	for life := 3 * time.Second; ; life *= 2 {
		u.aws.SetTokenLife(life)
		r := c.use(u, ref)
		tokens := u.aws.Tokens()
		left := tokens[len(tokens)-1].Expires.Sub(u.aws.Now())
		if left > 0 {
			wantSuccess(t, r)
			<-time.After(left)
			break
		}
		if life > time.Minute {
			t.Fatalf("one operation takes longer than the life of a token, %s:\n%s", life, r.describe())
		}
	}
	u.aws.SetTokenLife(12 * time.Hour)
	u.aws.Reset()
	wantSuccess(t, c.pull(u, ref))
	wantCalls(t, u.aws, getToken)
}

func playAccessDenied(t testing.TB, c client) {
	u := c.newPlayer(t, map[string]string{devHost: c.helper()})
	arn := u.signIn(c.profile(), devAccount)
	breakCall(t, u.aws, getToken, ecrtest.AccessDenied())
	ref := c.ref(devHost, "access-denied")
	wantFailure(t, c.use(u, ref), getToken, arn)
	wantFailure(t, c.pull(u, ref), getToken, arn)
}

func playSSOExpired(t testing.TB, c client) {
	u := c.newPlayer(t, map[string]string{devHost: c.helper()})
	role := ecrtest.Assignment{Account: devAccount, Role: "Developer"}
	session := u.aws.NewSSOSession("developer", -time.Minute, role)
	u.aws.Home(u.home).SSO(c.profile(), "corporate", session, role)
	u.aws.EndSSOSession(session)
	wantFailure(t, c.pull(u, c.ref(devHost, "sso-expired")), "aws sso login")
}

func playPortInName(t testing.TB, c client) { playSpelling(t, c, devHost+":443", "port-in-name") }

func playUpperCaseName(t testing.TB, c client) {
	playSpelling(t, c, strings.ToUpper(devHost), "upper-case-name")
}

func playSpelling(t testing.TB, c client, host, scenario string) {
	t.Helper()
	u := c.newPlayer(t, map[string]string{host: c.helper()})
	u.signIn(c.profile(), devAccount)
	ref := c.ref(host, scenario)
	wantSuccess(t, c.provide(u, ref))
	wantSuccess(t, c.pull(u, ref))
	wantCalls(t, u.aws, getToken)
}

func playSixteenAtOnce(t testing.TB, c client) {
	owner := c.newPlayer(t, map[string]string{devHost: c.helper()})
	owner.signIn(c.profile(), devAccount)
	u := c.newPlayer(t, map[string]string{devHost: c.helper()})
	u.signIn(c.profile(), devAccount)
	ref := c.ref(devHost, "sixteen-at-once")
	wantSuccess(t, c.provide(owner, ref))
	u.aws.Reset()

	results := make([]result, 16)
	var all sync.WaitGroup
	for i := range results {
		all.Go(func() { results[i] = c.pull(u, ref) })
	}
	all.Wait()
	for _, r := range results {
		wantSuccess(t, r)
	}
	wantCalls(t, u.aws, getToken)
}
