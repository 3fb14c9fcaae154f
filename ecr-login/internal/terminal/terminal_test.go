package terminal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"unicode"
)

func none(string) (string, bool) { return "", false }

func TestEscape(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ in, want string }{
		{"", ""},
		{"plain text, 100 % ASCII", "plain text, 100 % ASCII"},
		{"Größe 日本語 ✔", "Größe 日本語 ✔"},
		{`C:\Users\me`, `C:\Users\me`},
		{"\x1b[2Jred", `\u001b[2Jred`},
		{"a\nb\r\tc", `a\nb\r\tc`},
		{"\u202egpj.exe", `\u202egpj.exe`},
		{"\u2066a\u2069\u200f\u061c", `\u2066a\u2069\u200f\u061c`},
		{"\u0085\u009b31m\x7f\x00", `\u0085\u009b31m\u007f\u0000`},
		{"line\u2028separator\u2029", `line\u2028separator\u2029`},
		{"\U000e0041tag", `\udb40\udc41tag`},
		{"\xff\xfe bytes \xc3", `\xff\xfe bytes \xc3`},
		{"\ufffd stays", "\ufffd stays"},
	} {
		if got := Escape(test.in); got != test.want {
			t.Errorf("Escape(%q) = %s, want %s", test.in, got, test.want)
		}
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ in, want string }{
		{"/home/me/.docker/config.json", "/home/me/.docker/config.json"},
		{`C:\Users\me\config.json`, `C:\Users\me\config.json`},
		{"Größe", "Größe"},
		{"", `""`},
		{"my file", `"my file"`},
		{`a"b`, `"a\"b"`},
		{"Dockerfile.\x1b[2J", `"Dockerfile.\u001b[2J"`},
		{"a\nb", `"a\nb"`},
		{"\xff", `"\xff"`},
	} {
		if got := Quote(test.in); got != test.want {
			t.Errorf("Quote(%q) = %s, want %s", test.in, got, test.want)
		}
	}
}

// hostile has every kind of character that a terminal obeys.
const hostile = "a\x1b[31mb\nc\td\u202ee\x7f\u009bf\xffg"

func TestWriterEscapes(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := New(&b, none)
	w.Printf("%s %q %-4s| %v %v %d\n", hostile, hostile, "\x1b", errors.New(hostile), []string{hostile}, 7)
	w.Table([][]string{{hostile, "x"}, {"y", hostile}}, map[string]Colour{"x": Red})
	fmt.Fprintf(w, "%s\n", hostile)
	w.Progress("not shown: no terminal")
	if err := w.JSON(map[string]string{hostile: hostile}); err != nil {
		t.Fatal(err)
	}
	for _, r := range b.String() {
		if r != '\n' && (unicode.IsControl(r) && r != '\t' || unicode.Is(unicode.Cf, r)) {
			t.Errorf("%U was printed in\n%q", r, b.String())
		}
	}
	lines := strings.Split(b.String(), "\n")
	if want := `a\u001b[31mb\nc\td\u202ee\u007f\u009bf\xffg "a\x1b[31mb\nc\td\u202ee\x7f\u009bf\xffg" \u001b   | `; !strings.HasPrefix(lines[0], want) {
		t.Errorf("Printf printed\n%s, want\n%s", lines[0], want)
	}
	shown := `a\u001b[31mb\nc\td\u202ee\u007f\u009bf\xffg`
	if lines[1] != shown+"  x" || lines[2] != "y"+strings.Repeat(" ", len(shown)+1)+shown {
		t.Errorf("the columns are not aligned:\n%s\n%s", lines[1], lines[2])
	}
}

func TestJSONKeepsItsMeaning(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	want := strings.ToValidUTF8(hostile, "") + "\U000e0041"
	if err := New(&b, none).JSON([]string{want}); err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := json.Unmarshal(b.Bytes(), &got); err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("%s was read back as %q (%v), want %q", b.String(), got, err, want)
	}
}

func TestColours(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := &Writer{stream: &b, terminal: true, colours: true}
	w.Printf("%s and %s\n", Text{Red, "re\x1bd"}, Text{"", "plain"})
	w.Table([][]string{{"fresh", "1"}, {"x", "2"}}, map[string]Colour{"fresh": Green})
	w.Progress("waiting for %s", "\x1b")
	w.Progress("")
	want := "\x1b[31mre\\u001bd\x1b[0m and plain\n\x1b[32mfresh\x1b[0m  1\nx      2\n\r\x1b[Kwaiting for \\u001b\r\x1b[K"
	if b.String() != want {
		t.Errorf("printed %q, want %q", b.String(), want)
	}
}

// failing fails after some writes.
type failing struct {
	left    int
	written int
}

func (f *failing) Write(b []byte) (int, error) {
	if f.left--; f.left < 0 {
		return 0, &fs.PathError{Op: "write", Path: "/dev/stdout", Err: errors.New("no space left on device")}
	}
	f.written++
	return len(b), nil
}

func TestWriterStopsAtTheFirstError(t *testing.T) {
	t.Parallel()
	f := &failing{left: 1}
	w := New(f, none)
	w.Printf("one\n")
	w.Printf("two\n")
	f.left = 10
	w.Printf("three\n")
	if f.written != 1 || w.Err() == nil || w.Err().Error() != "no space left on device" {
		t.Errorf("%d writes, error %v", f.written, w.Err())
	}
}
