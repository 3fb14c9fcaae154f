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

// requestLimit bounds one request to the registry.
const requestLimit = 8 * time.Second

// maxBody bounds a response's body: the size that registries accept for a manifest (the
// distribution specification, "Pushing Manifests").
const maxBody = 4 << 20

// Fixes for several findings.
const (
	checkProxy = "check HTTPS_PROXY: a proxy may answer instead of AWS"
	waitFix    = "wait a minute and run doctor again"
)

// manifestTypes are the media types that a client accepts.
var manifestTypes = []string{
	"application/vnd.oci.image.index.v1+json",
	"application/vnd.docker.distribution.manifest.list.v2+json",
	"application/vnd.oci.image.manifest.v1+json",
	"application/vnd.docker.distribution.manifest.v2+json",
}

// A response is what the registry returned.
type response struct {
	status        int
	challenge     string // WWW-Authenticate
	digest        string // Docker-Content-Digest, if it is a digest
	location      string
	code, message string // of the error, if the body has one; the message is safe
}

// String returns the status and the message.
func (a response) String() string {
	text := fmt.Sprintf("HTTP %d", a.status)
	if a.message != "" {
		text += ": " + strings.TrimRight(a.message, ".")
	}
	return text
}

// request sends one request to a path of the registry.
func (t *target) request(method, path string) (response, error) {
	return t.requestURL(method, "https://"+t.host+path, t.authorization, nil)
}

// requestURL sends one request and decodes the JSON body of a 200 into body, if that is not nil.
func (t *target) requestURL(method, target, authorization string, body any) (response, error) {
	ctx, cancel := context.WithTimeout(t.d.ctx, requestLimit)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, target, nil)
	if err != nil {
		return response{}, err
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	r.Header["Accept"] = manifestTypes
	var p probe
	got, err := p.send(t.trust, r)
	if err != nil {
		return response{}, err
	}
	defer got.Body.Close()
	text, err := io.ReadAll(io.LimitReader(got.Body, maxBody))
	if err != nil {
		return response{}, err
	}
	a := response{status: got.StatusCode, challenge: got.Header.Get("Www-Authenticate"), location: got.Header.Get("Location")}
	if digest := got.Header.Get("Docker-Content-Digest"); isDigest(digest) {
		a.digest = digest
	}
	var failure struct {
		Errors []struct{ Code, Message string }
	}
	if a.status >= http.StatusBadRequest && json.Unmarshal(text, &failure) == nil && len(failure.Errors) > 0 {
		a.code, a.message = failure.Errors[0].Code, redact.Text(failure.Errors[0].Message, t.secrets()...)
	}
	if body != nil && a.status == http.StatusOK {
		_ = json.Unmarshal(text, body) // the caller notices empty fields
	}
	return a, nil
}

// checkRegistry opens the registry with the token, as a client does first.
func (t *target) checkRegistry() []Finding {
	if t.plan.Registry.Service == registry.Public {
		return t.checkPublic()
	}
	t.authorization = basicAuth(*t.login)
	a, err := t.request(http.MethodGet, "/v2/")
	if err != nil {
		return one(t.noResponse(err))
	}
	switch {
	case a.status == http.StatusOK:
		return one(ok("%s accepts the token", t.host))
	case a.status == http.StatusUnauthorized && t.stored:
		return one(fail("docker logout "+t.host, "%s rejects the token that docker login stored; it may be of another region or account (%s)", t.host, a))
	case strings.Contains(a.message, "expired"): // ECR has one code for every denial
		return one(fail("docker logout "+t.host, "%s rejects the token as expired (%s)", t.host, a))
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		return one(fail("check the registry's region, the endpoint in the settings, and the policy of a VPC endpoint", "%s rejects the token (%s)", t.host, a))
	case a.status == http.StatusTooManyRequests:
		return one(t.throttled(a))
	}
	return one(fail(checkProxy, "%s does not answer as a registry (%s)", t.host, a))
}

// throttled returns the finding about a rate limit.
func (t *target) throttled(a response) Finding {
	return warn(waitFix, "ECR is throttling requests to %s (%s)", t.host, a)
}

func (t *target) noResponse(err error) Finding {
	return probe{proxy: t.hostProbe.proxy}.unreachable(t.host, err, t.secrets()...)
}

func basicAuth(l ecrlogin.Credentials) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(l.Username, l.Password)
	return r.Header.Get("Authorization")
}

// checkPublic opens ECR Public, which accepts bearer tokens of its own token service. The service
// gives them to anonymous clients and to those with an authorization token.
func (t *target) checkPublic() []Finding {
	a, err := t.request(http.MethodGet, "/v2/")
	if err != nil {
		return one(t.noResponse(err))
	}
	realm, query := challenge(a.challenge)
	// The password is sent to the registry's own host or to ECR Public's, never to another realm.
	if realm == nil || realm.Scheme != "https" || realm.Host != t.host && realm.Host != registry.PublicHost {
		return one(fail(checkProxy, "%s sent no challenge for its own bearer token (%s)", t.host, a))
	}
	realm.RawQuery = query.Encode()
	authorization, how := "", "anonymously"
	if t.login != nil {
		authorization, how = basicAuth(*t.login), "with the token"
	}
	var granted struct {
		Token       string `json:"token"`
		AccessToken string `json:"access_token"`
	}
	if a, err = t.requestURL(http.MethodGet, realm.String(), authorization, &granted); err != nil {
		return one(t.noResponse(err))
	}
	bearer := granted.Token
	if bearer == "" {
		bearer = granted.AccessToken
	}
	if a.status != http.StatusOK || bearer == "" {
		return one(fail("docker logout "+t.host, "%s does not grant access %s (%s)", t.host, how, a))
	}
	t.authorization = "Bearer " + bearer
	if a, err = t.request(http.MethodGet, "/v2/"); err != nil {
		return one(t.noResponse(err))
	}
	if a.status != http.StatusOK {
		return one(fail("docker logout "+t.host, "%s rejects its own bearer token (%s)", t.host, a))
	}
	return one(ok("%s grants access %s", t.host, how))
}

// challenge parses a Bearer challenge.
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
