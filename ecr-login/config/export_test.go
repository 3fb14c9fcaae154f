package config

// Loader is loader for tests outside the package.
type Loader struct {
	Environ func(name string) (value string, set bool)
	System  string
}

// Load calls loader.load.
func (l Loader) Load() (Settings, error) { return loader{lookup: l.Environ, system: l.System}.load() }
