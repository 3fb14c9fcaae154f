package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/terminal"
)

// found is a registry that somebody here seems to use, and what says so.
type found struct {
	Registry string   `json:"registry"`
	Where    []string `json:"where"`
}

const (
	// findTime is what an engine or AWS may take to answer. Whoever does not answer is not waited for: a person
	// who waits longer would rather type the name.
	findTime = 4 * time.Second

	// maxScan is more than anybody writes into a compose file.
	maxScan = 1 << 20
)

// A finder collects registries in the order in which they are found.
type finder struct {
	e    *editing
	all  []found
	seen map[string]int
}

// add adds the registry in a name, if it is one, and what said so.
func (f *finder) add(name, where string) {
	m, err := f.e.settings.Match(serverOf(name))
	if err != nil {
		return
	}
	i, ok := f.seen[m.Host]
	if !ok {
		i = len(f.all)
		f.seen[m.Host] = i
		f.all = append(f.all, found{Registry: m.Host})
	}
	if w := &f.all[i].Where; !slices.Contains(*w, where) {
		*w = append(*w, where)
	}
}

// find looks for registries: in old logins, in the files here, in the engines' images, and at the credentials.
func (p *process) find(ctx context.Context, e *editing) []found {
	ctx, cancel := context.WithTimeout(ctx, findTime)
	defer cancel()
	images := map[string][]string{}
	var caller string
	var wg sync.WaitGroup
	var mu sync.Mutex
	for _, engine := range []string{"docker", "podman"} {
		wg.Go(func() {
			list := engineImages(ctx, engine)
			mu.Lock()
			defer mu.Unlock()
			images[engine] = list
		})
	}
	wg.Go(func() { caller = e.callersRegistry(ctx) })

	f := &finder{e: e, seen: map[string]int{}}
	f.logins()
	f.files(".")
	wg.Wait()
	for _, engine := range []string{"docker", "podman"} {
		for _, name := range images[engine] {
			f.add(name, "images of "+engine)
		}
	}
	if caller != "" {
		f.add(caller, "the account of the AWS credentials")
	}
	return f.all
}

// notDone are those of the registries for which something is left to do.
func (e *editing) notDone(all []found) (left []found) {
	type state struct {
		clean, unknown bool
		helpers        map[string]bool
		logins         map[string][]dockerconfig.Auth
	}
	var files []state
	for _, t := range e.targets {
		c, err := dockerconfig.Read(t.path, t.client)
		if err != nil {
			files = append(files, state{unknown: true}) // whoever edits it will say so
			continue
		}
		s := state{clean: t.clean, helpers: map[string]bool{}, logins: loginsByHost(c)}
		for _, h := range c.Helpers() {
			s.helpers[h.Host] = config.IsHelper(h.Name)
		}
		files = append(files, s)
	}
	for _, f := range all {
		if slices.ContainsFunc(files, func(s state) bool {
			return s.unknown || !s.helpers[f.Registry] && !s.clean || len(s.logins[f.Registry]) > 0
		}) {
			left = append(left, f)
		}
	}
	return left
}

// logins finds passwords in the clients' files.
func (f *finder) logins() {
	for _, t := range f.e.targets {
		c, err := dockerconfig.Read(t.path, t.client)
		if err != nil {
			continue // whoever edits it will say so
		}
		for _, a := range c.Auths() {
			if a.Secret() {
				f.add(a.Host(), fmt.Sprintf("a password in %s:%d", terminal.Quote(t.path), a.Line))
			}
		}
	}
}

// files finds names in what builds and starts containers in a folder.
func (f *finder) files(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if !isRecipe(entry.Name()) {
			continue
		}
		info, err := os.Stat(filepath.Join(dir, entry.Name()))
		if err != nil || !info.Mode().IsRegular() || info.Size() > maxScan {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			continue
		}
		n := 0
		for line := range strings.Lines(string(text)) {
			n++
			if isComment(line) {
				continue
			}
			for _, word := range strings.FieldsFunc(line, isNoHost) {
				if strings.Contains(word, ".") {
					f.add(word, fmt.Sprintf("%s:%d", terminal.Quote(entry.Name()), n))
				}
			}
		}
	}
}

// isRecipe tells whether a file's name is one of those that docker, podman and compose look for.
func isRecipe(name string) bool {
	lower := strings.ToLower(name)
	for _, pattern := range []string{
		"dockerfile", "containerfile", "dockerfile.*", "containerfile.*", "*.dockerfile", "*.containerfile",
		"compose*.yml", "compose*.yaml", "docker-compose*.yml", "docker-compose*.yaml", "docker-bake*.hcl", "docker-bake*.json", ".env",
	} {
		if ok, _ := filepath.Match(pattern, lower); ok {
			return true
		}
	}
	return false
}

// isComment tells whether a line says nothing; a Dockerfile's syntax directive does.
func isComment(line string) bool {
	rest, ok := strings.CutPrefix(strings.TrimSpace(line), "#")
	return ok && !strings.HasPrefix(strings.ToLower(strings.ReplaceAll(rest, " ", "")), "syntax=")
}

// isNoHost tells what cannot stand in a host's name with its port.
func isNoHost(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '.', r == '-', r == '_':
		return false
	}
	return true
}

// engineImages are the repositories of an engine's images; none when there is no such engine, or it does not answer.
func engineImages(ctx context.Context, engine string) []string {
	path, err := exec.LookPath(engine)
	if err != nil {
		return nil
	}
	cmd := exec.CommandContext(ctx, path, "image", "ls", "--format", "{{.Repository}}")
	cmd.WaitDelay = 100 * time.Millisecond // what it has started may hold its output open
	cmd.Stderr = io.Discard
	out, err := cmd.Output()
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	return strings.Fields(string(out))
}

// callersRegistry is the registry of the current credentials' account in their region; empty when AWS does not say.
func (e *editing) callersRegistry(ctx context.Context) string {
	caller, err := e.p.helper().Caller(ctx, "")
	if err != nil {
		return ""
	}
	return caller.Registry(e.settings.Parser())
}

// printFound shows the proposal.
func (e *editing) printFound() {
	var rows [][]string
	for _, found := range e.answer.Found {
		rows = append(rows, []string{found.Registry, strings.Join(found.Where, ", ")})
	}
	e.p.out.stdout.Table(rows, nil)
}
