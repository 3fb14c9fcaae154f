package doctor

import (
	"os"
	"path/filepath"
	"testing"
)

func TestMatchImage(t *testing.T) {
	t.Parallel()
	const host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	for _, test := range []struct {
		pattern, image string
		want           bool
	}{
		{"*.dkr.ecr.*.amazonaws.com", host + "/app", true},
		{"*.dkr.ecr.*.amazonaws.com", host, true},
		{host, host + "/app", true},
		{"1234*.dkr.ecr.eu-*.amazonaws.com", host + "/app", true},
		{host + "/team", host + "/team/app", true},
		{"registry.example:5000", "registry.example:5000/app", true},
		{host + "/team", host + "/app", false},
		{"*.amazonaws.com", host + "/app", false},
		{"*", host + "/app", false},
		{"*.dkr.ecr.*.amazonaws.com", host + ":443/app", false},
		{"registry.example:5000", "registry.example/app", false},
		{"*.dkr.ecr.*.amazonaws.com", "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/app", false},
		{"[.dkr.ecr.eu-west-1.amazonaws.com", host + "/app", false},
		{"", host + "/app", false},
	} {
		if got := matchImage(test.pattern, test.image); got != test.want {
			t.Errorf("%q and %q: %v", test.pattern, test.image, got)
		}
	}
}

func TestFindKubelet(t *testing.T) {
	t.Parallel()
	const config, binDir = "--image-credential-provider-config", "--image-credential-provider-bin-dir"
	for _, test := range []struct {
		name  string
		args  []string
		found bool
		want  kubelet
	}{
		{"values after =", []string{"/usr/bin/kubelet", config + "=/c", binDir + "=/b"}, true, kubelet{config: "/c", binDir: "/b"}},
		{"values as arguments", []string{"kubelet", config, "/c", binDir, "/b"}, true, kubelet{config: "/c", binDir: "/b"}},
		{"last value", []string{"kubelet", config + "=/a", config + "=/c"}, true, kubelet{config: "/c"}},
		{"no flags", []string{"kubelet", "--v=2", config[1:] + "x=/c", "image-credential-provider-config=/c"}, true, kubelet{}},
		{"flag at the end", []string{"kubelet", config}, true, kubelet{}},
		{"k3s", []string{"/usr/local/bin/k3s server"}, true, kubelet{config: k3sDirectory + "/config.yaml", binDir: k3sDirectory + "/bin"}},
		{"k3s with flags", []string{"k3s", "agent", config + "=/c"}, true, kubelet{config: "/c", binDir: k3sDirectory + "/bin"}},
		{"another program", []string{"/usr/bin/kubelet-helper", config + "=/c"}, false, kubelet{}},
		{"a kernel thread", []string{""}, false, kubelet{}},
	} {
		proc := t.TempDir()
		dir := filepath.Join(proc, "42")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, arg := range test.args {
			text += arg + "\x00"
		}
		if err := os.WriteFile(filepath.Join(dir, "cmdline"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		k, found := findKubelet(proc)
		if found != test.found || k.config != test.want.config || k.binDir != test.want.binDir || found && k.pid != 42 {
			t.Errorf("%s: %+v, %v", test.name, k, found)
		}
	}
}
