package doctor

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/authtoken"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/fileaccess"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/process"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
)

// expiry returns when the token in an entry of auths expires, if the token says so. The password is
// decoded for nothing else.
func expiry(c *dockerconfig.Config, key string) (end time.Time, known bool) {
	var file struct {
		Auths map[string]struct {
			Auth string `json:"auth"`
		} `json:"auths"`
	}
	if json.NewDecoder(bytes.NewReader(c.Text())).Decode(&file) != nil {
		return time.Time{}, false
	}
	return loginExpiry(file.Auths[key].Auth)
}

// loginExpiry is expiry for the value of an auth field.
func loginExpiry(auth string) (end time.Time, known bool) {
	login, err := base64.StdEncoding.DecodeString(auth)
	if err != nil {
		return time.Time{}, false
	}
	_, password, _ := strings.Cut(string(login), ":")
	return authtoken.Expiration(strings.TrimRight(password, "\x00"))
}

// checkPasswords looks for passwords of ECR registries in plain text in the files of Docker and
// podman.
func (d *doctor) checkPasswords() []Finding {
	if d.config == nil {
		return one(skipped(d.dockerFile.name))
	}
	files := []*dockerConfig{d.config}
	more, _ := dockerconfig.Locator{}.Containers()
	for _, path := range more {
		c, err := dockerconfig.Read(path, dockerconfig.Containers)
		if err == nil && c.Exists && path != d.config.Path {
			files = append(files, &dockerConfig{c})
		}
	}
	var all []Finding
	var paths []string
	for _, f := range files {
		paths = append(paths, f.Path)
		all = append(all, d.readableByOthers(f)...)
		r := &removal{d: d, file: f}
		for _, a := range f.Auths() {
			if host, err := hostOf(a.Key); err == nil && isSecret(a) && d.isECR(host) {
				all = append(all, r.finding(a, host))
			}
		}
	}
	for _, f := range (dockerconfig.Locator{}).PasswordFiles() {
		if _, err := os.Stat(f.Path); err != nil {
			continue
		}
		paths = append(paths, f.Path)
		all = append(all, d.otherPasswords(f)...)
	}
	if len(all) > 0 {
		return all
	}
	return one(ok("no ECR password stored in plain text in %s", strings.Join(paths, " or ")))
}

// isECRKey reports whether a key of auths is about an ECR registry.
func (d *doctor) isECRKey(key string) bool {
	host, err := hostOf(key)
	return err == nil && d.isECR(host)
}

// otherPasswords reports the ECR passwords in a file of another program, which has its own command
// to remove them.
func (d *doctor) otherPasswords(f dockerconfig.PasswordFile) (all []Finding) {
	auths, err := f.Auths()
	if err != nil {
		return one(warn("check the file", "cannot look for passwords of %s: %v", f.Program, err))
	}
	for _, a := range auths {
		if host, err := hostOf(a.Key); err == nil && d.isECR(host) {
			fix := f.Logout(host)
			if fix == "" {
				fix = "delete the entry"
			}
			all = append(all, fail(fix, "%s:%d stores an ECR password in plain text (%s), which %s uses", f.Path, a.Line, host, f.Program))
		}
	}
	return all
}

// isSecret reports whether an entry contains a secret, also in its key.
func isSecret(a dockerconfig.Auth) bool { return a.Secret() || redact.UserInfo(a.Key) != a.Key }

// readableByOthers reports passwords that other users of the machine can read. It is a failure for
// an ECR registry and a warning for others.
func (d *doctor) readableByOthers(c *dockerConfig) []Finding {
	info, err := os.Stat(c.Path)
	if err != nil || runtime.GOOS == "windows" || info.Mode()&0o077 == 0 {
		return nil
	}
	if !slices.ContainsFunc(c.Auths(), isSecret) {
		return nil
	}
	f := warn("chmod go= "+process.Quote(c.Path), "%s stores passwords and other users can read it (mode %#o)", c.Path, info.Mode().Perm())
	if slices.ContainsFunc(c.Auths(), func(a dockerconfig.Auth) bool { return isSecret(a) && d.isECRKey(a.Key) }) {
		f.Status = Fail
	}
	if path, err := filepath.EvalSymlinks(c.Path); err == nil && fileaccess.IsMine(info) && belowHome(path) {
		f.repair = func(context.Context) (string, error) {
			return "removed access for group and others", dockerconfig.MakePrivate(c.Path)
		}
	}
	return one(f)
}

// A removal deletes unused entries from one file, all in one edit, because an edit may have to wait
// for other programs.
type removal struct {
	d       *doctor
	file    *dockerConfig
	entries map[string]string // the keys in auths, and the host of each

	once    sync.Once
	results map[string]result // by key
	err     error
}

// finding reports one entry. An expired token exposes nothing; any other password does.
func (r *removal) finding(a dockerconfig.Auth, host string) Finding {
	expired, served := unused(r.file.Config, a.Key, host, r.d.Now())
	fact := fmt.Sprintf("%s stores an ECR password in plain text (%s)", r.file.at(a.Line), host)
	finding := fail(configure+host, "%s", fact)
	switch {
	case expired:
		finding = warn("", "%s; it has expired", fact)
	case served:
		finding.Fact += "; it is not used any more"
	}
	if !expired && !served {
		return finding
	}
	if r.entries == nil {
		r.entries = map[string]string{}
	}
	r.entries[a.Key] = host
	finding.Fix = doctorFix
	finding.repair = func(ctx context.Context) (string, error) {
		r.once.Do(func() { r.run(ctx) })
		switch {
		case r.err != nil:
			return "", r.err
		case r.results[a.Key] == inUse:
			return "", errors.New("the entry is in use by now")
		case r.results[a.Key] == missing:
			return "nothing to do, the entry has been removed meanwhile", nil
		}
		return "removed the entry", nil
	}
	return finding
}

// unused reports why an entry is not needed: its token has expired, or this program answers for the
// host.
func unused(c *dockerconfig.Config, key, host string, now time.Time) (expired, served bool) {
	end, known := expiry(c, key)
	return known && !end.After(now), progname.IsHelper(c.For(host).Helper)
}

// result is what a removal did with an entry.
type result int

const (
	removed result = iota + 1
	inUse
	missing
)

// run edits the file. It decides again about each entry, from the text that it edits, because a
// docker login may have happened meanwhile.
func (r *removal) run(ctx context.Context) {
	now := r.d.Now()
	_, r.err = dockerconfig.Update(ctx, r.file.Path, r.file.Client, func(c *dockerconfig.Config) error {
		r.results = map[string]result{} // Update may call this function again
		for key, host := range r.entries {
			expired, served := unused(c, key, host, now)
			switch {
			case !slices.ContainsFunc(c.Auths(), func(a dockerconfig.Auth) bool { return a.Key == key && isSecret(a) }):
				r.results[key] = missing
			case expired || served:
				c.RemoveAuth(key)
				r.results[key] = removed
			default:
				r.results[key] = inUse
			}
		}
		return nil
	})
}
