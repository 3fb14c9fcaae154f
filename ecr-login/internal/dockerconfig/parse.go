package dockerconfig

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/tailscale/hujson"
)

// A Config is a parsed file. It keeps the text's layout for edits.
type Config struct {
	Path   string // empty for text that is in no file
	Exists bool   // the file exists
	Client Client

	text  []byte       // as it was read
	lines []int        // the offsets at which its lines end
	root  hujson.Value // the object or null; without a value when the file is blank
	tail  []byte       // what follows the first value; Docker ignores it
	blank bool         // there is no value at all, and tail is the whole text
	gone  bool         // the file is to be removed

	target  *target
	missing []string // directories above the file that do not exist, the innermost first
	emptied []string // directories to remove with the file, if they are empty
}

// The keys that are edited.
const (
	keyAuths   = "auths"
	keyHelpers = "credHelpers"
	keyStore   = "credsStore"
)

// Parse parses text as the client does. An error is an *Error.
//
// Docker reads an empty file and null as no settings, and ignores what follows the first value
// (LoadFromReader in cli/config/configfile/file.go). containers/image reads null, and refuses the
// other two. Both refuse a byte order mark, UTF-16, comments and trailing commas.
func Parse(text []byte, client Client) (*Config, error) {
	c, problem := parse(text, client)
	if problem == nil {
		problem = c.checkTypes()
	}
	if problem != nil {
		return nil, problem
	}
	return c, nil
}

// parse is Parse for an object with any members.
func parse(text []byte, client Client) (*Config, *Error) {
	c := &Config{Exists: true, Client: client, text: text}
	for i, b := range text {
		if b == '\n' {
			c.lines = append(c.lines, i)
		}
	}
	if problem := c.checkEncoding(); problem != nil {
		return nil, problem
	}
	end, problem := c.extent()
	if problem != nil {
		return nil, problem
	}
	c.tail = text[end:]
	if c.blank {
		return c, nil
	}
	root, err := hujson.Parse(text[:end])
	if err != nil || !root.IsStandard() {
		// encoding/json has accepted it, and hujson accepts all JSON.
		return nil, &Error{Message: "cannot be parsed"}
	}
	c.root = root
	return c, nil
}

// checkEncoding names the encodings that editors on Windows write. JSON text that is UTF-16 has a
// zero byte at the beginning even without a byte order mark.
func (c *Config) checkEncoding() *Error {
	found := ""
	switch t := c.text; {
	case bytes.HasPrefix(t, []byte("\xef\xbb\xbf")):
		found = "begins with a byte order mark"
	case bytes.HasPrefix(t, []byte("\xff\xfe")), bytes.HasPrefix(t, []byte("\xfe\xff")), len(t) > 1 && (t[0] == 0) != (t[1] == 0):
		found = "is encoded in UTF-16"
	default:
		return nil
	}
	return &Error{
		Line: 1, Message: found + ", which " + c.Client.program() + " refuses",
		Advice: "save the file as UTF-8 without a byte order mark (PowerShell: Set-Content -Encoding utf8NoBOM)",
	}
}

// extent returns the end of the JSON value. hujson's own errors are not used: they repeat the text,
// which may be a secret.
func (c *Config) extent() (int, *Error) {
	d := json.NewDecoder(bytes.NewReader(c.text))
	var raw json.RawMessage
	err := d.Decode(&raw)
	if err == io.EOF && c.Client == Docker {
		c.blank = true
		return 0, nil
	}
	end := int(d.InputOffset())
	if err == nil && c.Client == Containers {
		// It decodes the whole file as one value.
		if rest := bytes.TrimLeft(c.text[end:], " \t\r\n"); len(rest) > 0 {
			return 0, c.invalid(len(c.text)-len(rest), "text after the JSON object")
		}
	}
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return end, nil
	case errors.As(err, &syntax):
		return 0, c.invalid(int(syntax.Offset)-1, syntax.Error())
	case err == io.EOF:
		return 0, &Error{Message: "is empty, which " + c.Client.program() + " refuses", Advice: "delete the file, or write {} into it"}
	}
	return 0, c.invalid(len(c.text), "unexpected end of the file")
}

func (c *Config) invalid(offset int, message string) *Error {
	return &Error{
		Line: c.line(offset), Message: "invalid JSON: " + message,
		Advice: "fix the line, or move the file away; " + c.Client.program() + " accepts neither comments nor trailing commas",
	}
}

// line returns the line of an offset in the text that was read.
func (c *Config) line(offset int) int {
	line, _ := slices.BinarySearch(c.lines, offset)
	return 1 + line
}

// is reports whether a name matches a known key. encoding/json ignores the case.
func is(name, known string) bool { return strings.EqualFold(name, known) }

// nameOf returns the name of a member without quotes and escapes.
func nameOf(m hujson.ObjectMember) string { return m.Name.Value.(hujson.Literal).String() }

// object returns the object in v, nil when v is something else.
func object(v hujson.Value) *hujson.Object {
	o, _ := v.Value.(*hujson.Object)
	return o
}

// members returns the members of v, none when v is no object.
func members(v hujson.Value) []hujson.ObjectMember {
	if o := object(v); o != nil {
		return o.Members
	}
	return nil
}
