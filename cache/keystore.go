package cache

import (
	"encoding/hex"
	"errors"
	"fmt"
)

// A keyStore is a place for the sealing key.
type keyStore interface {
	// name describes the place for people.
	name() string

	// offDisk reports whether a stolen disk, a backup or an image layer does not contain the key.
	offDisk() bool

	// read returns the key. The error is errNoKey if there is none yet, errBadKey if there is
	// something else in its place, and another one if this store cannot be used.
	read() (sealingKey, error)

	// create returns the key that all processes of this user use. It creates the key if there is
	// none.
	create() (sealingKey, error)

	// remove removes the key. A missing key is no error.
	remove() error
}

var (
	errNoKey      = errors.New("no sealing key yet")
	errBadKey     = errors.New("the content is not a sealing key")
	errNoKeyStore = errors.New("no place for the sealing key")
)

// usableKeyStores returns the key stores that the options allow, the best one first.
func (d *Disk) usableKeyStores(dir *directory) []keyStore {
	var list []keyStore
	if d.keyStores != nil {
		list = d.keyStores(dir)
	} else {
		list = d.systemKeyStores(dir)
	}
	if !d.options.SealingRequired {
		return list
	}
	allowed := list[:0]
	for _, s := range list {
		if s.offDisk() {
			allowed = append(allowed, s)
		}
	}
	return allowed
}

// readKey finds the sealing key for a Get. It also uses a key in a less preferred store: another
// process created it there because the better store was not available.
func (d *Disk) readKey(dir *directory) (sealingKey, error) {
	if d.reusedKey != nil {
		return *d.reusedKey, nil
	}
	err := errNoKeyStore
	for _, s := range d.usableKeyStores(dir) {
		k, e := s.read()
		if e == nil {
			if d.options.ShortLived {
				d.reusedKey = &k
			}
			return k, nil
		}
		if errors.Is(e, errNoKey) || errors.Is(e, errBadKey) {
			err = errNoKey
		}
	}
	return sealingKey{}, err
}

// makeKey finds the sealing key for a Put, or creates it in the first store that works.
func (d *Disk) makeKey(dir *directory) (sealingKey, error) {
	err := errNoKeyStore
	for _, s := range d.usableKeyStores(dir) {
		k, e := s.create()
		if e == nil {
			return k, nil
		}
		err = fmt.Errorf("%w; %s: %w", err, s.name(), e)
	}
	return sealingKey{}, err
}

// text returns the key in hexadecimal digits with a newline, as it is stored in files.
func (k sealingKey) text() []byte { return append(hex.AppendEncode(nil, k[:]), '\n') }

const keyTextLen = 2*len(sealingKey{}) + 1

// parseKeyText is the inverse of text.
func parseKeyText(b []byte) (k sealingKey, err error) {
	if len(b) != keyTextLen || b[keyTextLen-1] != '\n' || !isHex(string(b[:keyTextLen-1])) {
		return k, errBadKey
	}
	_, err = hex.Decode(k[:], b[:keyTextLen-1])
	return k, err
}
