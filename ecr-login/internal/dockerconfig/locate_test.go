package dockerconfig

import (
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestLocateDocker(t *testing.T) {
	t.Parallel()
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		env  map[string]string
		want string // empty: an error
	}{
		{"home", map[string]string{"HOME": "/home/me"}, "/home/me/.docker/config.json"},
		{"variable", map[string]string{"HOME": "/home/me", "DOCKER_CONFIG": "/etc/docker-config"}, "/etc/docker-config/config.json"},
		{"variable without home", map[string]string{"DOCKER_CONFIG": "/etc/docker-config/"}, "/etc/docker-config/config.json"},
		{"empty variable", map[string]string{"HOME": "/home/me", "DOCKER_CONFIG": ""}, "/home/me/.docker/config.json"},
		{"relative", map[string]string{"DOCKER_CONFIG": "conf"}, wd + "/conf/config.json"},
		{"nothing", nil, ""},
		{"empty home", map[string]string{"HOME": ""}, ""},
	} {
		if runtime.GOOS == "windows" {
			break
		}
		got, err := Locator{environment(c.env)}.Docker()
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}

func TestLocateContainers(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the paths are Linux's")
	}
	byUser := "/run/containers/" + strconv.Itoa(os.Getuid()) + "/auth.json"
	for _, c := range []struct {
		name    string
		env     map[string]string
		want    string
		lasting string
	}{
		{"session", map[string]string{"HOME": "/home/me", "XDG_RUNTIME_DIR": "/run/user/1"},
			"/run/user/1/containers/auth.json /home/me/.config/containers/auth.json /home/me/.docker/config.json", "/home/me/.config/containers/auth.json"},
		{"no session", map[string]string{"HOME": "/home/me"},
			byUser + " /home/me/.config/containers/auth.json /home/me/.docker/config.json", "/home/me/.config/containers/auth.json"},
		{"XDG_CONFIG_HOME", map[string]string{"HOME": "/home/me", "XDG_RUNTIME_DIR": "/run/user/1", "XDG_CONFIG_HOME": "/conf"},
			"/run/user/1/containers/auth.json /conf/containers/auth.json /home/me/.docker/config.json", "/conf/containers/auth.json"},
		{"both in one directory", map[string]string{"HOME": "/home/me", "XDG_RUNTIME_DIR": "/x", "XDG_CONFIG_HOME": "/x"},
			"/x/containers/auth.json /home/me/.docker/config.json", "/x/containers/auth.json"},
		{"REGISTRY_AUTH_FILE", map[string]string{"REGISTRY_AUTH_FILE": "/a/auth.json", "DOCKER_CONFIG": "/b", "XDG_RUNTIME_DIR": "/run/user/1"}, "/a/auth.json", "/a/auth.json"},
		{"DOCKER_CONFIG", map[string]string{"HOME": "/home/me", "DOCKER_CONFIG": "/b", "XDG_RUNTIME_DIR": "/run/user/1"}, "/b/config.json", "/b/config.json"},
		{"nothing", nil, "", ""},
	} {
		l := Locator{environment(c.env)}
		got, err := l.Containers()
		if !slices.Equal(got, strings.Fields(c.want)) || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v, want %s", c.name, got, err, c.want)
		}
		if lasting, _ := l.ContainersLasting(); lasting != c.lasting {
			t.Errorf("%s: would write to %q, want %q", c.name, lasting, c.lasting)
		}
	}
}
