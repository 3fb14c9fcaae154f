package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// A candidate is a possible cache directory.
type candidate struct {
	path     string
	explicit bool // from Options.Dir: no other one is used, and it may be read-only
	inHome   bool // not used if the home directory is another user's, because sudo may keep HOME
	private  bool // below a directory that all users can write to: no link, no access for others
}

// candidates yields the possible cache directories in the order of preference. A lookup that finds
// an entry uses the first one only.
func (d *Disk) candidates(yield func(candidate) bool) {
	if dir := d.options.Dir; dir != "" {
		yield(candidate{path: dir, explicit: true})
		return
	}
	name := d.options.Name
	// systemd separates several directories with colons. A service shares its directory with the
	// programs that it starts, so use a subdirectory, unless the directory has the program's name.
	if path, _, _ := strings.Cut(d.env("CACHE_DIRECTORY"), ":"); isAbs(path) {
		if base(path) != name {
			path = join(path, name)
		}
		if !yield(candidate{path: path}) {
			return
		}
	}
	if path, inHome := d.userCacheDir(); isAbs(path) {
		if !yield(candidate{path: join(path, name), inHome: inHome}) {
			return
		}
	}
	if isRoot() && d.systemDir != "" {
		if !yield(candidate{path: d.systemDir}) {
			return
		}
	}
	if path := d.env("XDG_RUNTIME_DIR"); isAbs(path) {
		if !yield(candidate{path: join(path, name)}) {
			return
		}
	}
	if path := d.tempDir(); isAbs(path) {
		yield(candidate{path: join(path, d.tempName()), private: true})
	}
}

// userCacheDir is os.UserCacheDir with the environment of the options.
func (d *Disk) userCacheDir() (path string, inHome bool) {
	switch runtime.GOOS {
	case "windows":
		return d.env("LocalAppData"), false
	case "darwin", "ios":
		if home := d.homeDir(); home != "" {
			return join(home, "Library", "Caches"), true
		}
		return "", false
	}
	if path := d.env("XDG_CACHE_HOME"); isAbs(path) { // "XDG Base Directory": relative paths are ignored
		return path, d.isInHome(path)
	}
	if home := d.homeDir(); home != "" {
		return join(home, ".cache"), true
	}
	return "", false
}

func (d *Disk) homeDir() string {
	if runtime.GOOS == "windows" {
		return d.env("USERPROFILE")
	}
	return d.env("HOME")
}

// isInHome reports whether path is below the home directory. Containers set HOME to "/" for users
// without a home directory; that does not count.
func (d *Disk) isInHome(path string) bool {
	home := clean(d.homeDir())
	return len(home) > 1 && isAbs(home) && strings.HasPrefix(clean(path), home+string(os.PathSeparator))
}

func (d *Disk) tempDir() string {
	if runtime.GOOS == "windows" {
		for _, name := range []string{"TMP", "TEMP"} {
			if path := d.env(name); path != "" {
				return path
			}
		}
		return ""
	}
	if path := d.env("TMPDIR"); path != "" {
		return path
	}
	return "/tmp"
}

// tempName returns the name of the cache directory inside the temporary directory. It contains the
// user's ID, because all users can write there.
func (d *Disk) tempName() string {
	if uid := os.Geteuid(); uid >= 0 {
		return d.options.Name + "-" + strconv.Itoa(uid)
	}
	return d.options.Name
}

// The reasons why a directory cannot be used.
var (
	errOtherOwner   = errors.New("owned by another user")
	errHomeDir      = errors.New("the home directory is missing or owned by another user")
	errShared       = errors.New("group or others can write to it")
	errAccessible   = errors.New("a symbolic link, or accessible for group or others")
	errNotWritable  = errors.New("not writable")
	errParent       = errors.New("cannot be created in a directory of another user")
	errNotDirectory = errors.New("not a directory")
	errNoUsableDir  = errors.New("no usable cache directory")
)

// openForReading opens the directory in which a Get looks. That is the directory that a Put would
// use. If it does not exist yet, the error is fs.ErrNotExist. Later candidates are not used,
// because they may contain entries of a process with another environment.
func (d *Disk) openForReading() (*directory, error) {
	if d.reusedDir != nil {
		return d.reusedDir, nil
	}
	for c := range d.candidates {
		dir, err := d.try(c)
		if err == nil {
			if d.options.ShortLived {
				dir.reused, d.reusedDir = true, dir
			}
			return dir, nil
		}
		if c.explicit {
			return nil, err
		}
		if errors.Is(err, fs.ErrNotExist) && canCreate(c) == nil {
			break
		}
	}
	return nil, fs.ErrNotExist
}

// try opens a candidate that exists, is safe and is writable. An explicit one may be read-only.
func (d *Disk) try(c candidate) (*directory, error) {
	if c.inHome && !isOwn(d.homeDir()) {
		return nil, errHomeDir
	}
	dir, err := openDirectory(c.path, c.private)
	if err != nil {
		return nil, err
	}
	if !c.explicit && !dir.writable() {
		dir.close()
		return nil, errNotWritable
	}
	return dir, nil
}

// openForWriting opens the first usable candidate. It creates the directory if it does not exist.
func (d *Disk) openForWriting() (*directory, error) {
	if d.disabled != nil {
		return nil, d.disabled
	}
	for c := range d.candidates {
		dir, err := d.try(c)
		if errors.Is(err, fs.ErrNotExist) {
			if err = createDirectory(c); err == nil {
				dir, err = d.try(c)
			}
		}
		if err == nil {
			return dir, nil
		}
		d.debug("cache directory skipped", "directory", c.path, "reason", err)
		if c.explicit {
			return nil, fmt.Errorf("cannot use the cache directory %s: %w", c.path, err)
		}
	}
	return nil, errNoUsableDir
}

// createDirectory creates the directory of a candidate.
func createDirectory(c candidate) error {
	if err := canCreate(c); err != nil {
		return err
	}
	if c.private {
		err := os.Mkdir(c.path, 0o700) // without its parents
		if errors.Is(err, fs.ErrExist) {
			return nil // created by another process at the same time; the caller checks it
		}
		return err
	}
	return os.MkdirAll(c.path, 0o700)
}

// canCreate returns nil if the directory of a candidate can be created, and otherwise the reason.
// The nearest existing parent directory must belong to this user or to root.
func canCreate(c candidate) error {
	path, err := abs(c.path)
	if err != nil {
		return err
	}
	for above := parent(path); ; above = parent(above) {
		fi, err := os.Stat(above)
		switch {
		case errors.Is(err, fs.ErrNotExist) && !c.private && above != parent(above):
			continue
		case err != nil:
			return err
		case !fi.IsDir():
			return errNotDirectory
		case !isOwnOrRoots(fi):
			return errParent
		case !canWrite(above):
			return errNotWritable
		}
		return nil
	}
}
