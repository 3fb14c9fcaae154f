package cache

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// keyDescription is the name of the sealing key in a keyring or keychain.
const keyDescription = "ecr-login:sealing-key"

// A place is somewhere a sealing key can live.
type place interface {
	// name tells a person where that is.
	name() string

	// offDisk reports whether a stolen disk, a backup or an image layer
	// leaves the key behind.
	offDisk() bool

	// read returns the key. The error is errNoKey when there is none yet,
	// and another one when this cannot be a place for a key here.
	read() (sealingKey, error)

	// make returns the key that all processes of this user agree on, and
	// makes it when there is none.
	make() (sealingKey, error)
}

var (
	errNoKey   = errors.New("no sealing key yet")
	errNoPlace = errors.New("no place for the sealing key")
	errBadKey  = errors.New("what is there is not a sealing key")
)

// places lists where the sealing key may live, the best first.
func (d *Disk) places(f *folder) []place {
	var list []place
	if d.keyPlaces != nil {
		list = d.keyPlaces(f)
	} else {
		list = d.machinePlaces(f)
	}
	if !d.options.SealingRequired {
		return list
	}
	safe := list[:0]
	for _, p := range list {
		if p.offDisk() {
			safe = append(safe, p)
		}
	}
	return safe
}

// readKey finds the sealing key for a Get. A key in a lesser place counts too:
// it was put there when the better one could not be used.
func (d *Disk) readKey(f *folder) (sealingKey, error) {
	if d.heldKey != nil {
		return *d.heldKey, nil
	}
	err := errNoPlace
	for _, p := range d.places(f) {
		k, e := p.read()
		if e == nil {
			if d.hold {
				d.heldKey = &k
			}
			return k, nil
		}
		if errors.Is(e, errNoKey) || errors.Is(e, errBadKey) {
			err = errNoKey
		}
	}
	return sealingKey{}, err
}

// makeKey finds the sealing key for a Put, or makes one in the best place that
// takes it.
func (d *Disk) makeKey(f *folder) (sealingKey, error) {
	err := errNoPlace
	for _, p := range d.places(f) {
		k, e := p.make()
		if e == nil {
			return k, nil
		}
		err = fmt.Errorf("%w; %s: %w", err, p.name(), e)
	}
	return sealingKey{}, fmt.Errorf("making a sealing key: %w", err)
}

// A key is kept as text where a person may come across it.
func (k sealingKey) text() []byte { return append(hex.AppendEncode(nil, k[:]), '\n') }

const keyTextLen = 2*len(sealingKey{}) + 1

func parseKeyText(b []byte) (k sealingKey, err error) {
	s, ok := strings.CutSuffix(string(b), "\n")
	if !ok || len(b) != keyTextLen || !isHex(s) {
		return k, errBadKey
	}
	_, err = hex.Decode(k[:], []byte(s))
	return k, err
}
