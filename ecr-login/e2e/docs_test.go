//go:build e2e && linux

package e2e

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
)

// docs/clients.md holds the results of the suite. It is written when the flag -docs is given.

var docsPath = flag.String("docs", "", "write versions and results to this file (docs/clients.md)")

// found holds the results by client, then by scenario or versionColumn.
var found = struct {
	sync.Mutex
	by map[string]map[string]string
}{by: map[string]map[string]string{}}

const versionColumn = "version"

func record(c client, column, value string) {
	found.Lock()
	defer found.Unlock()
	if found.by[c.name] == nil {
		found.by[c.name] = map[string]string{}
	}
	found.by[c.name][column] = value
}

// resultsHeading starts the part of the page that writeDocs replaces. What stands before it is
// written by hand.
const resultsHeading = "## Results\n"

// writeDocs writes the results into the page. It returns an error when a result is missing, because
// the page would then lose a cell.
func writeDocs(path string) error {
	found.Lock()
	defer found.Unlock()
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, _, ok := strings.Cut(string(text), resultsHeading)
	if !ok {
		return fmt.Errorf("%s has no line %q", path, strings.TrimSpace(resultsHeading))
	}
	var page strings.Builder
	page.WriteString(head + resultsHeading)
	page.WriteString("\nWritten by the end-to-end suite with the flag `-docs`; do not edit.\n\n| Client | Version |")
	for i := range scenarios {
		fmt.Fprintf(&page, " %d |", i+1)
	}
	page.WriteString("\n|---|---|" + strings.Repeat("---|", len(scenarios)) + "\n")
	for _, c := range clients() {
		fmt.Fprintf(&page, "| %s | %s |", c.name, found.by[c.name][versionColumn])
		for _, s := range scenarios {
			result := found.by[c.name][s.name]
			if result == "" {
				return fmt.Errorf("%s was not written: no result of %s for %s", path, c.name, s.name)
			}
			fmt.Fprintf(&page, " %s |", result)
		}
		page.WriteString("\n")
	}
	for _, c := range clients() {
		for i, s := range scenarios {
			if reason := c.without[s.name]; reason != "" {
				fmt.Fprintf(&page, "\n%s, %d: %s.\n", c.name, i+1, reason)
			}
		}
	}
	page.WriteString("\nThe scenarios:\n\n")
	for i, s := range scenarios {
		fmt.Fprintf(&page, "%d. %s\n", i+1, s.text)
	}
	return os.WriteFile(path, []byte(page.String()), 0o644)
}
