package ecrlogin_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	markdownLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	notInAnchor  = regexp.MustCompile(`[^\p{L}\p{N}\s_-]`)
)

// anchors returns the anchors of the headings of a Markdown file, as GitHub makes them.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	for line := range strings.Lines(text) {
		if title := strings.TrimLeft(line, "#"); title != line && strings.HasPrefix(title, " ") {
			name := notInAnchor.ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), "")
			found[strings.ReplaceAll(name, " ", "-")] = true
		}
	}
	return found
}

// ownURL is the URL of a file of this repository, or the action of a directory of it.
var ownURL = regexp.MustCompile(`(?:github\.com/4e881efc/ecr-credential-helper/(?:blob|tree|raw)/[^/\s]+|raw\.githubusercontent\.com/4e881efc/ecr-credential-helper/[^/\s]+|uses: 4e881efc/ecr-credential-helper)/([\w./-]+\w)`)

// eachFile calls do with every file of the repository that has one of the extensions.
func eachFile(t *testing.T, do func(path, text string), extensions ...string) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (slices.Contains([]string{".git", "testdata", "bin"}, d.Name()) || path == filepath.Join("..", "dist")) {
			return fs.SkipDir
		}
		if d.IsDir() || !slices.Contains(extensions, filepath.Ext(path)) {
			return nil
		}
		text, err := os.ReadFile(path)
		do(path, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestOwnURLs checks that every URL of a file of this repository, in the documentation and in the
// texts of programs and scripts, has that file.
func TestOwnURLs(t *testing.T) {
	t.Parallel()
	urls := 0
	eachFile(t, func(path, text string) {
		for _, m := range ownURL.FindAllStringSubmatch(text, -1) {
			urls++
			if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(m[1]))); err != nil {
				t.Errorf("%s has the URL %s, but %s does not exist", path, m[0], m[1])
			}
		}
	}, ".md", ".go", ".sh", ".yml", ".yaml", ".tmpl")
	if urls < 8 {
		t.Errorf("%d URLs found, want at least 8: the test finds too few", urls)
	}
}

// TestLinks checks that every relative link in a Markdown file of the repository leads to a file,
// and to a heading if it has an anchor.
func TestLinks(t *testing.T) {
	t.Parallel()
	links := 0
	eachFile(t, func(path, text string) {
		for _, m := range markdownLink.FindAllStringSubmatch(text, -1) {
			file, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(file, ":") {
				continue // another site
			}
			links++
			target := path
			if file != "" {
				target = filepath.Join(filepath.Dir(path), filepath.FromSlash(file))
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which does not exist", path, m[1])
				continue
			}
			if anchor == "" || filepath.Ext(target) != ".md" {
				continue
			}
			page, err := os.ReadFile(target)
			if err != nil || !anchors(string(page))[anchor] {
				t.Errorf("%s links to %s, which has no such heading (%v)", path, m[1], err)
			}
		}
	}, ".md")
	if links < 50 {
		t.Errorf("%d links found, want at least 50: the test finds too few", links)
	}
}
