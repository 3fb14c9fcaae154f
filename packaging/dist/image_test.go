package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// TestDocker pulls, builds and runs with a Docker engine, with the two blocks of docs/install.md
// about the image.
func TestDocker(t *testing.T) {
	var args []string
	for _, b := range installPage(t) {
		if b.section == "Container image" {
			file := filepath.Join(t.TempDir(), "block")
			if err := os.WriteFile(file, []byte(b.text), 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, file)
		}
	}
	onMachine(t, testDist, "testdata/docker.sh", args...)
}

// TestKubernetesImage builds the image of the DaemonSet in packaging/kubernetes.
func TestKubernetesImage(t *testing.T) {
	source := t.TempDir()
	copyTracked(t, source)
	onMachine(t, testDist, "testdata/kubernetes.sh", source, goEnv(t, "GOROOT"), goEnv(t, "GOMODCACHE"), goEnv(t, "GOCACHE"))
}

// imageDirectory unpacks the image layout of the release.
func imageDirectory(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	command(t, "tar", "-xf", filepath.Join(testDist, "ecr-login_"+testVersion+"_image.tar"), "-C", dir)
	return dir
}

func TestImageIsValid(t *testing.T) {
	index, err := layout.ImageIndexFromPath(imageDirectory(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
}

// The image has nothing but the program and certificates. Its file system is read only here.
func TestImageRuns(t *testing.T) {
	root := t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	unpackLayers(t, root)
	count := strings.Count(command(t, "find", root, "-type", "f"), "\n")
	if count != 3 {
		t.Errorf("the image has %d files, want the program, the certificates and the licence", count)
	}
	for _, user := range []string{"0", "12345", "65532"} {
		for args, want := range map[string]string{
			"version": testVersion + "+", "list": "{}", "explain 123456789012.dkr.ecr.eu-west-1.amazonaws.com": "eu-west-1",
		} {
			script := `mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" &&
				exec env -i PATH=/usr/bin AWS_EC2_METADATA_DISABLED=true AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=not-a-real-secret \
				/usr/sbin/chroot --userspec="$2:$2" "$1" /usr/bin/docker-credential-ecr-login $3`
			out := command(t, "unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", root, user, args)
			if !strings.Contains(out, want) {
				t.Errorf("user %s: %s printed %q, want %q", user, args, out, want)
			}
		}
	}
}

// unpackLayers unpacks the image for this platform.
func unpackLayers(t *testing.T, root string) {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Fatalf("the tests need linux/amd64, not %s", runtime.GOARCH)
	}
	index, err := layout.ImageIndexFromPath(imageDirectory(t))
	if err != nil {
		t.Fatal(err)
	}
	for {
		m, err := index.IndexManifest()
		if err != nil || len(m.Manifests) != 1 {
			t.Fatalf("index: %v, %v", m, err)
		}
		if d := m.Manifests[0]; !d.MediaType.IsIndex() {
			image, err := index.Image(d.Digest)
			if err != nil {
				t.Fatal(err)
			}
			layers, err := image.Layers()
			if err != nil {
				t.Fatal(err)
			}
			for _, layer := range layers {
				r, err := layer.Uncompressed()
				if err != nil {
					t.Fatal(err)
				}
				cmd := exec.Command("tar", "-x", "-C", root)
				cmd.Stdin = r
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
			}
			return
		}
		if index, err = index.ImageIndex(m.Manifests[0].Digest); err != nil {
			t.Fatal(err)
		}
	}
}
