package identity

import (
	"bytes"
	"slices"
	"strings"
)

// settings are what of a profile says where its credentials come from. A key
// that is not there is nil; one without a value is not, because it hides that of
// the other file.
type settings struct {
	found bool // there is such a profile

	accessKey, secretKey []byte

	roleARN, sourceProfile, credentialSource []byte

	ssoSession, ssoStartURL, ssoRegion, ssoAccount, ssoRole []byte

	loginSession, credentialProcess, webIdentityTokenFile []byte
}

// field is where the value of a key goes, nil when the key is of no use here.
func (s *settings) field(key string) *[]byte {
	switch key {
	case "aws_access_key_id":
		return &s.accessKey
	case "aws_secret_access_key":
		return &s.secretKey
	case "role_arn":
		return &s.roleARN
	case "source_profile":
		return &s.sourceProfile
	case "credential_source":
		return &s.credentialSource
	case "sso_session":
		return &s.ssoSession
	case "sso_start_url":
		return &s.ssoStartURL
	case "sso_region":
		return &s.ssoRegion
	case "sso_account_id":
		return &s.ssoAccount
	case "sso_role_name":
		return &s.ssoRole
	case "login_session":
		return &s.loginSession
	case "credential_process":
		return &s.credentialProcess
	case "web_identity_token_file":
		return &s.webIdentityTokenFile
	}
	return nil
}

// readSection collects the settings of one section of an AWS config or
// credentials file, as config/internal/ini in the SDK reads them: sections of
// the same name are one, of keys of the same name the last counts, keys are
// separated from values by the first of = and :, a comment begins with # or ; at
// the start of a line or after white space, an indented line goes on with the
// value before it or, where that has none, belongs to it. Lines that make no
// sense are passed over.
//
// The section is given as the file has it, "profile x" or "x". The values are
// parts of text, but for those that go on over several lines.
func readSection(text []byte, section string) (s settings) {
	inside := false
	// What an indented line belongs to. Values that nobody asks for are followed
	// too, since an indented key=value after an empty one is no key of the section.
	var (
		value []byte  // of the key before this line, nil when there is none
		field *[]byte // where it went
	)
	for len(text) > 0 {
		line := text
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			line, text = text[:i], text[i+1:]
		} else {
			text = nil
		}
		if !inside && len(line) > 0 && line[0] != '[' && line[0] != ' ' && line[0] != '\t' {
			continue // most lines of most files
		}
		trimmed := bytes.TrimLeft(line, blanks)
		if len(trimmed) == 0 || trimmed[0] == '#' || trimmed[0] == ';' {
			continue
		}
		if trimmed[0] == '[' {
			if typ, name, ok := sectionName(trimmed); ok {
				inside = isSection(section, typ, name)
				s.found = s.found || inside
				value = nil
				continue
			}
		}
		if !inside || len(bytes.TrimSpace(trimmed)) == 0 {
			continue
		}
		if len(trimmed) == len(line) {
			if k, v, ok := property(bytes.TrimRight(cutComment(line), blanks)); ok {
				value, field = v, s.fieldOf(k)
				set(field, value)
			}
			continue
		}
		switch k, v, ok := property(trimmed); {
		case ok && value != nil && len(value) == 0:
			// A key within the empty value before it, such as those under s3 =.
		case ok:
			value, field = trimSpace(cutComment(v)), s.fieldOf(k)
			set(field, value)
		case len(value) > 0:
			value = slices.Concat(value, newline, trimmed)
			set(field, value)
		}
	}
	return s
}

// isSection reports whether [typ name], or [name] when there is no type, is how
// the file has that section.
func isSection(section string, typ, name []byte) bool {
	if len(typ) == 0 {
		return section == string(name)
	}
	before, after, ok := strings.Cut(section, " ")
	return ok && before == string(typ) && after == string(name)
}

func (s *settings) fieldOf(key []byte) *[]byte {
	var lower [32]byte
	if len(key) > len(lower) {
		return nil
	}
	n := copy(lower[:], key)
	for i, c := range lower[:n] {
		if 'A' <= c && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	return s.field(string(lower[:n]))
}

// trimSpace is bytes.TrimSpace, but never nil.
func trimSpace(b []byte) []byte {
	if t := bytes.TrimSpace(b); t != nil {
		return t
	}
	return b[:0]
}

func set(field *[]byte, value []byte) {
	if field != nil {
		*field = value
	}
}

const blanks = " \t"

var newline = []byte{'\n'}

// sectionName takes [type name] or [name] apart.
func sectionName(line []byte) (typ, name []byte, ok bool) {
	if i := bytes.IndexAny(line, "#;"); i >= 0 {
		line = line[:i]
	}
	line = bytes.TrimSpace(line)
	if len(line) < 2 || line[0] != '[' || line[len(line)-1] != ']' {
		return nil, nil, false
	}
	line = bytes.TrimSpace(line[1 : len(line)-1])
	if i := bytes.IndexAny(line, blanks); i >= 0 {
		return line[:i], bytes.TrimLeft(line[i:], blanks), true
	}
	return nil, line, true
}

// cutComment removes a comment that follows white space.
func cutComment(line []byte) []byte {
	for i := 1; i < len(line); i++ {
		if (line[i] == '#' || line[i] == ';') && (line[i-1] == ' ' || line[i-1] == '\t') {
			return line[:i-1]
		}
	}
	return line
}

// property takes key = value apart and the quotes off the value.
func property(line []byte) (key, value []byte, ok bool) {
	i := bytes.IndexAny(line, "=:")
	if i < 0 {
		return nil, nil, false
	}
	key, value = bytes.TrimSpace(line[:i]), trimSpace(line[i+1:])
	if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
		value = value[1 : n-1]
	}
	return key, value, true
}
