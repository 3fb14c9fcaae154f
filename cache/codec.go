package cache

import (
	"encoding/binary"
	"errors"
	"time"
)

// The plain text of a sealed entry has, with all integers big-endian: fetch time, lifetime, refresh
// and skew in nanoseconds, the boot stamp, the key's length, the key, and the value up to the end.
// Each entry has exactly one encoding, so decoding and encoding again returns the same bytes.
const (
	plainFixed = 4*8 + 16 + 8 + 2
	plainMax   = plainFixed + maxKey + maxValue
)

// encode appends the plain text of e to dst. The caller has called e.checked.
func encode(dst []byte, key string, e Entry) []byte {
	be := binary.BigEndian
	dst = be.AppendUint64(dst, uint64(e.Fetched.UnixNano()))
	dst = be.AppendUint64(dst, uint64(e.Lifetime))
	dst = be.AppendUint64(dst, uint64(e.Refresh))
	dst = be.AppendUint64(dst, uint64(e.Skew))
	dst = append(dst, e.stamp.boot[:]...)
	dst = be.AppendUint64(dst, uint64(e.stamp.since))
	dst = be.AppendUint16(dst, uint16(len(key)))
	dst = append(dst, key...)
	return append(dst, e.Value...)
}

var errEncoding = errors.New("not an entry")

// decode parses the output of encode and rejects everything else. The entry's value is a part of b.
func decode(b []byte) (key string, e Entry, err error) {
	if len(b) < plainFixed {
		return "", Entry{}, errEncoding
	}
	be := binary.BigEndian
	e.Fetched = time.Unix(0, int64(be.Uint64(b)))
	e.Lifetime = time.Duration(be.Uint64(b[8:]))
	e.Refresh = time.Duration(be.Uint64(b[16:]))
	e.Skew = time.Duration(be.Uint64(b[24:]))
	e.stamp.boot = [16]byte(b[32:48])
	e.stamp.since = time.Duration(be.Uint64(b[48:]))
	n := int(be.Uint16(b[56:]))
	b = b[plainFixed:]
	switch {
	case e.Lifetime <= 0 || e.Refresh < 0 || e.Refresh > e.Lifetime:
		return "", Entry{}, errEncoding
	case e.stamp.since < 0:
		return "", Entry{}, errEncoding
	case n == 0 || n > maxKey || n > len(b) || len(b)-n > maxValue:
		return "", Entry{}, errEncoding
	}
	e.Value = b[n:]
	return string(b[:n]), e, nil
}
