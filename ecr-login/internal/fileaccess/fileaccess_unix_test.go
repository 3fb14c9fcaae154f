//go:build unix

package fileaccess

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// directory is a FileInfo with the owner, group and mode that a test needs.
type directory struct {
	mode     fs.FileMode
	uid, gid int
}

func (d directory) Name() string       { return "dir" }
func (d directory) Size() int64        { return 0 }
func (d directory) Mode() fs.FileMode  { return d.mode | fs.ModeDir }
func (d directory) ModTime() time.Time { return time.Time{} }
func (d directory) IsDir() bool        { return true }
func (d directory) Sys() any           { return &syscall.Stat_t{Uid: uint32(d.uid), Gid: uint32(d.gid)} }

func TestChangedBy(t *testing.T) {
	t.Parallel()
	me := os.Geteuid()
	groupOnlyForRoot := ""
	if me == 0 {
		groupOnlyForRoot = "its group (group ID 20)"
	}
	for _, c := range []struct {
		name string
		dir  directory
		want string // empty: only root and the running user
	}{
		{"root's", directory{0o755, 0, 0}, ""},
		{"mine", directory{0o700, me, 20}, ""},
		{"another user's", directory{0o755, 4321, 4321}, "user ID 4321"},
		{"another user's, sticky", directory{0o755 | fs.ModeSticky, 4321, 4321}, "user ID 4321"},
		{"/tmp", directory{0o777 | fs.ModeSticky, 0, 0}, ""},
		{"open to all", directory{0o777, me, 0}, "every user"},
		{"group of root", directory{0o775, 0, 0}, ""},
		{"group", directory{0o775, me, 20}, groupOnlyForRoot},
	} {
		if got := ChangedBy(c.dir); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestOwner(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if uid, known := Owner(info); uid != os.Geteuid() || !known || !IsMine(info) || IsAnothers(info) || !IsTrusted(info) {
		t.Errorf("owner %d, known %v, mine %v", uid, known, IsMine(info))
	}
	others := directory{0o755, 4321, 4321}
	if IsMine(others) || !IsAnothers(others) || IsTrusted(others) {
		t.Error("user ID 4321 counts as the running user")
	}
	if IsTrusted(directory{0o755, 65534, 0}) != (overflowUser() == 65534) && os.Geteuid() != 65534 {
		t.Error("user ID 65534 is trusted outside a user namespace")
	}
	if !CanCreateIn(filepath.Dir(path)) || CanCreateIn(filepath.Join(path, "missing")) {
		t.Error("CanCreateIn is wrong")
	}
	if got := SudoUser(0); got != "root" {
		t.Errorf("user 0 is %q", got)
	}
	if got := SudoUser(2_000_000_000); got != "'#2000000000'" || !strings.HasPrefix(UserText(0), "root (") {
		t.Errorf("%q, %q", got, UserText(0))
	}
}
