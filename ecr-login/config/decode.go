package config

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// document is the settings file in TOML.
type document struct {
	Timeout    *string            `toml:"timeout"`
	Fallback   *string            `toml:"fallback"`
	Public     *string            `toml:"public"`
	Sealing    *string            `toml:"sealing"`
	Partitions []documentSuffix   `toml:"partitions"`
	Registry   []documentRegistry `toml:"registry"`
}

type documentSuffix struct {
	Suffix    string `toml:"suffix"`
	Partition string `toml:"partition"`
}

type documentRegistry struct {
	Match       string  `toml:"match"`
	Profile     *string `toml:"profile"`
	RoleARN     *string `toml:"role_arn"`
	ExternalID  *string `toml:"external_id"`
	SessionName *string `toml:"session_name"`
	Region      *string `toml:"region"`
	Host        *string `toml:"host"`
	Endpoint    *string `toml:"endpoint"`
	FIPS        *bool   `toml:"fips"`
	DualStack   *bool   `toml:"dual_stack"`
}

// The keys of the file, of a partition and of a registry.
var (
	documentKeys = []string{"timeout", "fallback", "public", "sealing", "partitions", "registry"}
	suffixKeys   = []string{"suffix", "partition"}
	registryKeys = []string{
		"match", "profile", "role_arn", "external_id", "session_name", "region",
		"host", "endpoint", "fips", "dual_stack",
	}
)

// keysOf returns the keys that a table may have; an empty name is the file itself.
func keysOf(table string) []string {
	switch table {
	case "":
		return documentKeys
	case "partitions":
		return suffixKeys
	case "registry":
		return registryKeys
	}
	return nil
}

// decode reads the settings in text into s. It leaves s unchanged when it returns an error.
func decode(s *Settings, path string, text []byte) *Error {
	text, err := toUTF8(text)
	if err != nil {
		return &Error{Path: path, Line: 1, Message: err.Error()}
	}
	var d document
	decodeErr := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(&d)
	var unknown *toml.StrictMissingError
	if decodeErr != nil && !errors.As(decodeErr, &unknown) {
		return tomlError(path, decodeErr)
	}
	positions, problem := findPositions(text)
	c := checker{settings: *s, positions: positions}
	switch {
	case problem != nil: // unknown keys too, with a better message than the decoder's
	case decodeErr != nil: // an unknown key that findPositions accepted
		problem = tomlError(path, decodeErr)
	default:
		problem = c.check(d)
	}
	if problem != nil {
		problem.Path = path
		return problem
	}
	*s = c.settings
	s.Path = path
	return nil
}

// toUTF8 removes a byte order mark, which editors on Windows write. UTF-16 text gives an error.
func toUTF8(text []byte) ([]byte, error) {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) || bytes.IndexByte(text, 0) >= 0 {
		return nil, errors.New("the file is not UTF-8 but UTF-16 or binary: save it as UTF-8 text")
	}
	return bytes.TrimPrefix(text, []byte("\ufeff")), nil
}

// tomlError returns the error of the TOML decoder as an Error.
func tomlError(path string, err error) *Error {
	e := &Error{Path: path, Message: strings.TrimPrefix(err.Error(), "toml: "), Err: err}
	var wrong *toml.DecodeError
	if !errors.As(err, &wrong) {
		return e
	}
	e.Line, _ = wrong.Position()
	e.Key = strings.Join(wrong.Key(), ".")
	if message, ok := strings.CutPrefix(e.Message, "cannot decode TOML "); ok && e.Key != "" {
		kind, _, _ := strings.Cut(message, " into ") // followed by the names of Go types
		e.Message = strconv.Quote(e.Key) + " must be " + typeOf(wrong.Key()) + ", not of type " + kind
	} else {
		e.Message = "the file is not valid TOML: " + e.Message
	}
	return e
}

// typeOf describes the type of a key's value.
func typeOf(key []string) string {
	switch name := key[len(key)-1]; name {
	case "fips", "dual_stack":
		return "true or false"
	case "partitions", "registry":
		return "a list of tables"
	}
	return "text in quotation marks"
}

// unknownKey returns the error for an unknown key.
func unknownKey(key []string) *Error {
	table, name := "", key[0]
	if len(key) > 1 && keysOf(key[0]) != nil {
		table, name = key[0], key[1]
	}
	return &Error{
		Key:     strings.Join(key, "."),
		Nearest: nearestKey(name, keysOf(table)),
		Message: "unknown key " + strconv.Quote(strings.Join(key, ".")),
	}
}

func (d documentRegistry) rule(line int) Rule {
	return Rule{
		Line:        line,
		Match:       strings.ToLower(d.Match),
		Profile:     value(d.Profile),
		RoleARN:     value(d.RoleARN),
		ExternalID:  value(d.ExternalID),
		SessionName: value(d.SessionName),
		Region:      value(d.Region),
		Host:        value(d.Host),
		Endpoint:    value(d.Endpoint),
		FIPS:        d.FIPS,
		DualStack:   d.DualStack,
	}
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// suffix returns the suffix of a partition. A partition without a name gets one that distinguishes
// it from others and that replaces {partition}.
func (d documentSuffix) suffix() registry.Suffix {
	if d.Partition == "" {
		d.Partition = strings.ReplaceAll(d.Suffix, ".", "-")
	}
	return registry.Suffix{Suffix: d.Suffix, Partition: d.Partition}
}
