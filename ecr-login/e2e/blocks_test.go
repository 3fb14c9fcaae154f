package e2e

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// A block is a fenced block of a Markdown page. A comment in the line before the fence, which no
// reader sees, says what TestDocumentation does with it:
//
//	<!-- run -->                        runs the commands; each must succeed
//	<!-- run scene=NAME -->             in a scene of scenes_test.go, instead of the page's last one
//	<!-- run fails=1 -->                the first command must fail, the others succeed
//	<!-- run answer=y -->               on a terminal, where y and Enter are typed
//	<!-- run prints="a text" -->        the output must contain the text
//	<!-- run skips="a text" -->         commands that contain the text are not run
//	<!-- run file=~/.aws/config -->     writes the block to the file instead
//	<!-- not run: the reason -->        nothing
//
// Blocks of commands, in the languages of commandLanguages, must have such a comment.
type block struct {
	page string
	line int
	lang string
	text string

	run     bool
	reason  string // why it is not run
	scene   string
	file    string
	answer  string
	prints  []string
	skips   string
	fails   int    // the number of the command that must fail, from 1; 0: none
	invalid string // a part of the comment that is not understood
}

func (b block) String() string { return fmt.Sprintf("%s:%d", b.page, b.line) }

var commandLanguages = map[string]bool{"console": true, "sh": true, "bash": true, "powershell": true}

// otherTests are the pages whose commands other tests run.
var otherTests = map[string]string{
	"docs/install.md":    "packaging/dist",
	"docs/kubernetes.md": "ecr-login/e2e/kubelet",
}

var (
	fence  = regexp.MustCompile("^( *)```([a-z]*)$")
	marker = regexp.MustCompile(`^ *<!-- (run|not run:)( .*)? -->$`)
	option = regexp.MustCompile(`([a-z]+)(?:=("[^"]*"|[^ ]+))?`)
)

// parseBlocks returns the fenced blocks of a page.
func parseBlocks(page, text string) (blocks []block) {
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		open := fence.FindStringSubmatch(lines[i])
		if open == nil {
			continue
		}
		b := block{page: page, line: i + 1, lang: open[2]}
		if i > 0 {
			b.parseMarker(lines[i-1])
		}
		var content strings.Builder
		for i++; i < len(lines) && strings.TrimSpace(lines[i]) != "```"; i++ {
			content.WriteString(strings.TrimPrefix(lines[i], open[1]) + "\n")
		}
		b.text = content.String()
		blocks = append(blocks, b)
	}
	return blocks
}

func (b *block) parseMarker(line string) {
	m := marker.FindStringSubmatch(line)
	if m == nil {
		return
	}
	rest := strings.TrimSpace(m[2])
	if m[1] != "run" {
		b.reason = rest
		return
	}
	b.run = true
	for _, o := range option.FindAllStringSubmatch(rest, -1) {
		value := strings.Trim(o[2], `"`)
		switch o[1] {
		case "scene":
			b.scene = value
		case "file":
			b.file = value
		case "answer":
			b.answer = value
		case "prints":
			b.prints = append(b.prints, value)
		case "skips":
			b.skips = value
		case "fails":
			b.fails, _ = strconv.Atoi(value)
		default:
			b.invalid = o[0]
		}
	}
}

// documentationPages returns the blocks of every page, by the name of the page.
func documentationPages(t testing.TB) (names []string, pages map[string][]block) {
	t.Helper()
	pages = map[string][]block{}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if d.IsDir() && name != "." && name != "packaging" && !strings.HasPrefix(name, "docs") && !strings.HasPrefix(name, "packaging/git") {
			return fs.SkipDir
		}
		if d.IsDir() || filepath.Ext(name) != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		names = append(names, name)
		pages[name] = parseBlocks(name, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names, pages
}

// TestBlocksOfDocumentation checks that every block of commands is run by a test or says why not,
// and that the other blocks can be parsed in their language.
func TestBlocksOfDocumentation(t *testing.T) {
	names, pages := documentationPages(t)
	run := 0
	for _, name := range names {
		for _, b := range pages[name] {
			if b.run {
				run++
			}
			if b.invalid != "" {
				t.Errorf("%s: the comment has an unknown part %q", b, b.invalid)
			}
			if commandLanguages[b.lang] && !b.run && b.reason == "" && otherTests[name] == "" {
				t.Errorf("%s: this block of commands is not run: write <!-- run --> or <!-- not run: REASON --> in the line before it", b)
			}
			if err := b.parse(); err != nil {
				t.Errorf("%s: not valid %s: %v", b, b.lang, err)
			}
		}
	}
	if len(names) < 25 || run < 25 {
		t.Errorf("%d pages with %d blocks that are run: the test finds too few", len(names), run)
	}
}

// parse reports an error if the block is not valid in its language.
func (b block) parse() error {
	var value any
	switch b.lang {
	case "json":
		return json.Unmarshal([]byte(b.text), &value)
	case "yaml":
		return yaml.Unmarshal([]byte(b.text), &value)
	}
	return nil
}

// TestParseBlocks checks what the comments mean.
func TestParseBlocks(t *testing.T) {
	text := "text\n\n<!-- run scene=sso fails=2 prints=\"not found\" prints=x -->\n```console\n$ a\n```\n" +
		"   <!-- not run: no network -->\n   ```sh\n   b\n     c\n   ```\n```json\n{}\n```\n<!-- run twice -->\n```sh\n```\n"
	got := fmt.Sprintf("%+v", parseBlocks("p.md", text))
	want := fmt.Sprintf("%+v", []block{
		{page: "p.md", line: 4, lang: "console", text: "$ a\n", run: true, scene: "sso", fails: 2, prints: []string{"not found", "x"}},
		{page: "p.md", line: 8, lang: "sh", text: "b\n  c\n", reason: "no network"},
		{page: "p.md", line: 12, lang: "json", text: "{}\n"},
		{page: "p.md", line: 16, lang: "sh", run: true, invalid: "twice"},
	})
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
