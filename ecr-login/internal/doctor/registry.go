package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// requestLimit is for one request to the registry.
const requestLimit = 8 * time.Second

// maxAnswer is the most that is read of a registry's answer: what registries agree to take as a manifest (the
// distribution specification, "Pushing Manifests").
const maxAnswer = 4 << 20

// publicHost has the token service of ECR Public, also for those who come by another of its names.
const publicHost = "public.ecr.aws"

// manifests are the types that a client accepts.
var manifests = []string{
	"application/vnd.oci.image.index.v1+json",
	"application/vnd.docker.distribution.manifest.list.v2+json",
	"application/vnd.oci.image.manifest.v1+json",
	"application/vnd.docker.distribution.manifest.v2+json",
}

// An answer is what the registry said.
type answer struct {
	status        int
	challenge     string // WWW-Authenticate
	digest        string // of Docker-Content-Digest, where it is one
	location      string
	code, message string // of the error, where the body has one; the message may be shown
}

// ask sends one request to the registry.
func (t *target) ask(method, path, authorization string) (answer, error) {
	return t.askAt("https://"+t.host+path, method, authorization, nil)
}

func (t *target) askAt(target, method, authorization string, body any) (answer, error) {
	ctx, cancel := context.WithTimeout(t.d.ctx, requestLimit)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, target, nil)
	if err != nil {
		return answer{}, err
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	r.Header["Accept"] = manifests
	var v visit
	response, err := v.send(t.trust, r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return answer{}, err
	}
	a := answer{status: response.StatusCode, challenge: response.Header.Get("Www-Authenticate"), location: response.Header.Get("Location")}
	if digest := response.Header.Get("Docker-Content-Digest"); isDigest(digest) {
		a.digest = digest
	}
	var problem struct {
		Errors []struct{ Code, Message string }
	}
	if a.status >= http.StatusBadRequest && json.Unmarshal(text, &problem) == nil && len(problem.Errors) > 0 {
		a.code, a.message = problem.Errors[0].Code, redact.Text(problem.Errors[0].Message, t.secrets()...)
	}
	if body != nil && a.status == http.StatusOK {
		_ = json.Unmarshal(text, body) // what is not there is missed by the caller
	}
	return a, nil
}

// String is the answer in words.
func (a answer) String() string {
	words := fmt.Sprintf("HTTP %d", a.status)
	if a.message != "" {
		words += ": " + strings.TrimRight(a.message, ".")
	}
	return words
}

// checkRegistry opens the registry with the token, as a client does before anything else.
func (t *target) checkRegistry() []Finding {
	if t.plan.Registry.Service == registry.Public {
		return t.checkPublic()
	}
	t.authorization = basic(*t.login)
	a, err := t.ask(http.MethodGet, "/v2/", t.authorization)
	if err != nil {
		return one(t.noAnswer(err))
	}
	switch {
	case a.status == http.StatusOK:
		return one(ok("%s takes the token", t.host))
	case a.status == http.StatusUnauthorized && t.stored:
		return one(fail("docker logout "+t.host, "%s does not take the token that docker login stored (%s): it may be of another region or account", t.host, a))
	case strings.Contains(a.message, "expired"):
		return one(fail("docker logout "+t.host, "%s says that the token has expired (%s)", t.host, a))
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		return one(fail("check the region of the registry, the endpoint in use, and the policy of a VPC endpoint", "%s does not take the token (%s)", t.host, a))
	case a.status == http.StatusTooManyRequests:
		return one(warn("wait a moment and try again", "%s asks for fewer requests (%s)", t.host, a))
	}
	return one(fail("something between here and AWS may answer in its place: check HTTPS_PROXY", "%s is no registry (%s)", t.host, a))
}

func (t *target) noAnswer(err error) Finding {
	return visit{proxy: t.proxy}.unreachable(t.host, err, t.secrets()...)
}

func basic(l ecrlogin.Credentials) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(l.Username, l.Password)
	return r.Header.Get("Authorization")
}

// checkPublic opens ECR Public, which takes bearer tokens of its own token service: to anybody for pulls, and to who
// has an authorization token in that one's name.
func (t *target) checkPublic() []Finding {
	a, err := t.ask(http.MethodGet, "/v2/", "")
	if err != nil {
		return one(t.noAnswer(err))
	}
	realm, query := challenge(a.challenge)
	// The password goes to the registry's own host or to ECR Public's, whatever a challenge says.
	if realm == nil || realm.Scheme != "https" || realm.Host != t.host && realm.Host != publicHost {
		return one(fail("something between here and AWS may answer in its place: check HTTPS_PROXY", "%s asks for no bearer token of its own (%s)", t.host, a))
	}
	realm.RawQuery = query.Encode()
	var authorization, who string
	if who = "anonymously"; t.login != nil {
		authorization, who = basic(*t.login), "with the token"
	}
	var granted struct {
		Token       string `json:"token"`
		AccessToken string `json:"access_token"`
	}
	if a, err = t.askAt(realm.String(), http.MethodGet, authorization, &granted); err != nil {
		return one(t.noAnswer(err))
	}
	bearer := granted.Token
	if bearer == "" {
		bearer = granted.AccessToken
	}
	if a.status != http.StatusOK || bearer == "" {
		return one(fail("docker logout "+t.host, "the token service of %s gives nothing %s (%s)", t.host, who, a))
	}
	t.authorization = "Bearer " + bearer
	if a, err = t.ask(http.MethodGet, "/v2/", t.authorization); err != nil {
		return one(t.noAnswer(err))
	}
	if a.status != http.StatusOK {
		return one(fail("docker logout "+t.host, "%s does not take its own bearer token (%s)", t.host, a))
	}
	return one(ok("%s lets in %s", t.host, who))
}

// challenge reads a Bearer challenge.
func challenge(header string) (realm *url.URL, query url.Values) {
	rest, ok := strings.CutPrefix(header, "Bearer ")
	if !ok {
		return nil, nil
	}
	query = url.Values{}
	for _, pair := range strings.Split(rest, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		value = strings.Trim(value, `"`)
		if key == "realm" {
			realm, _ = url.Parse(value)
			continue
		}
		query.Set(key, value)
	}
	return realm, query
}
