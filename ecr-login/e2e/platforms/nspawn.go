package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// nspawn boots systemd, in a container with the machine's kernel and network.
var nspawn = &way{
	title: "systemd",
	how: "systemd-nspawn boots a Debian root directory made by debootstrap, with the machine's kernel and network. " +
		"The units of `packaging/systemd` run in it, for the system and for a user who is not logged in.",
	limits: []string{
		"keyrings without the container's own filter: systemd-nspawn allows them with --system-call-filter=@keyring",
		"other versions of systemd than Debian 12's",
		"the hours until a timer starts its service, and until a token is refreshed",
	},
}

// suite is the version of Debian in the root directory.
const suite = "bookworm"

// bootTimeout ends a system that does not stop.
const bootTimeout = 10 * time.Minute

// insideScript runs in the booted system. It prints a line for each check.
//
//go:embed inside.sh
var insideScript string

// insideUnit starts the script when the system is up, and stops the system after it.
const insideUnit = `[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh /inside.sh
ExecStopPost=systemctl poweroff --no-block
[Install]
WantedBy=default.target
`

func runNspawn(ctx context.Context, b *builder, r *report) error {
	path, err := b.program(ctx, r.system.target)
	if err != nil {
		return err
	}
	root := filepath.Join(r.dir, "root")
	if err := runIn(ctx, r.dir, os.Environ(), "debootstrap", "--variant=minbase",
		"--include=systemd,systemd-sysv,dbus,libpam-systemd", suite, root); err != nil {
		return err
	}
	s, err := ecrtest.Start(ecrtest.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := fillRoot(b, root, path, s); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, bootTimeout)
	defer cancel()
	// The private mounts are for a machine that systemd did not boot.
	cmd := exec.CommandContext(ctx, "unshare", "--mount", "--propagation", "private", "systemd-nspawn", "--boot", "--quiet",
		"--directory", root, "--system-call-filter=@keyring", "--register=no", "--keep-unit", "--console=pipe")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	out, err := cmd.CombinedOutput()
	results, readErr := os.ReadFile(filepath.Join(root, "results"))
	if readErr != nil {
		return fmt.Errorf("the system wrote no results: %w\n%s", errors.Join(err, readErr), out)
	}
	for line := range strings.Lines(string(results)) {
		result, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		name, detail, _ := strings.Cut(rest, ": ")
		switch result {
		case "ok":
			r.add(name, nil)
		default:
			r.add(name, errors.New(detail))
		}
	}
	if !strings.HasSuffix(string(results), "ok end\n") {
		return fmt.Errorf("the checks did not end:\n%s\n%s", results, out)
	}
	calls := s.Calls(getToken)
	r.note("calls to AWS of root's and the user's gets and refreshes: %d", calls)
	const want = 4 // a get and a refresh each
	if calls != want {
		return fmt.Errorf("AWS received %d calls, want %d", calls, want)
	}
	return nil
}

// fillRoot installs the program, the units, and what a user would configure.
func fillRoot(b *builder, root, program string, s *ecrtest.Server) error {
	text, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	user := s.AddUser("systemd")
	files := map[string]string{
		"inside.sh":                                 insideScript,
		"etc/systemd/system/inside.service":         insideUnit,
		"usr/local/bin/docker-credential-ecr-login": string(text),
		"etc/aws/config":                            "[default]\nregion = us-east-1\nendpoint_url = " + s.URL + "\n",
		"etc/aws/credentials":                       fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", user.AccessKeyID, user.SecretAccessKey),
		"etc/host":                                  host,
	}
	for _, units := range []string{"system", "user"} {
		all, err := filepath.Glob(filepath.Join(b.root, "packaging", "systemd", units, "*"))
		if err != nil || len(all) == 0 {
			return fmt.Errorf("units: %v, %w", all, err)
		}
		for _, unit := range all {
			text, err := os.ReadFile(unit)
			if err != nil {
				return err
			}
			files[filepath.Join("etc/systemd", units, filepath.Base(unit))] = string(text)
		}
	}
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			return err
		}
	}
	wants := filepath.Join(root, "etc/systemd/system/default.target.wants")
	if err := os.MkdirAll(wants, 0o755); err != nil {
		return err
	}
	return os.Symlink("../inside.service", filepath.Join(wants, "inside.service"))
}
