package doctor

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// The kubelet's flags for credential providers.
const (
	configFlag = "image-credential-provider-config"
	binDirFlag = "image-credential-provider-bin-dir"
)

// k3sDirectory has the values of both flags that k3s uses by default.
const k3sDirectory = "/var/lib/rancher/credentialprovider"

// A kubelet is a running kubelet.
type kubelet struct {
	pid            int
	config, binDir string
	environment    []string // of the process, which the providers inherit
}

// checkNode starts the checks of a Kubernetes node: of the kubelet's flags and its credential
// providers, and of one pull through them if an image is given.
func (d *doctor) checkNode() {
	d.start(&step{name: "user", check: checkUser})
	d.kubeletFound = d.start(&step{name: "kubelet", check: d.checkKubelet})
	d.providersRead = d.start(&step{name: "providers", check: d.checkProviders, needs: []*step{d.kubeletFound}})
	d.settingsFile = d.start(&step{name: "settings", check: d.checkSettings})
	if d.Registry == "" {
		return
	}
	t, err := parseTarget(d.Registry)
	if err != nil {
		d.start(&step{name: "registry", check: func() []Finding { return one(badTarget(err)) }})
		return
	}
	d.checkPull(t)
}

// checkKubelet finds the kubelet that runs in this mount namespace, and its flags.
func (d *doctor) checkKubelet() []Finding {
	k, found := findKubelet("/proc")
	if !found {
		return one(fail("run doctor --kubelet on a node, as root", "no running kubelet found"))
	}
	var missing []string
	for flag, value := range map[string]string{configFlag: k.config, binDirFlag: k.binDir} {
		if value == "" {
			missing = append(missing, "--"+flag)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return one(fail("add both flags and restart the kubelet; see https://github.com/4e881efc/ecr-credential-helper/blob/main/docs/kubernetes.md", "the kubelet (process %d) runs without %s", k.pid, strings.Join(missing, " and ")))
	}
	d.kubelet = k
	return one(ok("process %d, configuration %s, programs in %s", k.pid, k.config, k.binDir))
}

// findKubelet returns the newest kubelet in this process's mount namespace. Those of containers,
// such as the nodes of kind, have other files.
func findKubelet(proc string) (k kubelet, found bool) {
	entries, _ := os.ReadDir(proc)
	own, _ := os.Readlink(filepath.Join(proc, "self", "ns", "mnt"))
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid < k.pid {
			continue
		}
		dir := filepath.Join(proc, e.Name())
		if other, err := os.Readlink(filepath.Join(dir, "ns", "mnt")); err == nil && other != own {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil {
			continue
		}
		args := strings.Split(strings.TrimRight(string(text), "\x00"), "\x00")
		flags := kubelet{pid: pid, config: flagValue(args, configFlag), binDir: flagValue(args, binDirFlag)}
		program, _, _ := strings.Cut(filepath.Base(args[0]), " ") // k3s sets "k3s server" as its name
		switch program {
		case "kubelet":
		case "k3s":
			flags.config = cmp.Or(flags.config, filepath.Join(k3sDirectory, "config.yaml"))
			flags.binDir = cmp.Or(flags.binDir, filepath.Join(k3sDirectory, "bin"))
		default:
			continue
		}
		if text, err := os.ReadFile(filepath.Join(dir, "environ")); err == nil {
			for v := range bytes.SplitSeq(bytes.TrimRight(text, "\x00"), []byte{0}) {
				flags.environment = append(flags.environment, string(v))
			}
		}
		k, found = flags, true
	}
	return k, found
}

// flagValue returns the last value of a flag, written as --name=value or --name value.
func flagValue(args []string, name string) (value string) {
	for i, arg := range args {
		flag, after, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		switch {
		case flag != name || !strings.HasPrefix(arg, "-"):
		case hasValue:
			value = after
		case i+1 < len(args):
			value = args[i+1]
		}
	}
	return value
}

// checkPull starts the checks of a pull of one image by the kubelet.
func (d *doctor) checkPull(t *target) {
	t.d = d
	start := func(name string, check func() []Finding, needs ...*step) *step {
		return d.start(&step{name: name, registry: t.host, check: check, needs: needs})
	}
	matched := start("match", t.checkMatch, d.providersRead, d.settingsFile)
	answered := start("answer", t.checkAnswer, matched)
	t.reach = start("host", t.checkHost, d.settingsFile)
	// Without an answer, as for the service account of a pod, only ECR Public can be opened.
	withLogin := func(check func() []Finding) func() []Finding {
		return func() []Finding {
			if t.login == nil && t.plan.Registry.Service == registry.Private {
				return nil
			}
			return check()
		}
	}
	opened := start("registry", withLogin(t.checkRegistry), answered, t.reach)
	if t.repository != "" {
		found := start("image", withLogin(t.checkImage), opened)
		start("layers", withLogin(t.checkLayers), found)
	}
}

// imageName returns the name that the kubelet passes to providers: without tag and digest.
func (t *target) imageName() string {
	if t.repository == "" {
		return t.host
	}
	return fmt.Sprintf("%s/%s", t.host, t.repository)
}
