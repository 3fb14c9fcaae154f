package doctor

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// checkImage looks for the image's manifest, as a pull does first.
func (t *target) checkImage() []Finding {
	path := "/v2/" + t.repository + "/manifests/" + t.reference
	a, err := t.ask(http.MethodHead, path, t.authorization)
	if err == nil && a.status >= http.StatusBadRequest {
		a, err = t.ask(http.MethodGet, path, t.authorization) // a HEAD has no room for reasons
	}
	if err != nil {
		return one(t.noAnswer(err))
	}
	switch {
	case a.status == http.StatusOK && a.digest != "":
		return one(ok("%s is there, %s", t.image(), a.digest))
	case a.status == http.StatusOK:
		return one(ok("%s is there", t.image()))
	case a.status == http.StatusNotFound && a.code == "NAME_UNKNOWN":
		return one(fail(t.elsewhere(), "there is no repository %s in %s", t.repository, t.where()))
	case a.status == http.StatusNotFound:
		return one(fail("check tag and digest, and the region", "there is no %s in the repository %s of %s", t.reference, t.repository, t.where()))
	case a.status == http.StatusForbidden || a.status == http.StatusUnauthorized:
		return one(t.denied(a, "ecr:BatchGetImage"))
	case a.status == http.StatusTooManyRequests:
		return one(warn("wait a moment and try again", "%s asks for fewer requests (%s)", t.host, a))
	}
	return one(fail("try again; if it stays, see https://health.aws.amazon.com", "%s does not give the manifest of %s (%s)", t.host, t.image(), a))
}

// elsewhere is the advice for a repository that is not there.
func (t *target) elsewhere() string {
	if t.caller != nil && t.caller.Region != "" && t.caller.Region != t.plan.Registry.Region && t.plan.Registry.Service == registry.Private {
		return fmt.Sprintf("check account and region in the name: the credentials' own region is %s, not %s", t.caller.Region, t.plan.Registry.Region)
	}
	return "check account and region in the name, or create the repository"
}

// where names the registry by what can be wrong in its name.
func (t *target) where() string {
	if r := t.plan.Registry; r.Service == registry.Private {
		return fmt.Sprintf("account %s, region %s", r.Account, r.Region)
	}
	return t.host
}

// image is the image's name without its registry.
func (t *target) image() string {
	if strings.Contains(t.reference, ":") {
		return t.repository + "@" + t.reference
	}
	return t.repository + ":" + t.reference
}

// denied says which action is missing, and whose policy has to allow it, as far as AWS's words do.
func (t *target) denied(a answer, usual string) Finding {
	principal, action := token.Denial(oneLine(a.message))
	action = cmp.Or(action, usual)
	if principal == "" && t.caller != nil {
		principal = t.caller.ARN
	}
	principal = cmp.Or(principal, "the principal of the token")
	whose := "in a policy of that principal"
	if strings.Contains(a.message, "resource-based policy") {
		whose = "in the repository's policy"
	}
	reason := a.String()
	if _, because, ok := strings.Cut(reason, " because "); ok {
		reason = because
	}
	return fail(fmt.Sprintf("allow %s %s; a pull needs ecr:BatchGetImage and ecr:GetDownloadUrlForLayer", action, whose),
		"access denied: %s may not call %s on %s: %s", principal, action, t.image(), reason)
}

// checkLayers asks for a part of the image, as a pull does next: it takes another permission, and ECR sends to S3 for it.
func (t *target) checkLayers() []Finding {
	digest, a, err := t.blob()
	if err != nil {
		return one(t.noAnswer(err))
	}
	if digest == "" {
		return one(warn("", "the manifest of %s names no part of an image (%s)", t.image(), a))
	}
	if a, err = t.ask(http.MethodGet, "/v2/"+t.repository+"/blobs/"+digest, t.authorization); err != nil {
		return one(t.noAnswer(err))
	}
	switch {
	case a.status == http.StatusOK:
		return one(ok("%s may be downloaded", digest))
	case a.status == http.StatusForbidden || a.status == http.StatusUnauthorized:
		return one(t.denied(a, "ecr:GetDownloadUrlForLayer"))
	case a.status < http.StatusMultipleChoices || a.status >= http.StatusBadRequest:
		return one(fail("try again; if it stays, push the image again", "%s does not give %s of %s (%s)", t.host, digest, t.image(), a))
	}
	// What follows the host in the location opens the layer to anybody, for a while.
	where, err := url.Parse(a.location)
	if err != nil || where.Host == "" {
		return one(fail("", "%s sends to nowhere for %s", t.host, digest))
	}
	f := t.visit(&visit{}, t.trust, (&url.URL{Scheme: where.Scheme, Host: where.Host, Path: "/"}).String())
	if f.Status == OK {
		return one(ok("%s may be downloaded: %s", digest, f.Fact))
	}
	f.Fix += "; in a VPC without a way out, ECR needs a gateway endpoint for S3"
	return one(f)
}

// blob is the digest of the image's first layer, or of its configuration when it has none; of the first image when
// there is one for each platform.
func (t *target) blob() (digest string, a answer, err error) {
	reference := t.reference
	for range 2 {
		var manifest struct {
			Manifests, Layers []struct{ Digest string }
			Config            struct{ Digest string }
		}
		a, err = t.askAt("https://"+t.host+"/v2/"+t.repository+"/manifests/"+reference, http.MethodGet, t.authorization, &manifest)
		switch {
		case err != nil:
			return "", a, err
		case len(manifest.Layers) > 0:
			return manifest.Layers[0].Digest, a, nil
		case len(manifest.Manifests) == 0:
			return manifest.Config.Digest, a, nil
		}
		reference = manifest.Manifests[0].Digest
	}
	return "", a, nil
}
