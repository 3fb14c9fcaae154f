package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	wineLoader = "/usr/lib/wine/wine64"
	wineServer = "/usr/lib/wine/wineserver64"
	mingw      = "x86_64-w64-mingw32-gcc"

	// configureRounds is how often ten configure run at once.
	configureRounds = 100
)

// wine runs programs of Windows.
var wine = &way{
	title: "Wine",
	how: "Wine runs the programs of Windows. Two parts are added that Windows has and Wine 8 lacks: " +
		"`bcryptprimitives.dll` with the function ProcessPrng, and a way to remove files that Go uses (one changed line in its `os`).",
	limits: []string{
		"the kernel of Windows and NTFS: Wine replaces and removes no open file, as FAT does",
		"access control lists, other users, and services",
		"what DPAPI protects: Wine has its functions, without the user's password",
		"symbolic links: Wine 8 creates none, so the link of `configure --profile` is not run",
		"terminals: prompts, colours and progress",
		"`docker.exe` and other clients of Windows",
		"Windows on arm64, which is compiled only",
		"speed: a directory with thousands of files takes Wine minutes",
	},
	excluded: []exclusion{
		{"cache", "TestCleanupRemovesExpired", "10,000 files"},
		{"cache", "TestKilledWriters", "processes that replace one file without a pause: Wine refuses while another one has it open"},
		{"cache", "TestShortLived", "it renames an open directory"},
		{"ecr-login/config", "TestDocumentedError", "it removes a directory of Unix from a text"},
		{"ecr-login/internal/dockerconfig", "TestLockNoticesNewDirectory", "it renames an open directory"},
		{"ecr-login/internal/dockerconfig", "TestRecordIsFoundThroughLink", "symbolic links"},
		{"ecr-login/internal/dockerconfig", "TestUpdateKeepsLinks", "symbolic links"},
		{"ecr-login/internal/dockerconfig", "TestUpdateRefuses", "symbolic links and modes"},
		{"ecr-login/internal/identity", "TestEveryVariableOfTheSDK", "it runs the Go command"},
		{"ecr-login/token", "TestControlCharacters", "it runs programs of Unix"},
		{"ecr-login/token", "TestHints", "quotes of a POSIX shell, which a hint on Windows does not have"},
		{"ecr-login/token", "TestNoCACertificates", "SSL_CERT_FILE, which Windows ignores"},
		{"ecr-login/token", "TestNoCredentials", "a text of Unix for a missing file"},
		{"ecr-login/token", "TestProcess", "it runs shell scripts"},
		{"ecr-login/token", "TestProcessCommand", "it runs shell scripts"},
		{"ecr-login/token", "TestProxyVariable", "environment variables that differ in letter case only"},
		{"ecr-login/token", "TestRefreshCannotBeStored", "modes of directories"},
		{"ecr-login/token", "TestSessionTimes", "modes of files"},
		{"ecr-login/token", "TestTokenFileIsNotRegular", "/dev/zero"},
	},
}

// A wineRoot is a Wine prefix: the files and the registry of one Windows.
type wineRoot struct {
	dir string
	env []string
}

// runWine runs the system of Windows on amd64.
func runWine(ctx context.Context, b *builder, r *report) error {
	// Wine 8 has no FileDispositionInformationEx, and Go falls back only for the errors that Windows
	// returns for that.
	if err := b.overlayFile(ctx, "internal/syscall/windows/at_windows.go", "if TestDeleteatFallback {", "if true {"); err != nil {
		return err
	}
	path, err := b.program(ctx, r.system.target)
	if err != nil {
		return err
	}
	w, stop, err := newWineRoot(ctx, r.dir, filepath.Dir(path))
	if err != nil {
		return err
	}
	defer stop()
	m, err := newMachine(ctx, r, path, wineLoader)
	if err != nil {
		return err
	}
	defer m.server.Close()
	if m.home, err = w.home(); err != nil {
		return err
	}
	m.path, m.endsSilently = windowsPath, true
	if err := m.setHome(m.home); err != nil {
		return err
	}
	m.env, m.hidden = w.env, []string{"HOME", "USERPROFILE", "PATH"}
	m.settings, m.cache = "AppData/Roaming/ecr-login", "AppData/Local/ecr-login"
	r.add("sealing key protected by DPAPI", m.dpapi())
	m.verbs(r)
	r.add("dry run without a file", m.dryRunNames("NUL"))
	r.add("AWS refuses the connection", m.refusedConnection())
	r.add("10 configure at once", m.configureAtOnce(r, configureRounds))
	r.note("processes that Wine ended without output, which were run again: %d", m.silentEnds.Load())
	runTests(ctx, b, r, func(ctx context.Context, dir, binary string, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, wineLoader, append([]string{binary}, args...)...)
		cmd.Dir, cmd.Env = dir, w.env
		return cmd
	})
	return nil
}

// newWineRoot creates a Wine prefix and keeps its server running until stop is called.
func newWineRoot(ctx context.Context, dir, path string) (w *wineRoot, stop func(), err error) {
	w = &wineRoot{dir: filepath.Join(dir, "wine")}
	w.env = []string{
		"WINEPREFIX=" + w.dir,
		"WINEDEBUG=-all",
		"WINEDLLOVERRIDES=mscoree,mshtml=", // no questions about .NET and HTML
		"WINEPATH=" + windowsPath(path),
	}
	if err := os.Mkdir(w.dir, 0o700); err != nil {
		return nil, nil, err
	}
	server := exec.Command(wineServer, "--foreground", "--persistent")
	server.Env = w.env
	if err := server.Start(); err != nil {
		return nil, nil, err
	}
	stop = func() {
		// Ends the processes of the prefix, which outlive a server that is only killed. The context may
		// be done.
		end := exec.Command(wineServer, "--kill")
		end.Env = w.env
		if end.Run() != nil {
			_ = server.Process.Kill()
		}
		_ = server.Wait()
	}
	for _, step := range []func() error{
		func() error { return w.boot(ctx, dir) },
		func() error { return w.addProcessPrng(ctx, dir) },
	} {
		if err := step(); err != nil {
			stop()
			return nil, nil, err
		}
	}
	return w, stop, nil
}

// boot creates the files of the prefix. Debian's Wine ends with an error when it creates the
// directory of its server, and asks to be started again.
func (w *wineRoot) boot(ctx context.Context, dir string) (err error) {
	for range 3 {
		if err = runIn(ctx, dir, w.env, wineLoader, "wineboot", "--init"); err == nil {
			return nil
		}
	}
	return err
}

// processPrng is the function of Windows from which Go takes random bytes. Wine 8 does not have it.
const processPrng = `#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size) { return SystemFunction036(data, size); }
`

// addProcessPrng builds bcryptprimitives.dll into the prefix.
func (w *wineRoot) addProcessPrng(ctx context.Context, dir string) error {
	source := filepath.Join(dir, "bcryptprimitives.c")
	if err := os.WriteFile(source, []byte(processPrng), 0o644); err != nil {
		return err
	}
	library := filepath.Join(w.dir, "drive_c", "windows", "system32", "bcryptprimitives.dll")
	return runIn(ctx, dir, os.Environ(), mingw, "-shared", "-o", library, source, "-ladvapi32")
}

// home returns the profile directory of the user.
func (w *wineRoot) home() (string, error) {
	all, err := filepath.Glob(filepath.Join(w.dir, "drive_c", "users", "*"))
	if err != nil {
		return "", err
	}
	for _, dir := range all {
		if filepath.Base(dir) != "Public" {
			return dir, nil
		}
	}
	return "", errors.New("the Wine prefix has no user")
}

// windowsPath returns the name of a file under Wine, where drive Z: is the root directory.
func windowsPath(path string) string { return "Z:" + strings.ReplaceAll(path, "/", `\`) }

// dpapi checks that a get creates a sealing key that DPAPI protects, and no other.
func (m *machine) dpapi() error {
	if _, err := m.get(host); err != nil {
		return err
	}
	protected, err := filepath.Glob(filepath.Join(m.home, m.cache, "key-*"))
	if err != nil || len(protected) != 1 {
		return fmt.Errorf("keys: %v, %v", protected, err)
	}
	if _, err := os.Stat(filepath.Join(m.home, m.cache, "key")); err == nil {
		return errors.New("a key without protection exists")
	}
	if err := m.want("", []string{"explain", host}, "DPAPI"); err != nil {
		return err
	}
	return m.want("", []string{"cache", "clear"})
}

// dryRunNames checks that the dry run for a missing file names the system's null device.
func (m *machine) dryRunNames(null string) error {
	if err := os.RemoveAll(filepath.Join(m.home, m.docker)); err != nil {
		return err
	}
	out, err := m.run("", "configure", "--dry-run", host)
	if err != nil {
		return err
	}
	if strings.Contains(out.stdout, "/dev/null") {
		return fmt.Errorf("the dry run names /dev/null: %s", out.stdout)
	}
	return out.want(0, "--- "+null, host)
}

// refusedConnection checks that the program knows the system's error for a refused connection.
func (m *machine) refusedConnection() error {
	env := append(m.access(false), "AWS_ENDPOINT_URL=http://127.0.0.1:1")
	out, err := m.runWith(env, strings.Replace(host, "us-east-1", "eu-north-1", 1), "get")
	if err != nil {
		return err
	}
	return out.want(1, "connection refused")
}
