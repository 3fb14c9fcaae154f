package identity

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// of is the sum of an environment alone.
func of(t *testing.T, home string, env ...string) string {
	t.Helper()
	values := map[string]string{}
	for i := 0; i < len(env); i += 2 {
		values[env[i]] = env[i+1]
	}
	return Source{Home: home, Environ: func(key string) (string, bool) {
		value, ok := values[key]
		return value, ok
	}}.Fingerprint().Sum
}

// TestPipeIsLeftAlone: AWS_CONFIG_FILE=<(command) is for the SDK to read, and a
// pipe made later under the same name is another one.
func TestPipeIsLeftAlone(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("pipes have names below /dev/fd as this test uses them on Linux alone")
	}
	const text = "[default]\nrole_arn = a\n"
	open := func() (r *os.File, path string) {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Close() })
		if _, err := w.WriteString(text); err != nil {
			t.Fatal(err)
		}
		w.Close()
		return r, "/dev/fd/" + strconv.Itoa(int(r.Fd()))
	}
	r, path := open()
	home := t.TempDir()
	first := of(t, home, "AWS_CONFIG_FILE", path, "AWS_WEB_IDENTITY_TOKEN_FILE", path)
	if first != of(t, home, "AWS_CONFIG_FILE", path, "AWS_WEB_IDENTITY_TOKEN_FILE", path) {
		t.Error("two sums of one pipe")
	}
	left := make([]byte, 100)
	if n, _ := r.Read(left); string(left[:n]) != text {
		t.Errorf("%q is left in the pipe, want %q", left[:n], text)
	}
	other, otherPath := open()
	// Clocks of file systems tick every few milliseconds.
	for otherInfo, info := stat(t, other), stat(t, r); otherInfo.ModTime().Equal(info.ModTime()); otherInfo = stat(t, other) {
		other, otherPath = open()
	}
	if path == otherPath {
		t.Fatal("the test needs two open pipes")
	}
	link := filepath.Join(home, "link")
	sums := map[string]bool{}
	for _, target := range []string{path, otherPath} {
		os.Remove(link)
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
		sums[of(t, home, "AWS_CONFIG_FILE", link)] = true
	}
	if len(sums) != 2 {
		t.Error("two pipes of the same name have one sum")
	}
}

func stat(t *testing.T, f *os.File) os.FileInfo {
	t.Helper()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// TestDeviceAndFolder: what is no regular file is told from a file that is not
// there, and does not hurt. /dev/null is the usual way to say no file.
func TestDeviceAndFolder(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	absent := of(t, home, "AWS_CONFIG_FILE", filepath.Join(home, "absent"))
	folder := of(t, home, "AWS_CONFIG_FILE", home)
	device := of(t, home, "AWS_CONFIG_FILE", os.DevNull)
	if absent == folder || folder == device || device == absent {
		t.Errorf("absent %s, folder %s, device %s: want three sums", absent, folder, device)
	}
	if device != of(t, home, "AWS_CONFIG_FILE", os.DevNull) {
		t.Error("two sums of one device")
	}
}

// TestUnreadable: to the SDK, a file that it may not read is like none.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	path := filepath.Join(home, ".aws", "config")
	before := of(t, home)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("[default]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if of(t, home) == before {
		t.Error("a file that can be read counts for nothing")
	}
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	if file, err := os.Open(path); err == nil {
		file.Close()
		t.Skip("this user may read everything")
	}
	if of(t, home) != before {
		t.Error("a file that cannot be read counts for something")
	}
}

// TestFileGrowsWhileRead: the length before an element is that of what was read,
// whatever the file's size was said to be.
func TestFileGrowsWhileRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int64{0, 3, 10, 100, maxFile, maxFile + 1} {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		q := &sequence{}
		contents, err := q.read(file, size)
		file.Close()
		want := &sequence{}
		want.add("0123456789")
		if err != nil || string(q.bytes) != string(want.bytes) || string(q.at(contents)) != "0123456789" {
			t.Errorf("size %d: read %q, %v; want %q", size, q.bytes, err, want.bytes)
		}
	}
}

// TestHome: where .aws is looked for when nobody says.
func TestHome(t *testing.T) {
	t.Parallel()
	variable, other := "HOME", "USERPROFILE"
	if runtime.GOOS == "windows" {
		variable, other = other, variable
	}
	env := map[string]string{variable: "/home/ann", other: "/home/bob"}
	s := Source{Environ: func(key string) (string, bool) { v, ok := env[key]; return v, ok }}
	if got := s.home(); got != "/home/ann" {
		t.Errorf("home %q of %s=/home/ann", got, variable)
	}
	s.Home = "/home/cid"
	if got := s.home(); got != "/home/cid" {
		t.Errorf("home %q, want the one given", got)
	}
}

func TestBelow(t *testing.T) {
	t.Parallel()
	join := func(parts ...string) string { return strings.Join(parts, string(os.PathSeparator)) }
	for dir, want := range map[string]string{
		"":            join("a", "b"), // the working folder, as the SDK has it without a home
		join("", ""):  join("", "a", "b"),
		"home":        join("home", "a", "b"),
		join("h", ""): join("h", "a", "b"),
	} {
		if got := below(dir, "a", "b"); got != want {
			t.Errorf("%q below %q, want %q", got, dir, want)
		}
	}
}

func TestHomeOf(t *testing.T) {
	t.Parallel()
	const passwd = "# users\n" +
		"root:x:0:0:root:/root:/bin/sh\n" +
		"short:x:7\n" +
		"\n" +
		"#ann:x:1000:1000::/wrong:/bin/sh\n" +
		"ann:x:1000:1000:Ann,,,:/home/ann:/bin/sh\n" +
		"ann2:x:1000:1000::/home/second:/bin/sh\n" +
		"last:x:12:12::/last"
	for uid, want := range map[int]string{
		0: "/root", 1000: "/home/ann", 12: "/last",
		7:   "", // its line is too short
		100: "", // begins another number
		-1:  "", // what Windows says
	} {
		if got := homeOf(passwd, uid); got != want {
			t.Errorf("home of %d: %q, want %q", uid, got, want)
		}
	}
}

// TestPrincipalOf: nothing but a JSON Web Token with issuer and subject has a
// principal.
func TestPrincipalOf(t *testing.T) {
	t.Parallel()
	for token, why := range map[string]string{
		"":                                   "empty",
		"..":                                 "three empty parts",
		"a.b":                                "two parts",
		"a.eyJpc3MiOiJpIiwic3ViIjoicyJ9":     "no signature",
		"a.eyJpc3MiOiJpIiwic3ViIjoicyJ9.b.c": "four parts",
		"a.eyJpc3MiOiJpIiwic3ViIjoicyJ9==.b": "padded, which base64url in a token is not",
		"a.e.b":                              "not base64",
		"a.bm90IGpzb24.b":                    "not JSON",
		"a.W10.b":                            "JSON, but a list",
		"a.eyJpc3MiOjEsInN1YiI6InMifQ.b":     "an issuer that is a number",
	} {
		if issuer, subject := principalOf(token); issuer != "" || subject != "" {
			t.Errorf("%s: issuer %q and subject %q of %q", why, issuer, subject, token)
		}
	}
	if issuer, subject := principalOf("a.eyJpc3MiOiJpIiwic3ViIjoicyJ9.b\n"); issuer != "i" || subject != "s" {
		t.Errorf("issuer %q and subject %q, want i and s", issuer, subject)
	}
}

// BenchmarkFingerprint is what every get pays: a config file of forty profiles
// and one with keys.
func BenchmarkFingerprint(b *testing.B) {
	home := b.TempDir()
	if err := os.MkdirAll(filepath.Join(home, ".aws"), 0o700); err != nil {
		b.Fatal(err)
	}
	text := "[default]\nregion = eu-west-1\n"
	for i := range 40 {
		text += "\n[profile p" + strconv.Itoa(i) + "]\nrole_arn = arn:aws:iam::111122223333:role/pull\nsource_profile = default\nregion = eu-west-1\n"
	}
	for name, text := range map[string]string{
		"config":      text,
		"credentials": "[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = secret-for-tests\n",
	} {
		if err := os.WriteFile(filepath.Join(home, ".aws", name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	for name, s := range map[string]Source{
		"keys":    {Home: home, Environ: none},
		"role":    {Home: home, Environ: none, Profile: "p39"},
		"nothing": {Home: filepath.Join(home, "nothing"), Environ: none},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Fingerprint()
			}
		})
	}
}

func none(string) (string, bool) { return "", false }
