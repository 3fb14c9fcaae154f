// Package terminal prints text that a person reads, so that no text from outside can act on their
// terminal.
//
// Registry names, file names, profile names and error messages come from files, servers and images
// that somebody else may control. A Writer shows their control characters and bidirectional
// overrides as escapes. The only control characters that reach a terminal are newlines and tabs of
// the program's own text, and the colours and the progress line of this package.
//
// Escaping protects the terminal alone. It does not remove secrets: package redact does.
package terminal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/term"
)

// A Writer prints to one of the process's streams. It remembers the first error and writes nothing
// more after it: what follows a gap would be taken for the whole.
type Writer struct {
	stream   io.Writer
	terminal bool
	colours  bool

	mu  sync.Mutex
	err error
}

// New returns a Writer to a stream. Colours and the progress line are for terminals that can show
// them: TERM is not "dumb", and for colours NO_COLOR is not set (https://no-color.org).
func New(stream io.Writer, lookup func(string) (string, bool)) *Writer {
	w := &Writer{stream: stream}
	value := func(name string) string { v, _ := lookup(name); return v }
	w.terminal = IsTerminal(stream) && value("TERM") != "dumb"
	w.colours = w.terminal && value("NO_COLOR") == ""
	return w
}

// IsTerminal reports whether a stream of the process, a reader or a writer, is a terminal.
func IsTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// IsTerminal reports whether the stream is a terminal that can overwrite a line.
func (w *Writer) IsTerminal() bool { return w.terminal }

// Width returns the number of columns of the terminal, and 0 for another stream.
func (w *Writer) Width() int {
	f, ok := w.stream.(*os.File)
	if !ok || !w.terminal {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// Err returns the first error of a write, without the name of the stream's file.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Write writes text whose newlines and tabs are the program's own, such as a help text; everything
// else is escaped.
func (w *Writer) Write(text []byte) (int, error) {
	if err := w.raw(escape(string(text), "\n\t")); err != nil {
		return 0, err
	}
	return len(text), nil
}

// Printf formats like fmt.Printf. Newlines and tabs come from the format alone: those of the
// arguments are escaped as well. Text arguments are printed in their colour.
func (w *Writer) Printf(format string, args ...any) {
	_ = w.raw(w.sprintf(format, args))
}

// JSON prints v for programs, indented and without escaping for HTML.
func (w *Writer) JSON(v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// The sequences that clear the current line, and that begin and end a colour (ECMA-48).
const (
	clearLine   = "\r\x1b[K"
	beginColour = "\x1b[%sm"
	endColour   = "\x1b[0m"
)

// Progress shows what the program waits for, in a line that the next call overwrites; an empty
// format removes the line. What does not fit on the terminal is cut off. It prints nothing unless
// the stream is a terminal.
func (w *Writer) Progress(format string, args ...any) {
	if !w.terminal {
		return
	}
	line := w.sprintf(format, args)
	if width := w.Width(); width > 0 && utf8.RuneCountInString(line) >= width {
		line = string([]rune(line)[:width-1]) // clearLine clears one line only
	}
	_ = w.raw(clearLine + line)
}

// Table prints rows in columns as wide as their widest cell. A cell whose whole text is in colours
// is printed in that colour.
func (w *Writer) Table(rows [][]string, colours map[string]Colour) {
	const gap = 2
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(Escape(cell)))
		}
	}
	var text strings.Builder
	for _, row := range rows {
		for i, cell := range row {
			text.WriteString(w.sprintf("%s", []any{Text{colours[cell], cell}}))
			if i < len(row)-1 {
				text.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(Escape(cell))+gap))
			}
		}
		text.WriteByte('\n')
	}
	_ = w.raw(text.String())
}

// raw writes text that is safe, unless an earlier write failed.
func (w *Writer) raw(text string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	_, err := io.WriteString(w.stream, text)
	var inner *os.PathError
	if errors.As(err, &inner) {
		err = inner.Err
	}
	w.err = err
	return err
}

// A Colour is a parameter of ECMA-48's "select graphic rendition"; the empty one is the terminal's
// own.
type Colour string

// The colours of results.
const (
	Red    Colour = "31"
	Green  Colour = "32"
	Yellow Colour = "33"
)

// Text is a string to be printed in a colour.
type Text struct {
	Colour Colour
	String string
}

// sprintf is fmt.Sprintf with the arguments escaped.
func (w *Writer) sprintf(format string, args []any) string {
	safe := make([]any, len(args))
	for i, arg := range args {
		safe[i] = argument{arg, w.colours}
	}
	return fmt.Sprintf(format, safe...)
}

// An argument formats a value and escapes the result.
type argument struct {
	value   any
	colours bool
}

func (a argument) Format(s fmt.State, verb rune) {
	text, coloured := a.value.(Text)
	if coloured {
		a.value = text.String
	}
	shown := Escape(fmt.Sprintf(fmt.FormatString(s, verb), a.value))
	if a.colours && coloured && text.Colour != "" {
		shown = fmt.Sprintf(beginColour, text.Colour) + shown + endColour
	}
	_, _ = io.WriteString(s, shown)
}
