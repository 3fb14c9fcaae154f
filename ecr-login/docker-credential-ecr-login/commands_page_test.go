package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
)

var updatePages = flag.Bool("update", false, "write docs/commands.md")

const commandsFile = "../../docs/commands.md"

// docs/commands.md has the same texts as the manual page; "make man" writes both.
func TestCommandsPage(t *testing.T) {
	t.Parallel()
	file := filepath.FromSlash(commandsFile)
	want := commandsPage(newRoot(&process{}))
	if *updatePages {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not up to date: run make man", commandsFile)
	}
}

// commandsPage returns the page in Markdown. It is part of the tests, so that the program does not
// contain it.
func commandsPage(root *cobra.Command) string {
	var m markdown
	m.line("# Commands")
	m.line("")
	m.text("Written by \"make man\" from the texts of the program; do not edit. The same texts are in " +
		"\"ecr-login COMMAND --help\" and in the manual page, \"man ecr-login\".")
	m.text(shortName + " is another name of " + progname.Program + ", for people. Without the link, type the long name.")
	for _, g := range root.Groups() {
		m.line("## " + g.Title)
		m.line("")
		for _, c := range root.Commands() {
			if c.GroupID == g.ID && c.IsAvailableCommand() {
				m.command(c)
			}
		}
	}
	m.line("## Files and names")
	m.line("")
	m.text(filesAndNames)
	m.line("## Exit status")
	m.line("")
	m.text(exitStatus)
	return strings.TrimRight(m.String(), "\n") + "\n"
}

// A markdown is a page in Markdown.
type markdown struct{ strings.Builder }

func (m *markdown) line(s string) { m.WriteString(s + "\n") }

func (m *markdown) command(c *cobra.Command) {
	m.line("### `" + strings.TrimPrefix(c.CommandPath(), progname.Program+" ") + "`")
	m.line("")
	if !c.HasAvailableSubCommands() {
		m.code("    " + shorten(c.UseLine()))
	}
	m.text(shorten(long(c)))
	for _, f := range flagLines(c) {
		m.paragraph("- `"+f[0]+"`: "+plain(f[1]), "  ")
	}
	if len(flagLines(c)) > 0 {
		m.line("")
	}
	if c.Example != "" {
		m.text(shorten(c.Example))
	}
	if c.HasAvailableSubCommands() {
		for _, sub := range c.Commands() {
			m.command(sub)
		}
	}
}

// text writes paragraphs. Indented lines become a block of code.
func (m *markdown) text(s string) {
	var paragraph, code []string
	end := func() {
		if len(paragraph) > 0 {
			m.paragraph(plain(strings.Join(paragraph, " ")), "")
			m.line("")
		}
		if len(code) > 0 {
			m.code(strings.TrimRight(strings.Join(code, "\n"), "\n"))
		}
		paragraph, code = nil, nil
	}
	for line := range strings.Lines(s) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "    "):
			if len(paragraph) > 0 {
				end()
			}
			code = append(code, line)
		case line == "" && len(code) > 0:
			code = append(code, "")
		case line == "":
			end()
		default:
			if len(code) > 0 {
				end()
			}
			paragraph = append(paragraph, line)
		}
	}
	end()
}

func (m *markdown) code(indented string) {
	m.line("```")
	for line := range strings.Lines(indented + "\n") {
		m.WriteString(strings.TrimPrefix(line, "    "))
	}
	m.line("```")
	m.line("")
}

// pageWidth is the width of the documentation.
const pageWidth = 100

// paragraph writes a paragraph in lines of pageWidth. All lines after the first begin with indent.
func (m *markdown) paragraph(s, indent string) {
	line := ""
	for word := range strings.FieldsSeq(s) {
		switch {
		case line == "":
			line = word
		case len([]rune(line))+1+len([]rune(word)) > pageWidth:
			m.line(line)
			line = indent + word
		default:
			line += " " + word
		}
	}
	m.line(line)
}

// plain escapes what Markdown would interpret.
func plain(s string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "<", `\<`, "[", `\[`, "`", "\\`").Replace(s)
}

// A command's block on the page has everything that its help has.
func TestCommandsPageIsComplete(t *testing.T) {
	t.Parallel()
	root := newRoot(&process{})
	page := commandsPage(root)
	var check func(c *cobra.Command)
	check = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() {
				check(sub)
			}
		}
		if c == root {
			return
		}
		heading := "\n### `" + strings.TrimPrefix(c.CommandPath(), progname.Program+" ") + "`\n"
		_, block, found := strings.Cut(page, heading)
		block, _, _ = strings.Cut(block, "\n### ")
		if !found {
			t.Errorf("no heading %q", heading)
		}
		for _, f := range flagLines(c) {
			if !strings.Contains(block, "- `"+f[0]+"`: ") {
				t.Errorf("%s: no flag %q", c.Name(), f[0])
			}
		}
		for _, text := range []string{long(c), c.Example} {
			for word := range strings.FieldsSeq(plain(shorten(text))) {
				if !strings.Contains(block, word) && !strings.Contains(block, strings.ReplaceAll(word, `\`, "")) {
					t.Errorf("%s: %q is missing", c.Name(), word)
				}
			}
		}
	}
	check(root)
}
