package main

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	kube "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/kubelet/pkg/apis/credentialprovider"
	"k8s.io/kubelet/pkg/apis/credentialprovider/install"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// codecs read and write the protocol as the kubelet does: with its own types, and strictly.
var codecs = sync.OnceValue(func() serializer.CodecFactory {
	scheme := kube.NewScheme()
	install.Install(scheme)
	return serializer.NewCodecFactory(scheme, serializer.EnableStrict)
})

const kubeletV1 = "credentialprovider.kubelet.k8s.io/v1"

// question is a request as the kubelet writes it.
func question(t testing.TB, apiVersion string, r credentialprovider.CredentialProviderRequest) string {
	t.Helper()
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		t.Fatal(err)
	}
	info, ok := kube.SerializerInfoForMediaType(codecs().SupportedMediaTypes(), "application/json")
	if !ok {
		t.Fatal("no JSON")
	}
	data, err := kube.Encode(codecs().EncoderForVersion(info.Serializer, gv), &r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// readProvided holds an answer to the kubelet's own reading of it.
func readProvided(t testing.TB, apiVersion string, a answer) *credentialprovider.CredentialProviderResponse {
	t.Helper()
	if a.code != 0 || a.stderr != "" {
		t.Fatalf("kubelet: exit code %d\nstandard output: %s\nstandard error: %s", a.code, a.stdout, a.stderr)
	}
	object, kind, err := codecs().UniversalDecoder().Decode([]byte(a.stdout), nil, nil)
	if err != nil {
		t.Fatalf("the kubelet could not read %s: %v", a.stdout, err)
	}
	r, ok := object.(*credentialprovider.CredentialProviderResponse)
	if !ok || kind.Kind != "CredentialProviderResponse" || kind.GroupVersion().String() != apiVersion {
		t.Fatalf("the kubelet reads a %v, want a CredentialProviderResponse of %s", kind, apiVersion)
	}
	if r.CacheKeyType != credentialprovider.RegistryPluginCacheKeyType || r.CacheDuration == nil {
		t.Fatalf("cacheKeyType %q, cacheDuration %v: want Registry, and a duration of our own", r.CacheKeyType, r.CacheDuration)
	}
	return r
}

// pull asks for an image and returns the password for its registry, which must be the only one in the answer.
func (u *user) pull(r credentialprovider.CredentialProviderRequest) (string, time.Duration) {
	u.t.Helper()
	got := readProvided(u.t, kubeletV1, u.run(question(u.t, kubeletV1, r), "kubelet"))
	registry, _, _ := strings.Cut(r.Image, "/")
	if auth := got.Auth[registry]; len(got.Auth) != 1 || auth.Username != "AWS" || auth.Password == "" {
		u.t.Fatalf("the answer for %s opens %d registries, want %s with the user AWS", r.Image, len(got.Auth), registry)
	}
	return got.Auth[registry].Password, got.CacheDuration.Duration
}

func (u *user) pullImage(image string) string {
	u.t.Helper()
	password, _ := u.pull(credentialprovider.CredentialProviderRequest{Image: image})
	return password
}

// The exact bytes of both directions, for every version.
func TestKubeletGolden(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	variable := regexp.MustCompile(`"cacheDuration":"(5h\d+m|6h\d+m)\d+s"|"password":"[\w+/=-]+"`)
	for _, version := range []string{"v1", "v1beta1", "v1alpha1"} {
		apiVersion := "credentialprovider.kubelet.k8s.io/" + version
		asked := question(t, apiVersion, credentialprovider.CredentialProviderRequest{Image: host + "/team/app"})
		if want := `{"kind":"CredentialProviderRequest","apiVersion":"` + apiVersion + `","image":"` + host + `/team/app"}` + "\n"; asked != want {
			t.Fatalf("the kubelet asks\n%s, not\n%s", asked, want)
		}
		a := u.run(asked, "kubelet")
		auth := readProvided(t, apiVersion, a).Auth[host]
		if who, ok := s.PrincipalOf(auth.Password); !ok || who.ARN != ecrtest.FromEnvironment.Principal() {
			t.Errorf("%s: the token belongs to %q", version, who.ARN)
		}
		got := variable.ReplaceAllStringFunc(a.stdout, func(field string) string {
			name, _, _ := strings.Cut(field, ":")
			return name + ":…"
		})
		want := `{"kind":"CredentialProviderResponse","apiVersion":"` + apiVersion + `","cacheKeyType":"Registry",` +
			`"cacheDuration":…,"auth":{"` + host + `":{"username":"AWS","password":…}}}` + "\n"
		if got != want {
			t.Errorf("answered\n%s, want\n%s", got, want)
		}
	}
	wantCalls(t, s, getToken, 1)
}

func TestKubeletImages(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment).settings(`
[[registry]]
match = "*.images.example.com:5000"
host  = "` + host + `"
`)
	for _, image := range []string{
		host + "/app:v1",
		host + "/team/app@sha256:" + strings.Repeat("0", 64),
		host + ":443/app",
		strings.ToUpper(host) + "/app",
		"123456789012.dkr-ecr.us-east-1.on.aws/app",
		"eu.images.example.com:5000/app:v1",
	} {
		if _, ok := s.PrincipalOf(u.pullImage(image)); !ok {
			t.Errorf("%s: not a token of ECR", image)
		}
	}
	if public := "public.ecr.aws/docker/library/busybox:latest"; u.pullImage(public) == u.pullImage(host+"/app") {
		t.Error("ECR Public got a token of ECR")
	}
	// What get was given is what kubelet gives: one cache, one call.
	if u.get(host).Secret != u.pullImage(host+"/app") {
		t.Error("get and kubelet have different tokens")
	}
}

// Where a pull may go on without credentials, the answer is one without.
func TestKubeletAnonymous(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	dir := t.TempDir()
	nobody := newUser(t, dir, s.Home(dir).Env("AWS_EC2_METADATA_DISABLED=true"))
	somebody := newSourceUser(t, s, ecrtest.FromEnvironment)
	public := "public.ecr.aws/docker/library/busybox"
	for _, test := range []struct {
		name, image string
		u           *user
	}{
		{"foreign host", "quay.io/team/app:v1", somebody},
		{"Docker Hub, in full", "docker.io/library/nginx", somebody},
		{"Docker Hub, in short", "nginx:latest", somebody},
		{"foreign host with port", "localhost:5000/app", somebody},
		{"no path, so the name of an image of Docker Hub", host, somebody},
		{"look-alike after ours", host + ".evil.example/app", somebody},
		{"look-alike before ours", "evil-" + host + "/app", somebody},
		{"host in the path", "evil.example/" + host + "/app", somebody},
		{"user info before the host", "evil@" + host + "/app", somebody},
		{"an alias that no rule names", "images.example.com/app", somebody.settings("[[registry]]\nmatch = \"other.example.com\"\nhost = \"" + host + "\"\n")},
		{"a fallback is not for the kubelet", "quay.io/team/app", somebody.settings("fallback = \"nothing-there\"\n")},
		{"no host before the path", "/app", somebody},
		{"ECR Public, nobody", public, nobody},
		{"ECR Public, not wanted", public, somebody.settings("public = \"never\"\n")},
	} {
		for _, version := range []string{"v1", "v1beta1", "v1alpha1"} {
			apiVersion := "credentialprovider.kubelet.k8s.io/" + version
			asked := question(t, apiVersion, credentialprovider.CredentialProviderRequest{Image: test.image})
			r := readProvided(t, apiVersion, test.u.run(asked, "kubelet"))
			if r.Auth != nil || r.CacheDuration.Duration != 0 {
				t.Errorf("%s: %d credentials for %s, want none, and that not to be kept", test.name, len(r.Auth), r.CacheDuration)
			}
		}
	}
	if n := s.Connections(); n != 0 {
		t.Errorf("%d connections, want none", n)
	}
}

func TestKubeletCacheDuration(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	ask := credentialprovider.CredentialProviderRequest{Image: host + "/app"}
	between := func(name string, got, low, high time.Duration) {
		t.Helper()
		if got < low || got > high {
			t.Errorf("%s: to be kept for %s, want %s to %s", name, got, low, high)
		}
	}

	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	u.seed(s, host, 2*time.Hour)
	_, fresh := u.pull(ask)
	between("two hours old", fresh, 4*time.Hour-time.Minute, 4*time.Hour)

	old := u.seed(s, host, 7*time.Hour)
	s.SetFault(getToken, ecrtest.AccessDenied())
	password, aging := u.pull(ask)
	if password != old.Secret {
		t.Error("the aging token was not served while AWS refuses")
	}
	between("past its refresh point", aging, 0, 0)
	s.SetFault(getToken)

	// A role's session ends in fifteen minutes: nobody may keep its token for longer.
	s.SetSessionLife(15 * time.Minute)
	_, session := newSourceUser(t, s, ecrtest.FromRole).pull(ask)
	between("session of 15 minutes", session, 10*time.Minute, 15*time.Minute)

	s.SetTokenLife(20 * time.Minute)
	_, short := newSourceUser(t, s, ecrtest.FromFile).pull(ask)
	between("token of 20 minutes", short, 8*time.Minute, 11*time.Minute)

	s.SetTokenLife(-time.Minute)
	_, dead := newSourceUser(t, s, ecrtest.FromSSO).pull(ask)
	between("token that has ended by AWS's clock", dead, 0, 0)
}

func TestKubeletColdNode(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEC2)
	answers := make([]answer, 100)
	var all sync.WaitGroup
	for i := range answers {
		asked := question(t, kubeletV1, credentialprovider.CredentialProviderRequest{Image: fmt.Sprintf("%s/app-%d", host, i)})
		all.Go(func() { answers[i] = u.run(asked, "kubelet") })
	}
	all.Wait()
	first := readProvided(t, kubeletV1, answers[0]).Auth[host]
	for _, a := range answers {
		if readProvided(t, kubeletV1, a).Auth[host] != first {
			t.Fatal("two pulls at once got different tokens")
		}
	}
	wantCalls(t, s, getToken, 1)
}

const (
	annotation    = "eks.amazonaws.com/role-arn"
	stsExchange   = "sts:AssumeRoleWithWebIdentity"
	accountPrefix = "system:serviceaccount:"
)

func iamRole(name string) string { return "arn:aws:iam::" + ecrtest.Account + ":role/" + name }

// asAccount is a request with a new token of the service account, as for another pod of it.
func asAccount(s *ecrtest.Server, subject, role string) credentialprovider.CredentialProviderRequest {
	r := credentialprovider.CredentialProviderRequest{
		Image:               host + "/app",
		ServiceAccountToken: s.NewWebIdentityToken(accountPrefix+subject, time.Hour),
	}
	if role != "" {
		r.ServiceAccountAnnotations = map[string]string{annotation: role}
	}
	return r
}

func TestKubeletServiceAccounts(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEC2)
	for _, name := range []string{"web", "db"} {
		s.AddRole(ecrtest.Role{ARN: iamRole(name), Subject: accountPrefix + "shop:" + name})
	}
	owner := func(password string) string {
		who, _ := s.PrincipalOf(password)
		return who.ARN
	}
	node := u.pullImage(host + "/app")
	stored := login{host, "AWS", s.IssueToken(ecrtest.Principal{ARN: "arn:aws:iam::" + ecrtest.Account + ":user/stored"}, "ecr", ecrtest.Region).Password}
	u.store(stored).mustSucceed(t)
	s.Reset()

	web, fresh := u.pull(asAccount(s, "shop:web", iamRole("web")))
	db, _ := u.pull(asAccount(s, "shop:db", iamRole("db")))
	wantCalls(t, s, stsExchange, 2)
	wantCalls(t, s, getToken, 2)
	for role, password := range map[string]string{"web": web, "db": db} {
		if got, want := owner(password), "arn:aws:sts::"+ecrtest.Account+":assumed-role/"+role+"/docker-credential-ecr-login"; got != want {
			t.Errorf("the token of %s belongs to %q, want %q", role, got, want)
		}
	}
	if fresh > time.Hour || fresh < 50*time.Minute {
		t.Errorf("to be kept for %s, want up to the end of the role's session of an hour", fresh)
	}

	// Warm: another pod of the account has another token, and the same entry.
	connections := s.Connections()
	if again, _ := u.pull(asAccount(s, "shop:web", iamRole("web"))); again != web {
		t.Error("another token of the same service account did not find the entry")
	}
	if again, _ := u.pull(asAccount(s, "shop:db", iamRole("db"))); again != db {
		t.Error("another token of the same service account did not find the entry")
	}
	if n := s.Connections() - connections; n != 0 {
		t.Errorf("%d connections for entries that are there, want none", n)
	}

	// The node's own: a pod without an account gets the stored login as any client does, and then the node's token.
	if u.pullImage(host+"/app") != stored.Secret {
		t.Error("a request without an account did not get the login stored for the host")
	}
	u.run(host, "erase").mustSucceed(t)
	if again := u.pullImage(host + "/app"); owner(again) != owner(node) {
		t.Errorf("a request without an account got the token of %q", owner(again))
	}
}

// The annotation of AWS's own provider works, and goes before that of IAM roles for service accounts.
func TestKubeletPullRoleAnnotation(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEC2)
	s.AddRole(ecrtest.Role{ARN: iamRole("pull"), Subject: accountPrefix + "shop:web"})
	r := asAccount(s, "shop:web", iamRole("web"))
	r.ServiceAccountAnnotations["eks.amazonaws.com/ecr-role-arn"] = iamRole("pull")
	password, _ := u.pull(r)
	if who, _ := s.PrincipalOf(password); !strings.Contains(who.ARN, ":assumed-role/pull/") {
		t.Errorf("the token belongs to %q, want the role that pulls", who.ARN)
	}
}

// One role for two accounts is still two entries: who may use the role is STS's to say, for each.
func TestKubeletServiceAccountsShareNothing(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEC2)
	s.AddRole(ecrtest.Role{ARN: iamRole("pull"), Subject: accountPrefix + "shop:web"})
	u.pull(asAccount(s, "shop:web", iamRole("pull")))
	for _, other := range []string{"shop:db", "prod:web"} {
		a := u.run(question(t, kubeletV1, asAccount(s, other, iamRole("pull"))), "kubelet")
		if a.code != 1 || a.stdout != "" || !strings.Contains(a.stderr, "access denied") {
			t.Errorf("%s, whom the role does not trust: %+v", other, a)
		}
	}
	// The same account with another role is another principal, too.
	s.AddRole(ecrtest.Role{ARN: iamRole("push"), Subject: accountPrefix + "shop:web"})
	u.pull(asAccount(s, "shop:web", iamRole("push")))
	wantCalls(t, s, getToken, 2)
}

// An account that was deleted and made again has its name and another UID. The server's tokens carry no UID, so the
// test writes its own, and STS's answers to them.
func TestKubeletServiceAccountUID(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEC2)
	for _, uid := range []string{"uid-1", "uid-2", "uid-1"} {
		s.SetFault(stsExchange, ecrtest.Fault{Body: exchanged(t, s.NewSession("arn:aws:sts::"+ecrtest.Account+":assumed-role/web/"+uid))})
		password, _ := u.pull(credentialprovider.CredentialProviderRequest{
			Image:                     host + "/app",
			ServiceAccountToken:       unsigned(accountPrefix+"shop:web", fmt.Sprintf(`{"namespace":"shop","serviceaccount":{"name":"web","uid":%q}}`, uid)),
			ServiceAccountAnnotations: map[string]string{annotation: iamRole("web")},
		})
		if who, _ := s.PrincipalOf(password); !strings.HasSuffix(who.ARN, "/"+uid) {
			t.Errorf("the account %s got the token of %q", uid, who.ARN)
		}
	}
	wantCalls(t, s, stsExchange, 2)
}

// unsigned is a token that says something, and that nobody signed.
func unsigned(subject, kubernetes string) string {
	encode := base64.RawURLEncoding.EncodeToString
	payload := fmt.Sprintf(`{"aud":["sts.amazonaws.com"],"iss":"https://oidc.example","kubernetes.io":%s,"sub":%q}`, kubernetes, subject)
	return encode([]byte(`{"alg":"RS256"}`)) + "." + encode([]byte(payload)) + "." + encode([]byte("no signature"))
}

// exchanged is what STS answers with.
func exchanged(t *testing.T, c ecrtest.Credentials) []byte {
	t.Helper()
	type credentials struct {
		AccessKeyId, SecretAccessKey, SessionToken string
		Expiration                                 time.Time
	}
	body, err := xml.Marshal(struct {
		XMLName     xml.Name    `xml:"AssumeRoleWithWebIdentityResponse"`
		Credentials credentials `xml:"AssumeRoleWithWebIdentityResult>Credentials"`
	}{Credentials: credentials{c.AccessKeyID, c.SecretAccessKey, c.SessionToken, c.Principal.Expires}})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// The role may come from the settings; the annotation comes first, because it says which of many accounts asks.
func TestKubeletRoleOfTheSettings(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEC2).settings(`
[[registry]]
match        = "images.example.com"
host         = "` + host + `"
role_arn     = "arn:{partition}:iam::{account}:role/rule"
external_id  = "not-for-a-web-identity"
session_name = "node-1"
`)
	s.AddRole(ecrtest.Role{ARN: iamRole("rule"), Subject: accountPrefix + "shop:web"})
	s.AddRole(ecrtest.Role{ARN: iamRole("annotated"), Subject: accountPrefix + "shop:web"})
	for _, test := range []struct{ annotation, want string }{
		{"", "assumed-role/rule/node-1"},
		{iamRole("annotated"), "assumed-role/annotated/node-1"},
	} {
		r := asAccount(s, "shop:web", test.annotation)
		r.Image = "images.example.com/app"
		password, _ := u.pull(r)
		if who, _ := s.PrincipalOf(password); !strings.HasSuffix(who.ARN, test.want) {
			t.Errorf("annotation %q: the token belongs to %q, want %q", test.annotation, who.ARN, test.want)
		}
	}
	wantCalls(t, s, "sts:AssumeRole", 0)
}

func TestKubeletServiceAccountErrors(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEC2)
	s.AddRole(ecrtest.Role{ARN: iamRole("web"), Subject: accountPrefix + "shop:web"})
	good := accountPrefix + "shop:web"
	for _, test := range []struct {
		name, token, role, cause, hint string
	}{
		{"no role anywhere", s.NewWebIdentityToken(good, time.Hour), "", "the service account shop/web has no IAM role: it lacks the annotation " + annotation, "tokenAttributes"},
		{"token has expired", s.NewWebIdentityToken(good, -time.Minute), iamRole("web"), "Token expired", "clocks"},
		{"token of another cluster", unsigned(good, `{}`), iamRole("web"), "InvalidIdentityToken", "OIDC provider"},
		{"role trusts another account", s.NewWebIdentityToken(accountPrefix+"shop:db", time.Hour), iamRole("web"), iamRole("web"), "trust policy"},
		{"role is no ARN", s.NewWebIdentityToken(good, time.Hour), "web", "STS", ""},
		{"no JWT", "not-a-real-token", iamRole("web"), "no JSON Web Token", ""},
		{"five parts, an encrypted JWT", "a.b.c.d.e", iamRole("web"), "no JSON Web Token", ""},
		{"payload in another alphabet", "a.{}.c", iamRole("web"), "no base64", ""},
		{"payload is no JSON", "a." + base64.RawURLEncoding.EncodeToString([]byte("rubbish")) + ".c", iamRole("web"), "no JSON", ""},
		{"no subject", unsigned("", `{}`), iamRole("web"), "no service account", ""},
		{"subject is a user", unsigned("system:node:node-1", `{}`), iamRole("web"), "no service account", ""},
		{"subject without a name", unsigned(accountPrefix+"shop", `{}`), iamRole("web"), "no service account", ""},
		{"subject with an empty namespace", unsigned(accountPrefix+":web", `{}`), iamRole("web"), "no service account", ""},
		{"subject with a part too many", unsigned(good+":x", `{}`), iamRole("web"), "no service account", ""},
		{"claims disagree on the name", unsigned(good, `{"namespace":"shop","serviceaccount":{"name":"db"}}`), iamRole("web"), "different service accounts", ""},
		{"claims disagree on the namespace", unsigned(good, `{"namespace":"prod"}`), iamRole("web"), "different service accounts", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := credentialprovider.CredentialProviderRequest{Image: host + "/app", ServiceAccountToken: test.token}
			if test.role != "" {
				r.ServiceAccountAnnotations = map[string]string{annotation: test.role}
			}
			a := u.run(question(t, kubeletV1, r), "kubelet")
			if a.code != 1 || a.stdout != "" || !strings.Contains(a.stderr, test.cause) {
				t.Errorf("%+v, want nothing on standard output, and %q", a, test.cause)
			}
			if strings.Contains(a.stderr, test.token) {
				t.Error("the token is in the error")
			}
			_, hint, ok := strings.Cut(a.stderr, "\ndocker-credential-ecr-login: hint: ")
			if test.hint != "" && (!ok || !strings.Contains(hint, test.hint)) {
				t.Errorf("standard error %q, want a hint of %q", a.stderr, test.hint)
			}
		})
	}
	wantCalls(t, s, getToken, 0)

	// For ECR Public a lack of a role is no reason to fail a pull.
	public := asAccount(s, "shop:web", "")
	public.Image = "public.ecr.aws/docker/library/busybox"
	if r := readProvided(t, kubeletV1, u.run(question(t, kubeletV1, public), "kubelet")); r.Auth != nil {
		t.Error("credentials for ECR Public, of an account without a role")
	}
}

func TestKubeletErrors(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	s.SetFault(getToken, ecrtest.AccessDenied())
	dir := t.TempDir()
	nobody := newUser(t, dir, s.Home(dir).Env("AWS_EC2_METADATA_DISABLED=true"))
	denied := newSourceUser(t, s, ecrtest.FromEnvironment)
	for _, test := range []struct {
		name string
		u    *user
		want []string
	}{
		{"nobody", nobody, []string{"no AWS credentials", "hint: give the node a role"}},
		{"access denied", denied, []string{"may not call ecr:GetAuthorizationToken", "hint: allow ecr:GetAuthorizationToken"}},
		{"settings broken", denied.settings("timeuot = 3\n"), []string{"timeuot", "hint: mend the settings"}},
	} {
		a := test.u.run(question(t, kubeletV1, credentialprovider.CredentialProviderRequest{Image: host + "/app"}), "kubelet")
		if a.code != 1 || a.stdout != "" || strings.Count(a.stderr, "\n") != 2 {
			t.Errorf("%s: %+v, want cause and hint on standard error alone", test.name, a)
		}
		for _, want := range test.want {
			if !strings.Contains(a.stderr, want) {
				t.Errorf("%s: standard error %q, want %q", test.name, a.stderr, want)
			}
		}
	}
}

func TestKubeletBadRequests(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	good := question(t, kubeletV1, credentialprovider.CredentialProviderRequest{Image: host + "/app"})
	replace := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	versions := "credentialprovider.kubelet.k8s.io/v1, credentialprovider.kubelet.k8s.io/v1beta1, credentialprovider.kubelet.k8s.io/v1alpha1"
	for _, test := range []struct{ name, stdin, want string }{
		{"nothing", "", "no CredentialProviderRequest"},
		{"a server URL, as for get", host, "no CredentialProviderRequest"},
		{"cut short", good[:len(good)/2], "no CredentialProviderRequest"},
		{"two requests", good + good, "no CredentialProviderRequest"},
		{"a list", "[" + good + "]", "no CredentialProviderRequest"},
		{"image is a number", replace(`"`+host+`/app"`, "5"), "no CredentialProviderRequest"},
		{"an empty object", "{}", `kind ""`},
		{"another kind", replace("CredentialProviderRequest", "CredentialProviderResponse"), `kind "CredentialProviderResponse"`},
		{"kind of kubectl's plugins", replace("CredentialProviderRequest", "ExecCredential"), `kind "ExecCredential"`},
		{"version to come", replace("k8s.io/v1", "k8s.io/v2"), versions},
		{"version without group", replace("credentialprovider.kubelet.k8s.io/v1", "v1"), versions},
		{"another group", replace("credentialprovider.kubelet", "client.authentication"), versions},
		{"no version", replace(kubeletV1, ""), versions},
		{"no image", replace(host+"/app", ""), "names no image"},
		{"too long", replace("/app", "/"+strings.Repeat("a", maxInput)), "too long: 64 KiB or more"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := u.run(test.stdin, "kubelet")
			if a.code != 1 || a.stdout != "" || !strings.Contains(a.stderr, test.want) || strings.Count(a.stderr, "\n") != 1 {
				t.Errorf("%+v, want one line on standard error with %q", a, test.want)
			}
		})
	}
	if n := s.Connections(); n != 0 {
		t.Errorf("%d connections, want none", n)
	}
	// A field that a later kubelet may add within a version is no reason to refuse.
	a := u.run(replace(`"image"`, `"later":{},"image"`), "kubelet")
	if readProvided(t, kubeletV1, a).Auth[host].Password == "" {
		t.Error("a field that is not known made the request one without an answer")
	}
}

// A kubelet whose configuration lacks the args gets told; everybody else gets the usage.
func TestKubeletWithoutArguments(t *testing.T) {
	t.Parallel()
	u := newUser(t, t.TempDir(), nil)
	want := answer{"", "docker-credential-ecr-login: " + errNoArgs.Error() + "\n", 1}
	if !strings.Contains(want.stderr, "args: [kubelet]") {
		t.Errorf("standard error %q says nothing of the args", want.stderr)
	}
	for _, version := range []string{"v1", "v1beta1", "v1alpha1"} {
		asked := question(t, "credentialprovider.kubelet.k8s.io/"+version, credentialprovider.CredentialProviderRequest{Image: host + "/app"})
		if a := u.run(asked); a != want {
			t.Errorf("%s: %+v, want %+v", version, a, want)
		}
	}
	for _, stdin := range []string{host, "{}", `{"kind":"Pod"}`, `{"ServerURL":"` + host + `"}`, "[", strings.Repeat(" ", 2*maxInput)} {
		if a, want := u.run(stdin), (answer{usage, "", 1}); a != want {
			t.Errorf("%.20q: %+v, want the usage", stdin, a)
		}
	}
	// Standard input that stays open and silent, as that of many a daemon.
	silent, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	defer silent.Close()
	cmd := u.command("")
	cmd.Stdin = silent
	if a, want := finish(t, cmd), (answer{usage, "", 1}); a != want {
		t.Errorf("a silent pipe: %+v, want the usage", a)
	}
}

// The budget is the settings', but not longer than the kubelet waits.
func TestKubeletGivesUp(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	dir := t.TempDir()
	hole := s.BlackHole()
	u := newUser(t, dir, s.Home(dir).Environment(s.AddUser("somebody"))).with("AWS_ENDPOINT_URL=" + hole).settings("timeout = \"500ms\"\n")
	a := u.run(question(t, kubeletV1, credentialprovider.CredentialProviderRequest{Image: host + "/app"}), "kubelet")
	if a.code != 1 || a.stdout != "" || !strings.Contains(a.stderr, "no answer within 500ms") {
		t.Errorf("%+v, want a time-out on standard error", a)
	}
}
