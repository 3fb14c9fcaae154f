package config

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// document is the settings file as TOML has it.
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

// keysIn are the keys that a table may have.
func keysIn(table string) []string {
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

// decode puts the settings in text into s, which it leaves alone when there is
// anything wrong with them.
func decode(s *Settings, path string, text []byte) *Error {
	var d document
	err := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(&d)
	var unknown *toml.StrictMissingError
	if err != nil && !errors.As(err, &unknown) {
		return tomlError(path, err)
	}
	places, problem := layOut(text)
	c := checker{settings: *s, places: places}
	switch {
	case problem != nil: // with unknown keys in better words than the decoder's
	case err != nil: // an unknown key that layOut let through
		problem = tomlError(path, err)
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

// tomlError turns what the decoder says into our words.
func tomlError(path string, err error) *Error {
	e := &Error{Path: path, Message: strings.TrimPrefix(err.Error(), "toml: "), Err: err}
	var wrong *toml.DecodeError
	if !errors.As(err, &wrong) {
		return e
	}
	e.Line, _ = wrong.Position()
	e.Key = strings.Join(wrong.Key(), ".")
	if message, ok := strings.CutPrefix(e.Message, "cannot decode TOML "); ok && e.Key != "" {
		kind, _, _ := strings.Cut(message, " into ") // followed by Go's type names
		e.Message = strconv.Quote(e.Key) + " must be " + typeOf(wrong.Key()) + ", not of type " + kind
	} else {
		e.Message = "the file is not TOML: " + e.Message
	}
	return e
}

// typeOf says what a key's value must be.
func typeOf(key []string) string {
	switch name := key[len(key)-1]; name {
	case "fips", "dual_stack":
		return "true or false"
	case "partitions", "registry":
		return "a list of tables"
	}
	return "text in quotation marks"
}

// unknownKey is the error for a key that is not known where it stands.
func unknownKey(key []string) *Error {
	table, name := "", key[0]
	if len(key) > 1 && keysIn(key[0]) != nil {
		table, name = key[0], key[1]
	}
	return &Error{
		Key:     strings.Join(key, "."),
		Nearest: nearest(name, keysIn(table)),
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

func (d documentSuffix) suffix() registry.Suffix {
	if d.Partition == "" {
		// Something to tell it from others by, and to fill {partition} with.
		d.Partition = strings.ReplaceAll(d.Suffix, ".", "-")
	}
	return registry.Suffix{Suffix: d.Suffix, Partition: d.Partition}
}
