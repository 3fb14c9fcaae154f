package doctor

import (
	"bytes"
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

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/fileaccess"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// endOf is when the token in an entry of auths ends, as far as it says so itself. The password is looked at for that
// and for nothing else.
func endOf(c *dockerconfig.Config, key string) (end time.Time, known bool) {
	var file struct {
		Auths map[string]struct {
			Auth string `json:"auth"`
		} `json:"auths"`
	}
	if json.NewDecoder(bytes.NewReader(c.Text())).Decode(&file) != nil {
		return time.Time{}, false
	}
	login, err := base64.StdEncoding.DecodeString(file.Auths[key].Auth)
	if err != nil {
		return time.Time{}, false
	}
	_, password, _ := strings.Cut(string(login), ":")
	return token.Expiration(strings.TrimRight(password, "\x00"))
}

// checkPasswords looks for logins of ECR registries in plain text, in the files of Docker and of podman.
func (d *doctor) checkPasswords() []Finding {
	files := []*dockerFile{}
	if d.config != nil {
		files = append(files, d.config)
	}
	more, _ := dockerconfig.Locator{}.Containers()
	for _, path := range more {
		c, err := dockerconfig.Read(path, dockerconfig.Containers)
		if err == nil && c.Exists && (d.config == nil || path != d.config.Path) {
			files = append(files, &dockerFile{c})
		}
	}
	var all []Finding
	for _, f := range files {
		all = append(all, readableByOthers(f)...)
		r := &removal{d: d, file: f}
		for _, a := range f.Auths() {
			if host, err := hostIn(a.Key); err == nil && isSecret(a) && d.isECR(host) {
				all = append(all, r.password(a, host))
			}
		}
	}
	switch {
	case len(all) > 0:
		return all
	case d.config == nil:
		return one(skipped("config failed"))
	}
	return one(ok("no client keeps one for an ECR registry"))
}

// isSecret reports whether an entry has a secret in it, or in its name.
func isSecret(a dockerconfig.Auth) bool { return a.Secret() || redact.UserInfo(a.Key) != a.Key }

// readableByOthers warns of passwords that every user of the machine can read, whoever's registry they are for.
func readableByOthers(c *dockerFile) []Finding {
	info, err := os.Stat(c.Path)
	if err != nil || runtime.GOOS == "windows" || info.Mode()&0o077 == 0 {
		return nil
	}
	if !slices.ContainsFunc(c.Auths(), isSecret) {
		return nil
	}
	f := fail("chmod go= "+c.Path, "%s holds passwords, and others may read it (mode %#o)", c.Path, info.Mode().Perm())
	if path, err := filepath.EvalSymlinks(c.Path); err == nil && fileaccess.IsMine(info) && belowHome(path) {
		f.mend = func() (string, error) {
			return "took the rights of others away", os.Chmod(c.Path, info.Mode().Perm()&^0o077)
		}
	}
	return one(f)
}

// A removal takes out of one file what is not used any more: all its entries in one edit, which may have to wait for
// others.
type removal struct {
	d       *doctor
	file    *dockerFile
	entries map[string]string // the keys in auths, and the host of each

	once sync.Once
	came map[string]outcome // of the edit, by key
	err  error
}

// password judges one entry. A token that has expired gives nothing away; one that lives, or does not say, does.
func (r *removal) password(a dockerconfig.Auth, host string) Finding {
	expired, served := judge(r.file.Config, a.Key, host, r.d.Now())
	fact := fmt.Sprintf("%s:%d keeps a password for %s in plain text", r.file.Path, a.Line, host)
	finding := fail(configure+host, "%s", fact)
	switch {
	case expired:
		finding = warn("", "%s; it has expired", fact)
	case served:
		finding.Fact += ", which is not used any more"
	}
	if !expired && !served {
		return finding
	}
	if r.entries == nil {
		r.entries = map[string]string{}
	}
	r.entries[a.Key] = host
	finding.Fix = "docker-credential-ecr-login doctor --fix"
	finding.mend = func() (string, error) {
		r.once.Do(r.run)
		switch {
		case r.err != nil:
			return "", r.err
		case r.came[a.Key] == stays:
			return "", errors.New("left alone, it is in use by now")
		case r.came[a.Key] == gone:
			return "nothing, somebody has removed the entry meanwhile", nil
		}
		return "removed the entry", nil
	}
	return finding
}

// judge tells what makes an entry one that nobody uses: its token has expired, or this program answers for the host.
func judge(c *dockerconfig.Config, key, host string, now time.Time) (expired, served bool) {
	end, known := endOf(c, key)
	return known && !end.After(now), progname.IsHelper(c.For(host).Helper)
}

// outcome is what an edit found of an entry.
type outcome int

const (
	removed outcome = iota + 1
	stays           // it is in use by now
	gone            // it is there no more
)

// run judges the entries again, by what the file says now: since they were looked at, somebody may have signed in.
func (r *removal) run() {
	now := r.d.Now()
	_, r.err = dockerconfig.Update(r.file.Path, r.file.Client, func(c *dockerconfig.Config) error {
		r.came = map[string]outcome{} // it may be called again
		for key, host := range r.entries {
			expired, served := judge(c, key, host, now)
			switch {
			case !slices.ContainsFunc(c.Auths(), func(a dockerconfig.Auth) bool { return a.Key == key && isSecret(a) }):
				r.came[key] = gone
			case expired || served:
				c.RemoveAuth(key)
				r.came[key] = removed
			default:
				r.came[key] = stays
			}
		}
		return nil
	})
}

// isECR reports whether a host is an ECR registry or an alias of one.
func (d *doctor) isECR(host string) bool {
	_, err := d.settings.Match(host)
	return err == nil
}
