package cache

import (
	"bytes"
	"testing"
	"time"
)

func testEntry() Entry {
	e := halfDay("not-a-real-token", time.Unix(0, 1773489600123456789))
	e.Skew = -3 * time.Second
	e.stamp = stamp{boot: [16]byte{1, 2, 3}, since: time.Hour}
	return e
}

func sameEntry(a, b Entry) bool {
	return bytes.Equal(a.Value, b.Value) && a.Fetched.Equal(b.Fetched) && a.Lifetime == b.Lifetime &&
		a.Refresh == b.Refresh && a.Skew == b.Skew && a.stamp == b.stamp
}

func TestDecodeRejects(t *testing.T) {
	t.Parallel()
	good := encode(nil, "key", testEntry())
	set := func(at int, b ...byte) []byte {
		c := bytes.Clone(good)
		copy(c[at:], b)
		return c
	}
	minus := []byte{255, 255, 255, 255, 255, 255, 255, 255}
	for why, b := range map[string][]byte{
		"empty":                       nil,
		"shorter than the fixed part": good[:plainFixed-1],
		"no room for the key":         good[:plainFixed+2],
		"negative lifetime":           set(8, minus...),
		"no lifetime":                 set(8, make([]byte, 8)...),
		"negative refresh":            set(16, minus...),
		"refresh after expiry":        set(16, 0x7f),
		"negative time since boot":    set(48, minus...),
		"empty key":                   set(56, 0, 0),
		"key longer than the rest":    set(56, 255, 255),
		"value too large":             append(bytes.Clone(good), make([]byte, maxValue)...),
	} {
		if key, e, err := decode(b); err == nil {
			t.Errorf("%s: decoded to %q, %+v", why, key, e)
		}
	}
	if key, e, err := decode(good); err != nil || key != "key" || !sameEntry(e, testEntry()) {
		t.Errorf("decoded to %q, %+v, %v", key, e, err)
	}
}

func TestSealCoversKeyAndHeader(t *testing.T) {
	t.Parallel()
	k, other := sealingKey{1}, sealingKey{2}
	file := k.seal("key", testEntry())
	if key, e, err := k.open(hashKey("key"), bytes.Clone(file)); err != nil || key != "key" || !sameEntry(e, testEntry()) {
		t.Fatalf("opened to %q, %+v, %v", key, e, err)
	}
	if _, _, err := k.open(hashKey("another key"), bytes.Clone(file)); err == nil {
		t.Error("opened for another entry")
	}
	if _, _, err := other.open(hashKey("key"), bytes.Clone(file)); err == nil {
		t.Error("opened with another sealing key")
	}
	if bytes.Contains(file, []byte("not-a-real-token")) || bytes.Contains(file, []byte("key\x00")) {
		t.Error("the file contains plain text")
	}
	if again := k.seal("key", testEntry()); bytes.Equal(again, file) {
		t.Error("two seals are equal: the nonce is not random")
	}
	if k.id() == other.id() || len(k.id()) != 16 {
		t.Errorf("ids %q and %q", k.id(), other.id())
	}
}

func TestFileNames(t *testing.T) {
	t.Parallel()
	k := sealingKey{9}
	name := k.fileName(hashKey("key"))
	if id, h, ok := parseFileName(name); !ok || id != k.id() || h != hashKey("key") {
		t.Errorf("%q parses to %q, %v, %v", name, id, h, ok)
	}
	for _, bad := range []string{
		"", "x", name[1:], name + "0", "A" + name[1:], name[:16] + "_" + name[17:],
		name[:80] + "g", name[:80] + "/", ".tmp-" + name[5:],
	} {
		if _, _, ok := parseFileName(bad); ok {
			t.Errorf("%q is accepted as the name of an entry", bad)
		}
	}
}

// FuzzDecode checks that decoding and encoding again returns the same bytes, that a changed sealed
// file does not open, and that nothing panics.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(nil), uint16(0), byte(1))
	f.Add(encode(nil, "key", testEntry()), uint16(3), byte(1))
	f.Add(encode(nil, "k", Entry{Lifetime: 1, Fetched: time.Unix(0, 0)}), uint16(60), byte(0x80))
	f.Add(sealingKey{3}.seal("key", testEntry()), uint16(99), byte(255))
	f.Fuzz(func(t *testing.T, b []byte, at uint16, flip byte) {
		k := sealingKey{3}
		if _, _, err := k.open(hashKey("key"), bytes.Clone(b)); err == nil && !bytes.Equal(b[:len(sealHeader)], []byte(sealHeader)) {
			t.Fatal("opened without its header")
		}
		key, e, err := decode(bytes.Clone(b))
		if err != nil {
			return
		}
		if again := encode(nil, key, e); !bytes.Equal(again, b) {
			t.Fatalf("decoded %x, encoded %x", b, again)
		}
		if _, err := e.checked(key); err != nil {
			t.Fatalf("decoded an entry that cannot be stored: %v", err)
		}
		file := k.seal(key, e)
		if k2, e2, err := k.open(hashKey(key), bytes.Clone(file)); err != nil || k2 != key || !sameEntry(e, e2) {
			t.Fatalf("sealed and opened: %q, %+v, %v", k2, e2, err)
		}
		changed := bytes.Clone(file)
		changed[int(at)%len(changed)] ^= flip
		if _, _, err := k.open(hashKey(key), changed); (err == nil) != (flip == 0) {
			t.Fatalf("changed by %x at %d: %v", flip, int(at)%len(file), err)
		}
		if _, _, err := k.open(hashKey(key), file[:int(at)%len(file)]); err == nil {
			t.Fatal("opened although truncated")
		}
	})
}
