//go:build kubelet && linux

package kubelet_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	corev1 "k8s.io/api/core/v1"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// These tests run a whole kubelet with containerd, as `make kubelet` starts them: as root, in mount
// and process namespaces of their own. The kubelet has static pods and no API server.

var kubeletPath = flag.String("kubelet", "../../../bin/kubelet", "the kubelet")

const (
	otherRegion = account + ".dkr.ecr.eu-west-1.amazonaws.com"
	patience    = 5 * time.Minute
)

// A machine is a containerd, a kubelet and an AWS account. Its files are below dir.
type machine struct {
	t          *testing.T
	dir        string
	aws        *ecrtest.Server
	env        []string
	containerd string // address
	kubelet    *exec.Cmd
	log        *lockedBuffer // of the kubelet
}

func TestNode(t *testing.T) {
	m := newMachine(t)
	for _, image := range []string{private + "/pause:3.10", private + "/app:1", private + "/app:2", private + "/app:3", otherRegion + "/app:1"} {
		m.push(image)
	}
	m.startContainerd()
	m.pullSandboxImage()
	m.startKubelet()

	m.addPod("first", private+"/app:1")
	m.wantRunning("first")
	m.wantCalls(1) // that of the sandbox image: the kubelet's provider found its token in the cache

	m.addPod("second", private+"/app:2")
	m.wantRunning("second")
	m.wantCalls(1)

	m.stopKubelet()
	m.startKubelet()
	m.addPod("third", private+"/app:3")
	m.wantRunning("third")
	m.wantCalls(1)

	m.aws.Deny(getToken)
	m.addPod("denied", otherRegion+"/app:1")
	m.wantLog("access denied", ecrtest.FromEnvironment.Principal(), getToken, "hint:")
	m.stopKubelet()
	for line := range strings.Lines(m.log.String()) {
		if strings.Contains(line, "access denied") || strings.Contains(line, "hint:") {
			t.Logf("the kubelet's log: %s", line)
		}
	}
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	if os.Getpid() != 1 || os.Getuid() != 0 {
		t.Fatal("not root in namespaces of its own; run: make kubelet")
	}
	dir := t.TempDir()
	server, err := ecrtest.Start(ecrtest.Options{Dir: dir, TLSAddr: "127.0.0.1:443"})
	must(t, err)
	t.Cleanup(func() { server.Close() })
	m := &machine{t: t, dir: dir, aws: server, log: &lockedBuffer{}}
	home := filepath.Join(dir, "home")
	must(t, os.Mkdir(home, 0o700))
	m.env = append(server.Env(home, ecrtest.FromEnvironment), "SSL_CERT_FILE="+server.CAFile)

	// The private mount namespace keeps these from the machine.
	m.mount("etc-hosts", "/etc/hosts", "127.0.0.1 localhost node "+private+" "+otherRegion+"\n")
	authority, err := os.ReadFile(server.CAFile)
	must(t, err)
	m.mount("ca", "/etc/ssl/certs/ca-certificates.crt", string(authority))
	for _, private := range []string{"/var/lib/kubelet", "/var/log", "/run"} {
		must(t, os.MkdirAll(private, 0o755))
		must(t, syscall.Mount("tmpfs", private, "tmpfs", 0, ""))
	}
	return m
}

func (m *machine) mount(file, target, text string) {
	m.t.Helper()
	path := m.write(file, text)
	if _, err := os.Stat(target); os.IsNotExist(err) {
		must(m.t, os.MkdirAll(filepath.Dir(target), 0o755))
		must(m.t, os.WriteFile(target, nil, 0o644))
	}
	must(m.t, syscall.Mount(path, target, "", syscall.MS_BIND, ""))
}

func (m *machine) write(file, text string) (path string) {
	m.t.Helper()
	path = filepath.Join(m.dir, file)
	must(m.t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(m.t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

// push pushes an image with one program that waits for its end.
func (m *machine) push(image string) {
	m.t.Helper()
	source := m.write("pause/main.go", "package main\n\nimport \"time\"\n\nfunc main() {\n\tfor {\n\t\ttime.Sleep(time.Hour)\n\t}\n}\n")
	program := filepath.Join(m.dir, "pause", "pause")
	build := exec.Command("go", "build", "-o", program, source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		m.t.Fatalf("%v: %s", err, out)
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return tarOf(program) })
	must(m.t, err)
	img, err := mutate.AppendLayers(empty.Image, layer)
	must(m.t, err)
	config, err := img.ConfigFile()
	must(m.t, err)
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", runtime.GOARCH
	config.Config.Entrypoint = []string{"/pause"}
	config.Config.Labels = map[string]string{"image": image} // each image has a digest of its own
	img, err = mutate.ConfigFile(img, config)
	must(m.t, err)
	ref, err := name.ParseReference(image)
	must(m.t, err)
	region := strings.Split(image, ".")[3]
	token := m.aws.IssueToken(ecrtest.Principal{ARN: "arn:aws:iam::" + account + ":user/builder"}, "ecr", region)
	login := authn.FromConfig(authn.AuthConfig{Auth: token.Basic()})
	must(m.t, remote.Write(ref, img, remote.WithAuth(login), remote.WithTransport(m.aws.Transport())))
}

func (m *machine) startContainerd() {
	m.t.Helper()
	m.containerd = filepath.Join("/run", "containerd.sock")
	config := m.write("containerd.toml", fmt.Sprintf(`version = 2
root = %q
state = "/run/containerd"
[grpc]
  address = %q
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = %q
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
`, filepath.Join(m.dir, "containerd"), m.containerd, private+"/pause:3.10"))
	m.start("containerd", &lockedBuffer{}, "containerd", "--config", config)
	m.until("containerd answers", func() bool {
		return exec.Command("ctr", "--address", m.containerd, "version").Run() == nil
	})
}

// start starts a service and stops it after the test.
func (m *machine) start(what string, log *lockedBuffer, program string, args ...string) *exec.Cmd {
	m.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = m.env, log, log
	must(m.t, cmd.Start())
	m.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if m.t.Failed() {
			text := log.String()
			m.t.Logf("%s:\n%s", what, text[max(0, len(text)-8000):])
		}
	})
	return cmd
}

// pullSandboxImage runs the script of packaging/kubernetes, which a unit runs before the kubelet.
func (m *machine) pullSandboxImage() {
	m.t.Helper()
	cmd := exec.Command("sh", packaging+"pull-sandbox-image")
	cmd.Env = append(m.env, "CONTAINERD_ADDRESS="+m.containerd, "CONTAINERD_SNAPSHOTTER=native",
		"SANDBOX_IMAGE="+private+"/pause:3.10", "ECR_LOGIN_PROGRAM="+m.install())
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Fatalf("pulling the sandbox image: %v\n%s", err, out)
	}
}

// install puts the program into the directory for the kubelet, and returns its path there.
func (m *machine) install() string {
	m.t.Helper()
	path := filepath.Join(m.dir, "opt", "ecr-login", "bin", "docker-credential-ecr-login")
	must(m.t, os.MkdirAll(filepath.Dir(path), 0o755))
	data, err := os.ReadFile(*program)
	must(m.t, err)
	must(m.t, os.WriteFile(path, data, 0o755))
	return path
}

func (m *machine) startKubelet() {
	m.t.Helper()
	provider, err := filepath.Abs(packaging + "credential-provider.yaml")
	must(m.t, err)
	must(m.t, os.MkdirAll(filepath.Join(m.dir, "manifests"), 0o755))
	config := m.write("kubelet.yaml", fmt.Sprintf(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
staticPodPath: %s
containerRuntimeEndpoint: unix://%s
cgroupsPerQOS: false
enforceNodeAllocatable: []
failCgroupV1: false
failSwapOn: false
authentication: { anonymous: { enabled: true }, webhook: { enabled: false } }
authorization: { mode: AlwaysAllow }
fileCheckFrequency: 1s
`, filepath.Join(m.dir, "manifests"), m.containerd))
	m.kubelet = m.start("kubelet", m.log, *kubeletPath, "--config="+config, "--hostname-override=node", "--v=2",
		"--image-credential-provider-config="+provider, "--image-credential-provider-bin-dir="+filepath.Dir(m.install()))
	m.until("the kubelet answers", func() bool { _, err := m.pods(); return err == nil })
}

func (m *machine) stopKubelet() {
	m.kubelet.Process.Signal(syscall.SIGTERM)
	m.kubelet.Wait()
}

func (m *machine) addPod(name, image string) {
	m.write("manifests/"+name+".yaml", fmt.Sprintf(`apiVersion: v1
kind: Pod
metadata: { name: %s, namespace: default }
spec:
  hostNetwork: true
  automountServiceAccountToken: false
  containers: [{ name: app, image: %q, imagePullPolicy: Always }]
`, name, image))
}

func (m *machine) pods() (corev1.PodList, error) {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	var list corev1.PodList
	response, err := client.Get("https://127.0.0.1:10250/pods")
	if err != nil {
		return list, err
	}
	defer response.Body.Close()
	return list, json.NewDecoder(response.Body).Decode(&list)
}

func (m *machine) wantRunning(name string) {
	m.t.Helper()
	m.until("pod "+name+" runs", func() bool {
		list, err := m.pods()
		if err != nil {
			return false
		}
		for _, pod := range list.Items {
			if pod.Name == name+"-node" && pod.Status.Phase == corev1.PodRunning {
				for _, container := range pod.Status.ContainerStatuses {
					return container.State.Running != nil
				}
			}
		}
		return false
	})
}

func (m *machine) wantCalls(n int) {
	m.t.Helper()
	if calls := m.aws.Calls(getToken); calls != n {
		m.t.Errorf("%d calls to AWS so far, want %d", calls, n)
	}
}

func (m *machine) wantLog(texts ...string) {
	m.t.Helper()
	for _, text := range texts {
		m.until(fmt.Sprintf("the kubelet logs %q", text), func() bool { return strings.Contains(m.log.String(), text) })
	}
}

// until waits for a condition that no event announces.
func (m *machine) until(what string, holds func() bool) {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), patience)
	defer cancel()
	for !holds() {
		select {
		case <-ctx.Done():
			m.t.Fatalf("not within %v: %s", patience, what)
		case <-time.After(time.Second):
		}
	}
}

// tarOf returns a tar archive with the program as /pause.
func tarOf(program string) (io.ReadCloser, error) {
	out, err := exec.Command("tar", "--create", "--directory", filepath.Dir(program), "--owner=0", "--group=0", "pause").Output()
	return io.NopCloser(bytes.NewReader(out)), err
}
