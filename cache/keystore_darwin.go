package cache

import (
	"errors"
	"time"

	"github.com/zalando/go-keyring"
)

// systemKeyStores returns the login keychain and the cache directory.
func (d *Disk) systemKeyStores(dir *directory) []keyStore {
	return []keyStore{
		keychainStore{
			service: d.keyDescription,
			account: d.options.Name,
			lock:    func() (unlock func()) { return lockSealingKey(dir) },
		},
		fileKeyStore{cache: dir, dir: dir.path},
	}
}

func inMemory(string) bool { return false }

// keychainStore is the user's login keychain. It is used through /usr/bin/security.
type keychainStore struct {
	service, account string
	lock             func() (unlock func())
}

// keychainTimeout ends the wait for a locked keychain that prompts for a password.
const keychainTimeout = 5 * time.Second

var errKeychain = errors.New("the keychain did not respond")

func (s keychainStore) name() string  { return "the user's login keychain" }
func (s keychainStore) offDisk() bool { return true }

func (s keychainStore) read() (sealingKey, error) {
	text, err := withTimeout(func() (string, error) { return keyring.Get(s.service, s.account) })
	switch {
	case errors.Is(err, keyring.ErrNotFound):
		return sealingKey{}, errNoKey
	case err != nil:
		return sealingKey{}, err
	}
	return parseKeyText([]byte(text + "\n"))
}

func (s keychainStore) create() (sealingKey, error) {
	k, err := s.read()
	if err == nil {
		return k, nil
	}
	if !errors.Is(err, errNoKey) && !errors.Is(err, errBadKey) {
		return k, err
	}
	defer s.lock()()
	if k, err = s.read(); err == nil {
		return k, nil
	}
	k, err = newSealingKey()
	if err != nil {
		return k, err
	}
	text := k.text()
	_, err = withTimeout(func() (string, error) {
		return "", keyring.Set(s.service, s.account, string(text[:len(text)-1]))
	})
	if err != nil {
		return k, err
	}
	return s.read() // may be the key of another process
}

func (s keychainStore) remove() error {
	_, err := withTimeout(func() (string, error) { return "", keyring.Delete(s.service, s.account) })
	if errors.Is(err, keyring.ErrNotFound) {
		return errNoKey
	}
	return err
}

// withTimeout returns the result of f, or errKeychain after keychainTimeout.
func withTimeout(f func() (string, error)) (string, error) {
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := f()
		done <- result{text, err}
	}()
	timer := time.NewTimer(keychainTimeout)
	defer timer.Stop()
	select {
	case r := <-done:
		return r.text, r.err
	case <-timer.C:
		return "", errKeychain
	}
}
