//go:build e2e && linux

package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Clients of containerd. ctr and crictl read no config.json: their user calls the helper and passes
// the password on.

// login calls the helper that config.json names for the host of ref. The user name is empty when no
// helper is configured or the helper has no credentials.
func (u *user) login(ref string) (name, password string, r result) {
	host, _, _ := splitRef(ref)
	var config dockerConfig
	if err := json.Unmarshal([]byte(u.read(".docker/config.json")), &config); err != nil {
		u.t.Fatal(err)
	}
	helper := config.CredHelpers[host]
	if helper == "" {
		helper = config.CredsStore
	}
	if helper == "" {
		return "", "", result{}
	}
	r = u.run(host, "docker-credential-"+helper, "get")
	if strings.TrimSpace(r.stdout) == "credentials not found in native keychain" {
		return "", "", result{}
	}
	if r.err != nil {
		return "", "", r
	}
	var answer struct{ Username, Secret string }
	if err := json.Unmarshal([]byte(r.stdout), &answer); err != nil {
		r.err = fmt.Errorf("the answer is not JSON: %w", err)
	}
	return answer.Username, answer.Secret, r
}

// ctr returns a command of ctr with the engine's containerd.
func (u *user) ctr(args ...string) []string {
	return append([]string{"ctr", "--address", needEngine(u.t).containerd(), "--namespace", "e2e", "images"}, args...)
}

// ctrWith returns ctr with the options that login makes of a user name and a password. login may
// write to dir, which is removed after the command.
func ctrWith(name string, login func(u *user, dir, host, name, password string) (options []string)) client {
	do := func(u *user, ref string, command func(options []string) []string) result {
		user, password, r := u.login(ref)
		if r.err != nil {
			return r
		}
		var options []string
		if user != "" {
			host, _, _ := splitRef(ref)
			dir := u.scratch()
			defer os.RemoveAll(dir)
			options = login(u, dir, host, user, password)
		}
		return u.steps(command(options))
	}
	return client{
		name: name, programs: []string{"ctr", "dockerd"}, install: fromDebian + "containerd",
		version: printedVersion("ctr", "--version"),
		push: func(u *user, ref string) result {
			if r := u.steps(u.ctr("import", u.archive(ref))); r.err != nil {
				return r
			}
			r := do(u, ref, func(options []string) []string { return u.ctr(append(append([]string{"push"}, options...), ref)...) })
			if r.err != nil {
				return r
			}
			return u.steps(u.ctr("rm", ref))
		},
		pull: func(u *user, ref string) result {
			return do(u, ref, func(options []string) []string {
				return u.ctr(append(append([]string{"pull", "--snapshotter", "native"}, options...), ref)...)
			})
		},
	}
}

func ctrClient() client {
	return ctrWith("ctr", func(_ *user, _, _, name, password string) []string {
		return []string{"--user", name + ":" + password}
	})
}

// ctrHostsClient gives ctr the password in a hosts.toml, so that it is on no command line.
func ctrHostsClient() client {
	return ctrWith("ctr-hosts-toml", func(u *user, dir, host, name, password string) []string {
		value := "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
		if host == publicHost { // which accepts only a bearer token
			r := u.must("", "docker-credential-ecr-login", "header", host)
			_, value, _ = strings.Cut(strings.TrimSpace(r.stdout), ": ")
		}
		u.writeIn(filepath.Join(dir, host), "hosts.toml", fmt.Sprintf("[host.%q.header]\n  authorization = %q\n", "https://"+host, value))
		return []string{"--hosts-dir", dir}
	})
}

// nerdctlClient is nerdctl 1.7, because version 2 is not on the module proxy.
func nerdctlClient() client {
	return client{
		name: "nerdctl", programs: []string{"nerdctl", "containerd"}, install: fromGo,
		version: builtVersion("nerdctl"),
		prepare: func(u *user) {
			u.write("nerdctl.toml", fmt.Sprintf("address = %q\nnamespace = \"e2e\"\nsnapshotter = \"native\"\ndata_root = %q\ncgroup_manager = \"cgroupfs\"\n",
				needContainerd(u.t), u.path("nerdctl")))
			u.env["NERDCTL_TOML"] = u.path("nerdctl.toml")
		},
		push: func(u *user, ref string) result {
			return u.steps(
				[]string{"nerdctl", "load", "--input", u.archive(ref)},
				[]string{"nerdctl", "push", ref},
				[]string{"nerdctl", "rmi", ref})
		},
		pull: func(u *user, ref string) result { return u.run("", "nerdctl", "pull", ref) },
	}
}

// crictlClient pulls with containerd's CRI plug-in, as the kubelet does.
func crictlClient() client {
	return client{
		name: "crictl", programs: []string{"crictl", "containerd"}, install: fromGo,
		version: builtVersion("crictl"),
		prepare: func(u *user) { u.env["CONTAINER_RUNTIME_ENDPOINT"] = "unix://" + needContainerd(u.t) },
		pull: func(u *user, ref string) result {
			name, password, r := u.login(ref)
			if r.err != nil {
				return r
			}
			command := []string{"crictl", "pull"}
			if name != "" {
				command = append(command, "--creds", name+":"+password)
			}
			return u.steps(append(command, ref))
		},
	}
}
