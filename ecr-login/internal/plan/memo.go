package plan

import (
	"os"
	"slices"
	"sync"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/environ"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/identity"
)

// settleTime is how old a file's last change must be before the file counts as unchanged: a second
// change within the resolution of a file system's times would not be noticed.
const settleTime = 2 * time.Second

// Memo remembers fingerprints for a long-lived process. A fingerprint is reused while every
// environment variable has the same value, and every file the same size and times, as when it was
// computed. The zero value is empty; a Memo is safe for concurrent use.
type Memo struct {
	mu     sync.Mutex
	byRule map[memoKey]remembered
}

// memoKey distinguishes the fingerprints of one process.
type memoKey struct{ profile, rule string }

// remembered is a fingerprint and the state of its inputs.
type remembered struct {
	fingerprint identity.Fingerprint
	environment []variable
	files       []os.FileInfo // of fingerprint.Files before it was made; nil entries are missing files
	settled     bool          // the files were known before, and have not changed lately
}

type variable struct {
	name, value string
	set         bool
}

// fingerprint returns the fingerprint of s, or of the explicit credentials of a principal, which
// nothing changes.
func (m *Memo) fingerprint(key memoKey, s identity.Source, principal string) identity.Fingerprint {
	m.mu.Lock()
	known, ok := m.byRule[key]
	m.mu.Unlock()
	if principal != "" {
		if !ok {
			known.fingerprint = identity.Explicit(principal, s.Rule, nil)
			m.remember(key, known)
		}
		return known.fingerprint
	}
	// The files are inspected before they are read again, so that a change in between is noticed by
	// the next call.
	var files []os.FileInfo
	if ok {
		files = inspect(known.fingerprint.Files)
		if known.settled && sameFiles(known.files, files) && sameEnvironment(known.environment, s.Environ) {
			return known.fingerprint
		}
	}
	now := time.Now()
	var environment []variable
	lookup := s.Environ
	s.Environ = func(name string) (string, bool) {
		value, set := lookup.Lookup(name)
		if v := (variable{name, value, set}); !slices.Contains(environment, v) {
			environment = append(environment, v)
		}
		return value, set
	}
	f := s.Fingerprint()
	settled := ok && slices.Equal(f.Files, known.fingerprint.Files) && !slices.ContainsFunc(files, func(i os.FileInfo) bool {
		return i != nil && now.Sub(i.ModTime()) < settleTime
	})
	m.remember(key, remembered{f, environment, files, settled})
	return f
}

func (m *Memo) remember(key memoKey, r remembered) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byRule == nil {
		m.byRule = map[memoKey]remembered{}
	}
	m.byRule[key] = r
}

// inspect returns the file information of each path, nil for a file that cannot be inspected.
func inspect(paths []string) []os.FileInfo {
	files := make([]os.FileInfo, len(paths))
	for i, path := range paths {
		if info, err := os.Stat(path); err == nil {
			files[i] = info
		}
	}
	return files
}

func sameFiles(a, b []os.FileInfo) bool {
	return slices.EqualFunc(a, b, func(a, b os.FileInfo) bool {
		if a == nil || b == nil {
			return a == b
		}
		return os.SameFile(a, b) && a.Size() == b.Size() && a.Mode() == b.Mode() && a.ModTime().Equal(b.ModTime())
	})
}

func sameEnvironment(known []variable, lookup environ.Lookup) bool {
	for _, v := range known {
		if value, set := lookup.Lookup(v.name); value != v.value || set != v.set {
			return false
		}
	}
	return true
}
