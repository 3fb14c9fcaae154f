package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/fileaccess"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/process"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/regularfile"
)

// maxProviderConfig bounds a file with the kubelet's providers, in bytes.
const maxProviderConfig = 1 << 20

// answerLimit bounds one call of a provider. The kubelet waits for a minute.
const answerLimit = 15 * time.Second

// A provider is an entry of the kubelet's CredentialProviderConfig (k8s.io/kubelet/config/v1).
type provider struct {
	Name                 string
	APIVersion           string `yaml:"apiVersion"`
	Args                 []string
	MatchImages          []string `yaml:"matchImages"`
	DefaultCacheDuration string   `yaml:"defaultCacheDuration"`
	Env                  []struct{ Name, Value string }
	TokenAttributes      map[string]any `yaml:"tokenAttributes"`
}

// providerFiles returns the files of a configuration that is a file or a directory, as the kubelet
// reads it (readCredentialProviderConfig in k8s.io/kubernetes/pkg/credentialprovider/plugin).
func providerFiles(path string) ([]string, error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); !e.IsDir() && (ext == ".json" || ext == ".yaml" || ext == ".yml") {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	return files, nil
}

// readProviders returns the providers in files of the kubelet's configuration.
func readProviders(files []string) (all []provider, err error) {
	for _, file := range files {
		text, err := regularfile.Read(file, maxProviderConfig)
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", file, withoutPath(err))
		}
		var config struct {
			APIVersion, Kind string
			Providers        []provider
		}
		if err := yaml.Unmarshal(text, &config); err != nil {
			return nil, fmt.Errorf("cannot parse %s: %w", file, err)
		}
		if config.Kind != "CredentialProviderConfig" {
			return nil, fmt.Errorf("%s has kind %q, want CredentialProviderConfig", file, config.Kind)
		}
		all = append(all, config.Providers...)
	}
	return all, nil
}

// checkProviders checks the kubelet's providers that are this program.
func (d *doctor) checkProviders() []Finding {
	files, err := providerFiles(d.kubelet.config)
	if err != nil {
		return one(fail("correct the directory and restart the kubelet", "cannot read %s: %v", d.kubelet.config, withoutPath(err)))
	}
	all, err := readProviders(files)
	if err != nil {
		return one(fail("correct the file and restart the kubelet; an example: https://github.com/4e881efc/ecr-credential-helper/blob/main/packaging/kubernetes/credential-provider.yaml", "%v", err))
	}
	for _, file := range files {
		if f, changed := checkRights(file, "the kubelet takes programs, arguments and environment from it"); changed {
			return one(f)
		}
	}
	var findings []Finding
	for _, p := range all {
		path := filepath.Join(d.kubelet.binDir, p.Name)
		if !d.isOwn(path) {
			continue
		}
		f := d.checkProvider(p, path)
		if findings = append(findings, f); f.Status == OK {
			d.providers = append(d.providers, p)
		}
	}
	if len(findings) == 0 {
		return one(fail("add a provider as in https://github.com/4e881efc/ecr-credential-helper/blob/main/packaging/kubernetes/credential-provider.yaml and restart the kubelet", "no provider in %s is this program", d.kubelet.config))
	}
	return findings
}

// isOwn reports whether a provider's program is this one, also where the file is missing: by the
// file itself, or by its name or that of the file it links to.
func (d *doctor) isOwn(path string) bool {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		target = path
	}
	return d.isSelf(path) || strings.HasPrefix(filepath.Base(target), progname.Program) || strings.HasPrefix(filepath.Base(path), progname.Program)
}

// checkProvider checks one provider without calling it.
func (d *doctor) checkProvider(p provider, path string) Finding {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fail("install -m 0755 "+process.Quote(d.self())+" "+process.Quote(path), "%s not found", path)
	case err != nil:
		return fail("correct the file", "cannot use %s: %v", path, withoutPath(err))
	case !info.Mode().IsRegular() || info.Mode()&0o111 == 0:
		return fail("chmod 0755 "+process.Quote(path), "%s is not executable", path)
	}
	if f, changed := checkRights(path, "the kubelet runs it"); changed {
		return f
	}
	if !slices.Contains(p.Args, "kubelet") {
		return fail(fmt.Sprintf(`set args: ["kubelet"] for it in %s and restart the kubelet`, d.kubelet.config), "provider %s has no argument kubelet: %q", p.Name, p.Args)
	}
	version := d.identify(path)
	if version.kind != module {
		return fail("install -m 0755 "+process.Quote(d.self())+" "+process.Quote(path), "%s", version)
	}
	return ok("%s", version)
}

// checkRights reports whether others than root and this user can change a file of the kubelet.
func checkRights(path, use string) (f Finding, changed bool) {
	who := changedBy(path)
	if who == "" {
		return Finding{}, false
	}
	both := process.Quote(path) + " " + process.Quote(filepath.Dir(path))
	return fail("chown root:root "+both+" && chmod go-w "+both, "%s can be changed by %s, and %s", path, who, use), true
}

// changedBy returns who, except root and this user, can change a file, or "".
func changedBy(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	if uid, known := fileaccess.Owner(info); known && !fileaccess.IsTrusted(info) {
		return fileaccess.UserText(uid)
	}
	if info.Mode()&0o022 != 0 {
		return "its group or every user"
	}
	dir, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return ""
	}
	return fileaccess.ChangedBy(dir)
}

// checkMatch reports which of the providers the kubelet calls for the image.
func (t *target) checkMatch() []Finding {
	planner := plan.Planner{Settings: t.d.settings}
	var err error
	if t.plan, err = planner.For(t.host); err != nil {
		return one(fail("check the spelling; an alias of an ECR registry needs a rule in /etc/ecr-login/config.toml", "%v", err))
	}
	var names []string
	for _, p := range t.d.providers {
		if slices.ContainsFunc(p.MatchImages, func(pattern string) bool { return matchImage(pattern, t.imageName()) }) {
			t.providers = append(t.providers, p)
			names = append(names, p.Name)
		}
	}
	if len(names) == 0 {
		return one(fail(fmt.Sprintf("add %q to matchImages in %s and restart the kubelet", t.host, t.d.kubelet.config), "no matchImages of this program match %s", t.imageName()))
	}
	return one(ok("matchImages of %s", strings.Join(names, " and ")))
}

// matchImage reports whether the kubelet calls a provider with the pattern for an image: each label
// of the host matches, the port is the same and the path is a prefix (URLsMatch in
// k8s.io/kubernetes/pkg/credentialprovider).
func matchImage(pattern, image string) bool {
	patternHost, patternPath, _ := strings.Cut(pattern, "/")
	host, path, _ := strings.Cut(image, "/")
	patternHost, patternPort, _ := strings.Cut(patternHost, ":")
	host, port, _ := strings.Cut(host, ":")
	patternLabels, labels := strings.Split(patternHost, "."), strings.Split(host, ".")
	if patternPort != port || len(patternLabels) != len(labels) || !strings.HasPrefix(path, patternPath) {
		return false
	}
	for i, label := range labels {
		if matched, err := filepath.Match(patternLabels[i], label); err != nil || !matched {
			return false
		}
	}
	return true
}

// checkAnswer calls the providers as the kubelet does, with its environment. A provider with
// tokenAttributes needs the token of a pod's service account, so it is not called.
func (t *target) checkAnswer() (all []Finding) {
	for _, p := range t.providers {
		if p.TokenAttributes != nil {
			all = append(all, ok("%s is not called: it needs the token of a service account", p.Name))
			continue
		}
		all = append(all, t.callProvider(p))
	}
	return all
}

// callProvider calls one provider and reports its answer.
func (t *target) callProvider(p provider) Finding {
	ctx, cancel := context.WithTimeout(t.d.ctx, answerLimit)
	defer cancel()
	request, err := json.Marshal(map[string]string{"kind": "CredentialProviderRequest", "apiVersion": p.APIVersion, "image": t.imageName()})
	if err != nil {
		return fail("", "%v", err)
	}
	cmd := exec.Command(filepath.Join(t.d.kubelet.binDir, p.Name), p.Args...)
	cmd.Env = slices.Clone(t.d.kubelet.environment)
	if cmd.Env == nil {
		cmd.Env = []string{} // nil would be this process's
	}
	for _, v := range p.Env {
		cmd.Env = append(cmd.Env, v.Name+"="+v.Value)
	}
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(request), &stderr
	out, err := process.Output(ctx, cmd)
	if err != nil {
		text, fix := providerError(stderr.String())
		if text == "" {
			text = err.Error()
		}
		return fail(fix, "%s failed: %s", p.Name, text)
	}
	var response struct {
		APIVersion    string
		CacheDuration string
		Auth          map[string]ecrlogin.Credentials
	}
	if err := json.Unmarshal(out, &response); err != nil || response.APIVersion != p.APIVersion {
		return fail("install the newest version on the node", "%s returned no %s response", p.Name, p.APIVersion)
	}
	for registry, login := range response.Auth {
		t.login = &login
		return ok("%s returned a login for %s, cached for %s", p.Name, registry, response.CacheDuration)
	}
	return warn("", "%s returned no login, so the pull continues without", p.Name)
}

// providerError returns the error and the hint that this program writes to standard error.
func providerError(stderr string) (text, hint string) {
	for line := range strings.Lines(stderr) {
		line = strings.TrimPrefix(strings.TrimSpace(line), progname.Program+": ")
		if h, isHint := strings.CutPrefix(line, "hint: "); isHint {
			hint = h
		} else if text == "" {
			text = line
		}
	}
	return text, hint
}
