package ecrlogin_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/cache/memory"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// watch returns an inotify descriptor that reports what is opened or created below a directory.
func watch(t *testing.T, dir string) (fd int) {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			_, err = unix.InotifyAddWatch(fd, path, unix.IN_OPEN|unix.IN_ACCESS|unix.IN_CREATE|unix.IN_MOVED_TO)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return fd
}

// opened returns the names of the files that were opened or created since the last call.
func opened(fd int) string {
	var all strings.Builder
	for buf := make([]byte, 4096); ; {
		n, err := unix.Read(fd, buf)
		if err == unix.EAGAIN || n <= 0 {
			return all.String()
		}
		all.Write(buf[:n])
	}
}

// With an explicit Config a Helper opens and creates no file of AWS or of this program.
func TestConfigOpensNoFile(t *testing.T) {
	s := ecrtest.New(t)
	home := poisonEnvironment(t)
	user := s.AddUser("controller")
	events := watch(t, home)
	if _, err := os.ReadFile(filepath.Join(home, ".aws", "config")); err != nil || !strings.Contains(opened(events), "config") {
		t.Fatalf("the watch does not report a file that is opened: %v", err)
	}
	opened(events)
	cfg := s.Config(user)
	for _, h := range []*ecrlogin.Helper{
		tenant(s, user, ecrlogin.Options{}),
		ecrlogin.New(ecrlogin.Options{Config: &cfg}), // stores nothing
	} {
		for range 2 {
			mustGet(t, h, host)
		}
		if _, err := h.Caller(t.Context(), host); err != nil {
			t.Fatal(err)
		}
		h.Explain(t.Context(), host)
		h.List(t.Context())
		if err := h.Erase(t.Context(), host); err != nil {
			t.Fatal(err)
		}
	}
	if names := opened(events); names != "" {
		t.Errorf("opened or created: %q", names)
	}
}

// A warm Get from memory does not open the AWS files, and notices when one has changed.
func TestWarmGetOpensNoAWSFile(t *testing.T) {
	s := ecrtest.New(t)
	dir := t.TempDir()
	home := s.Home(dir)
	become(t, home.Keys("work", s.AddUser("blue")))
	settle(t, dir)
	events := watch(t, dir)
	h := ecrlogin.New(ecrlogin.Options{Tier: func(disk cache.Store) cache.Store { return memory.Over(disk) }})
	for range 2 {
		mustGet(t, h, host)
	}
	opened(events)
	mustGet(t, h, host)
	if names := opened(events); strings.Contains(names, "config") || strings.Contains(names, "credentials") {
		t.Errorf("opened: %q", names)
	}

	home.Keys("work", s.AddUser("green"))
	c := mustGet(t, h, host)
	if who, _ := s.PrincipalOf(c.Password); !strings.HasSuffix(who.ARN, "green") {
		t.Errorf("after a change of the profile the token is that of %q", who.ARN)
	}
}
