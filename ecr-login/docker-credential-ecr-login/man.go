package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
)

func manCommand(p *process) *cobra.Command {
	return &cobra.Command{
		Use:     "man",
		Short:   "print the manual page",
		Long:    `Prints the manual page in the format that man reads. "make install" installs it.`,
		Example: `    docker-credential-ecr-login man | man -l -`,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(p.out.stdout, manPage(c.Root()))
			return err
		},
	}
}

// manPage returns the manual page of the program and all of its commands. cobra's own generator
// writes one page per command, adds the date, and would link a Markdown parser into the program.
func manPage(root *cobra.Command) string {
	var m roff
	m.line(`.\" Written by "docker-credential-ecr-login man"; do not edit.`)
	m.line(`.TH DOCKER\-CREDENTIAL\-ECR\-LOGIN 1 "" "ecr\-credential\-helper" "User Commands"`)
	m.section("Name")
	m.text(progname.Program + ", " + shortName + " - Docker credential helper for Amazon ECR")
	m.section("Synopsis")
	for line := range strings.Lines(shorten(usage)) {
		m.line(".B " + escape(strings.TrimSpace(strings.TrimPrefix(line, "Usage: "))))
		m.line(".br")
	}
	m.section("Description")
	m.text(about)
	m.line(".PP")
	m.text(shortName + " is another name of the same program, for people. Container clients run " + progname.Program + ".")
	for _, g := range root.Groups() {
		m.section(g.Title)
		for _, c := range root.Commands() {
			if c.GroupID == g.ID && c.IsAvailableCommand() {
				m.command(c)
			}
		}
	}
	m.section("Environment")
	m.references(environmentReference)
	m.section("Settings")
	m.text(settingsPlaces)
	m.references(settingsReference)
	m.line(".PP")
	m.text(settingsExample)
	m.section("Files")
	m.text(filesAndNames)
	m.section("Exit status")
	m.text(exitStatus)
	m.section("Examples")
	m.text(shorten(examples))
	m.section("See also")
	m.text("docker-login(1), aws(1)")
	return m.String()
}

// shorten returns a text with the short name of the program in its command lines.
func shorten(text string) string { return withName(text, shortName) }

// references writes a list of names and their meanings.
func (m *roff) references(list []reference) {
	for _, r := range list {
		m.line(".TP")
		m.line(".B " + escape(r.name))
		m.text(r.text)
	}
}

// A roff is a page in roff, the language of manual pages.
type roff struct{ strings.Builder }

func (m *roff) line(s string) { m.WriteString(s + "\n") }

func (m *roff) section(title string) { m.line(".SH " + escape(strings.ToUpper(title))) }

func (m *roff) command(c *cobra.Command) {
	if c.HasAvailableSubCommands() {
		for _, sub := range c.Commands() {
			m.command(sub)
		}
		return
	}
	m.line(".SS " + escape(strings.TrimPrefix(c.UseLine(), progname.Program+" ")))
	m.text(shorten(long(c)))
	for _, f := range flagLines(c) {
		m.line(".TP")
		m.line(".B " + escape(f[0]))
		m.text(f[1])
	}
	if c.Example != "" {
		m.line(".PP")
		m.text(shorten(c.Example))
	}
}

// text writes a text that the reader fills to the width of the page. Indented lines stay as they
// are.
func (m *roff) text(s string) {
	verbatim := false
	for line := range strings.Lines(s) {
		line = strings.TrimRight(line, "\n")
		switch indented := strings.HasPrefix(line, "    "); {
		case indented && !verbatim:
			m.line(".RS 4")
			m.line(".nf")
			verbatim = true
		case !indented && verbatim && line != "":
			m.line(".fi")
			m.line(".RE")
			verbatim = false
		}
		switch {
		case line == "" && !verbatim:
			m.line(".PP")
		case line == "":
			m.line("")
		default:
			m.line(escape(strings.TrimPrefix(line, "    ")))
		}
	}
	if verbatim {
		m.line(".fi")
		m.line(".RE")
	}
}

// escape escapes what roff would interpret: backslashes, hyphens (which it would print as dashes),
// and dots and quotes at the beginning of a line. Characters beyond ASCII are written as numbers.
func escape(s string) string {
	s = strings.NewReplacer(`\`, `\e`, `-`, `\-`, `'`, `\(aq`, "`", `\(ga`, `~`, `\(ti`, `^`, `\(ha`).Replace(s)
	if strings.HasPrefix(s, ".") {
		s = `\&` + s
	}
	var b strings.Builder
	for _, r := range s {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\[u%04X]`, r)
		}
	}
	return b.String()
}
