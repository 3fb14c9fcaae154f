package configure

import (
	"fmt"
	"strconv"
)

// A Result is what a session did, or would do in a dry run. Its JSON is printed for programs.
type Result struct {
	DryRun bool     `json:"dryRun"`
	Helper string   `json:"helper,omitempty"` // the name in credHelpers
	Links  []string `json:"links,omitempty"`  // created or removed
	Found  []Found  `json:"found,omitempty"`  // the proposal, when no registry was named
	Files  []File   `json:"files"`

	// Registries are the registries to configure, with their profiles.
	Registries []*Assignment `json:"registries,omitempty"`

	// Created and Removed are the links in Links, by what happened to them.
	Created []string `json:"-"`
	Removed []string `json:"-"`

	Failed   []Problem `json:"errors,omitempty"`   // one for each file that could not be edited
	Warnings []Problem `json:"warnings,omitempty"` // what keeps the result from working as expected
}

// Changed reports whether anything was changed, or would be.
func (r *Result) Changed() bool {
	if len(r.Links) > 0 {
		return true
	}
	for _, f := range r.Files {
		if f.Changed {
			return true
		}
	}
	return false
}

// A File is what happened to one file.
type File struct {
	Path    string  `json:"path"`
	Changed bool    `json:"changed"`
	Created bool    `json:"created,omitempty"` // the file did not exist before
	Removed bool    `json:"removed,omitempty"` // the file did not exist before Configure, either
	Entries []Entry `json:"entries"`
	Diff    string  `json:"diff,omitempty"` // of a dry run, without secrets
}

// An Entry is what happened to one entry of a file.
type Entry struct {
	Registry string `json:"registry"`
	What     Action `json:"what"`
	Detail   string `json:"detail,omitempty"`
}

// An Action is a code for what happened to an entry. The codes are part of the JSON output.
type Action string

// The actions.
const (
	Added           Action = "added"            // the entry of credHelpers is new
	Changed         Action = "changed"          // the entry named another helper
	Kept            Action = "kept"             // the entry named this helper before
	PasswordRemoved Action = "password removed" // an entry of auths with a password or token
	Removed         Action = "removed"          // the entry of credHelpers was removed
	Restored        Action = "restored"         // the entry names the helper from before Configure
	Skipped         Action = "skipped"          // the entry is not this program's, or missing
)

// Text returns the action in words, with its detail.
func (e Entry) Text() string {
	text := string(e.What)
	switch e.What {
	case Kept:
		text = "already configured"
	case Skipped:
		text = "not changed"
	}
	if e.Detail != "" {
		text += ", " + e.Detail
	}
	return text
}

// A Found is a registry that is in use here, and where it was found.
type Found struct {
	Registry string  `json:"registry"`
	Where    []Place `json:"where"`
}

// A Source is a code for what names a registry.
type Source string

// The sources, in the order in which they are searched.
const (
	FromPassword    Source = "password"
	FromFile        Source = "file"
	FromDocker      Source = "docker"
	FromPodman      Source = "podman"
	FromCredentials Source = "credentials"
	FromProfile     Source = "profile"
	FromEntry       Source = "entry"
)

// A Place is where a registry was found.
type Place struct {
	Source Source
	File   string // FromPassword, FromFile, FromEntry; for FromProfile the profile
	Line   int
}

// Text returns the place in words. quote makes a file's name safe to print.
func (p Place) Text(quote func(string) string) string {
	switch p.Source {
	case FromPassword:
		return fmt.Sprintf("password in %s:%d", quote(p.File), p.Line)
	case FromFile:
		return quote(p.File) + ":" + strconv.Itoa(p.Line)
	case FromProfile:
		return "account of profile " + p.File
	case FromEntry:
		return fmt.Sprintf("entry in %s:%d", quote(p.File), p.Line)
	case FromDocker:
		return "images of docker"
	case FromPodman:
		return "images of podman"
	}
	return "account of the AWS credentials"
}

// MarshalText returns the place in words, for JSON.
func (p Place) MarshalText() ([]byte, error) {
	return []byte(p.Text(func(name string) string { return name })), nil
}
