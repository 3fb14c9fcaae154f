package main

import (
	"fmt"
	"slices"

	"github.com/aymanbagabas/go-udiff"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/terminal"
)

// An editing is one run of configure or unconfigure over the files of the clients.
type editing struct {
	p        *process
	settings config.Settings
	where    dockerconfig.Locator
	targets  []clientFile
	dryRun   bool
	undoes   bool // it takes things back: what is noted is true until that is done
	journal  *dockerconfig.Journal
	helpers  map[string][]dockerconfig.Helper // of each file, by its real path, when it was edited
	answer   editAnswer
	failed   []error // of files that could not be edited
}

// A clientFile is one of the files, and what is done to it.
type clientFile struct {
	path   string
	client dockerconfig.Client

	// clean: entries are not added, only those changed that would come before the ones in another file.
	clean bool
}

// editAnswer is what configure and unconfigure answer, to programs as it stands.
type editAnswer struct {
	DryRun bool         `json:"dryRun"`
	Helper string       `json:"helper,omitempty"` // what credHelpers is to say
	Links  []string     `json:"links,omitempty"`  // made or removed
	Found  []found      `json:"found,omitempty"`  // the proposal, when no registry was named
	Files  []fileAnswer `json:"files"`
}

// fileAnswer is what happened to one file, or would.
type fileAnswer struct {
	Path    string      `json:"path"`
	Changed bool        `json:"changed"`
	Made    bool        `json:"made,omitempty"`    // it was not there before
	Removed bool        `json:"removed,omitempty"` // it was not there before configure, either
	Entries []entryDone `json:"entries"`
	Diff    string      `json:"diff,omitempty"`
}

// entryDone is what happened to one entry. What is one of:
//
//	added, changed      an entry of credHelpers is for this helper now
//	kept                it was before
//	password removed    an entry of auths that held a password or token is gone
//	removed, restored   an entry of credHelpers is gone, or says what it said before configure
//	left alone          it is somebody else's, or was not there
type entryDone struct {
	Registry string `json:"registry"`
	What     string `json:"what"`
	Detail   string `json:"detail,omitempty"`
}

const (
	added           = "added"
	changed         = "changed"
	kept            = "kept"
	passwordRemoved = "password removed"
	removed         = "removed"
	restored        = "restored"
	leftAlone       = "left alone"
)

func (p *process) newEditing(podman, dryRun bool) (*editing, error) {
	settings, err := config.Load(nil)
	if err != nil {
		return nil, err
	}
	e := &editing{p: p, settings: settings, dryRun: dryRun, helpers: map[string][]dockerconfig.Helper{}}
	e.answer = editAnswer{DryRun: dryRun, Files: []fileAnswer{}}
	docker, err := e.where.Docker()
	if err != nil {
		return nil, err
	}
	e.targets = []clientFile{{path: docker, client: dockerconfig.Docker}}
	if podman {
		containers, err := e.containers()
		if err != nil {
			return nil, err
		}
		e.targets = append(e.targets, containers...)
	}
	return e, nil
}

// containers are the files that podman reads, but for Docker's.
func (e *editing) containers() ([]clientFile, error) {
	files, err := e.where.Containers()
	if err != nil {
		return nil, err
	}
	lasting, err := e.where.ContainersLasting()
	if err != nil {
		return nil, err
	}
	var all []clientFile
	for _, file := range files {
		// Files that are links to one are one.
		real := dockerconfig.Real(file)
		if !slices.ContainsFunc(slices.Concat(e.targets, all), func(t clientFile) bool { return dockerconfig.Real(t.path) == real }) {
			all = append(all, clientFile{path: file, client: dockerconfig.Containers, clean: file != lasting})
		}
	}
	return all, nil
}

// open opens the journal, for this process alone until it is closed. Where there is no place for one, there is none.
func (e *editing) open() (unlock func()) {
	path, err := e.where.Journal()
	if err != nil {
		path = ""
	}
	e.journal, unlock = dockerconfig.OpenJournal(path, !e.dryRun)
	return unlock
}

// update edits one file, or does as if. The edit gets the config and the record of earlier edits, to change; it may
// be called again when somebody else wrote the file meanwhile. What goes wrong with one file does not keep the others from
// being edited.
func (e *editing) update(t clientFile, edit func(*dockerconfig.Config, *dockerconfig.Record) []entryDone) {
	var done fileAnswer
	var record *dockerconfig.Record
	earlier := e.journal.Record(t.path)
	change := func(c *dockerconfig.Config) error {
		done = fileAnswer{Path: t.path}
		record = c.Current(earlier)
		before := c.Text()
		done.Entries = edit(c, record)
		e.helpers[dockerconfig.Real(t.path)] = c.Helpers()
		if done.Changed = c.Changed(); !done.Changed {
			return nil
		}
		done.Made, done.Removed = !c.Exists, c.Gone()
		for _, refuses := range []func() error{c.Broken, c.Writable} {
			if err := refuses(); err != nil {
				return err
			}
		}
		switch {
		case e.dryRun:
			done.Diff = diff(t, c.Exists, c.Gone(), before, c.Text())
		case !e.undoes:
			// Whoever is killed between the two leaves a note of too much, which the next edit finds out.
			e.note(e.journal.Put(t.path, record))
		}
		return nil
	}
	var err error
	if e.dryRun {
		var c *dockerconfig.Config
		if c, err = dockerconfig.Read(t.path, t.client); err == nil {
			err = change(c)
		}
	} else {
		_, err = dockerconfig.Update(t.path, t.client, change)
	}
	switch {
	case e.dryRun:
	case err != nil:
		record = earlier
		fallthrough
	case e.undoes:
		e.note(e.journal.Put(t.path, record))
	}
	if err != nil {
		e.failed = append(e.failed, err)
	} else if len(done.Entries) > 0 {
		e.answer.Files = append(e.answer.Files, done)
	}
}

// finish ends with what went wrong, each with what to do about it, or with a last word when all went well.
func (e *editing) finish(well func()) error {
	if len(e.failed) == 0 {
		well()
		return nil
	}
	for _, err := range e.failed {
		e.p.out.problem(err, hint(err))
	}
	return exitCode(1)
}

// note warns when the journal cannot be written: the edit is right all the same.
func (e *editing) note(err error) {
	if err != nil {
		e.p.out.problem(fmt.Errorf("warning: what is changed cannot be noted: %w", err), "unconfigure will go by the helper's name alone")
	}
}

// diff shows an edit, without what is secret.
func diff(t clientFile, exists, gone bool, before, after []byte) string {
	from, to := t.path, t.path
	if !exists {
		from = "/dev/null"
	}
	if gone {
		to, after = "/dev/null", nil
	}
	return udiff.Unified(from, to, string(dockerconfig.Mask(before, t.client)), string(dockerconfig.Mask(after, t.client)))
}

// print answers: each file with what happened in it, or the diffs.
func (e *editing) print(asJSON bool) error {
	out := e.p.out
	if asJSON {
		return out.stdout.JSON(e.answer)
	}
	for _, link := range e.answer.Links {
		out.stdout.Printf("%s\n", e.linkLine(link))
	}
	for _, f := range e.answer.Files {
		if f.Diff != "" {
			fmt.Fprint(out.stdout, f.Diff)
			continue
		}
		switch {
		case f.Made:
			out.stdout.Printf("%s (made)\n", terminal.Quote(f.Path))
		case f.Removed:
			out.stdout.Printf("%s (removed)\n", terminal.Quote(f.Path))
		default:
			out.stdout.Printf("%s\n", terminal.Quote(f.Path))
		}
		var rows [][]string
		for _, entry := range f.Entries {
			what := entry.What
			if entry.Detail != "" {
				what += ", " + entry.Detail
			}
			rows = append(rows, []string{"  " + entry.Registry, what})
		}
		out.stdout.Table(rows, nil)
	}
	if !e.changes() && len(e.failed) == 0 {
		out.stdout.Printf("nothing to change\n")
	}
	return nil
}

// changes tells whether anything was changed, or would be.
func (e *editing) changes() bool {
	return len(e.answer.Links) > 0 || slices.ContainsFunc(e.answer.Files, func(f fileAnswer) bool { return f.Changed })
}
