package dockerconfig

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// The files of other programs are found where those programs look, and every password is reported.
func TestPasswordFiles(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the paths are Linux's")
	}
	home := t.TempDir()
	for name, text := range map[string]string{
		".config/helm/registry/config.json":       `{"auths": {"helm.example": {"auth": "QVdTOng="}, "empty.example": {}}}`,
		"xdg/helm/registry/config.json":           `{"auths": {"xdg.example": {"auth": "QVdTOng="}}}`,
		"helmhome/registry/config.json":           `{"auths": {"helmhome.example": {"auth": "QVdTOng="}}}`,
		"own.json":                                `{"auths": {"own.example": {"auth": "QVdTOng="}}}`,
		".regctl/config.json":                     "{\"hosts\": {\n\"pass.example\": {\"user\": \"AWS\", \"pass\": \"x\"},\n\"token.example\": {\"token\": \"x\"}, \"none.example\": {\"tls\": \"disabled\", \"pass\": \"\"}, \"odd.example\": 1}}",
		"regctl.json":                             `{"hosts": {"regctl.example": {"pass": "x"}}}`,
		".dockercfg":                              `{"https://old.example/v1/": {"auth": "QVdTOng=", "email": "x"}}`,
		"snap/docker/current/.docker/config.json": `{"auths": {"snap.example": {"auth": "QVdTOng="}}}`,
	} {
		put(t, filepath.Join(home, name), text)
	}
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"HOME": home}, "helm: helm.example; regctl: pass.example token.example; podman: old.example; the docker snap: snap.example"},
		{map[string]string{"HOME": home, "XDG_CONFIG_HOME": home + "/xdg"}, "helm: xdg.example; regctl: pass.example token.example; podman: old.example; the docker snap: snap.example"},
		{map[string]string{"HOME": home, "HELM_CONFIG_HOME": home + "/helmhome", "XDG_CONFIG_HOME": home + "/xdg", "REGCTL_CONFIG": home + "/regctl.json"},
			"helm: helmhome.example; regctl: regctl.example; podman: old.example; the docker snap: snap.example"},
		{map[string]string{"HOME": home, "HELM_REGISTRY_CONFIG": home + "/own.json", "HELM_CONFIG_HOME": home + "/helmhome"},
			"helm: own.example; regctl: pass.example token.example; podman: old.example; the docker snap: snap.example"},
		{map[string]string{"HELM_REGISTRY_CONFIG": home + "/own.json"}, "helm: own.example"},
		{map[string]string{"HOME": filepath.Join(home, "nobody")}, "helm:; regctl:; podman:; the docker snap:"},
		{nil, ""},
	} {
		var all []string
		for _, f := range (Locator{environment(c.env)}).PasswordFiles() {
			auths, err := f.Auths()
			if err != nil {
				t.Fatal(err)
			}
			found := f.Program + ":"
			for _, a := range auths {
				found += " " + a.Host()
			}
			all = append(all, found)
		}
		if got := strings.Join(all, "; "); got != c.want {
			t.Errorf("%v:\n%s\nwant\n%s", c.env, got, c.want)
		}
	}
	files := Locator{environment(map[string]string{"HOME": home})}.PasswordFiles()
	if auths, _ := files[1].Auths(); auths[1].Line != 3 || files[1].Logout("h") != "regctl registry logout h" || files[2].Logout("h") != "" {
		t.Errorf("%+v, %q", auths, files[1].Logout("h"))
	}
}

// A file that cannot be parsed is an error that names it, without a secret.
func TestPasswordFileErrors(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	path := put(t, filepath.Join(home, "helm.json"), `{"auths": hunter2}`)
	files := Locator{environment(map[string]string{"HELM_REGISTRY_CONFIG": path})}.PasswordFiles()
	if _, err := files[0].Auths(); err == nil || !strings.HasPrefix(err.Error(), path+":1: invalid JSON: ") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
}
