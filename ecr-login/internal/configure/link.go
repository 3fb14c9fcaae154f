package configure

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/environ"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/fileaccess"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/process"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
)

// A link named docker-credential-ecr-login-NAME starts the program with the AWS profile NAME: a
// helper's name is the only thing that Docker's configuration can set.

// checkLink returns why no link can name the profile, for which PATH has none.
func (s *Session) checkLink(profile string) error {
	if strings.ContainsAny(profile, "/\\\x00\n\r\t \"'") || strings.HasPrefix(profile, "-") || strings.HasSuffix(strings.ToLower(profile), ".exe") {
		return problem("rename the profile", "profile %q cannot be part of a program's name", profile)
	}
	if s.options.Executable == "" {
		return errors.New("cannot create the link for the profile's helper: the path of this program is unknown")
	}
	if s.hasLink(profile) {
		return nil
	}
	_, err := s.linkDir()
	return err
}

// hasLink reports whether PATH has the program under the name with the profile.
func (s *Session) hasLink(profile string) bool {
	path, err := s.lookPath(progname.Prefix + progname.HelperFor(profile))
	return err == nil && fileaccess.Same(path, s.options.Executable)
}

// addLinks creates the links that the assignments need.
func (s *Session) addLinks() error {
	done := map[string]bool{}
	for _, a := range s.result.Registries {
		if a.Helper == progname.Helper || done[a.Helper] {
			continue
		}
		done[a.Helper] = true
		if err := s.link(a.Profile); err != nil {
			return errors.Join(err, s.dropLinks())
		}
	}
	return nil
}

// link creates the link of a profile, unless PATH has it: beside the program if the user may write
// there, else in the first directory on PATH that is the user's own.
func (s *Session) link(profile string) error {
	self := s.options.Executable
	if s.hasLink(profile) {
		return nil
	}
	dir, err := s.linkDir()
	if err != nil {
		return err
	}
	name := progname.Prefix + progname.HelperFor(profile)
	link := filepath.Join(dir, name+executableSuffix)
	switch _, err := os.Lstat(link); {
	case err == nil && fileaccess.Same(link, self):
		return nil // checkPath warns that PATH does not have it
	case err == nil:
		return problem("move the file away", "%s exists and is not this program", link)
	case s.options.DryRun && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("cannot create the link: %w", err)
	}
	if s.options.DryRun {
		s.created(link)
		return nil
	}
	links := s.journal.Links()
	if !slices.Contains(links, link) {
		s.note(s.journal.PutLinks(append(links, link)))
	}
	if err := s.createLink(link); err != nil {
		s.note(s.journal.PutLinks(links))
		return fmt.Errorf("cannot create the link: %w", err)
	}
	s.created(link)
	return nil
}

// installed returns the path under which PATH has the program, else the path that started it. An
// upgrade replaces the former.
func (s *Session) installed() string {
	self := s.options.Executable
	if path, err := s.lookPath(progname.Program); err == nil && fileaccess.Same(path, self) {
		return path
	}
	return self
}

// createLink creates a link to the program. Where symbolic links need a privilege, as on Windows,
// it creates a hard link.
func (s *Session) createLink(link string) error {
	target := s.installed()
	name := target
	if filepath.Dir(target) == filepath.Dir(link) {
		name = filepath.Base(target)
	}
	err := os.Symlink(name, link)
	if err != nil && runtime.GOOS == "windows" {
		return os.Link(target, link)
	}
	return err
}

// linkDir returns the directory for the link.
func (s *Session) linkDir() (string, error) {
	beside := filepath.Dir(s.installed())
	dirs := filepath.SplitList(environ.Get(s.options.Environ, "PATH"))
	if slices.Contains(dirs, beside) && fileaccess.CanCreateIn(beside) {
		return beside, nil
	}
	for _, dir := range dirs {
		if filepath.IsAbs(dir) && s.ownsDir(dir) && fileaccess.CanCreateIn(dir) {
			return dir, nil
		}
	}
	return "", problem(
		"create ~/.local/bin and add it to PATH, or run configure as the user that installed the program",
		"cannot create the link for the profile's helper: no directory on PATH is writable, and neither is %s", beside)
}

// ownsDir reports whether the directory is the user's own. On Windows, where owners are not
// examined, it is one below the home directory.
func (s *Session) ownsDir(dir string) bool {
	if runtime.GOOS == "windows" {
		home := environ.Get(s.options.Environ, "USERPROFILE")
		return home != "" && strings.HasPrefix(strings.ToLower(dir), strings.ToLower(home)+string(filepath.Separator))
	}
	info, err := os.Stat(dir)
	return err == nil && info.IsDir() && fileaccess.IsMine(info)
}

// unlink removes those of the recorded links that no entry names any more.
func (s *Session) unlink(links []string) error {
	for _, link := range links {
		helper := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(link), progname.Prefix), ".exe")
		if s.isNamed(helper) {
			continue
		}
		if s.isProfileLink(link) { // otherwise another program has replaced it
			if !s.options.DryRun {
				if err := os.Remove(link); err != nil {
					return fmt.Errorf("cannot remove the link: %w", err)
				}
			}
			s.removed(link)
		}
		if !s.options.DryRun {
			s.note(s.journal.PutLinks(slices.DeleteFunc(s.journal.Links(), func(l string) bool { return l == link })))
		}
	}
	return nil
}

// dropNames removes the links and rules that were created for entries which then could not be
// written.
func (s *Session) dropNames() {
	if err := s.dropLinks(); err != nil {
		s.fail(err)
	}
	s.dropRules()
}

// dropLinks removes the links that were created and that no entry needs.
func (s *Session) dropLinks() error {
	if s.options.DryRun {
		return nil
	}
	created := slices.Clone(s.result.Created)
	err := s.unlink(created)
	removed := s.result.Removed
	s.result.Removed = nil
	gone := func(link string) bool { return slices.Contains(removed, link) }
	s.result.Created = slices.DeleteFunc(s.result.Created, gone)
	s.result.Links = slices.DeleteFunc(s.result.Links, gone)
	return err
}

func (s *Session) created(link string) {
	s.result.Links = append(s.result.Links, link)
	s.result.Created = append(s.result.Created, link)
}

func (s *Session) removed(link string) {
	if !slices.Contains(s.result.Links, link) {
		s.result.Links = append(s.result.Links, link)
	}
	s.result.Removed = append(s.result.Removed, link)
}

// isNamed reports whether any file still has an entry for the helper.
func (s *Session) isNamed(helper string) bool {
	for _, helpers := range s.helpers {
		for _, h := range helpers {
			if h.Name == helper {
				return true
			}
		}
	}
	for _, path := range s.journal.Files() {
		if _, edited := s.helpers[path]; edited || s.options.All && isMissing(path) {
			continue
		}
		for _, entry := range s.journal.Record(path).Entries {
			if entry.Helper == helper {
				return true
			}
		}
	}
	return false
}

// isProfileLink reports whether the path is a link of a profile to this program, or to one that was
// uninstalled. The journal may be damaged and name any file, even the program itself.
func (s *Session) isProfileLink(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || !strings.HasPrefix(filepath.Base(path), progname.Program+"-") {
		return false
	}
	if runtime.GOOS != "windows" && info.Mode()&fs.ModeSymlink == 0 {
		return false
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		target, err := os.Readlink(path)
		return err == nil && filepath.Base(target) == filepath.Base(s.options.Executable)
	}
	return fileaccess.Same(path, s.options.Executable)
}

// checkPath warns when docker would not find a helper, or when AWS does not know its profile.
func (s *Session) checkPath() {
	checked := map[string]bool{}
	for _, a := range s.result.Registries {
		if checked[a.Helper] {
			continue
		}
		checked[a.Helper] = true
		s.checkHelper(progname.Prefix + a.Helper)
	}
	if p := s.options.Profile; p != "" && s.options.AWS != nil && !s.hasProfile(p) {
		s.warn(problem("run: aws configure --profile "+process.Quote(p), "the AWS configuration has no profile %q", p))
	}
}

func (s *Session) checkHelper(name string) {
	if s.options.DryRun && slices.ContainsFunc(s.result.Links, func(link string) bool { return filepath.Base(link) == name+executableSuffix }) {
		return
	}
	self := s.options.Executable
	dir := filepath.Dir(self)
	found, err := s.lookPath(name)
	switch {
	case err != nil:
		s.warn(problem("add its directory to PATH: "+dir, "%s is not on PATH, so docker cannot start it", name))
	case !fileaccess.Same(found, self):
		s.warn(problem("put "+dir+" before it on PATH, or remove it", "docker will start %s, which is not this program", found))
	}
}
