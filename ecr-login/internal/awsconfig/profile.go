package awsconfig

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Settings are the settings of a profile or of another section.
type Settings map[string]string

// free are the settings whose values may have white space, quotes or # in them.
var free = map[string]bool{
	"credential_process": true, "external_id": true, "role_session_name": true, "source_profile": true, "sso_session": true,
	"web_identity_token_file": true, "login_session": true, "ca_bundle": true, "services": true,
}

// Get returns the value of a setting, empty when it is not set.
func (s Settings) Get(key string) string {
	if free[key] {
		return s[key]
	}
	return lenient(s[key])
}

// Has reports whether the setting exists, even with an empty value.
func (s Settings) Has(key string) bool {
	_, ok := s[key]
	return ok
}

// section returns the settings of the sections whose header match accepts. Sections with the same
// header are one; a section with another header that matches replaces those before it.
func section(text []byte, match func(header []byte) bool) Settings {
	defaults := map[string]string{} // configparser adds the settings of [DEFAULT] to every section
	var found map[string]string
	last := ""
	scan(text, func(header []byte) map[string]string {
		if string(header) == "DEFAULT" {
			return defaults
		}
		if !match(header) {
			return nil
		}
		if found == nil || last != string(header) {
			found, last = map[string]string{}, string(header)
		}
		return found
	})
	if found == nil {
		return nil
	}
	for key, value := range defaults {
		if _, ok := found[key]; !ok {
			found[key] = value
		}
	}
	trimLines(found)
	return found
}

// configProfile returns the profile of the config file, nil when it has no such profile.
func (c *Config) configProfile(name string) Settings {
	if c.index != nil {
		return c.index.config[name]
	}
	return section(c.Config.Text, func(header []byte) bool {
		return name == "default" && string(header) == "default" || named(header, "profile", name)
	})
}

// credentialsProfile returns the profile of the credentials file, nil when it has no such profile.
func (c *Config) credentialsProfile(name string) Settings {
	if c.index != nil {
		return c.index.credentials[name]
	}
	return section(c.Credentials.Text, func(header []byte) bool { return string(header) == name })
}

// profile is a profile with its settings in both files.
type profile struct {
	name                string
	config, credentials Settings
	Settings            // both; the credentials file overrides the config file
}

// profile returns the named profile and reports whether it exists.
func (c *Config) profile(name string) (profile, bool) {
	p := profile{name: name, config: c.configProfile(name), credentials: c.credentialsProfile(name)}
	if p.config == nil && p.credentials == nil {
		return p, false
	}
	p.Settings = maps.Clone(p.config)
	if p.Settings == nil {
		p.Settings = Settings{}
	}
	maps.Copy(p.Settings, p.credentials)
	return p, true
}

// Profile returns the settings of the profile that applies, and its name. The settings are empty
// when the profile does not exist.
func (c *Config) Profile() (name string, s Settings) {
	name, _ = c.ProfileName()
	p, _ := c.profile(name)
	return name, p.Settings
}

// Section returns the settings of [kind name], such as [sso-session corp], nil when it is missing.
func (c *Config) Section(kind, name string) Settings {
	if c.index == nil {
		return c.section(kind, name)
	}
	key := [2]string{kind, name}
	if _, known := c.index.others[key]; !known {
		c.index.others[key] = c.section(kind, name)
	}
	return c.index.others[key]
}

func (c *Config) section(kind, name string) Settings {
	return section(c.Config.Text, func(header []byte) bool { return named(header, kind, name) })
}

// Nested returns the settings within a value, such as those of [services x], where a service has
// settings of its own on indented lines.
func Nested(value string) Settings {
	s := Settings{}
	for line := range strings.Lines(value) {
		if key, value, ok := strings.Cut(line, "="); ok {
			s[strings.ToLower(strings.TrimSpace(key))] = strings.TrimSpace(value)
		}
	}
	return s
}

// ProfileName returns the name of the profile that applies, and reports whether the caller or the
// environment named it.
func (c *Config) ProfileName() (name string, named bool) {
	for _, name := range [...]string{c.Input.Profile, c.env("AWS_PROFILE"), c.env("AWS_DEFAULT_PROFILE")} {
		if name != "" {
			return name, true
		}
	}
	return "default", false
}

// similar returns a remark on a section whose header looks like the profile's and is not read as
// such, or "".
func (c *Config) similar(name string) string {
	look := func(f File, want string) (remark string) {
		scan(f.Text, func(h []byte) map[string]string {
			words := strings.Fields(strings.ToLower(strings.Trim(string(h), blanks+`'"`)))
			if len(words) > 1 && words[0] == "profile" {
				words = words[1:]
			}
			if remark == "" && strings.Trim(strings.Join(words, " "), `'"`) == strings.ToLower(name) {
				remark = fmt.Sprintf("%s has [%s]: write [%s]", c.shown(f.Path), h, want)
			}
			return nil
		})
		return remark
	}
	if remark := look(c.Config, "profile "+quoteName(name)); remark != "" {
		return remark
	}
	return look(c.Credentials, name)
}

// Profiles returns the names of all profiles in the two files, sorted.
func (c *Config) Profiles() []string {
	names, _ := c.newIndex()
	slices.Sort(names)
	return names
}
