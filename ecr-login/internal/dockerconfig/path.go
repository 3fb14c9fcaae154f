package dockerconfig

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/fileaccess"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/process"
)

// maxLinks is the number of links that Linux follows in one path.
const maxLinks = 40

// A target is the file behind a path, with all links followed.
type target struct {
	named   string      // the path as the caller wrote it, for errors
	path    string      // without links
	dir     string      // its directory
	info    fs.FileInfo // of the file; nil: there is no file
	missing []string    // directories that do not exist, the innermost first

	// changedBy is another user that can change the path, such as "bob (user ID 1001)", and changedAt
	// is the directory or file. They are only set for root.
	changedBy, changedAt string
	runAs                string // the owner of changedAt as "sudo -u" takes it; empty: a shared directory
}

// locate is resolve for a file. It refuses what is not a regular file of a sensible size.
func locate(path string) (*target, error) {
	t, err := resolve(path)
	if err != nil || t.info == nil {
		return t, err
	}
	return t, t.checkFile()
}

// resolve follows the links of a path. The file need not exist: Docker writes through a link to a
// missing file, too. A link is followed when the running user or root owns it. Root follows none in
// a directory that another user can change. So each directory is checked before anything below it,
// and root's result cannot change afterwards.
func resolve(path string) (*target, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	volume := filepath.VolumeName(abs) + string(filepath.Separator)
	t := &target{named: path, path: volume}
	t.checkDir(volume)
	names := split(abs[len(volume):])
	for links := 0; len(names) > 0; {
		name := names[0]
		names = names[1:]
		if name == ".." {
			t.path = filepath.Dir(t.path)
			continue
		}
		t.dir, t.path = t.path, filepath.Join(t.path, name)
		info, err := os.Lstat(t.path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			t.addMissing(names)
			return t, nil
		case err != nil:
			return nil, t.unreadable(err)
		case info.Mode()&fs.ModeSymlink != 0:
			if links++; links > maxLinks {
				return nil, &Error{Path: path, Message: "has too many links", Advice: "remove the link " + t.path}
			}
			link, err := t.follow(info)
			if err != nil {
				return nil, err
			}
			t.path = t.dir
			if filepath.IsAbs(link) {
				volume = filepath.VolumeName(link) + string(filepath.Separator)
				t.path, link = volume, link[len(volume):]
			}
			names = slices.Concat(split(link), names)
		case len(names) > 0:
			t.checkDir(t.path)
		default:
			t.info = info
		}
	}
	if t.info == nil { // the path ended with a link to a directory
		if t.info, err = os.Lstat(t.path); err != nil {
			return nil, t.unreadable(err)
		}
	}
	return t, nil
}

// split returns the names in a path. It keeps "..", which depends on the links before it.
func split(path string) []string {
	return slices.DeleteFunc(strings.FieldsFunc(path, func(r rune) bool { return r < 0x80 && os.IsPathSeparator(uint8(r)) }),
		func(name string) bool { return name == "." })
}

// addMissing completes the path below a name that does not exist.
func (t *target) addMissing(names []string) {
	first := t.path
	t.path = filepath.Join(append([]string{t.path}, names...)...)
	t.dir = filepath.Dir(t.path)
	for dir := t.dir; len(dir) >= len(first); dir = filepath.Dir(dir) {
		t.missing = append(t.missing, dir)
	}
}

// checkDir records a directory that another user can change, for root.
func (t *target) checkDir(dir string) {
	if t.changedBy != "" || !fileaccess.IsRoot() {
		return
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return // the next step fails
	}
	if t.changedBy = fileaccess.ChangedBy(info); t.changedBy == "" {
		return
	}
	t.changedAt = dir
	if uid, _ := fileaccess.Owner(info); !fileaccess.IsTrusted(info) {
		t.runAs = fileaccess.SudoUser(uid)
	}
}

// follow returns where the link at the path leads.
func (t *target) follow(info fs.FileInfo) (string, error) {
	if !fileaccess.IsTrusted(info) {
		return "", t.unsafe("is reached through "+t.path+", a link that another user owns: "+fileaccess.OwnerText(info), "remove the link, or name another file")
	}
	if t.changedBy != "" {
		return "", t.refusal()
	}
	link, err := os.Readlink(t.path)
	if err != nil {
		return "", t.unreadable(err)
	}
	return link, nil
}

// checkFile refuses what is not a regular file of a sensible size.
func (t *target) checkFile() error {
	switch mode := t.info.Mode(); {
	case mode.IsDir():
		return &Error{Path: t.named, Message: "is a directory, not a file", Advice: "move the directory away; a container engine creates one when it mounts a missing file"}
	case !mode.IsRegular():
		return &Error{Path: t.named, Message: "is not a regular file", Advice: "move it away"}
	case t.info.Size() > maxFile:
		return t.tooLarge()
	}
	return nil
}

// refusal is the error of root for a file that another user can change; nil for all others.
func (t *target) refusal() error {
	if fileaccess.IsRoot() && t.changedBy == "" && t.info != nil && !fileaccess.IsTrusted(t.info) {
		uid, _ := fileaccess.Owner(t.info)
		t.changedBy, t.changedAt, t.runAs = fileaccess.UserText(uid), t.path, fileaccess.SudoUser(uid)
	}
	if t.changedBy == "" {
		return nil
	}
	if t.runAs == "" {
		return t.unsafe("is not edited by root, because "+t.changedBy+" can write to "+t.changedAt, "chmod go-w "+process.Quote(t.changedAt))
	}
	e := t.unsafe("is not edited by root, because "+t.changedBy+" can change "+t.changedAt, "run the command as that user: sudo -u "+t.runAs)
	e.RunAs = t.runAs
	return e
}

func (t *target) unsafe(message, advice string) *Error {
	return &Error{Path: t.named, Message: message, Advice: advice, Unsafe: true}
}

func (t *target) unreadable(err error) *Error {
	return &Error{Path: t.named, Message: "cannot be read: " + reason(err), Advice: "check the owner and the mode of the file and of the directories above it", Err: err}
}

func (t *target) tooLarge() *Error {
	return &Error{Path: t.named, Message: "is larger than 32 MiB", Advice: "check whether it is the right file"}
}

// Real returns the path of the file behind a path, with all links followed. The file need not exist.
// A path that Read would refuse is returned unchanged.
func Real(path string) string {
	if t, err := locate(path); err == nil {
		return t.path
	}
	return path
}

// reason returns the operating system's error without the path.
func reason(err error) string {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Err.Error()
	case errors.As(err, &l):
		return l.Err.Error()
	}
	return err.Error()
}
