// Package doctor walks the path of a pull from Amazon ECR, from the client's configuration to the image's manifest,
// and says of each step whether it holds, as a fact, and what to do where it does not.
//
// Its promise: it asks what the clients and the helper themselves would ask, in the same order of precedence, so that
// what it finds is what they meet; a run ends within Limit, but for an edit that Options.Fix has begun, which may wait
// five seconds for another; findings come in the same order every time; and no finding holds a token, a password or a
// proxy's credentials. A check that could not be made, because one before it
// failed, says so, and does not count as passed.
//
// It changes nothing but the cache, into which a token goes as with any get, unless Options.Fix is set. Then it does
// what cannot hurt, and nothing else:
//
//   - it deletes a cache.json in which the existing helper left tokens in plain text: that program fetches new ones;
//   - it removes entries of auths for ECR hosts, where this program answers for the host anyhow, or the token in the
//     entry has expired: neither is used any more. Whether it is so is asked of the text that is then edited, as
//     somebody may sign in while the checks run;
//   - it takes from others the right to read a config.json with passwords in it, and to write to the cache folder,
//     where the file or folder belongs to this user and, for the file, lies below the home folder: elsewhere it may be
//     shared on purpose.
//
// Its limits: it sees the PATH, environment and files of its own process, which a client started by somebody else does
// not share. Images are pulled by Docker's daemon, whose proxy and certificate authorities are its own; what was
// trusted here is said. A metadata service is looked for at AWS_EC2_METADATA_SERVICE_ENDPOINT or its usual address.
//
// The rules are those of docker/cli (cli/config/configfile, cli/config/credentials), of os/exec, with which Go clients
// look a helper up, of the registry API (opencontainers/distribution-spec) and of awslabs/amazon-ecr-credential-helper
// (ecr-login/config/cache_dir.go, ecr-login/cache/file.go).
package doctor

import (
	"context"
	"time"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
)

// Limit is how long a Run takes at most. What has not answered by then is said not to have been checked.
const Limit = 20 * time.Second

// mendTime is what the checks leave of it for Options.Fix: what hangs keeps nothing from being mended.
const mendTime = 5 * time.Second

// Status is what came of a check.
type Status string

// What can come of a check.
const (
	OK      Status = "ok"
	Warn    Status = "warn"    // works, and could be better
	Fail    Status = "fail"    // does not work, or gives a secret away
	Skipped Status = "skipped" // could not be checked, because something before it failed
)

// Finding is one thing that a check found.
type Finding struct {
	Check    string `json:"check"`              // the check's name, in one or two words
	Registry string `json:"registry,omitempty"` // the registry it is about; "" for all
	Status   Status `json:"status"`
	Fact     string `json:"fact"`            // one line
	Fix      string `json:"fix,omitempty"`   // what to do
	Fixed    string `json:"fixed,omitempty"` // what was done; the status is then OK

	mend func() (did string, err error) // what Options.Fix does
}

// Options says what to look at. The zero value chooses by itself and changes nothing.
type Options struct {
	// Registry is a registry, or a repository or image in one: HOST, HOST/REPOSITORY, with :TAG or @DIGEST. Empty: the
	// registries for which Docker's configuration names this program, else that of the credentials' own account and
	// region.
	Registry string

	// Helper is how the helper would be made that answers for the registry. A profile in the name of the program
	// that Docker's configuration names replaces its Profile.
	Helper ecrlogin.Options

	// Fix does what cannot hurt; see the package comment.
	Fix bool

	// Now is the clock. Nil means time.Now.
	Now func() time.Time
}

// Healthy reports whether all holds: warnings do not count, and what could not be checked does.
func Healthy(findings []Finding) bool {
	for _, f := range findings {
		if f.Status == Fail || f.Status == Skipped {
			return false
		}
	}
	return true
}

// Run makes all checks.
func Run(ctx context.Context, o Options) []Finding {
	whole, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	if o.Now == nil {
		o.Now = time.Now
	}
	ctx = whole
	if o.Fix {
		ctx, cancel = context.WithTimeout(whole, Limit-mendTime)
		defer cancel()
	}
	d := &doctor{Options: o, ctx: ctx, slots: make(chan struct{}, atOnce)}
	d.machine()
	for _, t := range d.chosen() {
		d.examine(t)
	}
	findings := d.collect()
	if o.Fix {
		repair(whole, findings)
	}
	return findings
}

// repair mends what can be mended, as long as there is time.
func repair(ctx context.Context, findings []Finding) {
	for i := range findings {
		f := &findings[i]
		switch {
		case f.mend == nil:
			continue
		case ctx.Err() != nil:
			f.Fact += "; not mended: " + late(ctx)
			continue
		}
		did, err := f.mend()
		if err != nil {
			f.Fact += "; not mended: " + err.Error()
			continue
		}
		f.Status, f.Fixed, f.Fix = OK, did, ""
	}
}
