//go:build unix

package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

func TestLogFileOfAnotherUser(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	for name, prepare := range map[string]func(path string) error{
		"a hard link": func(path string) error {
			if err := os.WriteFile(path+"-other", []byte("mine"), 0o600); err != nil {
				return err
			}
			return os.Link(path+"-other", path)
		},
		"a FIFO without a reader": func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a device":                nil,
		"another user":            nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newSourceUser(t, s, ecrtest.FromEnvironment)
			path := filepath.Join(u.dir, "log")
			var err error
			switch name {
			case "a device":
				path = os.DevNull
			case "another user":
				if os.Geteuid() != 0 {
					t.Skip("only root can create a file of another user")
				}
				if err = os.WriteFile(path, nil, 0o666); err == nil {
					err = os.Chown(path, 12345, -1)
				}
			default:
				err = prepare(path)
			}
			if err != nil {
				t.Fatal(err)
			}
			u.wantNoLog(path)
			if fi, err := os.Lstat(path); err != nil || fi.Mode().IsRegular() && fi.Size() > int64(len("mine")) {
				t.Errorf("%v, %v: the file was written to", fi, err)
			}
		})
	}
}

// Access for group and others is removed from the log file before anything is written.
func TestLogFileIsPrivate(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	path := filepath.Join(u.dir, "log")
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	readLogin(t, u.with("ECR_LOGIN_LOG_FILE="+path).run(host, "get"))
	if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o600 || fi.Size() == 0 {
		t.Errorf("%v, %v; want mode 0600 and a record", fi.Mode(), err)
	}
}
