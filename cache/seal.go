package cache

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// A sealingKey encrypts all entries of one user on one machine.
type sealingKey [32]byte

const (
	// sealHeader starts every entry file and names the format. The seal covers it.
	sealHeader = "sealed entry 1\n"

	// sealOverhead is the size of the nonce and the tag of GCM.
	sealOverhead = 12 + 16

	sealedMax = len(sealHeader) + sealOverhead + plainMax
)

// newSealingKey returns a random key.
func newSealingKey() (k sealingKey, err error) {
	if err := random(k[:]); err != nil {
		return k, fmt.Errorf("no random bytes: %w", err)
	}
	return k, nil
}

// id returns the name of the key in file names. It does not reveal the key.
func (k sealingKey) id() string {
	sum := sha256.Sum256(append([]byte("sealing key id\n"), k[:]...))
	return hex.EncodeToString(sum[:8])
}

// A keyHash is the hash of an entry's key. It is used in file names and covered by the seal.
type keyHash [sha256.Size]byte

func hashKey(key string) keyHash { return sha256.Sum256([]byte(key)) }

func (h keyHash) String() string { return hex.EncodeToString(h[:]) }

// fileName returns the name of an entry's file in the directory entries.
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

// isHex reports whether s consists of lower-case hexadecimal digits.
func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// aead returns the cipher of the key. It generates the nonces itself, because GODEBUG=fips140=only
// forbids to pass one. 96 random bits are enough for 2^32 entries per key.
func (k sealingKey) aead() cipher.AEAD {
	block, err := aes.NewCipher(k[:])
	if err != nil {
		panic(err) // impossible: 32 bytes are an AES-256 key
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // impossible: AES has the block size of GCM
	}
	return gcm
}

// additionalData returns the bytes that the seal covers besides the entry itself.
func additionalData(h keyHash) []byte { return append([]byte(sealHeader), h[:]...) }

// seal returns the content of an entry file. The caller has called e.checked, and random has
// succeeded: the cipher ends the process if it gets no random bytes.
func (k sealingKey) seal(key string, e Entry) []byte {
	plain := encode(make([]byte, 0, plainFixed+len(key)+len(e.Value)), key, e)
	out := make([]byte, len(sealHeader), len(sealHeader)+sealOverhead+len(plain))
	copy(out, sealHeader)
	return k.aead().Seal(out, nil, plain, additionalData(hashKey(key)))
}

// open is the inverse of seal. It overwrites file. The error is a *Miss.
func (k sealingKey) open(h keyHash, file []byte) (key string, e Entry, err error) {
	switch {
	case len(file) < len(sealHeader)+sealOverhead:
		return "", Entry{}, miss("truncated")
	case string(file[:len(sealHeader)]) != sealHeader:
		return "", Entry{}, miss("not an entry of this version")
	}
	sealed := file[len(sealHeader):]
	plain, err := k.aead().Open(sealed[:0], nil, sealed, additionalData(h))
	if err != nil {
		return "", Entry{}, miss("damaged, or sealed with another key or for another entry")
	}
	key, e, err = decode(plain)
	if err != nil {
		return "", Entry{}, miss("not an entry of this version")
	}
	return key, e, nil
}
