package main

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/doctor"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/terminal"
)

// marks show the result of a check as one character, and in colour on a terminal.
var marks = map[doctor.Status]terminal.Text{
	doctor.OK:      {Colour: terminal.Green, String: "✔"},
	doctor.Warn:    {Colour: terminal.Yellow, String: "!"},
	doctor.Fail:    {Colour: terminal.Red, String: "✘"},
	doctor.Skipped: {Colour: terminal.Yellow, String: "!"},
}

// A findingPrinter prints findings as they come, below a heading for each registry. The skipped
// checks of a section become one line at its end for each cause, and a problem that an earlier
// registry has too is not repeated. On a terminal it wraps lines between words and shows which check
// is running.
type findingPrinter struct {
	out      *terminal.Writer
	registry string
	skipped  []doctor.Finding
	problems map[problem]string // the registry of each problem that was printed
	stop     func()             // ends the progress line; nil for none
}

// A problem is what may be the same for several registries, such as missing credentials.
type problem struct{ check, fact, fix string }

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
	same := problem{f.Check, f.Fact, f.Fix}
	if registry, ok := p.problems[same]; ok && f.Registry != registry {
		p.line(f.Status, f.Check, "as for "+registry)
		return
	}
	if f.Fix != "" && f.Registry != "" {
		p.problems[same] = f.Registry
	}
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
	width := p.out.Width()
	parts := wrap(terminal.Escape(fact), width-indent)
	if len(indentation(parts[0], width)) < indent { // a word that does not fit beside the check
		p.out.Printf("%s %s\n", marks[s], check)
	} else {
		p.out.Printf("%s %-12s %s\n", marks[s], check, parts[0])
		parts = parts[1:]
	}
	for _, part := range parts {
		p.out.Printf("%s%s\n", indentation(part, width), part)
	}
}

// indented prints a text below a line. One that fits on a line of the terminal is not wrapped,
// because it may be a command that a person copies.
func (p *findingPrinter) indented(text string) {
	text = terminal.Escape(text)
	width := p.out.Width()
	parts := []string{text}
	if utf8.RuneCountInString(text) > width {
		parts = wrap(text, width-indent)
	}
	for _, part := range parts {
		p.out.Printf("%s%s\n", indentation(part, width), part)
	}
}

// indentation returns the space before a line of text. A line that would not fit on the terminal
// gets less of it, so that the terminal does not break it inside a word.
func indentation(line string, width int) string {
	n := indent
	if width > 0 {
		n = max(0, min(n, width-utf8.RuneCountInString(line)))
	}
	return strings.Repeat(" ", n)
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
	words := strings.Fields(text)
	if width < minWidth || len(words) == 0 {
		return []string{text}
	}
	var lines []string
	for _, word := range words {
		if n := len(lines); n > 0 && utf8.RuneCountInString(lines[n-1])+1+utf8.RuneCountInString(word) <= width {
			lines[n-1] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}
