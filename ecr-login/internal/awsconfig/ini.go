package awsconfig

import (
	"bytes"
	"strings"
)

const blanks = " \t\r\f\v"

// scan reads the text as Python's configparser does. It calls pick with the header of each section,
// and adds the settings of the section to the map that pick returns, if any. Keys are in lower
// case.
func scan(text []byte, pick func(header []byte) map[string]string) {
	var (
		section map[string]string // receives the settings; nil for a section that is not wanted
		key     string            // of the last setting of that section
		setting bool              // a setting was read since the last header
		indent  int               // of that setting
	)
	for len(text) > 0 {
		line := text
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			line, text = text[:i], text[i+1:]
		} else {
			text = nil
		}
		// Most lines of a large file are settings of sections that are not wanted.
		if section == nil && len(line) > 0 && line[0] != '[' {
			if c := line[0]; c > ' ' && c != '#' && c != ';' {
				setting, indent = true, 0
				continue
			}
			if setting && indent == 0 {
				continue
			}
		}
		value := bytes.Trim(line, blanks)
		if len(value) == 0 {
			if section != nil && setting {
				section[key] += "\n"
			}
			continue
		}
		if value[0] == '#' || value[0] == ';' {
			continue
		}
		at := bytes.Index(line, value[:1])
		if setting && at > indent {
			if section != nil {
				section[key] += "\n" + string(value)
			}
			continue
		}
		indent = at
		if value[0] == '[' {
			if end := bytes.LastIndexByte(value, ']'); end > 1 {
				section, setting = pick(value[1:end]), false
				continue
			}
		}
		i := bytes.IndexAny(value, "=:")
		if i <= 0 {
			continue // the AWS CLI stops here
		}
		setting = true
		if section != nil {
			key = strings.ToLower(string(bytes.TrimRight(value[:i], blanks)))
			section[key] = string(bytes.TrimLeft(value[i+1:], blanks))
		}
	}
}

// trimLines removes the blank lines at the end of each value, as configparser does.
func trimLines(settings map[string]string) {
	for key, value := range settings {
		settings[key] = strings.TrimRight(value, blanks+"\n")
	}
}

// SplitCommand splits a credential_process into the program and its arguments, as the AWS CLI does:
// without a shell. It reports whether all quotes are closed.
func SplitCommand(command string) (words []string, ok bool) { return split(command) }

// split splits the text into words as Python's shlex.split does, and reports whether all quotes are
// closed.
func split(text string) (words []string, ok bool) {
	var word strings.Builder
	inside, quote := false, byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote == 0 && strings.IndexByte(" \t\r\n", c) >= 0:
			if inside {
				words = append(words, word.String())
				word.Reset()
				inside = false
			}
			continue
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case quote != 0 && c == quote:
			quote = 0
		case c == '\\' && quote != '\'':
			i++
			if i == len(text) {
				return nil, false
			}
			if quote == '"' && text[i] != '"' && text[i] != '\\' {
				word.WriteByte('\\')
			}
			word.WriteByte(text[i])
		default:
			word.WriteByte(c)
		}
		inside = true
	}
	if inside {
		words = append(words, word.String())
	}
	return words, quote == 0
}

// named reports whether the header is the prefix and the name: [profile x], [profile "x"].
func named(header []byte, prefix, name string) bool {
	if !bytes.HasPrefix(header, []byte(prefix)) {
		return false
	}
	if bytes.IndexByte(header, '"') < 0 && bytes.IndexByte(header, '\'') < 0 && bytes.IndexByte(header, '\\') < 0 {
		if !bytes.HasSuffix(bytes.TrimRight(header, blanks), []byte(name)) {
			return false
		}
		i := bytes.IndexAny(header, blanks)
		return i >= 0 && string(bytes.Trim(header[i:], blanks)) == name && !strings.ContainsAny(name, blanks)
	}
	words, ok := split(string(header))
	return ok && len(words) == 2 && words[1] == name
}

// lenient removes what the AWS SDK for Go removes from a value and the AWS CLI does not: a comment
// after white space, and quotes around the whole value. With them no value of these settings is
// valid, so the AWS CLI fails.
func lenient(value string) string {
	for i := 1; i < len(value); i++ {
		if (value[i] == '#' || value[i] == ';') && strings.IndexByte(blanks, value[i-1]) >= 0 {
			value = strings.TrimRight(value[:i], blanks)
			break
		}
	}
	if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
		value = value[1 : n-1]
	}
	return value
}
