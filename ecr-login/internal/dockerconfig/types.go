package dockerconfig

import (
	"fmt"
	"strings"

	"github.com/tailscale/hujson"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
)

// A check returns an error for each part of a value that has another type than the client decodes.
// name is the value in the error, such as: "gcr.io" in credHelpers.
type check func(c *Config, v hujson.Value, name string) []*Error

// isString accepts a string.
func isString(c *Config, v hujson.Value, name string) []*Error { return c.want(v, name, '"') }

// listOf accepts a list.
func listOf(each check) check {
	return func(c *Config, v hujson.Value, name string) (all []*Error) {
		all = c.want(v, name, '[')
		if list, ok := v.Value.(*hujson.Array); ok {
			for i, e := range list.Elements {
				all = append(all, each(c, e, fmt.Sprintf("element %d of %s", i+1, name))...)
			}
		}
		return all
	}
}

// mapOf accepts an object with any names.
func mapOf(each check) check {
	return func(c *Config, v hujson.Value, name string) (all []*Error) {
		all = c.want(v, name, '{')
		for _, m := range members(v) {
			all = append(all, each(c, m.Value, memberOf(m, name))...)
		}
		return all
	}
}

// fieldsOf accepts an object in which the named fields are strings.
func fieldsOf(names ...string) check {
	return func(c *Config, v hujson.Value, name string) (all []*Error) {
		all = c.want(v, name, '{')
		for _, m := range members(v) {
			if isOneOf(nameOf(m), names) {
				all = append(all, c.want(m.Value, memberOf(m, name), '"')...)
			}
		}
		return all
	}
}

// memberOf returns the name of a member for an error, without a user name or password.
func memberOf(m hujson.ObjectMember, name string) string {
	return `"` + redact.UserInfo(nameOf(m)) + `" in ` + name
}

func isOneOf(name string, all []string) bool {
	for _, known := range all {
		if is(name, known) {
			return true
		}
	}
	return false
}

// The fields of an entry of auths that are decoded by Docker, and by containers/image.
var (
	dockerFields     = []string{"auth", "identitytoken", "password", "registrytoken", "username", "serveraddress"}
	containersFields = dockerFields[:2]
)

// fields returns the fields of an entry of auths that the client decodes.
func (c *Config) fields() []string {
	if c.Client == Containers {
		return containersFields
	}
	return dockerFields
}

// typesOf returns the types of the keys that are edited.
func typesOf(client Client) map[string]check {
	if client == Containers {
		return map[string]check{keyHelpers: mapOf(isString), keyAuths: mapOf(fieldsOf(containersFields...))}
	}
	return map[string]check{keyHelpers: mapOf(isString), keyAuths: mapOf(fieldsOf(dockerFields...)), keyStore: isString}
}

// otherTypes are the types of Docker's other keys: ConfigFile in docker/cli
// (cli/config/configfile/file.go, v29.7).
var otherTypes = map[string]check{
	"HttpHeaders":          mapOf(isString),
	"aliases":              mapOf(isString),
	"features":             mapOf(isString),
	"plugins":              mapOf(mapOf(isString)),
	"proxies":              mapOf(fieldsOf("httpProxy", "httpsProxy", "noProxy", "ftpProxy", "allProxy")),
	"pruneFilters":         listOf(isString),
	"cliPluginsExtraDirs":  listOf(isString),
	"currentContext":       isString,
	"detachKeys":           isString,
	"psFormat":             isString,
	"imagesFormat":         isString,
	"networksFormat":       isString,
	"pluginsFormat":        isString,
	"volumesFormat":        isString,
	"statsFormat":          isString,
	"serviceInspectFormat": isString,
	"servicesFormat":       isString,
	"tasksFormat":          isString,
	"secretFormat":         isString,
	"configFormat":         isString,
	"nodesFormat":          isString,
}

// checkTypes returns the first value of the edited keys that the client cannot decode.
func (c *Config) checkTypes() *Error {
	if c.blank {
		return nil
	}
	all := c.want(c.root, "the file", '{')
	if all = append(all, c.check(typesOf(c.Client))...); len(all) > 0 {
		return all[0]
	}
	return nil
}

// WrongTypes returns the values in Docker's other keys that Docker cannot decode. Docker prints a
// warning at each call and ignores stored logins; crane, ko and cosign refuse the whole file. Each
// error is an *Error.
func (c *Config) WrongTypes() (all []error) {
	if c.Client != Docker {
		return nil
	}
	for _, e := range c.check(otherTypes) {
		e.Path = c.Path
		all = append(all, e)
	}
	return all
}

// check checks the members of the file that have a type.
func (c *Config) check(types map[string]check) (all []*Error) {
	for _, m := range members(c.root) {
		for key, check := range types {
			if is(nameOf(m), key) {
				all = append(all, check(c, m.Value, key)...)
			}
		}
	}
	return all
}

// want returns an error when a value is neither null nor of the kind.
func (c *Config) want(v hujson.Value, name string, kind hujson.Kind) []*Error {
	found := v.Value.Kind()
	if found == kind || found == 'n' {
		return nil
	}
	advice := "fix the line, or move the file away"
	if kind == '"' && strings.ContainsRune("tf0", rune(found)) {
		advice = "put the value in double quotes"
	}
	return []*Error{{Line: c.line(v.StartOffset), Message: name + " is " + kinds[found] + ", not " + kinds[kind], Advice: advice}}
}

// kinds has the names of JSON's types for errors.
var kinds = map[hujson.Kind]string{'{': "an object", '[': "a list", '"': "a string", '0': "a number", 't': "a boolean", 'f': "a boolean"}
