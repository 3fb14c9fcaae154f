package main

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

const (
	annotation    = "eks.amazonaws.com/role-arn"
	stsExchange   = "sts:AssumeRoleWithWebIdentity"
	accountPrefix = "system:serviceaccount:"
)

func iamRole(name string) string { return "arn:aws:iam::" + ecrtest.Account + ":role/" + name }

// accountRequest returns a request with a new token of a service account, as for another pod.
func accountRequest(s *ecrtest.Server, subject, role string) kubeletRequestJSON {
	r := kubeletRequestJSON{
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
		principal, _ := s.PrincipalOf(password)
		return principal.ARN
	}
	node := u.pullImage(host + "/app")
	stored := login{host, "AWS", s.IssueToken(ecrtest.Principal{ARN: "arn:aws:iam::" + ecrtest.Account + ":user/stored"}, "ecr", ecrtest.Region).Password}
	u.store(stored).mustSucceed(t)
	s.Reset()

	web, fresh := u.pull(accountRequest(s, "shop:web", iamRole("web")))
	db, _ := u.pull(accountRequest(s, "shop:db", iamRole("db")))
	wantCalls(t, s, stsExchange, 2)
	wantCalls(t, s, getToken, 2)
	for role, password := range map[string]string{"web": web, "db": db} {
		if got, want := owner(password), "arn:aws:sts::"+ecrtest.Account+":assumed-role/"+role+"/docker-credential-ecr-login"; got != want {
			t.Errorf("the token of %s belongs to %q, want %q", role, got, want)
		}
	}
	if fresh > time.Hour || fresh < 50*time.Minute {
		t.Errorf("cached for %s, want up to the end of the role's session of an hour", fresh)
	}

	// Another pod of the account has another service account token and uses the same entry.
	connections := s.Connections()
	if again, _ := u.pull(accountRequest(s, "shop:web", iamRole("web"))); again != web {
		t.Error("another token of the same service account did not use the entry")
	}
	if again, _ := u.pull(accountRequest(s, "shop:db", iamRole("db"))); again != db {
		t.Error("another token of the same service account did not use the entry")
	}
	if n := s.Connections() - connections; n != 0 {
		t.Errorf("%d connections with existing entries, want none", n)
	}

	// A pod without an account gets the stored login, as any client does, and then the node's
	// token.
	if u.pullImage(host+"/app") != stored.Secret {
		t.Error("a request without an account did not get the stored login")
	}
	u.run(host, "erase").mustSucceed(t)
	if again := u.pullImage(host + "/app"); owner(again) != owner(node) {
		t.Errorf("a request without an account got the token of %q", owner(again))
	}
}

// TestKubeletPullRoleAnnotation checks the annotation of AWS's own provider, which comes before
// that of IAM roles for service accounts.
func TestKubeletPullRoleAnnotation(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEC2)
	s.AddRole(ecrtest.Role{ARN: iamRole("pull"), Subject: accountPrefix + "shop:web"})
	r := accountRequest(s, "shop:web", iamRole("web"))
	r.ServiceAccountAnnotations["eks.amazonaws.com/ecr-role-arn"] = iamRole("pull")
	password, _ := u.pull(r)
	if principal, _ := s.PrincipalOf(password); !strings.Contains(principal.ARN, ":assumed-role/pull/") {
		t.Errorf("the token belongs to %q, want the role for pulls", principal.ARN)
	}
}

// TestKubeletServiceAccountsShareNothing checks that two accounts with one role have two entries,
// because STS decides for each account whether it may assume the role.
func TestKubeletServiceAccountsShareNothing(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEC2)
	s.AddRole(ecrtest.Role{ARN: iamRole("pull"), Subject: accountPrefix + "shop:web"})
	u.pull(accountRequest(s, "shop:web", iamRole("pull")))
	for _, other := range []string{"shop:db", "prod:web"} {
		a := u.run(requestText(t, kubeletV1, accountRequest(s, other, iamRole("pull"))), "kubelet")
		if a.code != 1 || a.stdout != "" || !strings.Contains(a.stderr, "access denied") {
			t.Errorf("%s, which the role does not trust: %+v", other, a)
		}
	}
	// The same account with another role is another principal.
	s.AddRole(ecrtest.Role{ARN: iamRole("push"), Subject: accountPrefix + "shop:web"})
	u.pull(accountRequest(s, "shop:web", iamRole("push")))
	wantCalls(t, s, getToken, 2)
}

// TestKubeletServiceAccountUID checks an account that was deleted and created again: it has the
// same name and another UID. ecrtest's tokens have no UID, so the test writes its own tokens, and
// STS's answers to them.
func TestKubeletServiceAccountUID(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEC2)
	for _, uid := range []string{"uid-1", "uid-2", "uid-1"} {
		s.SetFault(stsExchange, ecrtest.Fault{Body: stsResponse(t, s.NewSession("arn:aws:sts::"+ecrtest.Account+":assumed-role/web/"+uid))})
		password, _ := u.pull(kubeletRequestJSON{
			Image:                     host + "/app",
			ServiceAccountToken:       unsignedToken(accountPrefix+"shop:web", fmt.Sprintf(`{"namespace":"shop","serviceaccount":{"name":"web","uid":%q}}`, uid)),
			ServiceAccountAnnotations: map[string]string{annotation: iamRole("web")},
		})
		if principal, _ := s.PrincipalOf(password); !strings.HasSuffix(principal.ARN, "/"+uid) {
			t.Errorf("the account %s got the token of %q", uid, principal.ARN)
		}
	}
	wantCalls(t, s, stsExchange, 2)
}

// unsignedToken returns a service account token without a valid signature.
func unsignedToken(subject, kubernetes string) string {
	encode := base64.RawURLEncoding.EncodeToString
	payload := fmt.Sprintf(`{"aud":["sts.amazonaws.com"],"iss":"https://oidc.example","kubernetes.io":%s,"sub":%q}`, kubernetes, subject)
	return encode([]byte(`{"alg":"RS256"}`)) + "." + encode([]byte(payload)) + "." + encode([]byte("no signature"))
}

// stsResponse returns STS's response with the given credentials.
func stsResponse(t *testing.T, c ecrtest.Credentials) []byte {
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

// TestKubeletRoleOfSettings checks that a rule's role is used, and that the annotation comes first,
// because it is about one account.
func TestKubeletRoleOfSettings(t *testing.T) {
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
		r := accountRequest(s, "shop:web", test.annotation)
		r.Image = "images.example.com/app"
		password, _ := u.pull(r)
		if principal, _ := s.PrincipalOf(password); !strings.HasSuffix(principal.ARN, test.want) {
			t.Errorf("annotation %q: the token belongs to %q, want %q", test.annotation, principal.ARN, test.want)
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
		{"no role anywhere", s.NewWebIdentityToken(good, time.Hour), "", "the service account shop/web has no IAM role: it has no annotation " + annotation, "tokenAttributes"},
		{"token has expired", s.NewWebIdentityToken(good, -time.Minute), iamRole("web"), "Token expired", "clocks"},
		{"token of another cluster", unsignedToken(good, `{}`), iamRole("web"), "InvalidIdentityToken", "OIDC provider"},
		{"role trusts another account", s.NewWebIdentityToken(accountPrefix+"shop:db", time.Hour), iamRole("web"), iamRole("web"), "trust policy"},
		{"role is no ARN", s.NewWebIdentityToken(good, time.Hour), "web", "STS", ""},
		{"no JWT", "not-a-real-token", iamRole("web"), "not a JSON Web Token", ""},
		{"five parts, an encrypted JWT", "a.b.c.d.e", iamRole("web"), "not a JSON Web Token", ""},
		{"payload in another alphabet", "a.{}.c", iamRole("web"), "not base64", ""},
		{"payload is no JSON", "a." + base64.RawURLEncoding.EncodeToString([]byte("rubbish")) + ".c", iamRole("web"), "not JSON", ""},
		{"no subject", unsignedToken("", `{}`), iamRole("web"), "is not a service account", ""},
		{"subject is a user", unsignedToken("system:node:node-1", `{}`), iamRole("web"), "is not a service account", ""},
		{"subject without a name", unsignedToken(accountPrefix+"shop", `{}`), iamRole("web"), "is not a service account", ""},
		{"subject with an empty namespace", unsignedToken(accountPrefix+":web", `{}`), iamRole("web"), "is not a service account", ""},
		{"subject with a part too many", unsignedToken(good+":x", `{}`), iamRole("web"), "is not a service account", ""},
		{"claims disagree on the name", unsignedToken(good, `{"namespace":"shop","serviceaccount":{"name":"db"}}`), iamRole("web"), "different service accounts", ""},
		{"claims disagree on the namespace", unsignedToken(good, `{"namespace":"prod"}`), iamRole("web"), "different service accounts", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := kubeletRequestJSON{Image: host + "/app", ServiceAccountToken: test.token}
			if test.role != "" {
				r.ServiceAccountAnnotations = map[string]string{annotation: test.role}
			}
			a := u.run(requestText(t, kubeletV1, r), "kubelet")
			if a.code != 1 || a.stdout != "" || !strings.Contains(a.stderr, test.cause) {
				t.Errorf("%+v, want no standard output, and %q", a, test.cause)
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

	// For ECR Public a missing role must not fail the pull.
	public := accountRequest(s, "shop:web", "")
	public.Image = "public.ecr.aws/docker/library/busybox"
	if r := readResponse(t, kubeletV1, u.run(requestText(t, kubeletV1, public), "kubelet")); r.Auth != nil {
		t.Error("credentials for ECR Public, although the account has no role")
	}
}
