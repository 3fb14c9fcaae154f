package doctor

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/fileaccess"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/process"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
)

const (
	// module distinguishes this program from others of its name in a line with the version.
	module = "(github.com/4e881efc/ecr-credential-helper)"

	// awsHelper is the start of the version that AWS's own helper prints with -v.
	awsHelper = "amazon-ecr-credential-helper"

	// versionLimit is for a program that does not print its version and waits for something else.
	versionLimit = 3 * time.Second
)

// checkPrograms checks each name under which Docker's configuration has this program, else the
// plain name.
func (d *doctor) checkPrograms() []Finding {
	names := []string{progname.Helper}
	if d.config != nil {
		if configured := d.config.helperNames(); len(configured) > 0 {
			names = configured
		}
	}
	var all []Finding
	if _, relative := pathDirectories(); len(relative) > 0 {
		all = append(all, warn("write absolute directories in PATH", "PATH has relative entries, which are skipped: %q", relative))
	}
	if path, isSnap := snapDocker(); isSnap {
		return append(all, fail("install Docker as in https://docs.docker.com/engine/install",
			"%s is a snap package: it can run no credential helper, and reads ~/snap/docker/current/.docker/config.json", path))
	}
	for _, name := range names {
		all = append(all, d.checkProgram(name)...)
	}
	return all
}

// snapDocker returns the docker on PATH and whether it is a snap package. Such a program is a link
// to the program snap; it sees neither PATH nor the home directory of its user
// (canonical/docker-snap issues 10 and 18).
func snapDocker() (path string, isSnap bool) {
	path, err := lookPath("docker")
	if err != nil {
		return "", false
	}
	target, err := filepath.EvalSymlinks(path)
	return path, err == nil && filepath.Base(target) == "snap"
}

// A program is a file that a client may run.
type program struct {
	path    string
	self    bool   // it is the running program
	kind    string // module, awsHelper, or "" for another program
	version string
}

func (p program) String() string {
	switch p.kind {
	case awsHelper:
		return p.path + ", which is " + awsHelper + " " + p.version
	case "":
		return p.path + ", which is not this program"
	}
	return p.path + " " + p.version
}

// checkProgram finds the program of a helper as Docker does, with os/exec on PATH, and the other
// programs of its name there.
func (d *doctor) checkProgram(helper string) []Finding {
	name, shown := progname.Prefix+helper, programName(helper)
	path, err := lookPath(name)
	if errors.Is(err, exec.ErrDot) {
		return one(fail("write absolute directories in PATH", "docker refuses to run %s: a relative entry of PATH finds it first", shown))
	}
	if err != nil {
		if path := notExecutable(name); path != "" {
			return one(fail("chmod +x "+process.Quote(path), "docker cannot run %s: not executable", path))
		}
		return one(fail(putOnPath(runtime.GOOS, d.self(), shown), "docker cannot run %s: not found on PATH", shown))
	}
	first := d.identify(path)
	var others []program
	for _, other := range copies(name) {
		if !fileaccess.Same(path, other) {
			others = append(others, d.identify(other))
		}
	}
	remove := "remove " + first.path + ", or put the directory of "
	newer := slices.IndexFunc(others, func(o program) bool { return o.kind == module && isOlder(first.version, o.version) })
	switch {
	case first.kind != module:
		return one(fail(remove+d.self()+" before it in PATH", "docker runs %s", first))
	case newer >= 0:
		return one(fail(remove+others[newer].path+" before it in PATH", "docker runs %s, older than %s", first, others[newer]))
	case !first.self && isOlder(first.version, d.Helper.Version):
		return one(fail(remove+d.self()+" before it in PATH", "docker runs %s, older than this program, %s", first, d.Helper.Version))
	case len(others) == 0:
		return one(ok("docker runs %s, the only copy on PATH", first))
	}
	all := one(ok("docker runs %s", first))
	for _, o := range others {
		if o.kind != module || o.version != first.version {
			all = append(all, warn("remove it if nothing needs it", "another copy later on PATH: %s", o))
		}
	}
	return all
}

// putOnPath returns how to make a client find the program self under a name. Windows, where links
// need a privilege, gets no link.
func putOnPath(goos, self, name string) string {
	if goos != "windows" {
		return "ln -s " + process.Quote(self) + " " + process.Quote("/usr/local/bin/"+name) + ", or another directory of PATH"
	}
	at := strings.LastIndexAny(self, `/\`)
	dir, file := self[:max(at, 0)], self[at+1:]
	if name += ".exe"; strings.EqualFold(file, name) {
		return "add this directory to PATH: " + dir
	}
	return "copy " + process.Quote(self) + " to a directory of PATH, as " + name
}

// identify runs a program to learn what it is. A client would run the first on PATH, and the others
// have its name.
func (d *doctor) identify(path string) program {
	p := program{path: path}
	if d.isSelf(path) {
		p.self, p.kind, p.version = true, module, d.Helper.Version
		return p
	}
	// AWS's helper has a flag for its version; this program accepts both.
	for _, arg := range []string{"-v", "version"} {
		if p.kind, p.version = versionOf(d.ctx, path, arg); p.kind != "" {
			break
		}
	}
	return p
}

func versionOf(ctx context.Context, path, arg string) (kind, version string) {
	ctx, cancel := context.WithTimeout(ctx, versionLimit)
	defer cancel()
	out, _ := process.Output(ctx, exec.Command(path, arg)) // only the output matters
	words := strings.Fields(strings.ReplaceAll(string(out), ",", " "))
	for i, w := range words {
		switch {
		case w == module && i+1 < len(words):
			return module, words[i+1]
		case w == awsHelper && i+2 < len(words) && words[i+1] == "version:":
			return awsHelper, words[i+2]
		}
	}
	return "", ""
}
