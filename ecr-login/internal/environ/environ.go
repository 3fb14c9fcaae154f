// Package environ reads environment variables through one function type, so that a caller can pass
// another environment than the process's own.
package environ

import "os"

// Lookup returns the value of an environment variable and reports whether it is set. A nil Lookup
// is the environment of the process.
type Lookup func(name string) (value string, set bool)

// Get returns the value of the environment variable, empty when it is not set.
func Get(lookup Lookup, name string) string {
	value, _ := lookup.Lookup(name)
	return value
}

// Lookup calls l, or os.LookupEnv when l is nil.
func (l Lookup) Lookup(name string) (value string, set bool) {
	if l == nil {
		return os.LookupEnv(name)
	}
	return l(name)
}
