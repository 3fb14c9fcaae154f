package doctor

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// clients put this before the name that their configuration has.
	prefix = "docker-credential-"

	// helperName is this program's in the clients' configuration; a profile may follow.
	helperName = "ecr-login"

	// module is how a version line tells this program from others of its name.
	module = "(github.com/4e881efc/ecr-credential-helper)"

	// existing is how the existing helper's version begins: the banner of its -v.
	existing = "amazon-ecr-credential-helper"

	// versionLimit is for a program that is asked for its version and waits for something else.
	versionLimit = 3 * time.Second
)

// checkPrograms looks at each name under which Docker's configuration knows this program; at the plain one when it
// has none.
func (d *doctor) checkPrograms() []Finding {
	names := []string{helperName}
	if d.config != nil {
		if named := d.config.ours(); len(named) > 0 {
			names = named
		}
	}
	var all []Finding
	for _, name := range names {
		all = append(all, d.checkProgram(prefix+name)...)
	}
	return all
}

// A program is one file that a client may start.
type program struct {
	path    string
	this    bool   // it is the running program
	kind    string // what it says it is: module, existing, or "" for something else
	version string
}

func (p program) String() string {
	switch {
	case p.kind == existing:
		return p.path + ", the helper of AWS " + p.version
	case p.kind == "":
		return p.path + ", which is another program"
	}
	return p.path + " " + p.version
}

// checkProgram looks a program up as Docker does, with os/exec over PATH, and says what else has its name there.
func (d *doctor) checkProgram(name string) []Finding {
	shown := programOf(strings.TrimPrefix(name, prefix))
	path, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrDot) {
		return one(fail("name folders in PATH by their whole path", "docker refuses to run %s: PATH finds it in the current folder only by a relative name", shown))
	}
	if err != nil {
		if path := unrunnable(name); path != "" {
			return one(fail("chmod +x "+path, "docker finds no %s on PATH: %s is not executable", shown, path))
		}
		return one(fail("copy or link this program as "+shown+" into a folder of PATH", "docker finds no %s on PATH", shown))
	}
	first := d.identify(path)
	var others []program
	for _, other := range copies(name) {
		if !sameFile(path, other) {
			others = append(others, d.identify(other))
		}
	}
	switch newer := slices.IndexFunc(others, func(o program) bool { return o.kind == module && older(first.version, o.version) }); {
	case first.kind == existing:
		return one(fail("remove it, or put the folder of this program before it in PATH", "docker runs %s, not this program", first))
	case first.kind == "":
		return one(fail("remove it, or put the folder of this program before it in PATH", "docker runs %s", first))
	case newer >= 0:
		return one(fail("remove it, or put the folder of the newer one before it in PATH", "docker runs %s, which is older than %s", first, others[newer]))
	case !first.this && older(first.version, d.Helper.Version):
		return one(fail("remove it, or put a newer one before it in PATH", "docker runs %s, which is older than this program, %s", first, d.Helper.Version))
	case len(others) == 0:
		return one(ok("docker runs %s, the only one on PATH", first))
	}
	all := one(ok("docker runs %s", first))
	for _, o := range others {
		if o.kind != module || o.version != first.version {
			all = append(all, warn("remove it, if nothing needs it", "there is another copy later on PATH: %s", o))
		}
	}
	return all
}

// copies are all files of that name that could be run, in PATH's order.
func copies(name string) []string {
	var all []string
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if dir == "" {
			continue // the current folder, which os/exec refuses
		}
		path, err := exec.LookPath(filepath.Join(dir, name))
		if err == nil && !slices.ContainsFunc(all, func(other string) bool { return sameFile(other, path) }) {
			all = append(all, path)
		}
	}
	return all
}

// unrunnable is a file of that name on PATH that is there and may not be run; "" when there is none.
func unrunnable(name string) string {
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		path := filepath.Join(dir, name)
		if _, err := exec.LookPath(path); errors.Is(err, fs.ErrPermission) {
			return path
		}
	}
	return ""
}

// isSelf reports whether path is the running program.
func (d *doctor) isSelf(path string) bool {
	self := d.Helper.Self
	if self == "" {
		self, _ = os.Executable()
	}
	return sameFile(self, path)
}

func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// identify asks a program what it is. The first on PATH is what any client would run, and the others have its name.
func (d *doctor) identify(path string) program {
	p := program{path: path}
	if d.isSelf(path) {
		p.this, p.kind, p.version = true, module, d.Helper.Version
		return p
	}
	// The existing helper has a flag; this program takes either.
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
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, path, arg)
	cmd.Stdout = &limited{&out, 1 << 10}
	cmd.WaitDelay = time.Second
	_ = cmd.Run() // what it printed counts
	words := strings.Fields(strings.ReplaceAll(out.String(), ",", " "))
	for i, w := range words {
		switch {
		case w == module && i+1 < len(words):
			return module, words[i+1]
		case w == existing && i+2 < len(words) && words[i+1] == "version:":
			return existing, words[i+2]
		}
	}
	return "", ""
}

// limited takes what it is given and keeps the beginning.
type limited struct {
	*bytes.Buffer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	l.Buffer.Write(p[:n])
	return len(p), nil
}

// A version is what can be compared of one.
type version struct {
	parts [4]int // major, minor, patch, and how many commits after, as "git describe" counts them
	pre   string // of a pre-release
}

// older reports whether version a comes before b by the rules of semantic versions, as far as both are such.
func older(a, b string) bool {
	va, okA := parseVersion(a)
	vb, okB := parseVersion(b)
	switch c := slices.Compare(va.parts[:], vb.parts[:]); {
	case !okA || !okB:
		return false
	case c != 0:
		return c < 0
	case va.pre == "" || vb.pre == "":
		return va.pre != "" && vb.pre == "" // a pre-release comes before its release
	}
	return slices.CompareFunc(strings.Split(va.pre, "."), strings.Split(vb.pre, "."), comparePre) < 0
}

// comparePre compares two words of pre-releases: numbers as such, and before all others.
func comparePre(a, b string) int {
	na, errA := strconv.ParseUint(a, 10, 64)
	nb, errB := strconv.ParseUint(b, 10, 64)
	switch {
	case errA == nil && errB == nil:
		return cmp.Compare(na, nb)
	case errA == nil:
		return -1
	case errB == nil:
		return 1
	}
	return strings.Compare(a, b)
}

// parseVersion understands v1.2.3, v1.2.3-rc.1, and v1.2.3-4-g0123abc, which is four commits after v1.2.3.
func parseVersion(s string) (v version, ok bool) {
	s, _, _ = strings.Cut(strings.TrimPrefix(s, "v"), "+")
	s = strings.TrimSuffix(s, "-dirty")
	s, v.pre, _ = strings.Cut(s, "-")
	words := strings.Split(s, ".")
	if len(words) != 3 {
		return version{}, false
	}
	if after, commit, ok := strings.Cut(v.pre, "-g"); ok && commit != "" && !strings.Contains(commit, "-") {
		words, v.pre = append(words, after), ""
	}
	for i, word := range words {
		n, err := strconv.ParseUint(word, 10, 31)
		if err != nil {
			return version{}, false
		}
		v.parts[i] = int(n)
	}
	return v, true
}
