package dockerconfig

import (
	"encoding/hex"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// A writing puts text in the place of a file, all of it or nothing, also when the machine stops.
//
// What is written may hold passwords, and whoever is killed half-way must leave no second copy of them. So on Linux
// the new file has no name while it is written: when the process ends, it is gone. But the kernel can put a file
// without a name into no place that is taken: it needs a name of its own for the moment between linkat and rename.
// If the process is killed in that moment, or anywhere on a system without such files, a guard (a second process, which
// does nothing but wait for the first one to end) removes it. If both are killed, or the power fails, the next edit
// of the file sweeps up what lies there.
type writing struct {
	path      string
	text      []byte
	like      fs.FileInfo // whose owner and mode it gets; nil: a new file, 0600, of who owns the folder
	guard     bool        // there may be secrets in it
	meanwhile func() bool // says whether somebody else wrote the file
}

func (w *writing) do() error {
	dir, base := filepath.Split(w.path)
	f, unnamed, err := create(dir, base)
	if err != nil {
		return err
	}
	defer f.Close()
	temp := filepath.Join(dir, tempName(base))
	if !unnamed {
		temp = f.Name()
	}
	if w.guard && (w.like != nil || !unnamed) {
		defer guard(temp)()
	}
	err = w.fill(f)
	if err == nil && w.meanwhile != nil && w.meanwhile() {
		err = errMeanwhile
	}
	if err == nil {
		err = w.place(f, temp, unnamed)
	}
	if err != nil {
		_ = os.Remove(temp)
		return err
	}
	syncFolder(dir)
	return nil
}

func (w *writing) fill(f *os.File) error {
	if err := dress(f, w.like, filepath.Dir(w.path)); err != nil {
		return err
	}
	if _, err := f.Write(w.text); err != nil {
		return err
	}
	return f.Sync()
}

// place gives the file its name. A new one takes nobody's.
func (w *writing) place(f *os.File, temp string, unnamed bool) error {
	if !unnamed {
		f.Close() // Windows renames no file that is open
	}
	if w.like == nil && w.meanwhile != nil {
		err := link(f, temp, w.path, unnamed)
		if err == nil && !unnamed {
			_ = os.Remove(temp)
		}
		if err != nil && !os.IsExist(err) && !unnamed {
			err = reserve(temp, w.path)
		}
		if os.IsExist(err) {
			return errMeanwhile
		}
		return err
	}
	if unnamed {
		if err := link(f, temp, temp, true); err != nil {
			return err
		}
	}
	return os.Rename(temp, w.path)
}

// link gives the file a name, which must be free.
func link(f *os.File, temp, name string, unnamed bool) error {
	if unnamed {
		return linkUnnamed(f, name)
	}
	return os.Link(temp, name)
}

// reserve is link where a file has one name only, as on exFAT and in some of what FUSE mounts: an empty file takes the
// name, if it is free, and is replaced.
func reserve(temp, name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	f.Close()
	if err := os.Rename(temp, name); err != nil {
		_ = os.Remove(name)
		return err
	}
	return nil
}

// createNamed makes a file that only this user can read, in the place of none.
func createNamed(dir, base string) (*os.File, error) {
	return os.OpenFile(filepath.Join(dir, tempName(base)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// tempMark is in the names of files that are not yet in their place.
const tempMark = ".ecr-login-"

func tempName(base string) string {
	var unique [8]byte
	for i := range unique {
		unique[i] = byte(rand.Uint32())
	}
	return "." + base + tempMark + hex.EncodeToString(unique[:])
}

// leftovers are files beside the one at path that an edit left when the whole machine stopped.
func leftovers(path string) []string {
	dir, base := filepath.Split(path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var all []string
	for _, e := range entries {
		if rest, ok := strings.CutPrefix(e.Name(), "."+base+tempMark); ok && len(rest) == 16 && e.Type().IsRegular() {
			all = append(all, filepath.Join(dir, e.Name()))
		}
	}
	return all
}

// sweep removes leftovers; nobody else may be editing.
func sweep(path string) {
	for _, file := range leftovers(path) {
		_ = os.Remove(file)
	}
}
