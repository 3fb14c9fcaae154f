//go:build kubelet && linux

package kubelet_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

var kubeletPath = flag.String("kubelet", "../../../bin/kubelet", "the kubelet")

const (
	patience        = 5 * time.Minute
	programFile     = "ecr-login_v0.1.0_linux_amd64" // the name in the release that the page uses
	sandboxService  = "/etc/systemd/system/ecr-login-sandbox-image.service"
	sandboxSettings = sandboxService + ".d/image.conf"
	manifests       = "/etc/kubernetes/manifests"
)

// A machine is a node with containerd, a kubelet and an AWS account. Its services know AWS only by
// the host names, as on a real node.
type machine struct {
	t       *testing.T
	dir     string
	aws     *ecrtest.Server
	env     []string // of services
	kubelet service
	log     *lockedBuffer // of the kubelet, since its last start
}

// newMachine makes the namespaces of this process a machine: its directories are empty or a copy,
// and AWS's host names and the address of the instance metadata service lead to ecrtest.
func newMachine(t *testing.T, options ecrtest.Options) *machine {
	t.Helper()
	if os.Getpid() != 1 || os.Getuid() != 0 {
		t.Fatal("not root in namespaces of its own; run: make kubelet")
	}
	m := &machine{t: t, dir: t.TempDir(), env: []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}}
	m.shell(`ip link set lo up && ip address add 169.254.169.254/32 dev lo
		mkdir copy && mount -t tmpfs tmpfs copy && cp -a /etc/. copy && mount --bind copy /etc
		for dir in /opt /run /var/cache /var/log /var/lib/containerd /var/lib/kubelet; do
			mkdir -p $dir && mount -t tmpfs -o mode=0755 tmpfs $dir
		done`)
	t.Cleanup(func() { m.shell("umount /etc copy") })
	options.Dir, options.TLSAddr = m.dir, "127.0.0.1:443"
	server, err := ecrtest.Start(options)
	must(t, err)
	t.Cleanup(func() { server.Close() })
	m.aws = server
	authority, err := os.ReadFile(server.CAFile)
	must(t, err)
	must(t, os.WriteFile("/etc/ssl/certs/ca-certificates.crt", authority, 0o644))
	hosts := "127.0.0.1 localhost node"
	for _, region := range []string{region, "eu-west-1"} {
		hosts += " api.ecr." + region + ".amazonaws.com " + account + ".dkr.ecr." + region + ".amazonaws.com"
	}
	must(t, os.WriteFile("/etc/hosts", []byte(hosts+"\n"), 0o644))

	// A release, and this checkout as the source.
	data, err := os.ReadFile(*program)
	must(t, err)
	must(t, os.Mkdir(filepath.Join(m.dir, "release"), 0o755))
	must(t, os.WriteFile(filepath.Join(m.dir, "release", programFile), data, 0o755))
	return m
}

// shell runs commands as an administrator in the machine's directory and returns what they print.
func (m *machine) shell(script string) string {
	m.t.Helper()
	out, err := m.try(script)
	if err != nil {
		m.t.Fatalf("%v\n%s\n%s", err, script, out)
	}
	return out
}

func (m *machine) try(script string) (string, error) {
	cmd := exec.Command("sh", "-eu", "-c", script)
	cmd.Dir, cmd.Env = m.dir, append(m.env, "HOME=/root")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// runPage runs the commands of a scene of a page.
func (m *machine) runPage(page, scene string) {
	m.t.Helper()
	source, err := filepath.Abs("../../..")
	must(m.t, err)
	m.shell(fmt.Sprintf("VERSION=0.1.0 RELEASE='file://%s/release' SOURCE='file://%s'\n%s", m.dir, source, sceneOf(m.t, page, scene)))
}

// wantDoctor runs a command of doctor and checks that it prints some texts. It must succeed if none
// of them is a failure.
func (m *machine) wantDoctor(command string, want ...string) {
	m.t.Helper()
	out, err := m.try(command)
	if failure := strings.Contains(strings.Join(want, ""), "✘"); failure != (err != nil) {
		m.t.Errorf("doctor: %v\n%s", err, out)
	}
	for _, text := range want {
		if !strings.Contains(out, text) {
			m.t.Errorf("doctor does not print %q:\n%s", text, out)
		}
	}
}

func (m *machine) startContainerd(sandboxImage string) {
	m.t.Helper()
	must(m.t, os.MkdirAll("/etc/containerd", 0o755))
	must(m.t, os.WriteFile("/etc/containerd/config.toml", fmt.Appendf(nil, `version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = %q
  restrict_oom_score_adj = true
`, sandboxImage), 0o644))
	m.start("containerd", &lockedBuffer{}, "containerd")
	m.until("containerd answers", func() bool { _, err := m.try("ctr version"); return err == nil })
}

// A service is a process that ends with the test.
type service struct {
	process *os.Process
	ended   chan struct{} // closed when it has ended
}

// start starts a service.
func (m *machine) start(what string, log *lockedBuffer, program string, args ...string) service {
	m.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = m.env, log, log
	must(m.t, cmd.Start())
	s := service{cmd.Process, make(chan struct{})}
	go func() {
		cmd.Wait()
		close(s.ended)
	}()
	m.t.Cleanup(func() {
		s.process.Kill()
		<-s.ended
		if m.t.Failed() {
			text := log.String()
			m.t.Logf("%s:\n%s", what, text[max(0, len(text)-8000):])
		}
	})
	return s
}

// pullSandboxImage runs the installed service's command, with the environment of its settings.
func (m *machine) pullSandboxImage() {
	m.t.Helper()
	unit, err := os.ReadFile(sandboxService)
	must(m.t, err)
	command := regexp.MustCompile(`(?m)^ExecStart=(.*)$`).FindSubmatch(unit)
	settings, err := os.ReadFile(sandboxSettings)
	must(m.t, err)
	var env strings.Builder
	for _, found := range regexp.MustCompile(`(?m)^Environment=(.*)$`).FindAllSubmatch(settings, -1) {
		fmt.Fprintf(&env, "%s ", found[1])
	}
	m.shell("env -u HOME " + env.String() + string(command[1]))
}

// startKubelet starts a kubelet with the flags that kubeadm's service reads.
func (m *machine) startKubelet() {
	m.t.Helper()
	must(m.t, os.MkdirAll(manifests, 0o755))
	config := filepath.Join("/var/lib/kubelet", "config.yaml")
	must(m.t, os.WriteFile(config, []byte(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
staticPodPath: `+manifests+`
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
cgroupsPerQOS: false
enforceNodeAllocatable: []
failCgroupV1: false
failSwapOn: false
authentication: { anonymous: { enabled: true }, webhook: { enabled: false } }
authorization: { mode: AlwaysAllow }
fileCheckFrequency: 1s
`), 0o644))
	kubelet, err := filepath.Abs(*kubeletPath)
	must(m.t, err)
	m.log = &lockedBuffer{}
	m.kubelet = m.start("kubelet", m.log, "sh", "-c",
		". /etc/default/kubelet; exec "+kubelet+" --config="+config+" --hostname-override=node --v=2 ${KUBELET_EXTRA_ARGS-}")
	m.until("the kubelet answers", func() bool {
		select {
		case <-m.kubelet.ended:
			m.t.Fatal("the kubelet ended")
		default:
		}
		_, err := m.pods()
		return err == nil
	})
}

func (m *machine) stopKubelet() {
	m.kubelet.process.Signal(syscall.SIGTERM)
	<-m.kubelet.ended
}

func (m *machine) addPod(name, image string) {
	m.t.Helper()
	file := filepath.Join(filepath.Dir(manifests), name+".yaml")
	must(m.t, os.WriteFile(file, fmt.Appendf(nil, `apiVersion: v1
kind: Pod
metadata: { name: %s, namespace: default }
spec:
  hostNetwork: true
  automountServiceAccountToken: false
  containers: [{ name: app, image: %q, imagePullPolicy: Always }]
`, name, image), 0o644))
	must(m.t, os.Rename(file, filepath.Join(manifests, name+".yaml"))) // the kubelet never reads half of it
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
