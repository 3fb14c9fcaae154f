//go:build e2e && linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestDocumentation runs the blocks of commands of the documentation, as block describes. The
// blocks of a session share a home directory.
func TestDocumentation(t *testing.T) {
	names, pages := documentationPages(t)
	for _, name := range names {
		if otherTests[name] != "" {
			continue
		}
		for i, session := range sessions(pages[name]) {
			t.Run(fmt.Sprintf("%s/%d", strings.TrimSuffix(name, ".md"), i+1), func(t *testing.T) {
				prepare, ok := scenes[session[0].scene]
				if !ok {
					t.Fatalf("%s: unknown scene %q", session[0], session[0].scene)
				}
				r := newReader(t)
				prepare(r)
				for _, b := range session {
					r.runBlock(b)
				}
			})
		}
	}
}

// sessions returns the blocks of a page that are run. A session ends where another scene begins.
func sessions(blocks []block) (all [][]block) {
	for _, b := range blocks {
		switch {
		case !b.run:
		case len(all) == 0 || b.scene != "":
			all = append(all, []block{b})
		default:
			all[len(all)-1] = append(all[len(all)-1], b)
		}
	}
	return all
}

// runBlock does what the comment of the block says.
func (r *reader) runBlock(b block) {
	r.t.Helper()
	b.text = strings.NewReplacer(r.placeholders...).Replace(b.text)
	if b.file != "" {
		file := strings.Replace(b.file, "~", r.home, 1)
		r.writeIn(filepath.Dir(file), filepath.Base(file), b.text)
		return
	}
	script, err := b.script(r.env)
	if err != nil {
		r.t.Fatalf("%s: %v", b, err)
	}
	r.write("tmp/block", script)
	command := []string{"bash", r.path("tmp/block")}
	var result result
	if b.answer == "" {
		result = r.run("", command[0], command[1:]...)
	} else {
		result = r.runOnTerminal(b.answer, command...)
	}
	result.command = strings.TrimSpace(script)
	if result.err != nil {
		r.t.Fatalf("%s: a command succeeds or fails, not as expected:\n%s", b, result.describe())
	}
	for _, text := range b.prints {
		if !strings.Contains(result.output(), text) {
			r.t.Errorf("%s: %q is missing in the output:\n%s", b, text, result.describe())
		}
	}
	r.t.Logf("%s\n%s", b, result.describe())
}

// runOnTerminal runs a command on a terminal where the answer is typed.
func (r *reader) runOnTerminal(answer string, command ...string) (result result) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = r.home
	for name, value := range r.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	result.stdout, result.err = onTerminal(cmd, 80, "", answer, r.limit)
	return result
}

// script returns the commands of a block as a script for bash that ends at the first failure.
func (b block) script(env map[string]string) (string, error) {
	var commands []string
	switch b.lang {
	case "console":
		for line := range strings.Lines(b.text) {
			command, prompt := strings.CutPrefix(line, "$ ")
			if !prompt {
				command, prompt = strings.CutPrefix(line, "# ")
			}
			switch {
			case prompt:
				commands = append(commands, command)
			case strings.HasPrefix(line, " ") && len(commands) > 0: // a command that goes on
				commands[len(commands)-1] += line
			}
		}
	case "yaml":
		var root yaml.Node
		if err := yaml.Unmarshal([]byte(b.text), &root); err != nil {
			return "", err
		}
		commands = pipelineCommands(&root, env)
	case "groovy":
		commands = groovyCommands(b.text)
	default:
		commands = []string{b.text}
	}
	if b.skips != "" {
		commands = slices.DeleteFunc(commands, func(c string) bool { return strings.Contains(c, b.skips) })
	}
	if len(commands) < max(1, b.fails) {
		return "", fmt.Errorf("%d commands found", len(commands))
	}
	if b.fails > 0 {
		commands[b.fails-1] = "if\n" + commands[b.fails-1] + "then echo 'This must fail.'; exit 1; fi\n"
	}
	return "set -euo pipefail\n" + strings.Join(commands, ""), nil
}

// pipelineCommands returns the commands in the pipeline of a CI system, after its environment
// variables. A variable of the scene has precedence.
func pipelineCommands(n *yaml.Node, env map[string]string) (lines []string) {
	var commands []string
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		if n.Kind != yaml.MappingNode {
			for _, child := range n.Content {
				walk(child)
			}
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i].Value, n.Content[i+1]
			switch key {
			case "env", "environment", "variables":
				for j := 0; j+1 < len(value.Content); j += 2 {
					name, setting := value.Content[j].Value, value.Content[j+1]
					switch _, fixed := env[name]; {
					case setting.Kind != yaml.ScalarNode:
						walk(setting) // of CodeBuild, which has a level more
						walk(value)
					case !fixed:
						lines = append(lines, fmt.Sprintf("export %s=\"%s\"\n", name, setting.Value))
					}
				}
			case "extends":
				walk(readTemplate(value.Value))
			case "script", "before_script", "command", "commands", "run":
				for _, command := range append([]*yaml.Node{value}, value.Content...) {
					if command.Kind == yaml.ScalarNode {
						// Buildkite's $$ is a $ for the shell.
						commands = append(commands, strings.ReplaceAll(strings.TrimSpace(command.Value), "$$", "$")+"\n")
					}
				}
			default:
				walk(value)
			}
		}
	}
	walk(n)
	return append(lines, commands...)
}

// readTemplate returns a job of the template for GitLab.
func readTemplate(name string) *yaml.Node {
	var jobs map[string]yaml.Node
	text, err := os.ReadFile("../../packaging/gitlab/ecr-login.yml")
	if err == nil {
		err = yaml.Unmarshal(text, &jobs)
	}
	job, ok := jobs[name]
	if err != nil || !ok {
		panic(fmt.Sprintf("no template %s: %v", name, err))
	}
	return &job
}

var (
	groovyVariable = regexp.MustCompile(`(?m)(?:^ *|')([A-Z_]+)(?: = ['"]|=)([^'"\n]*)['"]`)
	groovyShell    = regexp.MustCompile(`(?s)sh '''(.*?)'''`)
)

// groovyCommands returns the shell commands of a Jenkinsfile, after its environment.
func groovyCommands(text string) (lines []string) {
	for _, m := range groovyVariable.FindAllStringSubmatch(text, -1) {
		lines = append(lines, fmt.Sprintf("export %s=\"%s\"\n", m[1], m[2]))
	}
	for _, m := range groovyShell.FindAllStringSubmatch(text, -1) {
		lines = append(lines, m[1]+"\n")
	}
	return lines
}
