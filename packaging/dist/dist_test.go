package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"aead.dev/minisign"
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

// The second build is that of another user, with another directory, home, time zone and file mode
// creation mask, and without .git.
func TestBuildIsReproducible(t *testing.T) {
	c, err := findCommit("../..")
	if err != nil {
		t.Fatal(err)
	}
	source, tool := t.TempDir(), filepath.Join(t.TempDir(), "dist")
	copyTracked(t, source)
	command(t, "go", "build", "-o", tool, ".")
	args := []string{"--mount", "--propagation", "private", "bash", "testdata/rebuild.sh", tool, source, filepath.Join(goEnv(t, "GOROOT"), "bin")}
	args = append(args, goEnv(t, "GOMODCACHE"), goEnv(t, "GOCACHE"), "-version", testVersion, "-targets", "linux/amd64")
	t.Setenv("COMMIT", c.hash)
	t.Setenv("SOURCE_DATE_EPOCH", fmt.Sprint(c.time.Unix()))
	first, second := string(read(t, filepath.Join(testDist, checksums))), command(t, "unshare", args...)
	if !strings.HasSuffix(second, first) || strings.Count(first, "\n") < 8 {
		t.Errorf("two builds differ:\n%s\n%s", first, second)
	}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	return strings.TrimSpace(command(t, "go", "env", name))
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
