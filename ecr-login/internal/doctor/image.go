package doctor

import (
	"cmp"
	"fmt"
	"net/http"
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
	principal, action := token.Denial(a.message)
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
