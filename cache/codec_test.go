package cache

import (
	"bytes"
	"testing"
	"time"
)

func sampleEntry() Entry {
	e := halfDay("not-a-real-token", time.Unix(0, 1773489600123456789))
	e.Skew = -3 * time.Second
	e.stamp = stamp{boot: [16]byte{1, 2, 3}, since: time.Hour}
	return e
}

func sameEntry(a, b Entry) bool {
	return bytes.Equal(a.Value, b.Value) && a.Fetched.Equal(b.Fetched) && a.Lifetime == b.Lifetime &&
		a.Refresh == b.Refresh && a.Skew == b.Skew && a.stamp == b.stamp
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	good := encode(nil, "key", sampleEntry())
	set := func(at int, b ...byte) []byte {
		c := bytes.Clone(good)
		copy(c[at:], b)
		return c
	}
	minus := []byte{255, 255, 255, 255, 255, 255, 255, 255}
	for why, b := range map[string][]byte{
		"nothing":                   nil,
		"shorter than its numbers":  good[:plainFixed-1],
		"no room for the key":       good[:plainFixed+2],
		"a life that is over":       set(8, minus...),
		"no life":                   set(8, make([]byte, 8)...),
		"refresh before the fetch":  set(16, minus...),
		"refresh after the end":     set(16, 0x7f),
		"a boot that has not begun": set(48, minus...),
		"an empty key":              set(56, 0, 0),
		"a key past the end":        set(56, 255, 255),
		"a value that is too big":   append(bytes.Clone(good), make([]byte, MaxValue)...),
	} {
		if key, e, err := decode(b); err == nil {
			t.Errorf("%s: decoded to %q, %+v", why, key, e)
		}
	}
	if key, e, err := decode(good); err != nil || key != "key" || !sameEntry(e, sampleEntry()) {
		t.Errorf("decoded to %q, %+v, %v", key, e, err)
	}
}

func TestSealBindsEverything(t *testing.T) {
	t.Parallel()
	k, other := sealingKey{1}, sealingKey{2}
	file := k.seal("key", sampleEntry())
	if key, e, err := k.open(hashKey("key"), bytes.Clone(file)); err != nil || key != "key" || !sameEntry(e, sampleEntry()) {
		t.Fatalf("opened to %q, %+v, %v", key, e, err)
	}
	if _, _, err := k.open(hashKey("another key"), bytes.Clone(file)); err == nil {
		t.Error("opened under another key's name")
	}
	if _, _, err := other.open(hashKey("key"), bytes.Clone(file)); err == nil {
		t.Error("opened with another sealing key")
	}
	if bytes.Contains(file, []byte("not-a-real-token")) || bytes.Contains(file, []byte("key\x00")) {
		t.Error("the file can be read")
	}
	if again := k.seal("key", sampleEntry()); bytes.Equal(again, file) {
		t.Error("sealed twice to the same bytes: the nonce is not random")
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
			t.Errorf("%q passes for an entry's name", bad)
		}
	}
}

// The laws: what decodes encodes to the same bytes; an edited sealed file never
// opens; nothing panics.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(nil), uint16(0), byte(1))
	f.Add(encode(nil, "key", sampleEntry()), uint16(3), byte(1))
	f.Add(encode(nil, "k", Entry{Lifetime: 1, Fetched: time.Unix(0, 0)}), uint16(60), byte(0x80))
	f.Add(sealingKey{3}.seal("key", sampleEntry()), uint16(99), byte(255))
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
			t.Fatalf("decoded what cannot be kept: %v", err)
		}
		file := k.seal(key, e)
		if k2, e2, err := k.open(hashKey(key), bytes.Clone(file)); err != nil || k2 != key || !sameEntry(e, e2) {
			t.Fatalf("sealed and opened: %q, %+v, %v", k2, e2, err)
		}
		edited := bytes.Clone(file)
		edited[int(at)%len(edited)] ^= flip
		if _, _, err := k.open(hashKey(key), edited); (err == nil) != (flip == 0) {
			t.Fatalf("edited by %x at %d: %v", flip, int(at)%len(file), err)
		}
		if _, _, err := k.open(hashKey(key), file[:int(at)%len(file)]); err == nil {
			t.Fatal("opened though cut short")
		}
	})
}
