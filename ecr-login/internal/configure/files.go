package configure

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/terminal"
)

// A clientFile is one of the files to edit.
type clientFile struct {
	path   string
	client dockerconfig.Client

	// cleanOnly: no entries are added. Passwords are removed, and entries are changed that would
	// come before the ones in another file.
	cleanOnly bool
}

// update edits one file, or computes the edit in a dry run. edit gets the config and the record of
// earlier edits, which it may change; it is called again when another program wrote the file in the
// meantime.
func (s *Session) update(t clientFile, edit func(*dockerconfig.Config, *dockerconfig.Record) []Entry) {
	var file File
	var record *dockerconfig.Record
	var wrong []error
	dryRun := s.options.DryRun
	earlier := s.journal.Record(t.path)
	change := func(c *dockerconfig.Config) error {
		file = File{Path: t.path}
		wrong = c.WrongTypes()
		record = c.Current(earlier)
		before := c.Text()
		file.Entries = edit(c, record)
		s.helpers[dockerconfig.Real(t.path)] = c.Helpers()
		if file.Changed = c.Changed(); !file.Changed {
			return nil
		}
		file.Created, file.Removed = !c.Exists, c.Gone()
		for _, check := range []func() error{c.Broken, c.Writable} {
			if err := check(); err != nil {
				return err
			}
		}
		switch {
		case dryRun:
			file.Diff = unifiedDiff(t, c, before)
		case !s.undoes:
			// A process that is killed between the two leaves a record of an edit that was not
			// made. The next run compares the record with the file.
			s.note(s.journal.Put(t.path, record))
		}
		return nil
	}
	var err error
	if dryRun {
		var c *dockerconfig.Config
		if c, err = dockerconfig.Read(t.path, t.client); err == nil {
			err = change(c)
		}
	} else {
		_, err = dockerconfig.Update(context.Background(), t.path, t.client, change)
	}
	switch {
	case dryRun:
	case err != nil:
		s.note(s.journal.Put(t.path, earlier))
	case s.undoes:
		s.note(s.journal.Put(t.path, record))
	}
	if err != nil {
		delete(s.helpers, dockerconfig.Real(t.path)) // of an edit that was not made
		s.fail(err)
		return
	}
	if len(file.Entries) > 0 {
		s.result.Files = append(s.result.Files, file)
	}
	for _, err := range wrong {
		s.warn(fmt.Errorf("docker warns about the file, and crane, ko and cosign refuse it: %w", err))
	}
}

// unifiedDiff returns an edit without secrets.
func unifiedDiff(t clientFile, c *dockerconfig.Config, before []byte) string {
	name := terminal.Quote(t.path)
	from, to, after := name, name, c.Text()
	if !c.Exists {
		from = os.DevNull
	}
	if c.Gone() {
		to, after = os.DevNull, nil
	}
	if t.client != dockerconfig.Plain {
		before, after = dockerconfig.Redact(before, t.client), dockerconfig.Redact(after, t.client)
	}
	text := diff.Diff(from, before, to, after)
	_, text, _ = bytes.Cut(text, []byte("\n")) // the line "diff FROM TO", which a unified diff does not have
	return string(text)
}

// set adds entries with the helper for the hosts to one file. It removes a login only if a new
// entry has the same key: to a client, the same host with another port is another registry.
func (s *Session) set(t clientFile, c *dockerconfig.Config, r *dockerconfig.Record, hosts []string) (done []Entry) {
	helpers := map[string]string{}
	for _, h := range c.Helpers() {
		helpers[h.Host] = h.Name
	}
	logins := loginsByHost(c)
	var set, keys []string
	for _, host := range hosts {
		helper := s.helperOf(host)
		before, found := helpers[host]
		switch {
		case found && before == helper:
			done = append(done, Entry{host, Kept, helper})
		case found:
			done = append(done, Entry{host, Changed, redact.UserInfo(before) + " -> " + helper})
		case !t.cleanOnly:
			done = append(done, Entry{host, Added, helper})
		}
		if found || !t.cleanOnly {
			set = append(set, host)
		}
		for _, a := range logins[host] {
			keys = append(keys, a.Key)
			done = append(done, Entry{redact.UserInfo(a.Key), PasswordRemoved, fmt.Sprintf("line %d", a.Line)})
		}
	}
	c.SetHelpers(set, s.helperOf, r)
	c.RemoveAuth(keys...)
	return done
}

// helperOf returns the name in credHelpers for a host.
func (s *Session) helperOf(host string) string { return s.assigned[host].Helper }

// loginsByHost returns the entries of auths that hold a password or a token.
func loginsByHost(c *dockerconfig.Config) map[string][]dockerconfig.Auth {
	all := map[string][]dockerconfig.Auth{}
	for _, a := range c.Auths() {
		if a.Secret() {
			all[a.Host()] = append(all[a.Host()], a)
		}
	}
	return all
}

// unset removes entries from one file: the named ones, else the recorded ones, else, where there is
// no record of the file, all that name this program.
func (s *Session) unset(c *dockerconfig.Config, r *dockerconfig.Record, only []string, recorded, first bool) (done []Entry) {
	named, present, ruled := map[string]bool{}, map[string]bool{}, s.ruledProfiles()
	for _, host := range only {
		named[host] = true
	}
	var undo, remove []string
	for _, h := range c.Helpers() {
		present[h.Host] = true
		ours := progname.IsHelper(h.Name) && (s.options.Profile == "" || h.Name == s.helper || ruled[hostOf(h.Host)] == s.options.Profile)
		entry, written := r.Entries[h.Host]
		host := redact.UserInfo(h.Host)
		switch {
		case len(only) > 0 && !named[h.Host]:
		case !ours && named[h.Host]:
			done = append(done, Entry{host, Skipped, "its helper is " + redact.UserInfo(h.Name)})
		case !ours:
		case written && entry.Withheld:
			undo = append(undo, h.Host)
			done = append(done, Entry{host, Removed, "the earlier helper was not recorded: its name contained a user name"})
		case written && len(entry.Before) > 0:
			undo = append(undo, h.Host)
			done = append(done, Entry{host, Restored, ""})
		case written:
			undo = append(undo, h.Host)
			done = append(done, Entry{host, Removed, ""})
		case named[h.Host]:
			remove = append(remove, h.Host)
			done = append(done, Entry{host, Removed, ""})
		case recorded && !s.options.All:
			done = append(done, Entry{host, Skipped, "configure did not write it"})
		default:
			remove = append(remove, h.Host)
			done = append(done, Entry{host, Removed, "no record of it was found"})
		}
	}
	c.RemoveHelper(remove...)
	c.Undo(r, undo...)
	for _, host := range only {
		if first && !present[host] {
			done = append(done, Entry{host, Skipped, "not found"})
		}
	}
	return done
}
