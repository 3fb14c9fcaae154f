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

// newDescription names a sealing key that is this test's alone and goes with
// it.
func newDescription(t testing.TB) string {
	t.Helper()
	var b [8]byte
	rand.Read(b[:])
	description := "ecr-login-test:" + hex.EncodeToString(b[:])
	t.Cleanup(func() { forgetKey(description) })
	return description
}

// forgetKey takes the key out of the user keyring, however many times it was
// put there.
func forgetKey(description string) {
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

// needKeyring skips where the kernel, or a filter before it, has no keyring.
func needKeyring(t testing.TB) {
	t.Helper()
	_, err := keyringStore{description: "ecr-login-test:none"}.read()
	if err != errNoKey {
		t.Skipf("no kernel keyring here: %v", err)
	}
}

func newKeyring(t testing.TB) keyringStore {
	needKeyring(t)
	return keyringStore{description: newDescription(t), lock: func() func() { return func() {} }}
}

func TestKeyring(t *testing.T) {
	t.Parallel()
	p := newKeyring(t)
	if _, err := p.read(); err != errNoKey {
		t.Fatalf("no key yet, and %v", err)
	}
	k, err := p.create()
	if err != nil || k == (sealingKey{}) {
		t.Fatalf("made %v, %v", k == sealingKey{}, err)
	}
	if again, err := p.create(); err != nil || again != k {
		t.Errorf("made another one: %v", err)
	}
	if again, err := p.read(); err != nil || again != k {
		t.Errorf("read another one: %v", err)
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

// The one that is not first leaves nothing of its own key behind.
func TestKeyringSecondLeavesNothing(t *testing.T) {
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
		t.Errorf("the key made in vain: %v", err)
	}
	if again, err := p.read(); err != nil || again != k {
		t.Errorf("the first key was displaced: %v", err)
	}
}

// Where the move does not decide, the look under the lock does.
func TestKeyringLooksAgainUnderTheLock(t *testing.T) {
	t.Parallel()
	other := newKeyring(t)
	if _, err := unix.AddKey("user", other.description, []byte("of no use"), userKeyring); err != nil {
		t.Fatal(err)
	}
	var theirs sealingKey
	p := other
	p.lock = func() func() { // another process had it until now
		var err error
		if theirs, err = other.create(); err != nil {
			t.Error(err)
		}
		return func() {}
	}
	if k, err := p.create(); err != nil || k != theirs {
		t.Errorf("displaced the key of another process: %v", err)
	}
}

func TestKeyringKeyGoneOrUseless(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why    string
		change func(p keyringStore, id int) error
	}{
		{"gone, as after a reboot", func(p keyringStore, id int) error { forgetKey(p.description); return nil }},
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
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			p := newKeyring(t)
			d := newDisk(t)
			d.keyStores = func(*directory) []keyStore { return []keyStore{p} }
			mustPut(t, d, "k", halfDay("v", time.Now()))
			id, err := unix.KeyctlSearch(userKeyring, "user", p.description, 0)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { unix.KeyctlInt(unix.KEYCTL_UNLINK, id, userKeyring, 0, 0) }) // revoked, it is not found by name
			if err := c.change(p, id); err != nil {
				t.Skipf("cannot be set up in this session: %v", err)
			}
			wantMiss(t, d, "k", "no sealing key yet")
			mustPut(t, d, "k", halfDay("again", time.Now()))
			wantValue(t, d, "k", "again")
		})
	}
}

// A key that one session made is read from a session without a link to the
// user keyring, as services of systemd, cron and su have it, and the other way
// round.
func TestKeyringFromAnySession(t *testing.T) {
	t.Parallel()
	needKeyring(t)
	for _, uid := range users(t) {
		for _, order := range [][2]string{{"key", "key in another session"}, {"key in another session", "key"}} {
			t.Run(fmt.Sprintf("user %d, %s first", uid, order[0]), func(t *testing.T) {
				t.Parallel()
				dir := openFor(t, int(uid))
				as, binary := asUser(uid), testBinary(t, dir)
				c := childConfig{Dir: filepath.Join(dir, "cache"), Description: newDescription(t)}
				one := startReady(t, order[0], c, as, binary)
				t.Cleanup(func() { one.say("forget"); one.want("forgot") })
				two := startReady(t, order[1], c, as, binary)
				one.say("put")
				one.want("put <nil>")
				two.say("get")
				two.want("get v <nil>")
				two.say("where")
				two.want("where true the user's keyring in the Linux kernel")
				if _, err := os.Stat(filepath.Join(c.Dir, keyFile)); err == nil {
					t.Error("there is a key file")
				}
				two.say("put")
				two.want("put <nil>")
				one.say("get")
				one.want("get v <nil>")
			})
		}
	}
}

// Sixteen processes that are first at once agree on one key.
func TestConcurrentFirstUsersAgree(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, role string }{
		{"keyring", "key"},
		{"keyring of an old kernel", "key not moved"},
		{"file", "key refused"},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			needKeyring(t)
			const processes, rounds = 16, 20
			dir := t.TempDir()
			config := childConfig{
				Dir:         filepath.Join(dir, "cache"),
				Description: newDescription(t),
				Gate:        filepath.Join(dir, "gate"),
			}
			all := make([]*process, processes)
			for i := range all {
				all[i] = startReady(t, c.role, config)
			}
			for round := range rounds {
				gate := flock.New(config.Gate)
				if err := gate.Lock(); err != nil {
					t.Fatal(err)
				}
				for _, p := range all {
					p.say("make")
					p.want("at the gate")
				}
				if err := gate.Unlock(); err != nil {
					t.Fatal(err)
				}
				first := all[0].hear()
				if !strings.HasSuffix(first, " <nil>") {
					t.Fatalf("round %d: %s", round, first)
				}
				for _, p := range all[1:] {
					if line := p.hear(); line != first {
						t.Fatalf("round %d: %q and %q", round, first, line)
					}
				}
				forgetKey(config.Description)
				if err := os.Remove(filepath.Join(config.Dir, keyFile)); (err == nil) != (c.role == "key refused") {
					t.Fatalf("key file: %v", err)
				}
			}
		})
	}
}

func TestRefusedKeyringFallsBack(t *testing.T) {
	t.Parallel()
	memory := "/dev/shm"
	if !inMemory(memory) {
		memory = ""
	}
	for _, c := range []struct {
		why, role string
		runtime   bool
		required  bool
		where     string // after "where "; DIR is the cache folder, RUN the runtime folder
	}{
		{"refused: a file on disk", "key refused", false, false, "false a file on disk in DIR"},
		{"unknown to the kernel: a file on disk", "key unknown", false, false, "false a file on disk in DIR"},
		{"refused: a file in the runtime folder", "key refused", true, false, "true a file in memory in RUN/ecr-login"},
		{"refused, sealing required: the runtime folder", "key refused", true, true, "true a file in memory in RUN/ecr-login"},
		{"refused, sealing required, no runtime folder: nothing", "key refused", false, true, "false "},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if inMemory(dir) {
				t.Skip("the temporary folder is in memory")
			}
			config := childConfig{Dir: filepath.Join(dir, "cache"), Description: newDescription(t), Required: c.required}
			var run string
			if c.runtime {
				if memory == "" {
					t.Skip("no /dev/shm in memory")
				}
				var err error
				if run, err = os.MkdirTemp(memory, "cache-test-"); err != nil {
					t.Skip(err)
				}
				t.Cleanup(func() { os.RemoveAll(run) })
				config.Env = map[string]string{"XDG_RUNTIME_DIR": run}
			}
			p := startReady(t, c.role, config)
			p.say("put")
			put := p.hear()
			p.say("get")
			get := p.hear()
			p.say("where")
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
			// A process that the keyring is open to has its own key, and
			// finds what the other one left until it makes it.
			free := startReady(t, "key", config)
			free.say("get")
			free.want("get v <nil>")
			free.say("put")
			free.want("put <nil>")
			p.say("get")
			p.want("get v <nil>")
		})
	}
}

// The kernel's keyring may be full for a user (200 keys, 20,000 bytes): the key
// then goes to the next place.
func TestKeyringQuota(t *testing.T) {
	t.Parallel()
	needKeyring(t)
	rootOnly(t, "runs as another user, whose quota is small")
	const uid = aStranger + 1
	dir := openFor(t, uid)
	c := childConfig{Dir: filepath.Join(dir, "cache"), Description: newDescription(t)}
	p := startReady(t, "key, no room", c, asUser(uid), testBinary(t, dir))
	t.Cleanup(func() { p.say("forget"); p.want("forgot") })
	p.say("put")
	p.want("put <nil>")
	p.say("get")
	p.want("get v <nil>")
	if _, err := os.Stat(filepath.Join(c.Dir, keyFile)); err != nil {
		t.Errorf("no key file: %v", err)
	}
}
