package config

import "strings"

// Variables are the environment variables that Load reads for settings. Those
// called ECR_LOGIN_ override the file. One that is empty counts as not set.
var Variables = []string{
	"ECR_LOGIN_CONFIG",
	"ECR_LOGIN_TIMEOUT",
	"ECR_LOGIN_FALLBACK",
	"ECR_LOGIN_PUBLIC",
	"ECR_LOGIN_SEALING",
	"AWS_ECR_CACHE_DIR",
	"AWS_ECR_DISABLE_CACHE",
	"AWS_ECR_IGNORE_CREDS_STORAGE",
}

// readEnvironment puts the environment over s. What makes no sense is left out,
// and the first of it reported.
func (l Loader) readEnvironment(s *Settings) (first *Error) {
	override := func(variable string, apply func(value string) (problem string)) {
		value := l.env(variable)
		if value == "" {
			return
		}
		if problem := apply(value); problem != "" && first == nil {
			first = &Error{Key: variable, Message: variable + " " + problem}
		}
	}
	override("ECR_LOGIN_TIMEOUT", s.setTimeout)
	override("ECR_LOGIN_FALLBACK", s.setFallback)
	override("ECR_LOGIN_PUBLIC", s.setPublic)
	override("ECR_LOGIN_SEALING", s.setSealing)

	// The existing helper takes any value for yes here, false and 0 included.
	s.Cache = l.env("AWS_ECR_DISABLE_CACHE") == ""
	dir, ok := l.expandHome(l.env("AWS_ECR_CACHE_DIR"))
	s.CacheDir = dir
	if !ok {
		// A cache that was sent to a place is not kept in another.
		s.Cache = false
	}
	s.IgnoreStore = isTrue(l.env("AWS_ECR_IGNORE_CREDS_STORAGE"))
	return first
}

// isTrue reports whether a value means yes. The existing helper knows true alone.
func isTrue(value string) bool {
	switch strings.ToLower(value) {
	case "true", "t", "1", "yes", "y", "on":
		return true
	}
	return false
}
