//go:build !unix

package main

import (
	"os"
	"path/filepath"
	"strings"
)

// mayWrite tells whether this process may make files in a folder, which only making one can tell.
func mayWrite(dir string) bool {
	f, err := os.CreateTemp(dir, "ecr-login-*")
	if err != nil {
		return false
	}
	f.Close()
	return os.Remove(f.Name()) == nil
}

// owns tells whether a folder is this user's: below the home folder.
func owns(dir string) bool {
	home, err := os.UserHomeDir()
	return err == nil && strings.HasPrefix(strings.ToLower(dir), strings.ToLower(home)+string(filepath.Separator))
}
