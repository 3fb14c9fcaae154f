package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

type unconfigureFlags struct {
	podman, public, dryRun, json *bool
	profile                      *string
}

func unconfigureCommand(p *process) *cobra.Command {
	c := &cobra.Command{
		Use:   "unconfigure [--podman] [--public] [--profile NAME] [--dry-run] [--json] [REGISTRY...]",
		Short: "take back what configure did",
		Long: `Removes the entries of credHelpers that "configure" wrote, puts back those that it replaced, and leaves every
file as it was before, to the byte; files, folders and links that it made go. What somebody changed since stays.
Passwords that "configure" removed do not come back.

With registries, it removes those alone, also when they were written by hand. Where the note that "configure" took is
lost, it removes all entries that name this helper.`,
		Example: `    docker-credential-ecr-login unconfigure --dry-run
    docker-credential-ecr-login unconfigure 123456789012.dkr.ecr.eu-west-1.amazonaws.com`,
		Args:              arguments(0, -1, "registries"),
		ValidArgsFunction: p.completeConfigured,
	}
	f := unconfigureFlags{
		podman:  c.Flags().Bool("podman", false, "look into podman's files also if nothing is noted about them"),
		public:  c.Flags().Bool("public", false, "take ECR Public out, under both of its names"),
		profile: c.Flags().String("profile", "", "take out only what the helper of the AWS profile `NAME` answers"),
		dryRun:  c.Flags().Bool("dry-run", false, "change nothing, print what would change"),
		json:    jsonFlag(c),
	}
	_ = c.RegisterFlagCompletionFunc("profile", completeProfiles)
	c.RunE = func(_ *cobra.Command, args []string) error { return p.unconfigure(f, args) }
	return c
}

func (p *process) unconfigure(f unconfigureFlags, args []string) error {
	e, err := p.newEditing(*f.podman, *f.dryRun)
	if err != nil {
		return err
	}
	if err := checkProfile(*f.profile); err != nil {
		return err
	}
	var only []string
	for _, arg := range args {
		host, err := registry.Host(serverOf(arg))
		if err != nil {
			return err
		}
		only = append(only, host)
	}
	if *f.public {
		only = append(only, publicHosts...)
	}
	if *f.profile != "" {
		e.answer.Helper = helperName(*f.profile)
	}
	e.undoes = true
	defer e.open()()
	if !*f.podman {
		e.addNoted()
	}
	for i, t := range e.targets {
		noted := e.journal.Record(t.path) != nil
		e.update(t, func(c *dockerconfig.Config, r *dockerconfig.Record) []entryDone {
			return e.unset(c, r, unique(only), noted, i == 0)
		})
	}
	if len(e.failed) == 0 {
		if err := e.unlink(); err != nil {
			return err
		}
	}
	if err := e.print(*f.json); err != nil {
		return err
	}
	return e.finish(func() {})
}

// addNoted adds the files of podman that configure has edited.
func (e *editing) addNoted() {
	containers, err := e.containers()
	if err != nil {
		return
	}
	for _, t := range containers {
		if e.journal.Record(t.path) != nil {
			e.targets = append(e.targets, t)
		}
	}
}

// unset takes entries out of one file: those named, else those noted, else those that name this helper.
func (e *editing) unset(c *dockerconfig.Config, r *dockerconfig.Record, only []string, noted, first bool) (done []entryDone) {
	named, there := map[string]bool{}, map[string]bool{}
	for _, host := range only {
		named[host] = true
	}
	var undo, remove []string
	for _, h := range c.Helpers() {
		there[h.Host] = true
		ours := config.IsHelper(h.Name) && (e.answer.Helper == "" || h.Name == e.answer.Helper)
		entry, mine := r.Entries[h.Host]
		shown := redact.UserInfo(h.Host)
		switch {
		case len(only) > 0 && !named[h.Host]:
		case !ours && named[h.Host]:
			done = append(done, entryDone{shown, leftAlone, redact.UserInfo(h.Name) + " answers for it"})
		case !ours:
		case mine && entry.Withheld:
			undo = append(undo, h.Host)
			done = append(done, entryDone{shown, removed, "what it said before was not noted: there was a user name in it"})
		case mine && len(entry.Before) > 0:
			undo = append(undo, h.Host)
			done = append(done, entryDone{shown, restored, ""})
		case mine:
			undo = append(undo, h.Host)
			done = append(done, entryDone{shown, removed, ""})
		case named[h.Host]:
			remove = append(remove, h.Host)
			done = append(done, entryDone{shown, removed, ""})
		case noted:
			done = append(done, entryDone{shown, leftAlone, "configure did not write it"})
		default:
			remove = append(remove, h.Host)
			done = append(done, entryDone{shown, removed, "no note of it is left"})
		}
	}
	c.RemoveHelper(remove...)
	c.Undo(r, undo...)
	for _, host := range only {
		if first && !there[host] {
			done = append(done, entryDone{host, leftAlone, "it is not there"})
		}
	}
	return done
}

// isNamed tells whether any file still has the helper.
func (e *editing) isNamed(helper string) bool {
	for _, helpers := range e.helpers {
		for _, h := range helpers {
			if h.Name == helper {
				return true
			}
		}
	}
	for _, path := range e.journal.Files() {
		if _, edited := e.helpers[path]; edited {
			continue
		}
		for _, entry := range e.journal.Record(path).Entries {
			if entry.Helper == helper {
				return true
			}
		}
	}
	return false
}

// completeConfigured completes registries with those that the clients ask this helper for.
func (p *process) completeConfigured(_ *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var list []cobra.Completion
	e, err := p.newEditing(true, true)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for _, t := range e.targets {
		c, err := dockerconfig.Read(t.path, t.client)
		if err != nil {
			continue
		}
		for _, h := range c.Helpers() {
			if config.IsHelper(h.Name) && redact.UserInfo(h.Host) == h.Host && !slices.Contains(args, h.Host) && len(h.Host) >= len(word) && h.Host[:len(word)] == word {
				list = append(list, h.Host)
			}
		}
	}
	return unique(list), cobra.ShellCompDirectiveNoFileComp
}
