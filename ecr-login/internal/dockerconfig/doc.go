// Package dockerconfig reads and edits the files in which container clients look up their credentials: Docker's
// config.json, and the auth.json of podman, skopeo and buildah.
//
// Its promises: a file is understood as its client understands it, broken ones included; an edit changes the bytes
// it has to change and no other; a file is replaced whole or not at all, keeps its owner and mode, and is never
// replaced when somebody else wrote it meanwhile; what is read of a login is whether there is one, never the secret.
//
// Its limits: access control lists and extended attributes are not carried over, and neither are hard links. Docker
// takes no lock, so a docker login that has read the file before an edit and writes it after will undo the edit.
//
// The rules are those of docker/cli (cli/config/configfile/file.go, cli/config/credentials) and of containers/image
// (pkg/docker/config/config.go), both of which decode with encoding/json: names of the known keys are matched
// without regard to case, objects that appear twice are merged, and the last value counts.
package dockerconfig

import "fmt"

// A Client is a family of programs with the same rules.
type Client string

// The two families.
const (
	Docker     Client = "docker"     // docker and all that use its config.json
	Containers Client = "containers" // podman, skopeo, buildah
)

// program is the best known of the family.
func (c Client) program() string {
	if c == Containers {
		return "podman"
	}
	return "docker"
}

// An Error says what is wrong with a file, and what to do about it.
type Error struct {
	Path    string // empty for text that is in no file
	Line    int    // 0: the file as a whole
	Message string
	Advice  string // what to do; may be empty
	Err     error  // of the operating system; may be nil
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

// Hint says what to do; empty when the message says it all.
func (e *Error) Hint() string { return e.Advice }
