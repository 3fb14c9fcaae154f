package doctor

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/iamerr"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// checkImage looks for the image's manifest, which is the first request of a pull.
func (t *target) checkImage() []Finding {
	path := "/v2/" + t.repository + "/manifests/" + t.reference
	a, err := t.request(http.MethodHead, path)
	if err == nil && a.status >= http.StatusBadRequest {
		a, err = t.request(http.MethodGet, path) // the response to HEAD has no body with an error
	}
	if err != nil {
		return one(t.noResponse(err))
	}
	switch {
	case a.status == http.StatusOK && a.digest != "":
		return one(ok("%s found, %s", t.image(), a.digest))
	case a.status == http.StatusOK:
		return one(ok("%s found", t.image()))
	case a.status == http.StatusNotFound && a.code == "NAME_UNKNOWN":
		return one(fail(t.missingRepository(), "repository %s not found in %s", t.repository, t.where()))
	case a.status == http.StatusNotFound:
		return one(fail("check the tag or digest, and the region", "%s not found in %s", t.image(), t.where()))
	case a.status == http.StatusForbidden || a.status == http.StatusUnauthorized:
		return one(t.accessDenied(a, "ecr:BatchGetImage"))
	case a.status == http.StatusTooManyRequests:
		return one(t.throttled(a))
	}
	return one(fail(waitFix+"; see also https://health.aws.amazon.com", "%s does not return the manifest of %s (%s)", t.host, t.image(), a))
}

// missingRepository returns the fix for a repository that was not found.
func (t *target) missingRepository() string {
	if t.plan.Registry.Service == registry.Public {
		return "find the name on https://gallery.ecr.aws: public.ecr.aws/ALIAS/REPOSITORY"
	}
	if t.caller != nil && t.caller.Region != "" && t.caller.Region != t.plan.Registry.Region {
		return fmt.Sprintf("check account and region in the name: the credentials' region is %s, not %s", t.caller.Region, t.plan.Registry.Region)
	}
	return "check account and region in the name, or create the repository"
}

// where returns the parts of the registry's name that may be wrong.
func (t *target) where() string {
	if r := t.plan.Registry; r.Service == registry.Private {
		return fmt.Sprintf("account %s, region %s", r.Account, r.Region)
	}
	return t.host
}

// isAnotherAccount reports whether the registry is known to belong to another account than the
// credentials. Both accounts must then allow an action.
func (t *target) isAnotherAccount() bool {
	r := t.plan.Registry
	return t.caller != nil && r.Service == registry.Private && t.caller.Account != "" && t.caller.Account != r.Account
}

// image returns the image's name without its registry.
func (t *target) image() string {
	if strings.Contains(t.reference, ":") {
		return t.repository + "@" + t.reference
	}
	return t.repository + ":" + t.reference
}

// accessDenied reports which action is missing, and in which policy, as far as AWS's message names
// them. ECR returns no code for that.
func (t *target) accessDenied(a response, usual string) Finding {
	principal, action := iamerr.Denial(a.message)
	action = cmp.Or(action, usual)
	if principal == "" && t.caller != nil {
		principal = t.caller.ARN
	}
	principal = cmp.Or(principal, "the token's principal")
	policy := "a policy of that principal"
	switch {
	case t.isAnotherAccount():
		policy += fmt.Sprintf(" and in the repository's policy of account %s", t.plan.Registry.Account)
	case strings.Contains(a.message, "resource-based policy"):
		policy = "the repository's policy"
	}
	reason := a.String()
	if _, because, ok := strings.Cut(reason, " because "); ok {
		reason = because
	}
	return fail(fmt.Sprintf("allow %s in %s; a pull needs ecr:BatchGetImage and ecr:GetDownloadUrlForLayer", action, policy),
		"access denied: %s lacks %s on %s: %s", principal, action, t.image(), reason)
}
