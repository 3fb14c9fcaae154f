//go:build e2e && linux

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// TestDocumentation runs the blocks of commands of the documentation, as block describes. The
// blocks of a session share a home directory.
func TestDocumentation(t *testing.T) {
	names, pages := documentationPages(t)
	for _, name := range names {
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
	if b.answer != "" {
		command = []string{"script", "--quiet", "--return", "--command", strings.Join(command, " "), "/dev/null"}
	}
	result := r.run(b.answer+"\n", command[0], command[1:]...)
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

var (
	groovyVariable = regexp.MustCompile(`(?m)^ *([A-Z_]+) = ['"](.*)['"]$`)
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

// The registries of the documentation. The images app:1 and app:latest are in each.
const (
	docsRegion  = "eu-west-1"
	docsHost    = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	prodDocs    = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
	stagingDocs = "444455556666.dkr.ecr.eu-west-1.amazonaws.com"
)

// docsImages pushes the images once.
var docsImages sync.Once

// A reader is a user who types the commands of the documentation.
type reader struct {
	*user
	// placeholders are texts of the documentation and what the reader writes in their place.
	placeholders []string
}

// newReader returns a reader on a machine with the Docker engine, where the program is installed
// under both names.
func newReader(t *testing.T) *reader {
	t.Helper()
	needEngine(t)
	for _, program := range []string{"sudo", "aws", "script"} {
		needProgram(t, program, fromDebian+"sudo awscli bsdutils")
	}
	docsImages.Do(func() {
		owner := dockerUser(t)
		owner.signIn("default", devAccount)
		owner.configure(dockerConfig{CredsStore: helperName})
		for _, host := range []string{docsHost, prodDocs, stagingDocs} {
			for _, tag := range []string{"/app:1", "/app:latest"} {
				owner.push(host + tag)
			}
		}
	})
	r := &reader{user: newUser(t)}
	engineSettings(r.user)
	// configure finds the registries of the engine's images, also those of earlier sessions.
	r.must("", "docker", "system", "prune", "--all", "--force")
	delete(r.env, "DOCKER_CONFIG")
	r.env["LANG"] = "C.UTF-8"
	// The CA of the site is the machine's only one, and the AWS CLI has certificates of its own.
	r.env["AWS_CA_BUNDLE"] = "/etc/ssl/certs/ca-certificates.crt"
	if err := os.RemoveAll(r.path("bin")); err != nil {
		t.Fatal(err)
	}
	r.installProgram()
	return r
}

// programDirectory is private to the run, and the first one in which sudo finds programs.
const programDirectory = "/usr/local/bin"

func (r *reader) installProgram() {
	r.t.Helper()
	before, err := filepath.Glob(programDirectory + "/*")
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		after, _ := filepath.Glob(programDirectory + "/*")
		for _, file := range after {
			if !slices.Contains(before, file) {
				os.RemoveAll(file)
			}
		}
	})
	r.must("", "install", "-m", "0755", *helperPath, programDirectory+"/docker-credential-ecr-login")
	r.must("", "ln", "-s", "docker-credential-ecr-login", programDirectory+"/ecr-login")
}

// withKey gives a user an access key and a region.
func withKey(r *reader) {
	r.t.Helper()
	r.signIn("default", devAccount)
	r.write(".aws/config", "[default]\nregion = "+docsRegion+"\n")
}

// scenes are the situations in which the blocks of the documentation run.
var scenes = map[string]func(r *reader){
	// A user with an access key for the first registry, and nothing else.
	"":    withKey,
	"key": withKey,
	// The same user, after configure.
	"configured": func(r *reader) {
		withKey(r)
		r.must("", "ecr-login", "configure", docsHost)
	},
	// A user in a directory with a Dockerfile who has installed ecrtest, and no AWS account.
	"ecrtest": func(r *reader) {
		r.write("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n")
		delete(r.env, "AWS_CA_BUNDLE")
		// Without any login, docker would store passwords with docker-credential-pass if it is installed.
		r.write(".docker/config.json", `{"auths":{"registry.example.com":{"auth":"YTpi"}}}`)
		r.must("", "install", "-m", "0755", *ecrtestPath, programDirectory+"/ecrtest")
	},
	// A user in a directory with a Dockerfile.
	"build": func(r *reader) {
		withKey(r)
		r.write("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n")
		for _, name := range []string{"GIT_COMMIT", "BUILDKITE_COMMIT", "CIRCLE_SHA1", "CODEBUILD_RESOLVED_SOURCE_VERSION", "GITHUB_SHA", "CI_COMMIT_SHA"} {
			r.env[name] = "3b18e512"
		}
		r.env["WORKSPACE_TMP"] = r.path("tmp")
	},
	// A server where root has a stand-in for AWS's aws_signing_helper.
	"on-premises": func(r *reader) {
		key := r.aws.AddUser("arn:aws:iam::" + devAccount + ":user/node")
		r.placeholders = []string{"YOUR-ACCESS-KEY-ID", key.AccessKeyID, "YOUR-SECRET-ACCESS-KEY", key.SecretAccessKey}
		r.writeIn(programDirectory, "aws_signing_helper", "#!/bin/sh\ntest \"$1\" = credential-process || exit 1\n"+
			`echo '{"Version":1,"AccessKeyId":"`+key.AccessKeyID+`","SecretAccessKey":"`+key.SecretAccessKey+"\"}'\n")
		r.must("", "chmod", "0755", programDirectory+"/aws_signing_helper")
	},
	// A machine with the user jenkins, who has an access key.
	"jenkins": func(r *reader) {
		withKey(r)
		home := "/run/jenkins"
		r.must("", "useradd", "--home-dir", home, "jenkins")
		r.t.Cleanup(func() { r.must("", "userdel", "jenkins") })
		r.must("", "mkdir", "-p", home+"/.aws")
		r.must("", "cp", r.path(".aws/credentials"), r.path(".aws/config"), home+"/.aws/")
		r.must("", "chown", "-R", "jenkins:", home)
	},
	// A user with an expired password of docker login.
	"old-login": func(r *reader) {
		withKey(r)
		r.write(".docker/config.json", r.stale(docsHost))
	},
	// A user with a profile for each of two accounts, and images of both.
	"profiles": func(r *reader) {
		r.signIn("prod", "111122223333")
		r.signIn("staging", "444455556666")
		r.write(".aws/config", "[profile prod]\nregion = "+docsRegion+"\n[profile staging]\nregion = "+docsRegion+"\n")
		r.tagImages()
	},
	// A user who has signed in to SSO. The page has the profiles.
	"sso": func(r *reader) {
		session := r.aws.NewSSOSession("developer", time.Hour,
			ecrtest.Assignment{Account: "111122223333", Role: "Developer"}, ecrtest.Assignment{Account: "444455556666", Role: "Developer"})
		r.aws.Home(r.home).SSO("unused", "corp", session, ecrtest.Assignment{Account: "111122223333", Role: "Developer"})
		r.tagImages()
	},
}

// tagImages gives the engine an image of each account.
func (r *reader) tagImages() {
	r.t.Helper()
	for _, host := range []string{prodDocs, stagingDocs} {
		r.build(host+"/app:1", "scratch")
	}
}
