// Package dockerconfig reads and edits the files in which container clients look up their
// credentials: Docker's config.json, and the auth.json of podman, skopeo and buildah.
//
// A file is parsed as its client parses it, and refused if the client refuses it. An edit changes
// only the bytes that it must. A file is replaced as a whole, keeps its mode and group, and is not
// replaced when another program wrote it in the meantime. The package never returns a secret, only
// whether an entry has one.
//
// A link that another user owns is not followed. Root edits nothing that another user can change.
//
// Limits: access control lists, extended attributes and hard links are not preserved. Docker takes
// no lock: a docker login that reads the file before an edit and writes it afterwards undoes the
// edit. A process that is killed while it writes leaves a temporary file with mode 0600, which the
// next edit removes.
//
// The rules are those of docker/cli (cli/config/configfile/file.go, cli/config/credentials) and of
// containers/image (pkg/docker/config/config.go). Both decode with encoding/json: the known keys
// match in any case, repeated objects are merged, and the last value counts.
package dockerconfig

import "fmt"

// A Client is a group of programs that read the same files by the same rules.
type Client string

// The clients.
const (
	Docker     Client = "docker"     // docker and every program that reads its config.json
	Containers Client = "containers" // podman, skopeo, buildah

	// Plain is no client: the file is edited as text, and not parsed.
	Plain Client = "plain"
)

// program returns the best-known program of the group.
func (c Client) program() string {
	if c == Containers {
		return "podman"
	}
	return "docker"
}

// An Error is what is wrong with a file, and what to do about it.
type Error struct {
	Path    string // empty for text that is in no file
	Line    int    // 0: the file as a whole
	Message string
	Advice  string // what to do; may be empty
	Err     error  // of the operating system; may be nil

	// Unsafe: another user can change the path. RunAs is that user, as "sudo -u" takes it, if the
	// command works for that user.
	Unsafe bool
	RunAs  string
}

func (e *Error) Error() string {
	switch {
	case e.Path == "" && e.Line == 0:
		return e.Message
	case e.Path == "":
		return fmt.Sprintf("line %d: %s", e.Line, e.Message)
	case e.Line == 0:
		return fmt.Sprintf("%s: %s", e.Path, e.Message)
	}
	return fmt.Sprintf("%s:%d: %s", e.Path, e.Line, e.Message)
}

func (e *Error) Unwrap() error { return e.Err }

// Hint returns what to do, or an empty string.
func (e *Error) Hint() string { return e.Advice }
