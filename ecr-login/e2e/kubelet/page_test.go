//go:build linux

package kubelet_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

const docs = "../../../docs/"

// A block is a fenced block of a Markdown page.
type block struct {
	section string // the heading above it
	scene   string // of the comment <!-- run scene=NAME --> in the line before it, or ""
	lang    string
	text    string
}

var (
	heading = regexp.MustCompile(`^##+ (.*)$`)
	marker  = regexp.MustCompile(`^ *<!-- run scene=([a-z-]+)`)
	fence   = regexp.MustCompile("^( *)```([a-z]+)$")
)

// readPage returns the fenced blocks of a page of docs.
func readPage(t *testing.T, page string) (blocks []block) {
	t.Helper()
	text, err := os.ReadFile(docs + page)
	must(t, err)
	section := ""
	lines := strings.Split(string(text), "\n")
	for i := 0; i < len(lines); i++ {
		if found := heading.FindStringSubmatch(lines[i]); found != nil {
			section = found[1]
		}
		open := fence.FindStringSubmatch(lines[i])
		if open == nil {
			continue
		}
		b := block{section: section, lang: open[2]}
		if found := marker.FindStringSubmatch(lines[i-1]); found != nil {
			b.scene = found[1]
		}
		for i++; strings.TrimSpace(lines[i]) != "```"; i++ {
			b.text += strings.TrimPrefix(lines[i], open[1]) + "\n"
		}
		blocks = append(blocks, b)
	}
	return blocks
}

// commands returns the commands of a block without the prompts.
func (b block) commands() string {
	var script strings.Builder
	for line := range strings.Lines(b.text) {
		script.WriteString(strings.TrimPrefix(line, "# "))
	}
	return script.String()
}

// sceneOf returns the commands of all blocks of a scene.
func sceneOf(t *testing.T, page, scene string) string {
	t.Helper()
	var script strings.Builder
	for _, b := range readPage(t, page) {
		if b.scene == scene {
			script.WriteString(b.commands())
		}
	}
	if script.Len() == 0 {
		t.Fatalf("%s has no commands of scene %s", page, scene)
	}
	return script.String()
}

// TestPage checks that the commands of docs/kubernetes.md install the files where the kubelet's
// flags point, and that the page shows the configuration of packaging/kubernetes. TestNode runs the
// commands.
func TestPage(t *testing.T) {
	install := sceneOf(t, "kubernetes.md", "install")
	find := func(pattern string) string {
		found := regexp.MustCompile(pattern).FindAllStringSubmatch(install, -1)
		if len(found) != 1 {
			t.Fatalf("%d matches of %s in\n%s", len(found), pattern, install)
		}
		return found[0][1]
	}
	program := find(`(?m)^install -D -m 0755 .* (/\S+)$`)
	if dir := find(`--image-credential-provider-bin-dir=([^ "]+)`); program != dir+"/docker-credential-ecr-login" {
		t.Errorf("the program is installed as %s, and the kubelet's directory is %s", program, dir)
	}
	config := find(`(?m)^install -D -m 0644 credential-provider\.yaml (/\S+)$`)
	if flag := find(`--image-credential-provider-config=([^ "]+)`); config != flag {
		t.Errorf("the configuration is installed as %s, and the kubelet's flag names %s", config, flag)
	}

	text, err := os.ReadFile(packaging + "credential-provider.yaml")
	must(t, err)
	want := regexp.MustCompile(`(?m)^ *#.*\n`).ReplaceAllString(string(text), "")
	for _, b := range readPage(t, "kubernetes.md") {
		if b.lang == "yaml" && strings.HasPrefix(b.text, "apiVersion: kubelet.config.k8s.io/") {
			if b.text != want {
				t.Errorf("the page shows\n%s\nand packaging/kubernetes/credential-provider.yaml is\n%s", b.text, want)
			}
			return
		}
	}
	t.Error("the page does not show the configuration")
}
