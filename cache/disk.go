package cache

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"strings"
)

// Options configure a [Disk]. The zero value works.
type Options struct {
	// Name is the name of the program that owns the cache. It is the name of the cache directory
	// inside directories that programs share, and part of the sealing key's name in a keyring.
	// Programs with different names share nothing, unless Dir gives them the same directory. ""
	// means the base name of the running program. Nothing is stored if it is not a file name.
	Name string

	// Readme is the text of the README file in the cache directory; "" means a general text.
	Readme string

	// Environ looks up an environment variable; nil means os.LookupEnv.
	Environ func(string) (string, bool)

	// Dir is the cache directory. If it cannot be used, nothing is stored. "" means the first of
	// these that is safe and exists or can be created: Name in $CACHE_DIRECTORY (set by systemd),
	// in the user's cache directory, in /var/cache (only root) or in $XDG_RUNTIME_DIR, or a private
	// directory in the temporary directory.
	Dir string

	// SealingRequired forbids a sealing key on the disk. Nothing is stored if there is no other
	// place for the key.
	SealingRequired bool

	// Disabled turns off all reading and writing.
	Disabled bool

	// ShortLived makes lookups reuse the directory and the sealing key that the first lookup found.
	// It is for a process that makes a few lookups from one goroutine and exits: it does not notice
	// later changes of the directory.
	ShortLived bool

	// Clock measures the age of entries; the zero value is the system's clock.
	Clock Clock

	// Log receives debug messages, also about errors that are not returned; nil logs nothing.
	Log *slog.Logger
}

// A Disk is a [Store] with one file per entry. Many processes may use it at the same time. A Get
// that finds an entry opens the directory and one file and reads the sealing key; it takes no lock
// and writes nothing.
type Disk struct {
	options        Options
	disabled       error                       // why nothing is stored or read; nil if it is
	keyDescription string                      // names the sealing key in a keyring
	systemDir      string                      // root's cache directory without a home directory
	keyStores      func(*directory) []keyStore // nil means systemKeyStores

	reusedDir *directory  // set by the first lookup if ShortLived
	reusedKey *sealingKey // likewise
}

// Open returns a Disk. It does not access the disk: each use looks for the directory, and the first
// Put creates it.
func Open(o Options) *Disk {
	if o.Name == "" {
		o.Name = strings.TrimSuffix(base(os.Args[0]), ".exe")
	}
	d := &Disk{options: o, keyDescription: o.Name + ":sealing-key", systemDir: "/var/cache/" + o.Name}
	switch {
	case o.Disabled:
		d.disabled = errDisabled
	case o.Name == "." || o.Name == ".." || strings.ContainsAny(o.Name, "/\\:\x00"):
		d.disabled = errName
	}
	return d
}

const entriesDir = "entries"

var (
	errAbsent     = errors.New("absent")
	errNotRegular = errors.New("not a regular file")
	errNotPrivate = errors.New("not owned by this user alone, or accessible for others")
	errTooLarge   = errors.New("too large")
	errDisabled   = errors.New("switched off")
	errName       = errors.New("the program's name is not a file name")
)

func (d *Disk) env(name string) string {
	lookup := d.options.Environ
	if lookup == nil {
		lookup = os.LookupEnv
	}
	value, _ := lookup(name)
	return value
}

func (d *Disk) debug(msg string, args ...any) {
	if d.options.Log != nil {
		d.options.Log.Debug(msg, args...)
	}
}

// Get implements [Store].
func (d *Disk) Get(key string) (Entry, State, error) {
	e, err := d.get(key)
	if err != nil {
		return Entry{}, Absent, err
	}
	state, err := d.options.Clock.State(e)
	if err != nil {
		return Entry{}, state, err
	}
	return e, state, nil
}

// get returns the entry of key, which may have expired. The error is a *Miss.
func (d *Disk) get(key string) (Entry, error) {
	if d.disabled != nil {
		return Entry{}, miss(d.disabled.Error())
	}
	dir, err := d.openForReading()
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return Entry{}, miss(errAbsent.Error())
		}
		return Entry{}, miss("cache directory not usable: " + err.Error())
	}
	defer dir.close()
	k, err := d.readKey(dir)
	if err != nil {
		return Entry{}, miss(err.Error())
	}
	_, e, err := load(dir, k, hashKey(key))
	return e, err
}

// load reads one entry. The error is a *Miss.
func load(dir *directory, k sealingKey, h keyHash) (key string, e Entry, err error) {
	file, err := dir.read(entriesDir+"/"+k.fileName(h), sealedMax, false)
	if err != nil {
		return "", Entry{}, miss(err.Error())
	}
	return k.open(h, file)
}

// Put implements [Store]. A key can have up to 1 KiB and a value up to 64 KiB. Put does nothing if
// the cache is disabled.
func (d *Disk) Put(key string, e Entry) error {
	if d.options.Disabled {
		return nil
	}
	e, err := d.options.Clock.Stamp(e).checked(key)
	if err != nil {
		return err
	}
	dir, root, err := d.create()
	if err != nil {
		return err
	}
	defer dir.close()
	defer root.Close()
	k, err := d.makeKey(dir)
	if err != nil {
		return err
	}
	suffix, err := tempSuffix() // before seal, which needs random bytes
	if err != nil {
		return err
	}
	err = replaceFile(root, entriesDir, k.fileName(hashKey(key)), suffix, k.seal(key, e), e.Fetched.Add(e.Lifetime))
	d.cleanup(root)
	return err
}

// create opens the directory for writing. It creates the directory and the files that belong in it.
func (d *Disk) create() (*directory, *os.Root, error) {
	dir, err := d.openForWriting()
	if err != nil {
		return nil, nil, err
	}
	root, err := dir.root()
	if err == nil {
		if err = d.populate(root); err == nil {
			return dir, root, nil
		}
		root.Close()
	}
	dir.close()
	return nil, nil, err
}

// openExisting opens the directory for package os. It fails if the directory does not exist.
func (d *Disk) openExisting() (*directory, *os.Root, error) {
	if d.disabled != nil {
		return nil, nil, d.disabled
	}
	dir, err := d.openForReading()
	if err != nil {
		return nil, nil, err
	}
	root, err := dir.root()
	if err != nil {
		dir.close()
		return nil, nil, err
	}
	return dir, root, nil
}

// Delete implements [Store]. It also removes entries of key that another sealing key sealed.
func (d *Disk) Delete(key string) error {
	dir, root, err := d.openExisting()
	if err != nil {
		return nil // Get returns nothing either
	}
	defer dir.close()
	defer root.Close()
	h := hashKey(key)
	return removeEntries(root, func(name string) bool {
		_, found, ok := parseFileName(name)
		return ok && found == h
	})
}

// Clear removes all entries, including those that other sealing keys sealed, and all host names. It
// returns the number of removed entries.
func (d *Disk) Clear() (removed int, err error) {
	dir, root, err := d.openExisting()
	if err != nil {
		return 0, nil
	}
	defer dir.close()
	defer root.Close()
	err = removeEntries(root, func(name string) bool {
		if _, ok := tempTime(name); ok {
			return true
		}
		_, _, ok := parseFileName(name)
		if ok {
			removed++
		}
		return ok
	})
	for _, name := range names(root, hostsDir) {
		if _, ok := unescapeHost(name); ok {
			if e := root.Remove(hostsDir + "/" + name); err == nil {
				err = e
			}
		}
	}
	return removed, err
}

// removeEntries removes the entry files for whose names match returns true.
func removeEntries(root *os.Root, match func(name string) bool) error {
	var first error
	for _, name := range names(root, entriesDir) {
		if match(name) {
			if err := root.RemoveAll(entriesDir + "/" + name); first == nil {
				first = err
			}
		}
	}
	return first
}
