package main

import (
	"errors"
	"fmt"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/terminal"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// The link docker-credential-ecr-login-NAME is the program with the AWS profile NAME: all that Docker's configuration
// can say of a helper is its name.

// link makes the link, beside the program if that may be, else in the first folder on PATH that is this user's.
func (e *editing) link(profile string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	name := program + "-" + profile
	if there, err := exec.LookPath(name); err == nil && sameFile(there, self) {
		return nil
	}
	dir, err := linkFolder(self)
	if err != nil {
		return err
	}
	link := filepath.Join(dir, name)
	if runtime.GOOS == "windows" {
		link += ".exe"
	}
	switch _, err := os.Lstat(link); {
	case err == nil:
		if !sameFile(link, self) {
			return advised{fmt.Errorf("%s is there, and it is not this program", link), "move it away"}
		}
		return nil // the warning says that it is not on PATH
	case e.dryRun && !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("linking the program: %w", err)
	}
	e.answer.Links = []string{link}
	if e.dryRun {
		return nil
	}
	links := e.journal.Links()
	if !slices.Contains(links, link) {
		e.note(e.journal.PutLinks(append(links, link)))
	}
	if err := makeLink(self, link); err != nil {
		e.note(e.journal.PutLinks(links))
		return fmt.Errorf("linking the program: %w", err)
	}
	return nil
}

// makeLink points to the program as PATH finds it, which an upgrade replaces. Where links need a privilege, as on
// Windows, it is one of the other kind.
func makeLink(self, link string) error {
	target := self
	if named, err := exec.LookPath(program); err == nil && sameFile(named, self) {
		if named, err = filepath.Abs(named); err == nil {
			target = named
		}
	}
	short := target
	if filepath.Dir(target) == filepath.Dir(link) {
		short = filepath.Base(target)
	}
	err := os.Symlink(short, link)
	if err != nil && runtime.GOOS == "windows" {
		return os.Link(target, link)
	}
	return err
}

// linkFolder is where the link goes.
func linkFolder(self string) (string, error) {
	beside := filepath.Dir(self)
	if named, err := exec.LookPath(program); err == nil && sameFile(named, self) {
		if named, err = filepath.Abs(named); err == nil {
			beside = filepath.Dir(named)
		}
	}
	folders := filepath.SplitList(os.Getenv("PATH"))
	if slices.Contains(folders, beside) && mayWrite(beside) {
		return beside, nil
	}
	for _, dir := range folders {
		if filepath.IsAbs(dir) && owns(dir) && mayWrite(dir) {
			return dir, nil
		}
	}
	return "", advised{
		fmt.Errorf("neither %s nor another folder on PATH can be written to, so the helper of a profile has no place", beside),
		"put ~/.local/bin on PATH and make it, or run configure as who installed the program",
	}
}

// unlink removes the links that configure made and that no entry names any more.
func (e *editing) unlink() error { return e.unlinkAll(e.journal.Links()) }

// unlinkAll is unlink for some of the links.
func (e *editing) unlinkAll(links []string) error {
	for _, link := range links {
		helper := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(link), "docker-credential-"), ".exe")
		if e.isNamed(helper) {
			continue
		}
		if isOurLink(link) { // else somebody made something else of it
			if !slices.Contains(e.answer.Links, link) {
				e.answer.Links = append(e.answer.Links, link)
			}
			if e.dryRun {
				continue
			}
			if err := os.Remove(link); err != nil {
				return fmt.Errorf("removing the link: %w", err)
			}
		}
		if !e.dryRun {
			e.note(e.journal.PutLinks(slices.DeleteFunc(e.journal.Links(), func(noted string) bool { return noted == link })))
		}
	}
	return nil
}

// dropLink removes a link that was made for entries which could not be written then, and no other.
func (e *editing) dropLink() {
	if e.dryRun {
		return
	}
	if err := e.unlinkAll(slices.Clone(e.answer.Links)); err != nil {
		e.failed = append(e.failed, err)
	}
	e.answer.Links = slices.DeleteFunc(e.answer.Links, func(made string) bool {
		_, err := os.Lstat(made)
		return err != nil
	})
}

// isOurLink tells whether a link still leads to this program, or to one that was uninstalled. The note may name
// anything, the program itself too: only what is called and made like a profile's link is one.
func isOurLink(link string) bool {
	info, err := os.Lstat(link)
	if err != nil || !strings.HasPrefix(filepath.Base(link), program+"-") {
		return false
	}
	if runtime.GOOS != "windows" && info.Mode()&os.ModeSymlink == 0 {
		return false
	}
	self, err := os.Executable()
	if err != nil {
		return false
	}
	if _, err := os.Stat(link); errors.Is(err, os.ErrNotExist) {
		target, err := os.Readlink(link)
		return err == nil && filepath.Base(target) == filepath.Base(self)
	}
	return sameFile(link, self)
}

func (e *editing) linkLine(link string) string {
	verb := "made"
	if _, err := os.Lstat(link); err != nil {
		verb = "removed"
	}
	if e.dryRun {
		verb = map[string]string{"made": "would remove", "removed": "would make"}[verb]
	}
	return verb + " the link " + terminal.Quote(link)
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// warn says what would keep docker from finding the helper.
func (e *editing) warn(profile string) {
	if e.dryRun && len(e.answer.Links) > 0 {
		return
	}
	name := "docker-credential-" + e.answer.Helper
	self, err := os.Executable()
	if err != nil {
		return
	}
	found, err := exec.LookPath(name)
	switch {
	case err != nil:
		e.p.out.problem(fmt.Errorf("warning: %s is not on PATH, so docker will not find it", name), "add its folder to PATH: "+filepath.Dir(self))
	case !sameFile(found, self):
		e.p.out.problem(fmt.Errorf("warning: docker will start %s, which is not this program", found), "put "+filepath.Dir(self)+" in front of it on PATH, or remove it")
	}
	if profile != "" {
		if known, _ := completeProfiles(nil, nil, profile); !slices.Contains(known, profile) {
			e.p.out.problem(fmt.Errorf("warning: the AWS files have no profile %q", profile), "aws configure --profile "+profile)
		}
	}
}
