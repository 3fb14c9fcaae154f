package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/wording"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// callerLimit leaves time for the token when STS does not answer: a network may have endpoints for
// ECR alone.
const callerLimit = 8 * time.Second

// checkCredentials reports which principal would call AWS, or why there is none, and what is
// configured and not used.
func (t *target) checkCredentials() []Finding {
	if t.plan.Anonymous {
		return one(ok(`none used, the settings have public = "never"`))
	}
	all := one(t.checkCaller())
	id := t.plan.Identity
	for _, unused := range t.plan.Unused() {
		all = append(all, ok("not used: %s; %s comes first", wording.Source(unused, "", false), wording.Source(id.Kind, id.Profile, id.Role)))
	}
	if t.caller == nil {
		return all // the error names such files
	}
	for _, remark := range awsconfig.Load(awsconfig.Input{Profile: t.plan.Profile}).Skipped() {
		all = append(all, warn("correct the environment variable, or unset it", "%s", remark))
	}
	return all
}

// checkCaller calls STS to learn the principal.
func (t *target) checkCaller() Finding {
	ctx, cancel := context.WithTimeout(t.d.ctx, callerLimit)
	defer cancel()
	caller, err := t.helper.Caller(ctx, t.host)
	if err == nil {
		t.caller = &caller
		left := ""
		if caller.Session > 0 {
			left = ", valid for another " + hours(caller.Session)
		}
		return ok("%s, from %s%s", redact.Text(caller.ARN), wording.Source(awsconfig.Kind(caller.Source), caller.SourceProfile, caller.AssumesRole), left)
	}
	var e *ecrlogin.Error
	if !errors.As(err, &e) {
		return fail("", "%v", err)
	}
	none := e.Kind == token.NoCredentials || e.Kind == token.Timeout
	switch {
	case none && t.plan.Identity.Kind == awsconfig.Instance && tooManyHops(t.d.ctx):
		return fail("aws ec2 modify-instance-metadata-options --instance-id ID --http-put-response-hop-limit 2",
			"no AWS credentials: the response to the EC2 metadata service's PUT is lost, the hop limit is 1 and a container needs 2")
	case e.Kind == token.NoCredentials && t.plan.Registry.Service == registry.Public && t.d.settings.Public != config.PublicAlways:
		return warn("", "%s; ECR Public can be pulled from without credentials", e.Message)
	case e.Stage == token.StageCaller && (e.Kind == token.Unreachable || e.Kind == token.Timeout || e.Kind == token.Throttled || e.Kind == token.AccessDenied):
		return warn(e.Hint(), "credentials found, but STS could not identify them: %s", e.Message)
	}
	f := fail(e.Hint(), "%s", e.Message)
	if e.Kind == token.SSOExpired {
		f.session = e.Session
	}
	return f
}

// metadataLimit bounds requests to the metadata service, which answers within milliseconds.
const metadataLimit = time.Second

// tooManyHops reports whether the metadata service answers requests that need no session token, and
// not the request for one. Only the response to that PUT is sent with the hop limit of the
// instance's options ("Use the Instance Metadata Service" in the EC2 User Guide).
func tooManyHops(ctx context.Context) bool {
	if strings.EqualFold(os.Getenv("AWS_EC2_METADATA_DISABLED"), "true") {
		return false
	}
	service := os.Getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT")
	if service == "" {
		service = "http://169.254.169.254"
		if strings.EqualFold(os.Getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"), "IPv6") {
			service = "http://[fd00:ec2::254]"
		}
	}
	ctx, cancel := context.WithTimeout(ctx, metadataLimit)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // without a proxy
	answers := func(method, path string) bool {
		r, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(service, "/")+path, nil)
		if err != nil {
			return false
		}
		r.Header.Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
		response, err := client.Do(r)
		if err != nil {
			return false
		}
		response.Body.Close()
		return true
	}
	var got, put bool
	var both sync.WaitGroup
	both.Go(func() { got = answers(http.MethodGet, "/latest/meta-data/") })
	both.Go(func() { put = answers(http.MethodPut, "/latest/api/token") })
	both.Wait()
	return got && !put
}

// checkToken gets a token as a client does, from the cache if it has one.
func (t *target) checkToken() []Finding {
	if t.plan.Anonymous {
		return one(ok("none used, ECR Public is used anonymously"))
	}
	cached := t.before.Verdict == ecrlogin.ServeToken || t.before.Verdict == ecrlogin.ServeLogin
	for _, s := range []*step{t.credentials, t.api} {
		if !cached && !s.healthy() {
			return one(skipped(s.blocker()))
		}
	}
	login, err := t.helper.Get(t.d.ctx, t.host)
	var e *ecrlogin.Error
	switch {
	case errors.As(err, &e) && errors.Is(err, ecrlogin.ErrNotFound):
		fix := e.Hint()
		if e.Kind == token.AccessDenied {
			fix = "allow ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken in a policy of that principal"
		}
		return one(warn(fix, "none, so ECR Public is used anonymously: %s", e.Message))
	case errors.As(err, &e):
		return one(fail(e.Hint(), "%s", e.Message))
	case err != nil:
		return one(fail("", "%v", err))
	}
	t.login = &login
	from := "from AWS"
	switch t.before.Verdict {
	case ecrlogin.ServeLogin:
		from = "stored by docker login for this registry"
		t.stored = true
	case ecrlogin.ServeToken:
		from = "from the cache"
	}
	after, err := t.helper.Status(t.host)
	expires := after.Expires
	if t.stored {
		expires = after.Login
	}
	if err != nil || expires.IsZero() {
		return one(ok("%s, not cached", from))
	}
	return one(ok("%s, valid for another %s", from, hours(expires.Sub(t.d.Now()))))
}

// hours returns a duration rounded to minutes.
func hours(d time.Duration) string {
	d = d.Round(time.Minute)
	return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
}
