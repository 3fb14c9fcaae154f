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
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// callerLimit leaves time for the token when STS cannot be asked: a network that has endpoints for ECR alone is not
// broken.
const callerLimit = 8 * time.Second

// checkCredentials says in whose name AWS will be asked, or why in nobody's.
func (t *target) checkCredentials() []Finding {
	if t.plan.Anonymous {
		return one(ok(`none are used: the settings say public = "never"`))
	}
	ctx, cancel := context.WithTimeout(t.d.ctx, callerLimit)
	defer cancel()
	caller, err := t.helper.Caller(ctx, t.host)
	if err == nil {
		t.caller = &caller
		left := ""
		if caller.Session > 0 {
			left = ", good for another " + hours(caller.Session)
		}
		return one(ok("%s, by %s%s", redact.Text(caller.ARN), caller.Source, left))
	}
	var e *ecrlogin.Error
	if !errors.As(err, &e) {
		return one(fail("", "%v", err))
	}
	none := e.Kind == token.NoCredentials || e.Kind == token.Timeout
	switch {
	case none && t.plan.Identity.Kind == awsconfig.Instance && hopLimit(t.d.ctx):
		return one(fail("aws ec2 modify-instance-metadata-options --instance-id ID --http-put-response-hop-limit 2, or use the host's network",
			"no AWS credentials: the EC2 metadata service answers, but its session token gets lost: a container is one hop too far, HttpPutResponseHopLimit is 1"))
	case e.Kind == token.NoCredentials && t.plan.Registry.Service == registry.Public && t.d.settings.Public != config.PublicAlways:
		return one(warn("", "%s; images of ECR Public can be pulled without", e.Message))
	case e.Stage == token.StageCaller && (e.Kind == token.Unreachable || e.Kind == token.Timeout || e.Kind == token.Throttled || e.Kind == token.AccessDenied):
		return one(warn(e.Hint(), "there are some, and STS does not say whose: %s", e.Message))
	}
	return one(fail(e.Hint(), "%s", e.Message))
}

// metadataLimit is how long the metadata service, which answers within milliseconds, is waited for.
const metadataLimit = time.Second

// hopLimit reports whether the metadata service answers what needs no session token, and does not answer the request
// for one: the response to that PUT alone is sent with the hop limit of the instance's options ("Use the Instance
// Metadata Service" in the EC2 User Guide).
func hopLimit(ctx context.Context) bool {
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
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no proxy: it is the machine's own
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

// checkToken gets a token as a client would: from the cache where that has one.
func (t *target) checkToken() []Finding {
	if t.plan.Anonymous {
		return one(ok("none is used: ECR Public is asked anonymously"))
	}
	before := t.helper.Explain(t.d.ctx, t.host)
	cached := before.Verdict == ecrlogin.ServeToken || before.Verdict == ecrlogin.ServeLogin
	for _, s := range []*step{t.credentials, t.api} {
		if !cached && !s.held() {
			return one(skipped(s.name + " failed"))
		}
	}
	login, err := t.helper.Get(t.d.ctx, t.host)
	var e *ecrlogin.Error
	switch {
	case errors.As(err, &e) && errors.Is(err, ecrlogin.ErrNotFound):
		return one(warn(e.Hint(), "none, so ECR Public is asked anonymously: %s", e.Message))
	case errors.As(err, &e):
		return one(fail(e.Hint(), "%s", e.Message))
	case err != nil:
		return one(fail("", "%v", err))
	}
	t.login = &login
	after := t.helper.Explain(t.d.ctx, t.host)
	from := "from AWS"
	switch before.Verdict {
	case ecrlogin.ServeLogin:
		from = "the one that docker login stored for this registry"
		t.stored = true
	case ecrlogin.ServeToken:
		from = "from the cache"
	}
	if after.Expires.IsZero() {
		return one(ok("%s, not kept", from))
	}
	return one(ok("%s, good for another %s", from, hours(after.Expires.Sub(t.d.Now()))))
}

// hours is a duration to the minute.
func hours(d time.Duration) string {
	d = d.Round(time.Minute)
	return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
}
