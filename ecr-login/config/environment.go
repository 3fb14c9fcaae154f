package config

import "strings"

// Variables are the environment variables that Load reads settings from. The ECR_LOGIN_* variables
// override the file. An empty variable counts as not set.
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

// readEnvironment applies the environment variables to s. It ignores invalid values, and returns an
// error for the first of them.
func (l loader) readEnvironment(s *Settings) (first *Error) {
	for _, v := range [...]struct {
		name  string
		apply func(value string) error
	}{
		{"ECR_LOGIN_TIMEOUT", s.setTimeout},
		{"ECR_LOGIN_FALLBACK", s.setFallback},
		{"ECR_LOGIN_PUBLIC", s.setPublic},
		{"ECR_LOGIN_SEALING", s.setSealing},
	} {
		value := l.env(v.name)
		if value == "" {
			continue
		}
		if err := v.apply(value); err != nil && first == nil {
			first = &Error{Key: v.name, Message: v.name + " " + err.Error()}
		}
	}
	// The existing helper treats every value as yes, including false and 0.
	s.Cache = l.env("AWS_ECR_DISABLE_CACHE") == ""
	dir, ok := l.expandHome(l.env("AWS_ECR_CACHE_DIR"))
	s.CacheDir = dir
	if !ok {
		// AWS_ECR_CACHE_DIR begins with ~ and the home directory is not known. No other directory
		// is used.
		s.Cache = false
	}
	s.IgnoreStore = isTrue(l.env("AWS_ECR_IGNORE_CREDS_STORAGE"))
	return first
}

// isTrue reports whether a value means yes. The existing helper accepts only true.
func isTrue(value string) bool {
	switch strings.ToLower(value) {
	case "true", "t", "1", "yes", "y", "on":
		return true
	}
	return false
}
