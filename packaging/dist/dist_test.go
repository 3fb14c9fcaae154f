package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"aead.dev/minisign"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

const (
	testVersion  = "v0.1.0"
	testPassword = "not-a-real-password"
)

// The release that the tests look at: for Linux on amd64, signed with a key of this run.
var testDist, publicKey string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "dist-test")
		if err != nil {
			fmt.Println(err)
			return 1
		}
		defer os.RemoveAll(dir)
		if testDist, publicKey, err = buildSigned(dir); err != nil {
			fmt.Println(err)
			return 1
		}
		return m.Run()
	}())
}

// buildSigned builds a release below a directory and returns it and the file of its public key.
func buildSigned(dir string) (dist, public string, err error) {
	pub, private, err := minisign.GenerateKey(nil)
	if err != nil {
		return "", "", err
	}
	secret, err := minisign.EncryptKey(testPassword, private)
	if err != nil {
		return "", "", err
	}
	text, err := pub.MarshalText()
	if err != nil {
		return "", "", err
	}
	key, public := filepath.Join(dir, "key"), filepath.Join(dir, "key.pub")
	if err := os.WriteFile(key, secret, 0o600); err != nil {
		return "", "", err
	}
	if err := os.WriteFile(public, text, 0o600); err != nil {
		return "", "", err
	}
	os.Setenv("MINISIGN_PASSWORD", testPassword)
	dist = filepath.Join(dir, "dist")
	return dist, public, run(options{version: testVersion, root: "../..", out: dist, key: key}, "linux/amd64")
}

func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// The second build has another directory, home and file mode creation mask, and no .git.
func TestBuildIsReproducible(t *testing.T) {
	c, err := findCommit("../..")
	if err != nil {
		t.Fatal(err)
	}
	source := filepath.Join(t.TempDir(), "another", "directory")
	copyTracked(t, source)
	t.Setenv("COMMIT", c.hash)
	t.Setenv("SOURCE_DATE_EPOCH", fmt.Sprint(c.time.Unix()))
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} {
		t.Setenv(name, strings.TrimSpace(command(t, "go", "env", name)))
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("LANG", "tr_TR.UTF-8")
	t.Setenv("TZ", "Asia/Tokyo")
	defer syscall.Umask(syscall.Umask(0o077))
	out := filepath.Join(t.TempDir(), "dist")
	if err := run(options{version: testVersion, root: source, out: out}, "linux/amd64"); err != nil {
		t.Fatal(err)
	}
	first, second := read(t, filepath.Join(testDist, checksums)), read(t, filepath.Join(out, checksums))
	if !bytes.Equal(first, second) || bytes.Count(first, []byte("\n")) < 8 {
		t.Errorf("two builds differ:\n%s\n%s", first, second)
	}
}

// copyTracked copies the files of the source tree that git knows.
func copyTracked(t *testing.T, to string) {
	t.Helper()
	for name := range strings.SplitSeq(strings.Trim(command(t, "git", "-C", "../..", "ls-files", "-z"), "\x00"), "\x00") {
		info, err := os.Lstat(filepath.Join("../..", name))
		if err != nil || !info.Mode().IsRegular() {
			t.Fatalf("%s: %v", name, err)
		}
		file := filepath.Join(to, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, read(t, filepath.Join("../..", name)), info.Mode()); err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The commands are those of docs/install.md.
func TestSignatureAndSums(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(testDist)); err != nil {
		t.Fatal(err)
	}
	verify := func(name string, args ...string) error {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		t.Logf("%s %v: %v\n%s", name, args, err, out)
		return err
	}
	signature := func() error { return verify("minisign", "-Vm", checksums, "-p", publicKey) }
	sums := func() error { return verify("sha256sum", "-c", "--ignore-missing", checksums) }
	if signature() != nil || sums() != nil {
		t.Fatal("a release does not verify")
	}
	edit := func(name string) {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(" "); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	edit("ecr-login_" + testVersion + "_linux_amd64.tar.gz")
	if sums() == nil {
		t.Error("a changed archive has the same sum")
	}
	edit(checksums)
	if signature() == nil {
		t.Error("changed checksums have a valid signature")
	}
}

func TestTargetsOfMakefile(t *testing.T) {
	var want []string
	for _, target := range targets {
		want = append(want, target.os+"/"+target.goarch())
	}
	_, list, _ := strings.Cut(string(read(t, "../../Makefile")), "\nTARGETS := ")
	list, _, _ = strings.Cut(list, "\n\n")
	if got := strings.Fields(strings.ReplaceAll(list, "\\\n", " ")); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("TARGETS in the Makefile:\n%q, want\n%q", got, want)
	}
}

func TestPackages(t *testing.T) {
	fake := filepath.Join(t.TempDir(), "ecrtest")
	cmd := exec.Command("go", "build", "-trimpath", "-o", fake, "./ecr-login/ecrtest/cmd/ecrtest")
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Log(command(t, "unshare", "--mount", "--propagation", "private", "bash", "testdata/packages.sh", testDist, fake))
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

func TestVersions(t *testing.T) {
	for _, version := range []string{"", "0.1.0", "v0.1", "v0.1.0+x", "v0.1.0-", "latest", "v01.0.0"} {
		if err := run(options{version: version, root: "../..", out: t.TempDir()}, "linux/amd64"); err == nil || !strings.Contains(err.Error(), "version") {
			t.Errorf("version %q: %v", version, err)
		}
	}
	if err := run(options{version: testVersion}, "plan9/mips"); err == nil || !strings.Contains(err.Error(), `target "plan9/mips"`) {
		t.Errorf("%v", err)
	}
}

func TestOutKeepsOtherFiles(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := emptyDirectory(dir); err == nil || !strings.Contains(err.Error(), other) {
		t.Errorf("%v", err)
	}
	read(t, other)
}
