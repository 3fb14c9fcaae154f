// Package doctor checks each step of a pull from Amazon ECR, from the client's configuration to the
// image's layers. It reports every result as a fact, with a fix where something is wrong.
//
// Its promises:
//
//   - It looks where the clients and the helper look, in the same order of precedence, so that it
//     finds what they find.
//   - A run ends within Limit.
//   - Findings come in the same order in every run.
//   - No finding contains a token, a password or a proxy's credentials.
//   - A check that could not be made is reported as Skipped, which does not count as passed.
//
// A run changes nothing but the cache, which stores a new token as it does for every get. With
// Options.Fix it also makes the changes that cannot do harm:
//
//   - It deletes a cache.json in which amazon-ecr-credential-helper left tokens in plain text. That
//     program fetches new ones.
//   - It removes entries of auths for ECR hosts that are not used any more: this program answers
//     for the host, or the token in the entry has expired. The decision is made again on the text
//     that is edited, because a docker login may happen while the checks run.
//   - It removes access for group and others from a config.json with passwords, and write access
//     for group and others from the cache directory. Both must belong to this user. The file must
//     be below the home directory, and the directory must not be sticky as /tmp is: others may be
//     shared on purpose.
//
// As root it changes nothing that another user can change, or that is below a directory that
// another user can change.
//
// Its limits: it sees the PATH, environment and files of its own process. A client that is started
// in another way may see others. Docker's daemon pulls the images, with a proxy and certificate
// authorities of its own; the findings name what was used here. The EC2 metadata service is looked
// for at AWS_EC2_METADATA_SERVICE_ENDPOINT or at its usual address.
//
// The rules are those of docker/cli (cli/config/configfile, cli/config/credentials), of os/exec,
// with which Go clients find a helper, of the registry API (opencontainers/distribution-spec) and
// of awslabs/amazon-ecr-credential-helper (ecr-login/config/cache_dir.go, ecr-login/cache/file.go).
package doctor

import (
	"context"
	"time"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
)

// Limit is the longest time a Run takes. A check that is not done by then is reported as skipped.
const Limit = 20 * time.Second

// fixTime is the part of Limit that is reserved for Options.Fix, so that a check that hangs does
// not prevent repairs.
const fixTime = 5 * time.Second

// Status is the result of a check.
type Status string

// The results of a check.
const (
	OK      Status = "ok"
	Warn    Status = "warn"    // works, but could be better
	Fail    Status = "fail"    // does not work, or exposes a secret
	Skipped Status = "skipped" // not checked, see Finding.BlockedBy
)

// Values of Finding.BlockedBy that are not the name of a check.
const (
	ByTimeout   = "timeout"   // the run took longer than Limit
	ByInterrupt = "interrupt" // the caller's context was canceled
)

// Finding is one fact that a check found.
type Finding struct {
	Check     string `json:"check"`              // the check's name, one or two words
	Registry  string `json:"registry,omitempty"` // the registry it is about; "" for the machine
	Status    Status `json:"status"`
	Fact      string `json:"fact"`                // one line
	Fix       string `json:"fix,omitempty"`       // what to do
	Fixed     string `json:"fixed,omitempty"`     // what Options.Fix did; the status is then OK
	BlockedBy string `json:"blockedBy,omitempty"` // of Skipped: the check that failed, ByTimeout or ByInterrupt

	session string                                         // the expired sso-session, which is reported in full once
	repair  func(context.Context) (done string, err error) // what Options.Fix does
}

// Options configure a Run. The zero value checks the configured registries and changes nothing.
type Options struct {
	// Registry is a registry, or a repository or image in one: HOST, HOST/REPOSITORY, with :TAG or
	// @DIGEST. Empty means the registries for which Docker's configuration names this program, else
	// the one of the credentials' own account and region.
	Registry string

	// Helper holds the options of the helper that would answer for the registry. The profile in the
	// helper's name in Docker's configuration replaces its Profile.
	Helper ecrlogin.Options

	// Profile is the AWS profile to use instead of both. Empty means no other.
	Profile string

	// Kubelet checks the credential providers of the kubelet on this node instead of Docker's
	// configuration, and a pull of Registry through them unless it is empty.
	Kubelet bool

	// Fix makes the changes that cannot do harm; see the package comment.
	Fix bool

	// Now is the clock. Nil means time.Now.
	Now func() time.Time

	// Report receives each finding as soon as it and those before it are known; with Fix, after all
	// repairs. Nil means nothing is reported before Run returns.
	Report func(Finding)

	// Waiting is called when Run starts to wait for a check that is not done. Nil means no call.
	Waiting func(check, registry string)
}

// Healthy reports whether everything works. Warnings do not count; skipped checks do.
func Healthy(findings []Finding) bool {
	for _, f := range findings {
		if f.Status == Fail || f.Status == Skipped {
			return false
		}
	}
	return true
}

// Run makes all checks and returns their findings.
func Run(ctx context.Context, o Options) []Finding {
	whole, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Report == nil {
		o.Report = func(Finding) {}
	}
	if o.Waiting == nil {
		o.Waiting = func(string, string) {}
	}
	ctx = whole
	if o.Fix {
		ctx, cancel = context.WithTimeout(whole, Limit-fixTime)
		defer cancel()
	}
	d := newDoctor(ctx, o)
	go func() {
		defer close(d.started)
		if o.Kubelet {
			d.checkNode()
			return
		}
		d.checkMachine()
		for _, t := range d.targets() {
			d.checkTarget(t)
		}
	}()
	if !o.Fix {
		return d.collect(o.Report)
	}
	findings := d.collect(func(Finding) {})
	for i := range findings {
		fix(whole, &findings[i])
		o.Report(findings[i])
	}
	return findings
}

// fix repairs what the finding is about, if it can be repaired and there is time.
func fix(ctx context.Context, f *Finding) {
	switch {
	case f.repair == nil:
		return
	case ctx.Err() != nil:
		f.Fact += "; not fixed: " + Reason(blockedBy(ctx))
		return
	}
	done, err := f.repair(ctx)
	if err != nil {
		f.Fact += "; not fixed: " + err.Error()
		return
	}
	f.Status, f.Fixed, f.Fix = OK, done, ""
}
