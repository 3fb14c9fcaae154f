package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/configure"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/plan"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/terminal"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/wording"
)

func uninstallCommand(p *process) *cobra.Command {
	c := &cobra.Command{
		Use:   "uninstall [--dry-run] [--json]",
		Short: "remove everything that this program has written for the user",
		Long: `Removes every entry that names this helper from the files of docker and podman, the links of AWS profiles, the rules
that "configure" added to the settings, its record, the cache and its sealing key, also that in the keyring. Entries
that "configure" replaced are restored. The program itself, the rest of the settings and the log file stay. Run it as
each user who used the helper, before you remove the program.`,
		Example: `    docker-credential-ecr-login uninstall --dry-run
    docker-credential-ecr-login uninstall`,
	}
	dryRun := c.Flags().Bool("dry-run", false, "change nothing, print what would change")
	asJSON := jsonFlag(c)
	c.RunE = func(*cobra.Command, []string) error { return p.uninstall(*dryRun, *asJSON) }
	return c
}

// uninstalled is what uninstall prints.
type uninstalled struct {
	*configure.Result
	Cache   string `json:"cache,omitempty"` // the directory of the cache
	Entries int    `json:"entries"`         // the number of its entries
}

func (p *process) uninstall(dryRun, asJSON bool) error {
	settings, err := config.Load(nil)
	if err != nil {
		return err
	}
	self, _ := os.Executable()
	s, err := configure.New(configure.Options{Settings: settings, Podman: true, All: true, DryRun: dryRun, Args: p.args, Executable: self})
	if err != nil {
		return err
	}
	result, err := s.Unconfigure(nil)
	if err != nil {
		return err
	}
	disk := cache.Open(plan.CacheOptions(settings, nil))
	removed := uninstalled{Result: result}
	if status := disk.Status(); status.Exists {
		removed.Cache, removed.Entries = status.Dir, status.Entries
	}
	var failed error // after the result, which says what was removed
	if !dryRun {
		if removed.Entries, err = disk.Remove(); err != nil {
			failed = fmt.Errorf("cannot remove the cache: %w", err)
			removed.Cache = ""
		}
	}
	if asJSON {
		if err := p.out.stdout.JSON(removed); err != nil {
			return err
		}
		return p.printFailed(result, failed)
	}
	if err := p.printResult(result, false); err != nil {
		return err
	}
	if removed.Cache != "" {
		verb := "removed"
		if dryRun {
			verb = "would remove"
		}
		p.out.stdout.Printf("%s the cache %s with %s\n", verb, terminal.Quote(removed.Cache), wording.Count(removed.Entries, "entry", "entries"))
	}
	p.printRemaining(result, settings, self)
	return p.printFailed(result, failed)
}

// printFailed prints the problems of a result, and returns the error of the cache if there is one.
func (p *process) printFailed(r *configure.Result, failed error) error {
	if err := p.printProblems(r); failed == nil {
		return err
	}
	return failed
}

// printRemaining prints what a person has to remove.
func (p *process) printRemaining(r *configure.Result, settings config.Settings, self string) {
	if path, err := (dockerconfig.Locator{}).Docker(); err == nil {
		if file, err := dockerconfig.Read(path, dockerconfig.Docker); err == nil && progname.IsHelper(file.Store()) {
			p.out.problem(fmt.Errorf("warning: credsStore in %s names this helper", terminal.Quote(path)), "remove the line with credsStore, or docker will fail")
		}
	}
	created := func(f configure.File) bool { return f.Removed && f.Path == dockerconfig.Real(settings.Path) }
	if settings.Path != "" && !slices.ContainsFunc(r.Files, created) {
		p.out.stdout.Printf("the settings file stays: %s\n", terminal.Quote(settings.Path))
	}
	p.out.stdout.Printf("the program stays: %s; remove it with your package manager, or with make uninstall\n", terminal.Quote(self))
}
