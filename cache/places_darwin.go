package cache

import (
	"errors"
	"time"

	"github.com/zalando/go-keyring"
)

// keychainPlace is the user's login keychain, through /usr/bin/security.
type keychainPlace struct {
	description string
	lock        func() (unlock func())
}

// keychainPatience ends the wait for a keychain that is locked and asks a
// person who may not be there.
const keychainPatience = 5 * time.Second

var errKeychain = errors.New("the keychain did not answer")

func (p keychainPlace) name() string  { return "the user's login keychain" }
func (p keychainPlace) offDisk() bool { return true }

func (p keychainPlace) read() (sealingKey, error) {
	type answer struct {
		text string
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		text, err := keyring.Get(p.description, folderName)
		done <- answer{text, err}
	}()
	patience := time.NewTimer(keychainPatience)
	defer patience.Stop()
	select {
	case a := <-done:
		if errors.Is(a.err, keyring.ErrNotFound) {
			return sealingKey{}, errNoKey
		}
		if a.err != nil {
			return sealingKey{}, a.err
		}
		return parseKeyText([]byte(a.text + "\n"))
	case <-patience.C:
		return sealingKey{}, errKeychain
	}
}

func (p keychainPlace) make() (sealingKey, error) {
	k, err := p.read()
	if err == nil {
		return k, nil
	}
	if !errors.Is(err, errNoKey) && !errors.Is(err, errBadKey) {
		return k, err
	}
	defer p.lock()()
	if k, err = p.read(); err == nil {
		return k, nil
	}
	random(k[:])
	text := k.text()
	done := make(chan error, 1)
	go func() { done <- keyring.Set(p.description, folderName, string(text[:len(text)-1])) }()
	patience := time.NewTimer(keychainPatience)
	defer patience.Stop()
	select {
	case err := <-done:
		if err != nil {
			return k, err
		}
		return p.read() // the one that all agree on
	case <-patience.C:
		return k, errKeychain
	}
}

// machinePlaces: the login keychain, then the disk.
func (d *Disk) machinePlaces(f *folder) []place {
	return []place{
		keychainPlace{description: d.keyDescription, lock: func() func() { return d.lockSealingKey(f) }},
		filePlace{disk: d, cache: f, dir: f.path},
	}
}

func inMemory(string) bool { return false }
