package cache

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
)

// A sealing key seals every entry of one user on one machine.
type sealingKey [32]byte

const (
	// sealHeader starts every entry file and names the format. It is bound
	// into the seal together with the hash of the entry's key.
	sealHeader = "sealed entry 1\n"

	// sealOverhead is what GCM adds: its nonce and its tag.
	sealOverhead = 12 + 16

	sealedMax = len(sealHeader) + sealOverhead + plainMax
)

// id names the sealing key in file names without telling anything of it.
func (k sealingKey) id() string {
	sum := sha256.Sum256(append([]byte("sealing key id\n"), k[:]...))
	return hex.EncodeToString(sum[:8])
}

// A keyHash stands for an entry's key in file names and in the seal.
type keyHash [sha256.Size]byte

func hashKey(key string) keyHash { return sha256.Sum256([]byte(key)) }

func (h keyHash) String() string { return hex.EncodeToString(h[:]) }

// fileName is the name of an entry in the folder entries.
func (k sealingKey) fileName(h keyHash) string { return k.id() + "-" + h.String() }

const fileNameLen = 16 + 1 + 2*sha256.Size

// parseFileName is the inverse of fileName.
func parseFileName(name string) (id string, h keyHash, ok bool) {
	if len(name) != fileNameLen || name[16] != '-' || !isHex(name[:16]) || !isHex(name[17:]) {
		return "", keyHash{}, false
	}
	if _, err := hex.Decode(h[:], []byte(name[17:])); err != nil {
		return "", keyHash{}, false
	}
	return name[:16], h, true
}

// isHex reports whether s is lower-case hexadecimal.
func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// aead draws each nonce itself, which GODEBUG=fips140=only allows and a nonce
// of ours is not; 96 random bits are good for 2^32 entries of one key.
func (k sealingKey) aead() cipher.AEAD {
	block, err := aes.NewCipher(k[:])
	if err != nil {
		panic(err) // 32 bytes are an AES-256 key
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // AES has the block size of GCM
	}
	return gcm
}

func sealedWith(h keyHash) []byte { return append([]byte(sealHeader), h[:]...) }

// seal returns the bytes of an entry file. e must have been checked.
func (k sealingKey) seal(key string, e Entry) []byte {
	plain := encode(make([]byte, 0, plainFixed+len(key)+len(e.Value)), key, e)
	out := make([]byte, len(sealHeader), len(sealHeader)+sealOverhead+len(plain))
	copy(out, sealHeader)
	return k.aead().Seal(out, nil, plain, sealedWith(hashKey(key)))
}

// open is the inverse of seal; the error is a *Miss. It writes over file.
func (k sealingKey) open(h keyHash, file []byte) (key string, e Entry, err error) {
	switch {
	case len(file) < len(sealHeader)+sealOverhead:
		return "", Entry{}, miss("truncated")
	case string(file[:len(sealHeader)]) != sealHeader:
		return "", Entry{}, miss("not an entry of this version")
	}
	box := file[len(sealHeader):]
	// Opening in place: the plain text may take the place of the sealed.
	plain, err := k.aead().Open(box[:0], nil, box, sealedWith(h))
	if err != nil {
		return "", Entry{}, miss("damaged, or sealed by another key or for another entry")
	}
	key, e, err = decode(plain)
	if err != nil {
		return "", Entry{}, miss("not an entry of this version")
	}
	return key, e, nil
}
