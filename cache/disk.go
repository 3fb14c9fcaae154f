package cache

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
)

// Options say where a [Disk] keeps its files and how. The zero value is what a
// person without settings wants.
type Options struct {
	// Environ looks up an environment variable; nil means os.LookupEnv.
	Environ func(string) (string, bool)

	// Dir is the folder to use, this one or none; "" means the first of the
	// default places that is safe and is there or can be made:
	// $CACHE_DIRECTORY (systemd), the user's cache folder, /var/cache/ecr-login
	// (root), $XDG_RUNTIME_DIR, a private folder in the temporary folder.
	Dir string

	// SealingRequired forbids to keep the sealing key on the disk. Where it
	// has no other place, nothing is cached.
	SealingRequired bool

	// Disabled keeps away from the disk altogether.
	Disabled bool

	Clock Clock

	// Log hears what went wrong, for it reaches nobody else; nil is silent.
	Log *slog.Logger
}

// A Disk is a [Store] with one file for each entry, for many processes at a
// time. A hit opens the folder and one file and asks the kernel for the sealing
// key; it takes no lock and writes nothing.
type Disk struct {
	options        Options
	keyDescription string
	keyPlaces      func(*folder) []place // nil: the machine's
	systemCache    string

	hold    bool
	held    *folder     // after the first lookup that found it, when hold is set
	heldKey *sealingKey // likewise
}

// Open returns the disk tier. It touches nothing: the folder is looked for at
// each use, and made by the first Put.
func Open(o Options) *Disk {
	return &Disk{options: o, keyDescription: keyDescription, systemCache: systemCache}
}

// Hold makes lookups keep the folder and the sealing key that the first of them
// finds. It is for a process that asks two or three questions and ends, from one
// goroutine: what happens to the folder meanwhile goes unnoticed.
func (d *Disk) Hold() { d.hold = true }

const entriesDir = "entries"

// What is wrong with a file.
var (
	errAbsent     = errors.New("absent")
	errNotRegular = errors.New("not a regular file")
	errNotPrivate = errors.New("not a file of this user alone")
	errTooBig     = errors.New("too big")
	errDisabled   = errors.New("switched off")
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

// Get returns the entry of key when it is fresh or aging, or else a [*Miss].
func (d *Disk) Get(key string) (Entry, error) {
	if d.options.Disabled {
		return Entry{}, miss(errDisabled.Error())
	}
	f, err := d.reading()
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return Entry{}, miss(errAbsent.Error())
		}
		return Entry{}, miss("the folder is not used: " + err.Error())
	}
	defer f.close()
	k, err := d.readKey(f)
	if err != nil {
		return Entry{}, miss(err.Error())
	}
	_, e, err := d.load(f, k, hashKey(key))
	if err != nil {
		return Entry{}, err
	}
	if _, err := d.options.Clock.State(e); err != nil {
		return Entry{}, err
	}
	return e, nil
}

// load reads one entry; the error is a *Miss.
func (d *Disk) load(f *folder, k sealingKey, h keyHash) (key string, e Entry, err error) {
	file, err := f.read(entriesDir+"/"+k.fileName(h), sealedMax, false)
	if err != nil {
		return "", Entry{}, miss(err.Error())
	}
	return k.open(h, file)
}

// Put keeps e under key. The error is for a log: an entry that could not be
// kept is fetched again.
func (d *Disk) Put(key string, e Entry) error {
	if d.options.Disabled {
		return nil
	}
	e, err := d.options.Clock.Stamp(e).checked(key)
	if err != nil {
		return err
	}
	f, dir, err := d.openWriting()
	if err != nil {
		return err
	}
	defer f.close()
	defer dir.Close()
	k, err := d.makeKey(f)
	if err != nil {
		return err
	}
	err = replaceFile(dir, entriesDir, k.fileName(hashKey(key)), k.seal(key, e), e.Fetched.Add(e.Lifetime))
	d.clean(dir)
	return err
}

// openWriting opens the folder to write in, with what belongs into it.
func (d *Disk) openWriting() (*folder, *os.Root, error) {
	f, err := d.writing()
	if err != nil {
		return nil, nil, err
	}
	dir, err := f.root()
	if err == nil {
		if err = furnish(dir); err == nil {
			return f, dir, nil
		}
		dir.Close()
	}
	f.close()
	return nil, nil, err
}

// openExisting opens the folder for package os, when it is there.
func (d *Disk) openExisting() (*folder, *os.Root, error) {
	if d.options.Disabled {
		return nil, nil, fs.ErrNotExist
	}
	f, err := d.reading()
	if err != nil {
		return nil, nil, err
	}
	dir, err := f.root()
	if err != nil {
		f.close()
		return nil, nil, err
	}
	return f, dir, nil
}

// Delete forgets the entry of key, whichever sealing key it was sealed with.
func (d *Disk) Delete(key string) error {
	f, dir, err := d.openExisting()
	if err != nil {
		return nil // nothing that would be served either
	}
	defer f.close()
	defer dir.Close()
	h := hashKey(key)
	return removeFiles(dir, func(name string) bool {
		_, have, ok := parseFileName(name)
		return ok && have == h
	})
}

// removeFiles removes what match names in the folder of entries.
func removeFiles(dir *os.Root, match func(name string) bool) error {
	var first error
	for _, name := range names(dir, entriesDir) {
		if match(name) {
			if err := dir.RemoveAll(entriesDir + "/" + name); first == nil {
				first = err
			}
		}
	}
	return first
}

// names lists a folder in the cache; nothing when it cannot be read.
func names(dir *os.Root, name string) []string {
	if fi, err := dir.Lstat(name); err != nil || !fi.IsDir() {
		return nil
	}
	f, err := dir.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	list, _ := f.Readdirnames(-1)
	return list
}

// Named is an entry together with what it was put under.
type Named struct {
	Key   string
	Entry Entry
	State State
}

// Clear removes all entries, also those sealed with other keys, and all notes.
// It says how many entries there were.
func (d *Disk) Clear() (removed int, err error) {
	f, dir, err := d.openExisting()
	if err != nil {
		return 0, nil
	}
	defer f.close()
	defer dir.Close()
	err = removeFiles(dir, func(name string) bool {
		if _, ok := tempTime(name); ok {
			return true
		}
		_, _, ok := parseFileName(name)
		if ok {
			removed++
		}
		return ok
	})
	for _, name := range names(dir, notesDir) {
		if _, ok := unescapeNote(name); ok {
			if e := dir.Remove(notesDir + "/" + name); err == nil {
				err = e
			}
		}
	}
	return removed, err
}
