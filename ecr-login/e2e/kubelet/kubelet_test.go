//go:build linux

// Package kubelet_test runs the kubelet's own plugin code with this program as its credential
// provider and the configuration files of packaging/kubernetes.
package kubelet_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/credentialprovider"
	"k8s.io/kubernetes/pkg/credentialprovider/plugin"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

var program = flag.String("helper", "../../../bin/docker-credential-ecr-login", "the program under test")

const (
	packaging = "../../../packaging/kubernetes/"
	region    = "us-east-1"
	account   = "123456789012"
	private   = account + ".dkr.ecr." + region + ".amazonaws.com"
	getToken  = "ecr:GetAuthorizationToken"
)

// inOwnProcess runs the test in a process of its own and reports whether this is that process: the
// kubelet registers its providers once for a process, and gives them its own environment.
func inOwnProcess(t *testing.T) bool {
	t.Helper()
	const variable = "KUBELET_TEST"
	if os.Getenv(variable) == t.Name() {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-helper="+*program)
	cmd.Env = append(os.Environ(), variable+"="+t.Name())
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// A node is a kubelet's plugin code, the files beside it, and an AWS account.
type node struct {
	t   *testing.T
	aws *ecrtest.Server
	log *lockedBuffer

	// annotations are those of the service account of a pod, by namespace/name.
	annotations map[string]map[string]string
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newNode sets the environment of this process, which the kubelet hands to its providers, and
// registers the providers of the file.
func newNode(t *testing.T, file, settings string, more ...string) *node {
	t.Helper()
	n := &node{t: t, aws: ecrtest.New(t), log: &lockedBuffer{}, annotations: map[string]map[string]string{}}
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	must(t, os.Mkdir(bin, 0o755))
	name, err := filepath.Abs(*program)
	must(t, err)
	for _, link := range []string{"docker-credential-ecr-login", "ecr-login-service-account"} {
		must(t, os.Symlink(name, filepath.Join(bin, link)))
	}
	home := filepath.Join(dir, "home")
	must(t, os.Mkdir(home, 0o700))
	config := filepath.Join(dir, "config.toml")
	must(t, os.WriteFile(config, []byte(settings), 0o600))
	os.Clearenv()
	for _, variable := range append(append(n.aws.Env(home, ecrtest.FromEnvironment), "ECR_LOGIN_CONFIG="+config), more...) {
		key, value, _ := strings.Cut(variable, "=")
		t.Setenv(key, value)
	}
	klog.LogToStderr(false)
	klog.SetOutput(n.log)
	if err := plugin.RegisterCredentialProviderPlugins(file, bin, n.serviceAccountToken, n.serviceAccount); err != nil {
		t.Fatal(err)
	}
	return n
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (n *node) serviceAccount(namespace, name string) (*corev1.ServiceAccount, error) {
	return &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{
		Namespace: namespace, Name: name, UID: types.UID("uid-of-" + name), Annotations: n.annotations[namespace+"/"+name],
	}}, nil
}

func (n *node) serviceAccountToken(namespace, name string, r *authenticationv1.TokenRequest) (*authenticationv1.TokenRequest, error) {
	if got := fmt.Sprint(r.Spec.Audiences); got != "[sts.amazonaws.com]" {
		return nil, fmt.Errorf("audiences %s", got)
	}
	r.Status.Token = n.aws.NewWebIdentityToken("system:serviceaccount:"+namespace+":"+name, time.Hour)
	r.Status.ExpirationTimestamp = metav1.NewTime(time.Now().Add(time.Hour))
	return r, nil
}

// lookup returns the credentials that the kubelet would try for an image of a pod.
func (n *node) lookup(image, serviceAccount string) []credentialprovider.TrackedAuthConfig {
	n.t.Helper()
	keyring := plugin.NewExternalCredentialProviderDockerKeyring("shop", "pod-1", "uid-of-pod-1", serviceAccount)
	found, _ := keyring.Lookup(image)
	return found
}

// principal returns whose token the first credential for the image is.
func (n *node) principal(image, serviceAccount string) string {
	n.t.Helper()
	found := n.lookup(image, serviceAccount)
	if len(found) == 0 {
		n.t.Errorf("%s: no credentials; the kubelet logged:\n%s", image, n.log)
		return ""
	}
	who, ok := n.aws.PrincipalOf(found[0].Password)
	if found[0].Username != "AWS" || !ok {
		n.t.Errorf("%s: user %q, not with a token of ECR", image, found[0].Username)
	}
	return who.ARN
}

func TestImages(t *testing.T) {
	if !inOwnProcess(t) {
		return
	}
	n := newNode(t, packaging+"credential-provider.yaml", "")
	for _, image := range []string{
		private + "/app:v1",
		private + "/team/app@sha256:" + strings.Repeat("0", 64),
		account + ".dkr-ecr." + region + ".on.aws/app",
		account + ".dkr.ecr-fips." + region + ".amazonaws.com/app",
		"public.ecr.aws/docker/library/busybox:latest",
	} {
		if who := n.principal(image, ""); who != ecrtest.FromEnvironment.Principal() {
			t.Errorf("%s: token of %q", image, who)
		}
	}
	for _, image := range []string{"docker.io/library/busybox", "registry.example.com/app", private + ".example.com/app"} {
		if found := n.lookup(image, ""); len(found) != 0 {
			t.Errorf("%s: %d credentials for a registry that is not ECR", image, len(found))
		}
	}
}

// TestKubeletCaches checks that the kubelet keeps an answer. The program's own cache is off.
func TestKubeletCaches(t *testing.T) {
	if !inOwnProcess(t) {
		return
	}
	n := newNode(t, packaging+"credential-provider.yaml", "", "AWS_ECR_DISABLE_CACHE=1")
	for i := range 20 {
		n.principal(fmt.Sprintf("%s/app-%d", private, i), "")
	}
	if calls := n.aws.Calls(getToken); calls != 1 {
		t.Errorf("20 images of a registry needed %d calls to AWS, want 1", calls)
	}
}

func TestAlias(t *testing.T) {
	if !inOwnProcess(t) {
		return
	}
	file := filepath.Join(t.TempDir(), "provider.yaml")
	text, err := os.ReadFile(packaging + "credential-provider.yaml")
	must(t, err)
	withAlias := strings.Replace(string(text), `- "public.ecr.aws"`, `- "images.example.com:5000"`, 1)
	must(t, os.WriteFile(file, []byte(withAlias), 0o600))
	n := newNode(t, file, "[[registry]]\nmatch = \"images.example.com:5000\"\nhost = \""+private+"\"\n")
	if who := n.principal("images.example.com:5000/app:v1", ""); who != ecrtest.FromEnvironment.Principal() {
		t.Errorf("token of %q", who)
	}
}

func TestServiceAccounts(t *testing.T) {
	if !inOwnProcess(t) {
		return
	}
	n := newNode(t, packaging+"credential-provider-service-accounts.yaml", "")
	for _, name := range []string{"web", "batch"} {
		role := ecrtest.Role{ARN: "arn:aws:iam::" + account + ":role/" + name, Subject: "system:serviceaccount:shop:" + name}
		n.aws.AddRole(role)
		n.annotations["shop/"+name] = map[string]string{"eks.amazonaws.com/role-arn": role.ARN}
	}
	image := private + "/app:v1"
	for name, want := range map[string]string{
		"web":   ":assumed-role/web/",
		"batch": ":assumed-role/batch/",
		"plain": ecrtest.FromEnvironment.Principal(), // no annotation: the second provider, with the node's credentials
	} {
		if who := n.principal(image, name); !strings.Contains(who, want) {
			t.Errorf("service account %s: token of %q, want %q", name, who, want)
		}
	}
}

// TestFailureReachesTheLog checks that the cause and the hint are in the kubelet's log.
func TestFailureReachesTheLog(t *testing.T) {
	if !inOwnProcess(t) {
		return
	}
	n := newNode(t, packaging+"credential-provider.yaml", "")
	n.aws.Deny(getToken)
	if found := n.lookup(private+"/app:v1", ""); len(found) != 0 {
		t.Errorf("%d credentials although AWS denied the token", len(found))
	}
	klog.Flush()
	for _, want := range []string{"access denied", getToken, ecrtest.FromEnvironment.Principal(), "hint:"} {
		if !strings.Contains(n.log.String(), want) {
			t.Errorf("the kubelet's log does not contain %q:\n%s", want, n.log)
		}
	}
}

// TestSilentEndpoint checks that the program ends by itself, with the cause, before the kubelet
// stops it after a minute.
func TestSilentEndpoint(t *testing.T) {
	if !inOwnProcess(t) {
		return
	}
	n := newNode(t, packaging+"credential-provider.yaml", "", "ECR_LOGIN_TIMEOUT=1s")
	t.Setenv("AWS_ENDPOINT_URL_ECR", n.aws.BlackHole())
	if found := n.lookup(private+"/app:v1", ""); len(found) != 0 {
		t.Errorf("%d credentials although ECR did not answer", len(found))
	}
	klog.Flush()
	if log := n.log.String(); !strings.Contains(log, "exit status 1") || strings.Contains(log, "signal: killed") {
		t.Errorf("the kubelet did not log an error of the program:\n%s", log)
	}
}
