package cache

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// folderName is ours inside folders that belong to all programs.
const folderName = "ecr-login"

// systemCache is where root keeps its cache when it has no home.
const systemCache = "/var/cache/" + folderName

// A candidate is a folder that the cache may live in.
type candidate struct {
	path     string
	explicit bool // the user named it: this one or none, and good for reading alone
	inHome   bool // not used in the home of another user: sudo may keep HOME
	private  bool // in a folder that everybody can write to: no link, no rights for others
}

// candidates goes through the folders in the order of preference. A hit looks
// at the first only.
func (d *Disk) candidates(yield func(candidate) bool) {
	if dir := d.options.Dir; dir != "" {
		yield(candidate{path: dir, explicit: true})
		return
	}
	// systemd allows several folders, divided by colons. Other services share
	// theirs with what they start, so take a folder of our own inside.
	if path, _, _ := strings.Cut(d.env("CACHE_DIRECTORY"), ":"); isAbs(path) {
		if base(path) != folderName {
			path = join(path, folderName)
		}
		if !yield(candidate{path: path}) {
			return
		}
	}
	if path, inHome := d.userCache(); isAbs(path) {
		if !yield(candidate{path: join(path, folderName), inHome: inHome}) {
			return
		}
	}
	if isRoot() && d.systemCache != "" {
		if !yield(candidate{path: d.systemCache}) {
			return
		}
	}
	if path := d.env("XDG_RUNTIME_DIR"); isAbs(path) {
		if !yield(candidate{path: join(path, folderName)}) {
			return
		}
	}
	if path := d.tempDir(); isAbs(path) {
		yield(candidate{path: join(path, privateName()), private: true})
	}
}

// userCache is os.UserCacheDir over the given environment.
func (d *Disk) userCache() (path string, inHome bool) {
	switch runtime.GOOS {
	case "windows":
		return d.env("LocalAppData"), false
	case "darwin", "ios":
		if home := d.home(); home != "" {
			return join(home, "Library", "Caches"), true
		}
		return "", false
	}
	if path := d.env("XDG_CACHE_HOME"); path != "" {
		return path, d.isInHome(path)
	}
	if home := d.home(); home != "" {
		return join(home, ".cache"), true
	}
	return "", false
}

func (d *Disk) home() string {
	if runtime.GOOS == "windows" {
		return d.env("USERPROFILE")
	}
	return d.env("HOME")
}

// isInHome reports whether path lies in the home folder. A home of "/", which
// containers give to users without one, is nobody's.
func (d *Disk) isInHome(path string) bool {
	home := clean(d.home())
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

// privateName keeps users apart in a folder that all can write to.
func privateName() string {
	if uid := os.Geteuid(); uid >= 0 {
		return folderName + "-" + strconv.Itoa(uid)
	}
	return folderName
}

var (
	errForeign  = errors.New("it belongs to another user")
	errHome     = errors.New("the home folder is not there or belongs to another user")
	errShared   = errors.New("others can write to it")
	errNotOurs  = errors.New("it is a link, or others can read it")
	errReadOnly = errors.New("it cannot be written to")
	errParent   = errors.New("it would be made in a folder that belongs to another user")
	errNoDir    = errors.New("it is not a folder")
	errNoFolder = errors.New("no folder for the cache")
)

// reading opens the folder that entries are read from: the one that writing
// would choose, so that a folder further down the list, left by a process in
// another environment, is not preferred to one that is still to be made.
func (d *Disk) reading() (*folder, error) {
	if d.held != nil {
		return d.held, nil
	}
	for c := range d.candidates {
		f, err := d.try(c)
		if err == nil {
			if d.hold {
				f.held, d.held = true, f
			}
			return f, nil
		}
		if c.explicit {
			return nil, err
		}
		if errors.Is(err, fs.ErrNotExist) && mayMake(c) == nil {
			break
		}
	}
	return nil, fs.ErrNotExist
}

// try opens a candidate that exists, is safe and, unless the user named it,
// can be written to.
func (d *Disk) try(c candidate) (*folder, error) {
	if c.inHome && !ours(d.home()) {
		return nil, errHome
	}
	f, err := openFolder(c.path, c.private)
	if err != nil {
		return nil, err
	}
	if !c.explicit && !f.writable() {
		f.close()
		return nil, errReadOnly
	}
	return f, nil
}

// writing opens the folder that is written to, and makes it when there is none.
func (d *Disk) writing() (*folder, error) {
	for c := range d.candidates {
		f, err := d.try(c)
		if errors.Is(err, fs.ErrNotExist) {
			if err = makeFolder(c); err == nil {
				f, err = d.try(c)
			}
		}
		if err == nil {
			return f, nil
		}
		d.debug("cache folder passed over", "folder", c.path, "reason", err)
	}
	return nil, errNoFolder
}

// makeFolder makes a candidate.
func makeFolder(c candidate) error {
	if err := mayMake(c); err != nil {
		return err
	}
	if c.private {
		err := os.Mkdir(c.path, 0o700) // never a parent of it
		if errors.Is(err, fs.ErrExist) {
			return nil // by another process: try decides
		}
		return err
	}
	return os.MkdirAll(c.path, 0o700)
}

// mayMake refuses to make what would be a stranger's file: below a folder of
// another user, but for root's, who lets us or does not.
func mayMake(c candidate) error {
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
			return errNoDir
		case !oursOrRoots(fi):
			return errParent
		case !canWrite(above):
			return errReadOnly
		}
		return nil
	}
}
