//go:build e2e && linux

package e2e

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
)

// docs/clients.md is what the suite found, written when the flag asks for it.

var docsPath = flag.String("docs", "", "write versions and results to this file (docs/clients.md)")

// found are the results: by client, then by scenario or versionColumn.
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

const docsHead = `# Clients

This page is written by the end-to-end suite (` + "`ecr-login/e2e`" + `, flag ` + "`-docs`" + `): real, unmodified clients against a registry
that is shaped like Amazon ECR, through the helper. No AWS account is involved; what only AWS can show is not shown here.

## Configuration

Clients that read Docker's ` + "`~/.docker/config.json`" + ` need one line per registry:

    {
      "credHelpers": {
        "123456789012.dkr.ecr.us-east-1.amazonaws.com": "ecr-login",
        "public.ecr.aws": "ecr-login"
      }
    }

or, for the clients that read it, ` + "`\"credsStore\": \"ecr-login\"`" + ` for all registries at once; those that are not ECR are then
anonymous, or those of the helper that the setting ` + "`fallback`" + ` names (see [configuration.md](configuration.md)).

`

// writeDocs writes the page. It refuses to write one with holes: the page would claim less than was true before.
func writeDocs(path string) error {
	found.Lock()
	defer found.Unlock()
	var page strings.Builder
	page.WriteString(docsHead)
	for _, c := range clients() {
		fmt.Fprintf(&page, "- **%s**: %s\n", c.name, c.setup)
	}
	page.WriteString("\n## Results\n\n| Client | Version |")
	for i := range scenarios {
		fmt.Fprintf(&page, " %d |", i+1)
	}
	page.WriteString("\n|---|---|" + strings.Repeat("---|", len(scenarios)) + "\n")
	for _, c := range clients() {
		fmt.Fprintf(&page, "| %s | %s |", c.name, found.by[c.name][versionColumn])
		for _, s := range scenarios {
			result := found.by[c.name][s.name]
			if result == "" {
				return fmt.Errorf("%s was not written: %s has not played %s", path, c.name, s.name)
			}
			fmt.Fprintf(&page, " %s |", result)
		}
		page.WriteString("\n")
	}
	page.WriteString("\nThe scenarios:\n\n")
	for i, s := range scenarios {
		fmt.Fprintf(&page, "%d. %s\n", i+1, s.told)
	}
	return os.WriteFile(path, []byte(page.String()), 0o644)
}
