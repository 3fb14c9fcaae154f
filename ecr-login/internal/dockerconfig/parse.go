package dockerconfig

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tailscale/hujson"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
)

// Config is what a file says, and how it says it.
type Config struct {
	Path   string // empty for text that is in no file
	Exists bool   // there is such a file
	Client Client

	text  []byte       // as it was read
	lines []int        // where its lines end
	root  hujson.Value // the object or null; no value in it when the file is blank
	tail  []byte       // what follows the first value; Docker does not look at it
	blank bool         // there is no value at all, and the tail is everything
	gone  bool         // the file is to be removed

	target  *target
	missing []string // folders above the file that are not there, the innermost first
	emptied []string // folders to remove with the file, if they are empty
}

// The keys that matter here.
const (
	keyAuths   = "auths"
	keyHelpers = "credHelpers"
	keyStore   = "credsStore"
)

// Parse understands text as the client does. An error is an *Error.
//
// Docker takes an empty file and null for no settings, and does not look at what follows the first value
// (LoadFromReader in cli/config/configfile/file.go); containers/image takes null, and refuses the other two. Neither
// takes a byte order mark, a comment or a comma too many.
func Parse(text []byte, client Client) (*Config, error) {
	c := &Config{Exists: true, Client: client, text: text}
	for i, b := range text {
		if b == '\n' {
			c.lines = append(c.lines, i)
		}
	}
	if bytes.HasPrefix(text, []byte("\xef\xbb\xbf")) {
		return nil, &Error{Line: 1, Message: "begins with a byte order mark, which " + client.program() + " refuses", Advice: "save the file as UTF-8 without a byte order mark"}
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
		// Whatever encoding/json takes is JSON, which is part of what hujson takes.
		return nil, &Error{Message: "is not understood"}
	}
	c.root = root
	if problem := c.checkTypes(); problem != nil {
		return nil, problem
	}
	return c, nil
}

// extent finds the end of the JSON value, or what is wrong with it. hujson's own errors are not used: they repeat
// the text, which may be a secret.
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
			return 0, c.broken(len(c.text)-len(rest), "something follows the JSON object")
		}
	}
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return end, nil
	case errors.As(err, &syntax):
		return 0, c.broken(int(syntax.Offset)-1, syntax.Error())
	case err == io.EOF:
		return 0, &Error{Message: "is empty, which " + c.Client.program() + " refuses", Advice: "delete it, or write {} into it"}
	}
	return 0, c.broken(len(c.text), "the JSON ends too early")
}

func (c *Config) broken(offset int, message string) *Error {
	return &Error{
		Line: c.line(offset), Message: "broken JSON: " + message,
		Advice: "mend the line, or move the file away; " + c.Client.program() + " takes neither comments nor a comma after the last entry",
	}
}

// line is that of an offset in the text that was read.
func (c *Config) line(offset int) int {
	line, _ := slices.BinarySearch(c.lines, offset)
	return 1 + line
}

// is reports whether a key's name is taken for the one that is known: encoding/json does not mind the case.
func is(name, known string) bool { return strings.EqualFold(name, known) }

// nameOf is the name of a member without its quotes and escapes.
func nameOf(m hujson.ObjectMember) string { return m.Name.Value.(hujson.Literal).String() }

// object is v's object, nil when it is something else.
func object(v hujson.Value) *hujson.Object {
	o, _ := v.Value.(*hujson.Object)
	return o
}

// members are those of v, none when it is no object.
func members(v hujson.Value) []hujson.ObjectMember {
	if o := object(v); o != nil {
		return o.Members
	}
	return nil
}

// checkTypes finds what a client cannot decode, in the keys that matter here.
func (c *Config) checkTypes() *Error {
	if problem := c.want(c.root, "the file", '{'); problem != nil {
		return problem
	}
	for _, m := range members(c.root) {
		var problem *Error
		switch name := nameOf(m); {
		case is(name, keyStore) && c.Client == Docker:
			problem = c.want(m.Value, keyStore, '"')
		case is(name, keyHelpers):
			problem = c.each(m.Value, keyHelpers, func(host string, v hujson.Value) *Error {
				return c.want(v, fmt.Sprintf("%s of %q", keyHelpers, redact.UserInfo(host)), '"')
			})
		case is(name, keyAuths):
			problem = c.each(m.Value, keyAuths, func(host string, v hujson.Value) *Error {
				return c.each(v, fmt.Sprintf("%s of %q", keyAuths, redact.UserInfo(host)), func(field string, v hujson.Value) *Error {
					if !c.knows(field) {
						return nil
					}
					return c.want(v, fmt.Sprintf("%q in %s of %q", field, keyAuths, redact.UserInfo(host)), '"')
				})
			})
		}
		if problem != nil {
			return problem
		}
	}
	return nil
}

// fields are those of an entry of auths that Docker decodes; the first two are what containers/image does.
var fields = []string{"auth", "identitytoken", "password", "registrytoken", "username", "serveraddress"}

// knows reports whether the client decodes a field of an entry of auths.
func (c *Config) knows(name string) bool {
	known := fields
	if c.Client == Containers {
		known = fields[:2]
	}
	for _, f := range known {
		if is(name, f) {
			return true
		}
	}
	return false
}

// want finds a value that is neither null nor of the kind.
func (c *Config) want(v hujson.Value, what string, kind hujson.Kind) *Error {
	if got := v.Value.Kind(); got == kind || got == 'n' {
		return nil
	}
	word := "a string"
	if kind == '{' {
		word = "an object"
	}
	return &Error{Line: c.line(v.StartOffset), Message: what + " is not " + word, Advice: "mend the line, or move the file away"}
}

// each wants an object and goes through its members.
func (c *Config) each(v hujson.Value, what string, f func(name string, v hujson.Value) *Error) *Error {
	if problem := c.want(v, what, '{'); problem != nil {
		return problem
	}
	for _, m := range members(v) {
		if problem := f(nameOf(m), m.Value); problem != nil {
			return problem
		}
	}
	return nil
}
