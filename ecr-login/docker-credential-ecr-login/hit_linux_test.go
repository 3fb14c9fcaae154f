package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// A hit opens the two AWS files and one cache entry, and changes nothing.
func TestHitOpensFewFiles(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromFile)
	u.get(host)
	w := watch(t, u.dir)
	u.get(host)
	opened, changed := w.events(t)
	want := []string{".aws/config", ".aws/credentials", ".cache/ecr-login/entries/*"}
	if !slices.Equal(opened, want) {
		t.Errorf("a hit opened %q, want %q", opened, want)
	}
	if len(changed) != 0 {
		t.Errorf("a hit changed %q", changed)
	}
}

// A watcher records which files below a directory are opened and changed.
type watcher struct {
	fd          int
	root        string
	directories map[int32]string
}

func watch(t *testing.T, root string) *watcher {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	w := &watcher{fd, root, map[int32]string{}}
	err = filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		const mask = unix.IN_OPEN | unix.IN_MODIFY | unix.IN_ATTRIB | unix.IN_CREATE | unix.IN_DELETE | unix.IN_MOVE
		id, err := unix.InotifyAddWatch(fd, path, mask)
		w.directories[int32(id)] = path
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// events returns the files that were opened and changed since the last call, sorted, each once. It
// does not wait: the process that caused the events has ended.
func (w *watcher) events(t *testing.T) (opened, changed []string) {
	t.Helper()
	buf := make([]byte, 64<<10)
	for {
		n, err := unix.Read(w.fd, buf)
		if errors.Is(err, unix.EAGAIN) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for b := buf[:n]; len(b) >= unix.SizeofInotifyEvent; {
			id := int32(binary.NativeEndian.Uint32(b))
			mask := binary.NativeEndian.Uint32(b[4:])
			length := binary.NativeEndian.Uint32(b[12:])
			name := string(bytes.TrimRight(b[16:16+length], "\x00"))
			b = b[16+length:]
			path, err := filepath.Rel(w.root, filepath.Join(w.directories[id], name))
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(filepath.Dir(path), "/entries") {
				path = filepath.Join(filepath.Dir(path), "*")
			}
			switch {
			case mask&unix.IN_OPEN == 0:
				changed = append(changed, path)
			case mask&unix.IN_ISDIR == 0:
				opened = append(opened, path)
			}
		}
	}
	slices.Sort(opened)
	slices.Sort(changed)
	return slices.Compact(opened), slices.Compact(changed)
}
