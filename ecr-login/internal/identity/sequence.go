package identity

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"os"
	"strconv"
	"strings"
)

const (
	// maxFile is how much of a file is read. A config file with a profile for
	// each role in two thousand accounts has about one mebibyte.
	maxFile = 4 << 20

	// firstSize holds the usual environment and config files without growing.
	firstSize = 8 << 10
)

// sequence collects what is summed. Every element has its length before it, so
// that no two lists of elements are the same bytes. It is one buffer because
// this runs on every get: files are read straight into it and parsed there.
type sequence struct{ bytes []byte }

func newSequence() *sequence {
	return &sequence{make([]byte, 0, firstSize)}
}

func (q *sequence) add(element string) {
	q.bytes = binary.BigEndian.AppendUint64(q.bytes, uint64(len(element)))
	q.bytes = append(q.bytes, element...)
}

// span is a part of the sequence's bytes, which stays right when they move.
type span struct{ from, to int }

func (q *sequence) at(s span) []byte { return q.bytes[s.from:s.to] }

// addFile adds a file's bytes, or why they cannot be had, and says where they
// are. A file that is not there and one that may not be read are the same to
// the SDK: it skips both.
func (q *sequence) addFile(path string) (contents span) {
	info, err := os.Stat(path)
	if err != nil {
		q.add("unreadable")
		return span{}
	}
	if !info.Mode().IsRegular() {
		// It is not even opened: that alone lets the writer of a pipe go on, and
		// what it writes is for the SDK. So that it was made or written at another
		// time must be enough to tell: AWS_CONFIG_FILE=<(command) is the same path
		// each time. A device such as /dev/null has no such time.
		q.add("not a regular file")
		q.add(path)
		if info.Mode()&os.ModeDevice == 0 {
			q.addTime(info)
		}
		return span{}
	}
	f, err := open(path)
	if err != nil {
		q.add("unreadable")
		return span{}
	}
	defer f.Close()
	q.add("file")
	contents, err = q.read(f, info.Size())
	switch {
	case err != nil:
		q.add("unreadable")
	case contents.to-contents.from == maxFile:
		q.add("longer")
		q.add(strconv.FormatInt(info.Size(), 10))
		q.addTime(info)
	}
	return contents
}

func (q *sequence) addTime(info os.FileInfo) {
	q.add(strconv.FormatInt(info.ModTime().UnixNano(), 10))
}

// read adds the bytes of a file, maxFile of them at the most.
func (q *sequence) read(file io.Reader, size int64) (contents span, err error) {
	length := len(q.bytes)
	q.bytes = binary.BigEndian.AppendUint64(q.bytes, 0) // set below
	contents = span{len(q.bytes), len(q.bytes)}
	// One byte more than the file has, so that the read that finds its end has
	// room without growing the buffer.
	q.grow(int(min(size, maxFile)) + 1)
	for contents.to-contents.from < maxFile && err == nil {
		q.grow(1)
		room := q.bytes[len(q.bytes):min(cap(q.bytes), contents.from+maxFile)]
		var n int
		n, err = file.Read(room)
		q.bytes = q.bytes[:len(q.bytes)+n]
		contents.to += n
	}
	binary.BigEndian.PutUint64(q.bytes[length:], uint64(contents.to-contents.from))
	if err == io.EOF {
		err = nil
	}
	return contents, err
}

// grow makes room for n more bytes.
func (q *sequence) grow(n int) {
	if cap(q.bytes)-len(q.bytes) < n {
		q.bytes = append(make([]byte, 0, 2*cap(q.bytes)+n), q.bytes...)
	}
}

// addTokenFile adds the principal of the token in a file: issuer and subject of
// a JSON Web Token, the bytes of any other.
func (q *sequence) addTokenFile(path string) {
	before := len(q.bytes)
	contents := q.addFile(path)
	if contents == (span{}) {
		q.add(path)
		return
	}
	issuer, subject := principalOf(string(q.at(contents)))
	if issuer == "" || subject == "" {
		return
	}
	q.bytes = q.bytes[:before]
	q.add("token")
	q.add(issuer)
	q.add(subject)
}

// addPresence adds whether there is a file at path.
func (q *sequence) addPresence(path string) {
	q.add(path)
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		q.add("there")
		return
	}
	q.add("absent")
}

// principalOf is the issuer and subject that a JSON Web Token claims, both empty
// when it is none. No signature is checked: it is AWS who believes the token or
// not, here it only tells one token's principal from another's.
func principalOf(token string) (issuer, subject string) {
	_, rest, _ := strings.Cut(strings.TrimSpace(token), ".")
	payload, signature, ok := strings.Cut(rest, ".")
	if !ok || strings.Contains(signature, ".") {
		return "", ""
	}
	text, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return "", ""
	}
	var claims struct {
		Issuer  string `json:"iss"`
		Subject string `json:"sub"`
	}
	if json.Unmarshal(text, &claims) != nil {
		return "", ""
	}
	return claims.Issuer, claims.Subject
}
