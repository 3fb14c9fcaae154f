//go:build kubelet && linux

package kubelet_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// These tests run a whole kubelet with containerd, as `make kubelet` starts them: as root, in mount,
// process and network namespaces of their own. The kubelet has static pods and no API server. The
// commands are those of the pages.

const (
	pageRegistry = account + ".dkr.ecr.eu-west-1.amazonaws.com" // of docs/kubernetes.md
	sandboxImage = pageRegistry + "/pause:3.10"
	installed    = "/opt/ecr-login/bin/docker-credential-ecr-login"
	configured   = "/etc/ecr-login/credential-provider.yaml"
)

// TestNode sets up a node like an instance of EC2 with the commands of docs/kubernetes.md, and
// removes everything again.
func TestNode(t *testing.T) {
	m := newMachine(t, ecrtest.Options{Addr: "169.254.169.254:80"})
	for _, image := range []string{sandboxImage, pageRegistry + "/app:1", pageRegistry + "/app:2", pageRegistry + "/app:3", private + "/app:1"} {
		m.push(image)
	}
	m.startContainerd(sandboxImage)
	m.runPage("kubernetes.md", "install")
	m.runPage("kubernetes.md", "sandbox")
	m.pullSandboxImage()
	m.startKubelet()
	m.wantDoctor(sceneOf(t, "kubernetes.md", "check"), "✔ answer ", "✔ layers ")

	m.addPod("first", pageRegistry+"/app:1")
	m.wantRunning("first")
	m.wantCalls(1) // that of the sandbox image: the kubelet's provider found its token in the cache

	m.addPod("second", pageRegistry+"/app:2")
	m.wantRunning("second")
	m.wantCalls(1)

	m.stopKubelet()
	m.startKubelet()
	m.addPod("third", pageRegistry+"/app:3")
	m.wantRunning("third")
	m.wantCalls(1)

	m.aws.Deny(getToken)
	m.addPod("denied", private+"/app:1")
	m.wantLog("access denied", ecrtest.FromEC2.Principal(), getToken, "hint:")
	for line := range strings.Lines(m.log.String()) {
		if strings.Contains(line, "access denied") || strings.Contains(line, "hint:") {
			t.Logf("the kubelet's log: %s", line)
		}
	}
	m.aws.Allow(getToken)

	m.breakNode()

	m.stopKubelet()
	m.runPage("kubernetes.md", "remove-flags")
	m.startKubelet()
	m.runPage("kubernetes.md", "remove")
	m.addPod("without", pageRegistry+"/app:1")
	m.wantLog("pulling from host " + pageRegistry + " failed with status code [manifests 1]: 401 Unauthorized")
	for _, path := range []string{"/opt/ecr-login", "/etc/ecr-login", "/var/cache/ecr-login"} {
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s is left: %v", path, err)
		}
	}
}

// breakNode checks that doctor finds what is wrong on a node.
func (m *machine) breakNode() {
	m.t.Helper()
	check := strings.Replace(sceneOf(m.t, "kubernetes.md", "check"), installed, filepath.Join(m.dir, "release", programFile), 1)
	m.shell("tar -cPf saved.tar /opt/ecr-login /etc/ecr-login")
	for change, want := range map[string]string{
		"mv " + installed + " " + installed + ".moved":                  "✘ providers    " + installed + " not found",
		"chmod 0777 " + filepath.Dir(installed):                         "✘ providers    " + installed + " can be changed by every user",
		"sed -i 's/ecr\\.\\*\\.amazonaws\\.com\"/com\"/' " + configured: "✘ match        no matchImages of this program match " + pageRegistry + "/app",
		"chmod 0666 " + configured:                                      "✘ providers    " + configured + " can be changed by ",
		"rm " + configured:                                              "✘ providers    cannot read " + configured,
		"sed -i '/args:/d' " + configured:                               "✘ providers    provider docker-credential-ecr-login has no argument kubelet",
	} {
		m.shell(change)
		m.wantDoctor(check, want)
		m.shell("rm -r /opt/ecr-login /etc/ecr-login && tar -xPf saved.tar")
	}
	m.wantDoctor(check, "✔ layers ")
}

// TestNodeOutsideAWS gives a node without an instance role AWS credentials as docs/on-premises.md
// describes it: first a static access key, then IAM Roles Anywhere.
func TestNodeOutsideAWS(t *testing.T) {
	m := newMachine(t, ecrtest.Options{})
	for _, image := range []string{sandboxImage, pageRegistry + "/app:1", pageRegistry + "/app:2"} {
		m.push(image)
	}
	m.startContainerd(sandboxImage)
	m.runPage("kubernetes.md", "install")
	key := m.aws.AddUser("node")
	check := sceneOf(t, "kubernetes.md", "check")
	var files, env string
	for _, b := range readPage(t, "on-premises.md") {
		switch {
		case b.section == "IAM Roles Anywhere" && b.lang == "ini":
			files = b.text
		case b.section == "A static access key" && b.lang == "ini":
			text := strings.NewReplacer("YOUR-ACCESS-KEY-ID", key.AccessKeyID, "YOUR-SECRET-ACCESS-KEY", key.SecretAccessKey).Replace(b.text)
			must(t, os.WriteFile("/etc/ecr-login/aws-credentials", []byte(text), 0o644))
		case b.section == "A static access key" && b.lang == "console":
			m.shell(b.commands())
		case b.section == "The kubelet" && b.lang == "yaml":
			env = b.text
		}
	}
	info, err := os.Stat("/etc/ecr-login/aws-credentials")
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the access key has mode %v", info.Mode())
	}
	without := func(variable string) string {
		return regexp.MustCompile(`(?m)^.*`+variable+`.*\n`).ReplaceAllString(env, "")
	}
	original, err := os.ReadFile(configured)
	must(t, err)

	must(t, os.WriteFile(configured, []byte(string(original)+without("AWS_CONFIG_FILE")), 0o644))
	m.runPage("kubernetes.md", "sandbox")
	m.shell("echo Environment=AWS_SHARED_CREDENTIALS_FILE=/etc/ecr-login/aws-credentials >>" + sandboxSettings)
	m.pullSandboxImage()
	m.startKubelet()
	m.wantDoctor(check, "✔ layers ")
	m.addPod("static-key", pageRegistry+"/app:1")
	m.wantRunning("static-key")
	m.stopKubelet()

	must(t, os.Remove("/etc/ecr-login/aws-credentials"))
	must(t, os.WriteFile("/etc/ecr-login/aws-config", []byte(files), 0o644))
	m.installSigningHelper(key)
	must(t, os.WriteFile(configured, []byte(string(original)+without("AWS_SHARED_CREDENTIALS_FILE")), 0o644))
	m.startKubelet()
	m.wantDoctor(check, "✔ layers ")
	m.addPod("roles-anywhere", pageRegistry+"/app:2")
	m.wantRunning("roles-anywhere")
	m.wantCalls(3) // the sandbox image, and one for each configuration of the kubelet
}

// installSigningHelper installs a program in the place of AWS's aws_signing_helper, which needs IAM
// Roles Anywhere. It prints an access key.
func (m *machine) installSigningHelper(key ecrtest.Credentials) {
	m.t.Helper()
	m.shell("mount -t tmpfs -o mode=0755 tmpfs /usr/local/bin")
	must(m.t, os.WriteFile("/usr/local/bin/aws_signing_helper", fmt.Appendf(nil, `#!/bin/sh
test "$1" = credential-process || exit 2
echo '{"Version": 1, "AccessKeyId": %q, "SecretAccessKey": %q}'
`, key.AccessKeyID, key.SecretAccessKey), 0o755))
}
