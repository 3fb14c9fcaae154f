package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// chroot is a root directory in which the program is the only file: no /etc, /dev, /proc or /tmp,
// no CA certificates, no home directory.
var chroot = &way{
	title: "Empty root directory",
	how: "The program is the only file in its root directory: no `/etc`, `/dev`, `/proc` or `/tmp`, no CA certificates, " +
		"no home directory. It runs as root, and as user and group 12345, who can write nowhere.",
	limits: []string{"other kernels and security modules"},
}

func runEmptyRoot(ctx context.Context, b *builder, r *report) error {
	path, err := b.program(ctx, r.system.target)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for _, user := range []struct {
		name, ids string
		caches    bool // root can create a cache directory
	}{{"root", "0:0", true}, {"uid 12345", "12345:12345", false}} {
		root := filepath.Join(r.dir, user.name)
		if err := os.Mkdir(root, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(root, program), text, 0o755); err != nil {
			return err
		}
		m, err := newMachine(ctx, r, "/"+program, "chroot", "--userspec="+user.ids, root)
		if err != nil {
			return err
		}
		m.emptyRootChecks(r, user.name, user.caches)
		m.server.Close()
	}
	return nil
}

func (m *machine) emptyRootChecks(r *report, user string, caches bool) {
	// Only what a container's configuration would set.
	env := append([]string{"AWS_REGION=us-east-1", "AWS_ENDPOINT_URL=" + m.server.URL}, m.user.Env()...)
	run := func(stdin string, args ...string) (output, error) { return m.runWith(env, stdin, args...) }
	warm := 1
	if caches {
		warm = 0
	}
	r.add("get as "+user, m.calls(1+warm, func() error {
		for range 2 {
			out, err := run(host, "get")
			if err != nil {
				return err
			}
			if _, err := out.password(); err != nil {
				return err
			}
		}
		return nil
	}))
	r.add("list as "+user, func() error {
		out, err := run("unused", "list")
		if err != nil {
			return err
		}
		if caches {
			return out.want(0, host)
		}
		return out.want(0, "{")
	}())
	r.add("explain as "+user, func() error {
		out, err := run("", "explain", host)
		if err != nil {
			return err
		}
		return out.want(0, "access key in the environment")
	}())
	r.add("doctor as "+user, func() error {
		out, err := run("", "doctor", host)
		if err != nil {
			return err
		}
		// docker runs no helper here, which doctor must report, together with the token that AWS gives.
		if err := out.want(1, "✔ token", "✘ "); err != nil {
			return err
		}
		if strings.Contains(out.stdout+out.stderr, "panic") {
			return errors.New(out.stdout + out.stderr)
		}
		return nil
	}())
}
