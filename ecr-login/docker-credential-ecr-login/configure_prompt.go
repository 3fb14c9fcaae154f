package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/configure"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/terminal"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/wording"
)

// confirm prints the registries that were found and prompts for them.
func (p *process) confirm(s *configure.Session, f configureFlags) error {
	proposal := s.Proposal()
	if !*f.json {
		var rows [][]string
		for i, found := range proposal.Found {
			var where []string
			for _, place := range found.Where {
				where = append(where, place.Text(terminal.Quote))
			}
			rows = append(rows, []string{found.Registry, proposal.Registries[i].Text(), strings.Join(where, ", ")})
		}
		p.out.stdout.Table(rows, nil)
	}
	p.printWarnings(proposal)
	if *f.yes || *f.dryRun {
		return nil
	}
	if !p.canPrompt() {
		if *f.json {
			if err := p.out.stdout.JSON(proposal); err != nil {
				return err
			}
		}
		return advised{errors.New("nothing was changed: standard input is not a terminal"), "run again with --yes, or name the registries"}
	}
	p.out.stderr.Printf("Add %s to %s", theseRegistries(len(proposal.Found)), homePaths(s.Paths()))
	if path, n := rules(proposal); n > 0 {
		p.out.stderr.Printf(" and %s to %s", wording.Count(n, "rule", "rules"), homePaths([]string{path}))
	}
	answer, err := p.ask("? [Y/n] ")
	if err != nil {
		return err
	}
	if !isYes(answer) {
		return errors.New("nothing was changed")
	}
	return nil
}

// rules returns the settings file to which rules are to be added, and their number.
func rules(r *configure.Result) (path string, n int) {
	for _, a := range r.Registries {
		if a.Rule != "" {
			path, n = a.Rule, n+1
		}
	}
	return path, n
}

// mayCallSTS returns how configure gets the consent to calls of STS: from the flag, or from a person.
// Without both it returns nil.
func (p *process) mayCallSTS(f configureFlags) func(profiles []string) (bool, error) {
	switch {
	case f.callSTS != nil && *f.callSTS:
		return func([]string) (bool, error) { p.budget.pause(); return true, nil }
	case !p.mayPrompt(f):
		return nil
	}
	return func(profiles []string) (bool, error) {
		p.out.stderr.Printf("The AWS files do not name the account of %s: %s.\n", wording.Count(len(profiles), "profile", "profiles"), strings.Join(profiles, ", "))
		answer, err := p.ask("Call STS once for each of them? [Y/n] ")
		p.budget.pause() // these calls have a time limit of their own
		return isYes(answer), err
	}
}

// choose returns how configure gets the choice between the profiles of an account: from a person,
// or nil.
func (p *process) choose(f configureFlags) func(account string, profiles []string) (string, error) {
	if !p.mayPrompt(f) {
		return nil
	}
	return func(account string, profiles []string) (string, error) {
		p.out.stderr.Printf("Account %s has several profiles:\n", account)
		for i, name := range profiles {
			p.out.stderr.Printf("  %d  %s\n", i+1, name)
		}
		for range attempts {
			answer, err := p.ask("Which one? [1] ")
			if err != nil {
				return "", err
			}
			if answer == "" {
				return profiles[0], nil
			}
			if i := slices.Index(profiles, answer); i >= 0 {
				return answer, nil
			}
			if n, err := strconv.Atoi(answer); err == nil && 1 <= n && n <= len(profiles) {
				return profiles[n-1], nil
			}
		}
		return "", fmt.Errorf("no profile of account %s was chosen", account)
	}
}

// attempts is how often a prompt is repeated after an answer that it does not accept.
const attempts = 3

// ask prints a prompt and returns the line that a person enters. At the end of the input, which is
// no answer, it returns an error.
func (p *process) ask(prompt string) (string, error) {
	p.out.stderr.Printf("%s", prompt)
	p.budget.pause()
	defer p.budget.restart()
	if p.answers == nil {
		p.answers = bufio.NewReader(p.stdin)
	}
	line, err := p.answers.ReadString('\n')
	switch {
	case err == io.EOF && line == "":
		p.out.stderr.Printf("\n")
		return "", errors.New("nothing was changed")
	case err != nil && err != io.EOF:
		return "", fmt.Errorf("cannot read the answer: %w", err)
	}
	return strings.TrimSpace(line), nil
}

// isYes reports whether the answer agrees to a prompt that ends with [Y/n].
func isYes(answer string) bool {
	switch strings.ToLower(answer) {
	case "", "y", "yes":
		return true
	}
	return false
}

// theseRegistries returns the object of the prompt.
func theseRegistries(n int) string {
	if n == 1 {
		return "this registry"
	}
	return fmt.Sprintf("these %d registries", n)
}

// homePaths returns paths for a prompt, with ~ for the home directory.
func homePaths(paths []string) string {
	home, err := os.UserHomeDir()
	var all []string
	for _, path := range paths {
		if rest, ok := strings.CutPrefix(path, home+string(filepath.Separator)); ok && err == nil && home != "" {
			path = "~" + string(filepath.Separator) + rest
		}
		all = append(all, terminal.Quote(path))
	}
	return strings.Join(all, " and ")
}

// mayPrompt reports whether configure asks questions.
func (p *process) mayPrompt(f configureFlags) bool {
	return f.yes != nil && !*f.yes && !*f.dryRun && p.canPrompt()
}

// canPrompt reports whether a person can answer a prompt.
func (p *process) canPrompt() bool {
	return terminal.IsTerminal(p.stdin) && p.out.stderr.IsTerminal()
}
