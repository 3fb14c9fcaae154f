package cache

import (
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	tagName = "CACHEDIR.TAG"

	// tagText is what https://bford.info/cachedir/ asks for: programs that
	// make backups then leave the folder out.
	tagText = `Signature: 8a477f597d28d172789f06886806bc55
# This folder holds the cache of docker-credential-ecr-login, and backups can
# leave it out. See https://bford.info/cachedir/
`
	readmeName = "README"
	readmeText = `This is the cache of docker-credential-ecr-login, which signs container clients
in to Amazon ECR. It keeps authorization tokens so that AWS need not be asked
each time. They are sealed: without this user's sealing key, which as a rule is
not on this disk, nobody can read them.

Everything here can be deleted at any time. The next request makes it anew.
`
)

// furnish makes what belongs into the folder.
func furnish(dir *os.Root) error {
	if err := dir.Mkdir(entriesDir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if _, err := dir.Lstat(tagName); err == nil {
		return nil
	}
	// Somebody may have named a folder that holds other things, even a home
	// folder: a tag there would leave all of it out of the backups.
	in := "."
	if slices.ContainsFunc(names(dir, "."), isForeign) {
		in = entriesDir
	}
	for _, file := range []struct{ name, text string }{{readmeName, readmeText}, {tagName, tagText}} {
		if _, err := dir.Lstat(in + "/" + file.name); err != nil {
			// Nice to have: entries are kept without it.
			_ = replaceFile(dir, in, file.name, []byte(file.text), time.Time{})
		}
	}
	return nil
}

// isForeign reports whether a name in the cache folder is none of ours.
func isForeign(name string) bool {
	switch name {
	case entriesDir, notesDir, locksDir, keyFile, tagName, readmeName:
		return false
	}
	return !strings.HasPrefix(name, tempPrefix) && !strings.HasSuffix(name, dpapiSuffix)
}

// tempPrefix starts the names of files that are not yet in place. What
// follows is the time they were made, since their own time may be in the
// future, then a random part.
const tempPrefix = ".tmp-"

// writeTemp writes a file that only this user can read, in a folder of the
// cache ("" for the cache's own), and returns its path there.
func writeTemp(dir *os.Root, in string, data []byte) (name string, err error) {
	var unique [8]byte
	random(unique[:])
	name = tempPrefix + strconv.FormatInt(time.Now().Unix(), 10) + "-" + hex.EncodeToString(unique[:])
	if in != "" {
		name = in + "/" + name
	}
	f, err := dir.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		_ = dir.Remove(name)
		return "", err
	}
	return name, nil
}

// tempTime says when a temporary file was made.
func tempTime(name string) (time.Time, bool) {
	rest, ok := strings.CutPrefix(name, tempPrefix)
	if !ok {
		return time.Time{}, false
	}
	text, _, _ := strings.Cut(rest, "-")
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	return time.Unix(seconds, 0), true
}

// replaceFile puts a whole file in place of whatever has its name. Its time is
// set to mtime first, unless that is zero.
func replaceFile(dir *os.Root, in, name string, data []byte, mtime time.Time) error {
	tmp, err := writeTemp(dir, in, data)
	if err != nil {
		return err
	}
	if !mtime.IsZero() {
		// Where times cannot be set, the cleaning comes too early, which
		// is a miss.
		_ = dir.Chtimes(tmp, mtime, mtime)
	}
	name = in + "/" + name
	err = dir.Rename(tmp, name)
	if err == nil {
		return nil
	}
	// A folder does not yield to a file. The name is ours, so it goes.
	if fi, e := dir.Lstat(name); e == nil && fi.IsDir() {
		if err = dir.RemoveAll(name); err == nil {
			err = dir.Rename(tmp, name)
		}
	}
	if err != nil {
		_ = dir.Remove(tmp)
	}
	return err
}
