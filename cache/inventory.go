package cache

import (
	"slices"
	"strings"
)

// An Inventory is everything that the folder holds under the names of entries.
type Inventory struct {
	// Entries are those that open, in the order of their keys: also the ones
	// that Get would not return any more, with the State that says so and no
	// Value. Refusals are not among them.
	Entries []Named

	// Refused are the keys for which a refusal is remembered, in order.
	Refused []string

	// Foreign counts the files that another sealing key sealed: that of
	// another machine that shares the folder, or of this one before the
	// key was lost.
	Foreign int

	// Damaged counts the files that should open and do not.
	Damaged int

	// Sealed is false when there is no sealing key to open anything with.
	Sealed bool
}

// Inventory counts what is there. Where nothing can be read it is empty.
func (d *Disk) Inventory() Inventory {
	var inv Inventory
	f, dir, err := d.openExisting()
	if err != nil {
		return inv
	}
	defer f.close()
	defer dir.Close()
	k, err := d.readKey(f)
	inv.Sealed = err == nil
	for _, name := range names(dir, entriesDir) {
		id, h, ok := parseFileName(name)
		switch {
		case !ok:
			continue
		case !inv.Sealed || id != k.id():
			inv.Foreign++
			continue
		}
		key, e, err := d.load(f, k, h)
		switch {
		case err != nil:
			inv.Damaged++
		case isFailureKey(key):
			inv.Refused = append(inv.Refused, strings.TrimPrefix(key, failurePrefix))
		default:
			state, err := d.options.Clock.State(e)
			if err != nil {
				e.Value = nil
			}
			inv.Entries = append(inv.Entries, Named{key, e, state})
		}
	}
	slices.Sort(inv.Refused)
	slices.SortFunc(inv.Entries, func(a, b Named) int { return strings.Compare(a.Key, b.Key) })
	return inv
}

// Entries lists, in the order of their keys, the entries that Get would return.
func (d *Disk) Entries() []Named {
	return slices.DeleteFunc(d.Inventory().Entries, func(n Named) bool { return n.State != Fresh && n.State != Aging })
}
