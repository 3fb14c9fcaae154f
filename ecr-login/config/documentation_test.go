package config

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const documentation = "../../docs/configuration.md"

// section returns the text below a heading of the documentation, up to the next heading.
func section(t *testing.T, heading string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(documentation))
	if err != nil {
		t.Fatal(err)
	}
	_, below, found := strings.Cut(string(text), "\n"+heading+"\n")
	if !found {
		t.Fatalf("%s has no heading %q", documentation, heading)
	}
	if i := strings.Index(below, "\n#"); i >= 0 {
		below = below[:i]
	}
	return below
}

// rows returns the first two cells of each row in the tables of a section.
func rows(t *testing.T, heading string) (names []string, second map[string]string) {
	t.Helper()
	second = map[string]string{}
	for line := range strings.Lines(section(t, heading)) {
		cells := strings.Split(line, "|")
		if name, ok := strings.CutPrefix(strings.TrimSpace(cells[min(1, len(cells)-1)]), "`"); ok && len(cells) > 3 {
			name = strings.TrimSuffix(name, "`")
			names = append(names, name)
			second[name] = strings.TrimSpace(cells[2])
		}
	}
	return names, second
}

// TestEveryKeyIsDocumented checks that the keys of the decoder, those for suggestions and those in
// the documentation are the same.
func TestEveryKeyIsDocumented(t *testing.T) {
	t.Parallel()
	for heading, table := range map[string]struct {
		decoded any
		known   []string
	}{
		"### Keys":                     {document{}, documentKeys},
		"### Rules: `[[registry]]`":    {documentRegistry{}, registryKeys},
		"### Partitions: `partitions`": {documentSuffix{}, suffixKeys},
	} {
		names, types := rows(t, heading)
		var tags []string
		decoded := reflect.TypeOf(table.decoded)
		for i := range decoded.NumField() {
			field := decoded.Field(i)
			tag := field.Tag.Get("toml")
			tags = append(tags, tag)
			if isBool := strings.HasSuffix(field.Type.String(), "bool"); isBool != (types[tag] == "boolean") {
				t.Errorf("%s: %s is %v, and documented as %q", heading, tag, field.Type, types[tag])
			}
		}
		slices.Sort(tags)
		slices.Sort(names)
		known := slices.Sorted(slices.Values(table.known))
		if !slices.Equal(tags, names) || !slices.Equal(tags, known) {
			t.Errorf("%s\ndecoded    %q\nknown      %q\ndocumented %q", heading, tags, known, names)
		}
	}
}

func TestEveryVariableIsDocumented(t *testing.T) {
	t.Parallel()
	names, _ := rows(t, "## Environment variables")
	slices.Sort(names)
	if known := slices.Sorted(slices.Values(Variables)); !slices.Equal(names, known) {
		t.Errorf("known      %q\ndocumented %q", known, names)
	}
	// Load reads exactly these variables.
	read := map[string]bool{}
	l := Loader{System: t.TempDir(), Environ: func(key string) (string, bool) { read[key] = true; return "", false }}
	if _, err := l.Load(); err != nil {
		t.Fatal(err)
	}
	for _, name := range Variables {
		if !read[name] {
			t.Errorf("%s is documented and not read", name)
		}
		delete(read, name)
	}
	for name := range read {
		if strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "ECR_") {
			t.Errorf("%s is read and not documented", name)
		}
	}
}

// TestDefaultsAreDocumented checks the defaults in the table of keys.
func TestDefaultsAreDocumented(t *testing.T) {
	t.Parallel()
	text := section(t, "### Keys")
	for _, cells := range []string{
		"| `timeout` | duration | `\"" + DefaultTimeout.String() + "\"` |",
		"| `public` | choice | `\"" + PublicAuto + "\"` |",
		"| `sealing` | choice | `\"" + SealingAuto + "\"` |",
		"`\"" + minTimeout.String() + "\"` to `\"" + strings.TrimSuffix(maxTimeout.String(), "0s") + "\"`",
		"`\"" + PublicAlways + "\"`", "`\"" + PublicNever + "\"`", "`\"" + SealingRequired + "\"`",
	} {
		if !strings.Contains(text, cells) {
			t.Errorf("the table of keys does not have %s", cells)
		}
	}
}

// TestPlaceholdersAreDocumented checks that each documented placeholder is replaced.
func TestPlaceholdersAreDocumented(t *testing.T) {
	t.Parallel()
	documented, _ := rows(t, "#### Placeholders")
	if len(documented) != 4 {
		t.Errorf("documented are %q", documented)
	}
	for _, name := range documented {
		if text, err := fill(name, example); err != nil || text == name {
			t.Errorf("%s is replaced with %q, %v", name, text, err)
		}
	}
}

// TestExamplesLoad checks that every TOML block and every pattern of the documentation is accepted.
func TestExamplesLoad(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.FromSlash(documentation))
	if err != nil {
		t.Fatal(err)
	}
	load := func(example string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "config.toml")
		if err := os.WriteFile(path, []byte(example), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Load(onlyFile(path))
		if err != nil || s.Path != path {
			t.Errorf("%v in the example\n%s", err, example)
		}
	}
	blocks := strings.Split(string(text), "```toml\n")[1:]
	for _, block := range blocks {
		example, _, _ := strings.Cut(block, "```")
		load(example)
	}
	patterns, _ := rows(t, "#### Patterns")
	patterns = slices.DeleteFunc(patterns, func(cell string) bool { return cell == "match" }) // the heading of the table
	for _, pattern := range patterns {
		load("[[registry]]\nmatch = \"" + pattern + "\"\n")
	}
	if len(blocks) < 5 || len(patterns) < 6 {
		t.Errorf("found %d examples and %d patterns", len(blocks), len(patterns))
	}
}

// onlyFile returns an environment with the settings file and nothing else.
func onlyFile(path string) func(string) (string, bool) {
	return func(key string) (string, bool) {
		if key == "ECR_LOGIN_CONFIG" {
			return path, true
		}
		return "", false
	}
}

// TestDocumentedError checks that the error message in the documentation is the real one.
func TestDocumentedError(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte("timout = \"15s\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(onlyFile(path))
	shown := section(t, "## The settings file")
	if err == nil || !strings.Contains(shown, strings.TrimPrefix(err.Error(), filepath.Dir(path))) {
		t.Errorf("the error is %v, shown is%s", err, shown)
	}
}
