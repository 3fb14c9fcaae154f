package main

import (
	"errors"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/doctor"
	children "github.com/4e881efc/ecr-credential-helper/ecr-login/internal/process"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/terminal"
)

func doctorCommand(p *process) *cobra.Command {
	c := &cobra.Command{
		Use:   "doctor [--fix] [--profile PROFILE] [--kubelet] [--json] [REGISTRY[/REPOSITORY[:TAG|@DIGEST]]]",
		Short: "check everything between a client and a registry",
		Long: `Checks each step of a pull and prints one line for each: ✔ works, ! could be better, ✘ does not work, with
the fact and what to do about it. It checks the user, Docker's configuration, the program that Docker would
run, the settings, passwords stored in plain text and the cache. For a registry it checks its entry for docker
(and for podman, if podman has a file of its own), the credentials, the network, the clock and a token, and
opens the registry with it. With a repository it also checks the image and one of its layers, and names the
permission that is missing.

Without a registry it checks those for which Docker's configuration names this program, else the one of the
credentials' account and region. The profile is the one in the name of the helper that docker runs for the
registry; --profile replaces it. It ends within 20 seconds. Ctrl-C prints what is known so far. It exits with
0 when everything works; lines marked with ! do not count, unless something could not be checked.

With --fix it makes the changes that cannot do harm, and prints them: it deletes the tokens in plain text that
amazon-ecr-credential-helper left in its cache.json, removes logins of ECR registries that are not used any
more from the clients' files, and removes access for other users from a config.json with passwords and from
the cache directory.

With --kubelet it checks this Kubernetes node, best as root: the flags of the running kubelet, its
CredentialProviderConfig, and this program there. With an image it also checks matchImages, calls the
program as the kubelet does, and opens the registry with the answer.`,
		Example: `    docker-credential-ecr-login doctor 123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:v1
    docker-credential-ecr-login doctor --fix
    docker-credential-ecr-login doctor --kubelet 123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:v1`,
		Args:              arguments(0, 1, "at most one registry"),
		ValidArgsFunction: p.completeRegistries(1),
	}
	fix := c.Flags().Bool("fix", false, "fix what can be fixed without harm")
	profile := c.Flags().String("profile", "", "use this AWS `PROFILE`, not the one of docker's helper")
	_ = c.RegisterFlagCompletionFunc("profile", completeProfiles)
	node := c.Flags().Bool("kubelet", false, "check the kubelet of this node instead of docker")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		children.EndOnSignal(false)
		ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt)
		defer stop()
		o := doctor.Options{Helper: p.options(progname.Profile(p.name)), Profile: *profile, Kubelet: *node, Fix: *fix}
		if len(args) > 0 {
			o.Registry = args[0]
		}
		printer := findingPrinter{out: p.out.stdout}
		if !*asJSON {
			o.Report, o.Waiting = printer.print, printer.wait
		}
		findings := doctor.Run(ctx, o)
		if *asJSON {
			if err := p.out.stdout.JSON(findings); err != nil {
				return err
			}
		}
		printer.endSection()
		switch {
		case ctx.Err() != nil:
			return exitCode(interrupted)
		case !doctor.Healthy(findings), errors.Is(p.out.stdout.Err(), syscall.EPIPE):
			return exitCode(1)
		}
		return nil
	}
	return c
}

// interrupted is the exit code of a program that Ctrl-C ended, as shells have it: 128 and SIGINT.
const interrupted = 130

// marks show the result of a check as one character, and in colour on a terminal.
var marks = map[doctor.Status]terminal.Text{
	doctor.OK:      {Colour: terminal.Green, String: "✔"},
	doctor.Warn:    {Colour: terminal.Yellow, String: "!"},
	doctor.Fail:    {Colour: terminal.Red, String: "✘"},
	doctor.Skipped: {Colour: terminal.Yellow, String: "!"},
}

// A findingPrinter prints findings as they come, below a heading for each registry. The skipped
// checks of a section become one line at its end for each cause. On a terminal it wraps lines
// between words and shows which check is running.
type findingPrinter struct {
	out      *terminal.Writer
	registry string
	skipped  []doctor.Finding
	stop     func() // ends the progress line; nil for none
}

func (p *findingPrinter) print(f doctor.Finding) {
	if f.Registry != p.registry {
		p.endSection()
		p.registry = f.Registry
		p.out.Printf("\n%s\n", f.Registry)
	}
	if f.Status == doctor.Skipped {
		p.skipped = append(p.skipped, f)
		return
	}
	p.endWait()
	p.line(f.Status, f.Check, f.Fact)
	if f.Fixed != "" {
		p.indented("fixed: " + f.Fixed)
	}
	if f.Fix != "" {
		p.indented("fix: " + f.Fix)
	}
}

// endSection prints the checks that were skipped since the last heading.
func (p *findingPrinter) endSection() {
	p.endWait()
	for len(p.skipped) > 0 {
		by := p.skipped[0].BlockedBy
		var names []string
		p.skipped = slices.DeleteFunc(p.skipped, func(f doctor.Finding) bool {
			if f.BlockedBy == by {
				names = append(names, f.Check)
			}
			return f.BlockedBy == by
		})
		p.line(doctor.Skipped, "not checked", strings.Join(names, ", ")+": "+doctor.Reason(by))
	}
}

// indent is the column of the facts.
const indent = 15

func (p *findingPrinter) line(s doctor.Status, check, fact string) {
	for i, part := range wrap(terminal.Escape(fact), p.out.Width()-indent) {
		if i == 0 {
			p.out.Printf("%s %-12s %s\n", marks[s], check, part)
		} else {
			p.out.Printf("%s%s\n", strings.Repeat(" ", indent), part)
		}
	}
}

func (p *findingPrinter) indented(text string) {
	for _, part := range wrap(terminal.Escape(text), p.out.Width()-indent) {
		p.out.Printf("%s%s\n", strings.Repeat(" ", indent), part)
	}
}

// wait shows on a terminal that a check is running.
func (p *findingPrinter) wait(check, registry string) {
	p.endWait()
	if !p.out.IsTerminal() {
		return
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	p.stop = func() { close(stop); <-stopped }
	go func() {
		defer close(stopped)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			p.out.Progress("%c %-12s %s", []rune("|/-\\")[i%4], check, registry)
			select {
			case <-stop:
				p.out.Progress("")
				return
			case <-tick.C:
			}
		}
	}()
}

func (p *findingPrinter) endWait() {
	if p.stop != nil {
		p.stop()
		p.stop = nil
	}
}

// minWidth is the narrowest column of text that wrap makes.
const minWidth = 20

// wrap breaks a text between words into lines of at most width characters. A longer word gets a
// line of its own. With a width below minWidth, as of a stream that is not a terminal, the text
// stays one line.
func wrap(text string, width int) []string {
	if width < minWidth {
		return []string{text}
	}
	var lines []string
	for word := range strings.FieldsSeq(text) {
		if n := len(lines); n > 0 && utf8.RuneCountInString(lines[n-1])+1+utf8.RuneCountInString(word) <= width {
			lines[n-1] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}
