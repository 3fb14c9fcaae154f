package identity

import (
	"encoding/binary"
	"os"
	"strconv"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/jwt"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/regularfile"
)

const (
	// maxTokenFile is the size limit of a token file. Tokens have a few kilobytes.
	maxTokenFile = 1 << 20

	// firstSize has room for the usual environment and config files.
	firstSize = 8 << 10
)

// sequence collects the input of the SHA-256 sum. Each element is preceded by its length, so that
// two different lists of elements never give the same bytes.
type sequence struct {
	bytes []byte
	files []string // the files that were read or looked for
}

func (q *sequence) add(element string) {
	q.bytes = binary.BigEndian.AppendUint64(q.bytes, uint64(len(element)))
	q.bytes = append(q.bytes, element...)
}

// addFile adds the contents of a file, or for a file that cannot be read its size and times.
func (q *sequence) addFile(path string, text []byte, err error) {
	if err == nil {
		q.add("file")
		q.bytes = binary.BigEndian.AppendUint64(q.bytes, uint64(len(text)))
		q.bytes = append(q.bytes, text...)
		return
	}
	q.add("unreadable")
	info, err := os.Stat(path)
	if err != nil {
		return
	}
	q.add(path)
	q.add(info.Mode().Type().String())
	if info.Mode()&os.ModeDevice == 0 { // any access to a device changes its times
		q.add(strconv.FormatInt(info.Size(), 10))
		q.add(strconv.FormatInt(info.ModTime().UnixNano(), 10))
	}
}

// addTokenFile adds the principal of the token in a file: issuer and subject of a JSON Web Token,
// the bytes of any other.
func (q *sequence) addTokenFile(path string) {
	q.files = append(q.files, path)
	text, err := regularfile.Read(path, maxTokenFile)
	if err != nil {
		q.addFile(path, nil, err)
		q.add(path)
		return
	}
	var claims struct {
		Issuer  string `json:"iss"`
		Subject string `json:"sub"`
	}
	if jwt.Decode(string(text), &claims) != nil || claims.Issuer == "" || claims.Subject == "" {
		q.addFile(path, text, nil)
		return
	}
	q.add("token")
	q.add(claims.Issuer)
	q.add(claims.Subject)
}

// addPresence adds whether a regular file exists at path.
func (q *sequence) addPresence(path string) {
	q.files = append(q.files, path)
	q.add(path)
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		q.add("present")
		return
	}
	q.add("absent")
}
