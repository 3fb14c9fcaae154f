package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

func manCommand(p *process) *cobra.Command {
	return &cobra.Command{
		Use:     "man",
		Short:   "print the manual page",
		Long:    `Prints the manual page, in the man(7) macros that man reads. "make install" installs it.`,
		Example: `    docker-credential-ecr-login man | man -l -`,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(p.out.stdout, manPage(c.Root()))
			return err
		},
	}
}

// manPage is the whole tree as one page. cobra's own writer makes a page a command, through Markdown and a date,
// and would link both into the program.
func manPage(root *cobra.Command) string {
	var m roff
	m.line(`.\" Written by "docker-credential-ecr-login man"; do not edit.`)
	m.line(`.TH DOCKER\-CREDENTIAL\-ECR\-LOGIN 1 "" "ecr\-credential\-helper" "User Commands"`)
	m.section("Name")
	m.text(program + " - give container clients the credentials of Amazon ECR")
	m.section("Synopsis")
	for line := range strings.Lines(usage) {
		m.line(".B " + escape(strings.TrimSpace(strings.TrimPrefix(line, "Usage: "))))
		m.line(".br")
	}
	m.section("Description")
	m.text(about)
	for _, g := range root.Groups() {
		m.section(g.Title)
		for _, c := range root.Commands() {
			if c.GroupID == g.ID && c.IsAvailableCommand() {
				m.command(c)
			}
		}
	}
	m.section("Files and environment")
	m.text(afterwards)
	m.section("Exit status")
	m.text("0 when the answer was given, 1 when not; what went wrong stands on standard error, and, for the verbs of the\nprotocol, in one line on standard output.")
	m.section("See also")
	m.text("docker-login(1), aws(1)")
	return m.String()
}

// A roff is a page in the making.
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
	m.line(".SS " + escape(strings.TrimPrefix(c.UseLine(), program+" ")))
	m.text(long(c))
	for _, f := range flagLines(c) {
		m.line(".TP")
		m.line(".B " + escape(f[0]))
		m.text(f[1])
	}
	if c.Example != "" {
		m.line(".PP")
		m.text(c.Example)
	}
}

// text is prose, which the reader's page width fills; lines that are indented stand as they are.
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

// escape keeps roff from reading a text as its own: backslashes, hyphens (which it would print as dashes), and
// dots and quotes at the beginning of a line; and gives it the characters beyond ASCII by their numbers.
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
