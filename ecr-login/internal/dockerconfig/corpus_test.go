package dockerconfig

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const host = "123456789012.dkr.ecr.us-east-1.amazonaws.com"

// corpus returns the files of testdata/configs, by name.
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/configs/*.json")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files of the corpus: %v", len(files), err)
	}
	all := map[string][]byte{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = text
	}
	return all
}

// environment returns a lookup of the variables.
func environment(variables map[string]string) func(string) (string, bool) {
	return func(key string) (string, bool) {
		value, ok := variables[key]
		return value, ok
	}
}

// sound parses text that must be valid.
func sound(t testing.TB, text string, client Client) *Config {
	t.Helper()
	c, err := Parse([]byte(text), client)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return c
}
