package cache

import (
	"slices"
	"strings"
)

// An Inventory lists the content of the cache directory.
type Inventory struct {
	// Items are the entries that the sealing key opens, sorted by key. They include entries that
	// Get does not return; those have no Value.
	Items []Item

	// Failures are the keys for which a failed fetch is stored, sorted.
	Failures []string

	// OtherKey is the number of entries that another sealing key sealed: that of another machine
	// that shares the directory, or a previous key of this one.
	OtherKey int

	// Damaged is the number of entries that the sealing key should open but does not.
	Damaged int

	// HasKey reports whether a sealing key was found. Without one, all entries count as OtherKey.
	HasKey bool
}

// An Item is an entry with its key and its state.
type Item struct {
	Key   string
	Entry Entry
	State State
}

// Inventory lists the content of the cache directory. It is empty if the directory cannot be read.
func (d *Disk) Inventory() Inventory {
	var inv Inventory
	dir, root, err := d.openExisting()
	if err != nil {
		return inv
	}
	defer dir.close()
	defer root.Close()
	k, err := d.readKey(dir)
	inv.HasKey = err == nil
	for _, name := range names(root, entriesDir) {
		id, h, ok := parseFileName(name)
		switch {
		case !ok:
			continue
		case !inv.HasKey || id != k.id():
			inv.OtherKey++
			continue
		}
		key, e, err := load(dir, k, h)
		switch {
		case err != nil:
			inv.Damaged++
		case isFailureKey(key):
			inv.Failures = append(inv.Failures, strings.TrimPrefix(key, failurePrefix))
		default:
			state, err := d.options.Clock.State(e)
			if err != nil {
				e.Value = nil
			}
			inv.Items = append(inv.Items, Item{key, e, state})
		}
	}
	slices.Sort(inv.Failures)
	slices.SortFunc(inv.Items, func(a, b Item) int { return strings.Compare(a.Key, b.Key) })
	return inv
}

// validEntries returns the number of entries that Get returns.
func (inv Inventory) validEntries() int {
	n := 0
	for _, i := range inv.Items {
		if i.State == Fresh || i.State == Aging {
			n++
		}
	}
	return n
}
