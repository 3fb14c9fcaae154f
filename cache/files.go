package cache

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	tagName = "CACHEDIR.TAG"

	// tagFormat is the format of https://bford.info/cachedir/, which makes backup programs skip the
	// directory.
	tagFormat = `Signature: 8a477f597d28d172789f06886806bc55
# This directory contains the cache of %s. Backup programs can skip it.
# See https://bford.info/cachedir/
`
	readmeName   = "README"
	readmeFormat = `This directory contains the cache of %s. Its entries are encrypted.
You can delete everything here at any time.
`
)

// populate creates the files that belong in a new cache directory.
func (d *Disk) populate(root *os.Root) error {
	if err := root.Mkdir(entriesDir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if _, err := root.Lstat(tagName); err == nil {
		return nil
	}
	// The configured directory may contain other files, or even be a home directory. A tag there
	// would exclude all of it from backups.
	in := "."
	if slices.ContainsFunc(names(root, "."), isUnknown) {
		in = entriesDir
	}
	readme := d.options.Readme
	if readme == "" {
		readme = fmt.Sprintf(readmeFormat, d.options.Name)
	}
	for _, file := range []struct{ name, text string }{{readmeName, readme}, {tagName, fmt.Sprintf(tagFormat, d.options.Name)}} {
		if _, err := root.Lstat(in + "/" + file.name); err == nil {
			continue
		}
		suffix, err := tempSuffix()
		if err == nil {
			err = replaceFile(root, in, file.name, suffix, []byte(file.text), time.Time{})
		}
		if err != nil { // entries can be stored without it
			d.debug("file not written to the cache directory", "file", file.name, "reason", err)
		}
	}
	return nil
}

// isUnknown reports whether the file name in the cache directory is not one of the cache's own.
func isUnknown(name string) bool {
	switch name {
	case entriesDir, hostsDir, locksDir, keyFile, tagName, readmeName:
		return false
	}
	return !strings.HasPrefix(name, tempPrefix) && !strings.HasSuffix(name, dpapiSuffix)
}

// names returns the file names in a subdirectory; nil if it cannot be read.
func names(root *os.Root, sub string) []string {
	if fi, err := root.Lstat(sub); err != nil || !fi.IsDir() {
		return nil // opening a FIFO would block
	}
	f, err := root.Open(sub)
	if err != nil {
		return nil
	}
	defer f.Close()
	list, _ := f.Readdirnames(-1)
	return list
}

// tempPrefix starts the names of temporary files. The time of their creation in Unix seconds and a
// random part follow. The modification time cannot be used, because replaceFile sets it to the
// future.
const tempPrefix = ".tmp-"

// tempSuffix returns the random part of a temporary file's name.
func tempSuffix() (string, error) {
	var b [8]byte
	if err := random(b[:]); err != nil {
		return "", fmt.Errorf("no random bytes: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}

// writeTemp writes a temporary file of mode 0600 in a subdirectory and returns its path there.
func writeTemp(root *os.Root, in, suffix string, data []byte) (name string, err error) {
	name = in + "/" + tempPrefix + strconv.FormatInt(time.Now().Unix(), 10) + "-" + suffix
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		_ = root.Remove(name)
		return "", err
	}
	return name, nil
}

// tempTime returns the creation time of a temporary file.
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

// replaceFile atomically replaces a file. It sets the file's modification time to mtime, unless
// that is zero.
func replaceFile(root *os.Root, in, name, suffix string, data []byte, mtime time.Time) error {
	tmp, err := writeTemp(root, in, suffix, data)
	if err != nil {
		return err
	}
	if !mtime.IsZero() {
		// If this fails, the cleanup removes the entry too early, which is only a miss.
		_ = root.Chtimes(tmp, mtime, mtime)
	}
	name = in + "/" + name
	err = rename(root, tmp, name)
	if err == nil {
		return nil
	}
	// A file does not replace a directory. The name is reserved for the cache, so remove it.
	if fi, e := root.Lstat(name); e == nil && fi.IsDir() {
		if err = root.RemoveAll(name); err == nil {
			err = root.Rename(tmp, name)
		}
	}
	if err != nil {
		_ = root.Remove(tmp)
	}
	return err
}
