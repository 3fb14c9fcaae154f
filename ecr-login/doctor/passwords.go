package doctor

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// endOf is when the token in an entry of auths ends, as far as it says so itself. The password is looked at for that
// and for nothing else.
func (c *dockerFile) endOf(key string) (end time.Time, known bool) {
	text, err := os.ReadFile(c.Path)
	if err != nil {
		return time.Time{}, false
	}
	var file struct {
		Auths map[string]struct {
			Auth string `json:"auth"`
		} `json:"auths"`
	}
	if json.NewDecoder(strings.NewReader(string(text))).Decode(&file) != nil {
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
		for _, a := range f.Auths() {
			if host, err := registry.Host(a.Key); err == nil && a.Secret() && d.isECR(host) {
				all = append(all, d.password(f, a, host))
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

// readableByOthers warns of passwords that every user of the machine can read, whoever's registry they are for.
func readableByOthers(c *dockerFile) []Finding {
	info, err := os.Stat(c.Path)
	if err != nil || runtime.GOOS == "windows" || info.Mode()&0o077 == 0 {
		return nil
	}
	if !slices.ContainsFunc(c.Auths(), dockerconfig.Auth.Secret) {
		return nil
	}
	f := fail("chmod go= "+c.Path, "%s holds passwords, and others may read it (mode %#o)", c.Path, info.Mode().Perm())
	if path, err := filepath.EvalSymlinks(c.Path); err == nil && ours(info) && belowHome(path) {
		f.mend = func() (string, error) {
			return "took the rights of others away", os.Chmod(c.Path, info.Mode().Perm()&^0o077)
		}
	}
	return one(f)
}

// password judges one entry. A token that has expired gives nothing away; one that lives, or does not say, does.
func (d *doctor) password(f *dockerFile, a dockerconfig.Auth, host string) Finding {
	end, known := f.endOf(a.Key)
	expired := known && !end.After(d.Now())
	served := isThis(f.For(host).Helper)
	fact := fmt.Sprintf("%s:%d keeps a password for %s in plain text", f.Path, a.Line, host)
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
	finding.Fix = "docker-credential-ecr-login doctor --fix"
	finding.mend = func() (string, error) {
		_, err := dockerconfig.Update(f.Path, f.Client, func(c *dockerconfig.Config) error {
			c.RemoveAuth(a.Key)
			return nil
		})
		return "removed the entry", err
	}
	return finding
}

// isECR reports whether a host is an ECR registry or an alias of one.
func (d *doctor) isECR(host string) bool {
	_, err := d.settings.Match(host)
	return err == nil
}
