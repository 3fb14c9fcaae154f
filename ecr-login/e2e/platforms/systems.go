package main

import (
	"context"
	"slices"
)

// A system is a row of the page.
type system struct {
	name     string
	target   target
	way      *way
	needs    []string // programs of Debian packages
	packages []string // whose tests are run
	run      func(context.Context, *builder, *report) error
}

// A way is how systems are run here. It is a section of the page.
type way struct {
	title    string
	how      string   // a sentence
	limits   []string // what this way cannot show
	excluded []exclusion
}

// An exclusion is a test that cannot pass this way, for a reason that is not the program's. The
// name may be that of a part of a test: TestName/part.
type exclusion struct{ pkg, test, why string }

// excludedIn returns the tests of a package that are not run.
func (w *way) excludedIn(pkg string) []exclusion {
	return slices.DeleteFunc(slices.Clone(w.excluded), func(e exclusion) bool { return e.pkg != pkg })
}

// portable are the packages whose tests run everywhere: they handle bytes, sizes and files.
var portable = []string{"cache", "ecr-login/registry", "ecr-login/config", "ecr-login/internal/identity", "ecr-login/token"}

var systems = []*system{
	{name: "linux/386", target: target{"linux", "386"}, way: native, packages: portable, run: runNative},
	emulated("linux/arm64", "arm64", "aarch64"),
	emulated("linux/armv7", "arm", "arm"),
	emulated("linux/s390x", "s390x", "s390x"),
	emulated("linux/riscv64", "riscv64", "riscv64"),
	emulated("linux/ppc64le", "ppc64le", "ppc64le"),
	{
		name: "windows/amd64", target: target{"windows", "amd64"}, way: wine, needs: []string{wineLoader, wineServer, mingw},
		packages: append([]string{"ecr-login/internal/dockerconfig", "ecr-login/internal/neterr", "ecr-login/internal/redact"}, portable...),
		run:      runWine,
	},
	{
		name: "systemd", target: target{"linux", "amd64"}, way: nspawn,
		needs: []string{"debootstrap", "systemd-nspawn", "unshare"}, run: runNspawn,
	},
	{name: "empty-root", target: target{"linux", "amd64"}, way: chroot, needs: []string{"chroot"}, run: runEmptyRoot},
}

// native is a system whose programs the processor and the kernel of this machine run.
var native = &way{
	title: "386",
	how:   "The processor and the kernel of the machine, which are those of amd64, run the program directly.",
	limits: []string{
		"a kernel for 32-bit processors",
	},
}

func runNative(ctx context.Context, b *builder, r *report) error {
	return runUnix(ctx, b, r, nil, plainCommand)
}

// runUnix runs the commands and the tests of a Unix system. start is what starts a program.
func runUnix(ctx context.Context, b *builder, r *report, start []string, tests testCommand) error {
	path, err := b.program(ctx, r.system.target)
	if err != nil {
		return err
	}
	m, err := newMachine(ctx, r, path, start...)
	if err != nil {
		return err
	}
	defer m.server.Close()
	m.verbs(r)
	runTests(ctx, b, r, tests)
	return nil
}
