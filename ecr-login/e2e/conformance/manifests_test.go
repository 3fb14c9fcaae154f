package conformance

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	kubeletconfigv1 "k8s.io/kubelet/config/v1"
)

// TestManifests decodes every document of packaging/kubernetes strictly: an unknown or repeated
// field is an error.
func TestManifests(t *testing.T) {
	t.Parallel()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{appsv1.AddToScheme, rbacv1.AddToScheme, kubeletconfigv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	files, err := filepath.Glob(filepath.Join(root, "packaging/kubernetes/*.yaml"))
	if err != nil || len(files) < 4 {
		t.Fatalf("%d manifests found: %v", len(files), err)
	}
	kinds := map[string]int{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
		for {
			document, err := documents.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			object, kind, err := decoder.Decode(document, nil, nil)
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			kinds[kind.Kind]++
			if config, ok := object.(*kubeletconfigv1.CredentialProviderConfig); ok {
				checkProviders(t, file, config)
			}
		}
	}
	for kind, want := range map[string]int{"CredentialProviderConfig": 2, "DaemonSet": 1, "ClusterRole": 1, "ClusterRoleBinding": 1} {
		if kinds[kind] != want {
			t.Errorf("%d documents of kind %s, want %d", kinds[kind], kind, want)
		}
	}
}

// checkProviders checks what the kubelet requires of each provider when it starts.
func checkProviders(t *testing.T, file string, config *kubeletconfigv1.CredentialProviderConfig) {
	t.Helper()
	names := map[string]bool{}
	for _, p := range config.Providers {
		if names[p.Name] {
			t.Errorf("%s: two providers are named %s", file, p.Name)
		}
		names[p.Name] = true
		if p.APIVersion != apiGroup+"v1" || len(p.MatchImages) == 0 || p.DefaultCacheDuration == nil {
			t.Errorf("%s: provider %s: apiVersion %q, %d matchImages, defaultCacheDuration %v", file, p.Name, p.APIVersion, len(p.MatchImages), p.DefaultCacheDuration)
		}
		if len(p.Args) != 1 || p.Args[0] != "kubelet" {
			t.Errorf("%s: provider %s: args %q, want kubelet", file, p.Name, p.Args)
		}
	}
	if len(names) == 0 {
		t.Errorf("%s: no providers", file)
	}
}
