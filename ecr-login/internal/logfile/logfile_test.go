package logfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The records of many writers stay complete, and both files stay small.
func TestFileStaysSmall(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	const maxSize = 2000
	line := "time=now level=INFO msg=something pid=1 name=" + strings.Repeat("n", 50) + "\n"
	done := make(chan bool)
	for range 8 {
		go func() {
			for range 50 {
				f := &File{Path: path, maxSize: maxSize} // as in another process
				for range 3 {
					f.Write([]byte(line))
				}
				f.file.Close()
			}
			done <- true
		}()
	}
	for range 8 {
		<-done
	}
	for _, p := range []string{path, path + ".1"} {
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		if strings.ReplaceAll(string(text), line, "") != "" {
			t.Errorf("%s has incomplete records", p)
		}
		// A writer that finds the lock taken continues with the old file, up to twice the size.
		if len(text) > 2*maxSize+8*len(line) || len(text) == 0 {
			t.Errorf("%s has %d bytes, want about %d", p, len(text), maxSize)
		}
	}
}

// A file that cannot be renamed grows to twice its size, and no more.
func TestFileThatCannotBeRenamed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	if err := os.MkdirAll(filepath.Join(path+".1", "not empty"), 0o700); err != nil {
		t.Fatal(err)
	}
	var warnings []error
	f := &File{Path: path, maxSize: 100, Warn: func(err error) { warnings = append(warnings, err) }}
	for range 50 {
		f.Write([]byte(strings.Repeat("x", 9) + "\n"))
	}
	f.file.Close()
	if info, err := os.Stat(path); err != nil || info.Size() > 210 {
		t.Errorf("%v, %v", info.Size(), err)
	}
	if len(warnings) != 1 || warnings[0] != errFull {
		t.Errorf("warnings: %v, want one that the file is full", warnings)
	}
}
