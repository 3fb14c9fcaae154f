package cache

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/sys/unix"
)

// newDescription returns the description of a sealing key that is removed at the end of the test.
func newDescription(t testing.TB) string {
	t.Helper()
	var b [8]byte
	rand.Read(b[:])
	description := "cache-test:" + hex.EncodeToString(b[:])
	t.Cleanup(func() { removeKey(description) })
	return description
}

// removeKey removes all keys with the description from the user keyring.
func removeKey(description string) {
	for {
		id, err := unix.KeyctlSearch(userKeyring, "user", description, 0)
		if err != nil {
			return
		}
		if _, err := unix.KeyctlInt(unix.KEYCTL_UNLINK, id, userKeyring, 0, 0); err != nil {
			return
		}
	}
}

// requireKeyring skips the test if the kernel or a seccomp filter allows no keyring.
func requireKeyring(t testing.TB) {
	t.Helper()
	_, err := keyringStore{description: "cache-test:none"}.read()
	if err != errNoKey {
		t.Skipf("no kernel keyring here: %v", err)
	}
}

func newKeyring(t testing.TB) keyringStore {
	requireKeyring(t)
	return keyringStore{description: newDescription(t), lock: func() func() { return func() {} }}
}

func TestKeyring(t *testing.T) {
	t.Parallel()
	p := newKeyring(t)
	if _, err := p.read(); err != errNoKey {
		t.Fatalf("no key created yet: %v", err)
	}
	k, err := p.create()
	if err != nil || k == (sealingKey{}) {
		t.Fatalf("zero key: %v, %v", k == sealingKey{}, err)
	}
	if again, err := p.create(); err != nil || again != k {
		t.Errorf("created another key: %v", err)
	}
	if again, err := p.read(); err != nil || again != k {
		t.Errorf("read another key: %v", err)
	}
	id, err := unix.KeyctlSearch(userKeyring, "user", p.description, 0)
	if err != nil {
		t.Fatal(err)
	}
	described, err := unix.KeyctlString(unix.KEYCTL_DESCRIBE, id)
	if err != nil || !strings.Contains(described, ";3f0b0000;") {
		t.Errorf("described as %q, %v", described, err)
	}
}

// A process that is not the first one removes its own key.
func TestKeyringUnusedKeyRemoved(t *testing.T) {
	t.Parallel()
	p := newKeyring(t)
	k, err := p.create()
	if err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := p.add(false); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.KeyctlSearch(threadKeyring, "user", p.description, 0); err != unix.ENOKEY {
		t.Errorf("the unused key: %v", err)
	}
	if again, err := p.read(); err != nil || again != k {
		t.Errorf("the first key was replaced: %v", err)
	}
}

// Without an exclusive move, a process that waited for the lock uses the key of the other process.
func TestKeyringReadAgainUnderLock(t *testing.T) {
	t.Parallel()
	other := newKeyring(t)
	if _, err := unix.AddKey("user", other.description, []byte("invalid"), userKeyring); err != nil {
		t.Fatal(err)
	}
	var created sealingKey
	p := other
	p.lock = func() func() { // another process creates a key meanwhile
		var err error
		if created, err = other.create(); err != nil {
			t.Error(err)
		}
		return func() {}
	}
	if k, err := p.create(); err != nil || k != created {
		t.Errorf("replaced the key of another process: %v", err)
	}
}

func TestKeyringInvalidKeyReplaced(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(p keyringStore, id int) error
	}{
		{"lost, as after a reboot", func(p keyringStore, id int) error { removeKey(p.description); return nil }},
		{"revoked", func(p keyringStore, id int) error {
			_, err := unix.KeyctlInt(unix.KEYCTL_REVOKE, id, 0, 0, 0)
			return err
		}},
		{"too short", func(p keyringStore, id int) error {
			_, err := unix.AddKey("user", p.description, []byte("short"), userKeyring)
			return err
		}},
		{"too long", func(p keyringStore, id int) error {
			_, err := unix.AddKey("user", p.description, make([]byte, 99), userKeyring)
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newKeyring(t)
			d := newDisk(t)
			d.keyStores = func(*directory) []keyStore { return []keyStore{p} }
			mustPut(t, d, "k", halfDay("v", time.Now()))
			id, err := unix.KeyctlSearch(userKeyring, "user", p.description, 0)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { unix.KeyctlInt(unix.KEYCTL_UNLINK, id, userKeyring, 0, 0) }) // a revoked key is not found by name
			if err := c.change(p, id); err != nil {
				t.Skipf("cannot set this up in this session: %v", err)
			}
			wantMiss(t, d, "k", "no sealing key yet")
			mustPut(t, d, "k", halfDay("again", time.Now()))
			wantValue(t, d, "k", "again")
		})
	}
}

// A key that one session created can be read in a session without a link to the user keyring (as of
// systemd services, cron and su), and the other way round.
func TestKeyringInAnySession(t *testing.T) {
	t.Parallel()
	requireKeyring(t)
	for _, uid := range users(t) {
		for _, order := range [][2]string{{"key", "other session"}, {"other session", "key"}} {
			t.Run(fmt.Sprintf("user %d, %s first", uid, order[0]), func(t *testing.T) {
				t.Parallel()
				dir := dirFor(t, int(uid))
				as, binary := asUser(uid), testBinary(t, dir)
				c := childConfig{Dir: filepath.Join(dir, "cache"), Description: newDescription(t)}
				one := startRole(t, order[0], c, as, binary)
				t.Cleanup(func() { one.send("remove"); one.want("removed") })
				two := startRole(t, order[1], c, as, binary)
				one.send("put")
				one.want("put <nil>")
				two.send("get")
				two.want("get v <nil>")
				two.send("where")
				two.want("where true the user's keyring in the Linux kernel")
				if _, err := os.Stat(filepath.Join(c.Dir, keyFile)); err == nil {
					t.Error("a key file was created")
				}
				two.send("put")
				two.want("put <nil>")
				one.send("get")
				one.want("get v <nil>")
			})
		}
	}
}

// Sixteen processes that create the key at the same time agree on one key.
func TestConcurrentKeyCreation(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, role string }{
		{"keyring", "key"},
		{"keyring of an old kernel", "no key move"},
		{"file", "keyring forbidden"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			requireKeyring(t)
			const processes, rounds = 16, 20
			dir := t.TempDir()
			config := childConfig{
				Dir:         filepath.Join(dir, "cache"),
				Description: newDescription(t),
				Gate:        filepath.Join(dir, "gate"),
			}
			all := make([]*process, processes)
			for i := range all {
				all[i] = startRole(t, c.role, config)
			}
			for round := range rounds {
				gate := flock.New(config.Gate)
				if err := gate.Lock(); err != nil {
					t.Fatal(err)
				}
				for _, p := range all {
					p.send("make")
					p.want("waiting for the gate")
				}
				if err := gate.Unlock(); err != nil {
					t.Fatal(err)
				}
				first := all[0].receive()
				if !strings.HasSuffix(first, " <nil>") {
					t.Fatalf("round %d: %s", round, first)
				}
				for _, p := range all[1:] {
					if line := p.receive(); line != first {
						t.Fatalf("round %d: %q and %q", round, first, line)
					}
				}
				removeKey(config.Description)
				if err := os.Remove(filepath.Join(config.Dir, keyFile)); (err == nil) != (c.role == "keyring forbidden") {
					t.Fatalf("key file: %v", err)
				}
			}
		})
	}
}

func TestForbiddenKeyring(t *testing.T) {
	t.Parallel()
	memory := "/dev/shm"
	if !inMemory(memory) {
		memory = ""
	}
	for _, c := range []struct {
		name, role string
		runtime    bool
		required   bool
		where      string // after "where "; DIR is the cache directory, RUN the runtime directory
	}{
		{"forbidden: a file on disk", "keyring forbidden", false, false, "false a file on disk in DIR"},
		{"not supported: a file on disk", "no keyring", false, false, "false a file on disk in DIR"},
		{"forbidden: a file in the runtime directory", "keyring forbidden", true, false, "true a file in memory in RUN/ecr-login"},
		{"forbidden, sealing required: a file in the runtime directory", "keyring forbidden", true, true, "true a file in memory in RUN/ecr-login"},
		{"forbidden, sealing required, no runtime directory: none", "keyring forbidden", false, true, "false "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if inMemory(dir) {
				t.Skip("the temporary directory is in memory")
			}
			config := childConfig{Dir: filepath.Join(dir, "cache"), Description: newDescription(t), Required: c.required}
			var run string
			if c.runtime {
				if memory == "" {
					t.Skip("/dev/shm is not in memory")
				}
				var err error
				if run, err = os.MkdirTemp(memory, "cache-test-"); err != nil {
					t.Skip(err)
				}
				t.Cleanup(func() { os.RemoveAll(run) })
				config.Env = map[string]string{"XDG_RUNTIME_DIR": run}
			}
			p := startRole(t, c.role, config)
			p.send("put")
			put := p.receive()
			p.send("get")
			get := p.receive()
			p.send("where")
			p.want("where " + strings.NewReplacer("DIR", config.Dir, "RUN", run).Replace(c.where))
			_, errDisk := os.Stat(filepath.Join(config.Dir, keyFile))
			if strings.HasPrefix(c.where, "false a file on disk") != (errDisk == nil) {
				t.Errorf("key file on disk: %v", errDisk)
			}
			if c.required && !c.runtime {
				if put == "put <nil>" || !strings.HasPrefix(get, "get  not in the cache") {
					t.Errorf("%s, %s", put, get)
				}
				return
			}
			if put != "put <nil>" || get != "get v <nil>" {
				t.Errorf("%s, %s", put, get)
			}
			// A process that can use the keyring reads the key file until it creates a key in the
			// keyring.
			free := startRole(t, "key", config)
			free.send("get")
			free.want("get v <nil>")
			free.send("put")
			free.want("put <nil>")
			p.send("get")
			p.want("get v <nil>")
		})
	}
}

// If the user's keyring is full (200 keys or 20,000 bytes), the key is stored in the next store.
func TestKeyringQuota(t *testing.T) {
	t.Parallel()
	requireKeyring(t)
	requireRoot(t, "runs as a user with a small quota")
	const uid = otherUser + 1
	dir := dirFor(t, uid)
	c := childConfig{Dir: filepath.Join(dir, "cache"), Description: newDescription(t)}
	p := startRole(t, "full keyring", c, asUser(uid), testBinary(t, dir))
	t.Cleanup(func() { p.send("remove"); p.want("removed") })
	p.send("put")
	p.want("put <nil>")
	p.send("get")
	p.want("get v <nil>")
	if _, err := os.Stat(filepath.Join(c.Dir, keyFile)); err != nil {
		t.Errorf("no key file: %v", err)
	}
}

func TestRemoveKeyFromKeyring(t *testing.T) {
	t.Parallel()
	requireKeyring(t)
	s := keyringStore{description: newDescription(t), lock: func() func() { return func() {} }}
	if err := s.remove(); err != errNoKey {
		t.Errorf("without a key: %v", err)
	}
	if _, err := s.create(); err != nil {
		t.Fatal(err)
	}
	if err := s.remove(); err != nil {
		t.Error(err)
	}
	if _, err := s.read(); err != errNoKey {
		t.Errorf("after the removal: %v", err)
	}
}
