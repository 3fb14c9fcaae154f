package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const usage = `Usage: docker-credential-ecr-login COMMAND [FLAGS] [REGISTRY...]
       docker-credential-ecr-login COMMAND --help
`

// firstSteps is printed after usage when the program was called without a known command.
const firstSteps = `Start here: docker-credential-ecr-login configure, then docker-credential-ecr-login doctor.
All commands: docker-credential-ecr-login --help
`

const about = `A Docker credential helper for Amazon ECR: docker and other container clients run it to get the user name and
password of a registry, so that you never have to run docker login. "configure" adds your registries to Docker's
config.json:

    { "credHelpers": { "123456789012.dkr.ecr.eu-west-1.amazonaws.com": "ecr-login" } }

It uses the same AWS credentials as the AWS CLI. If a pull fails, run "doctor".`

// filesAndNames is the end of the help.
const filesAndNames = `A link docker-credential-ecr-login-NAME to the program uses the AWS profile NAME.
Settings (optional): $XDG_CONFIG_HOME/ecr-login/config.toml, then /etc/ecr-login/config.toml.
ECR_LOGIN_LOG=debug (or info) logs to standard error what a call does and why, ECR_LOGIN_LOG_FILE=FILE to a file.
`

// useLines returns how to call a command, or each command below it.
func useLines(c *cobra.Command) string {
	var b strings.Builder
	before := "Usage: "
	line := func(c *cobra.Command) {
		fmt.Fprintf(&b, "%s%s\n", before, c.UseLine())
		before = "       "
	}
	if !c.HasAvailableSubCommands() {
		line(c)
	}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			line(sub)
		}
	}
	return b.String()
}

// helpText returns what --help prints.
func helpText(c *cobra.Command) string {
	var b strings.Builder
	if c.HasParent() {
		b.WriteString(useLines(c))
	} else {
		b.WriteString(usage)
	}
	fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(long(c)))
	for _, g := range c.Groups() {
		fmt.Fprintf(&b, "\n%s:\n", g.Title)
		for _, sub := range c.Commands() {
			if sub.GroupID == g.ID && sub.IsAvailableCommand() {
				fmt.Fprintf(&b, "    %-20s%s\n", sub.Name(), sub.Short)
			}
		}
	}
	if f := flagLines(c); len(f) > 0 {
		b.WriteString("\nFlags:\n")
		for _, f := range f {
			fmt.Fprintf(&b, "    %-20s%s\n", f[0], f[1])
		}
	}
	if c.Example != "" {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", c.Example)
	}
	if !c.HasParent() {
		b.WriteString("\n" + filesAndNames + moreHelp)
	}
	return b.String()
}

// moreHelp names the topics.
const moreHelp = `
See also: docker-credential-ecr-login help settings, docker-credential-ecr-login help environment.
`

// topics are the texts of help that are not about a command. Hints name them, because a manual page
// may not be installed.
var topics = map[string]func() string{
	"environment": func() string { return "Environment variables:\n" + referenceText(environmentReference) },
	"settings": func() string {
		return settingsPlaces + "\n\nKeys:\n" + referenceText(settingsReference) + "\nExample:\n" + settingsExample + "\n"
	},
}

// helpWidth is the number of columns of a text of help.
const helpWidth = 100

// referenceText returns a list of names, each with its meaning below it.
func referenceText(list []reference) string {
	const indentation = "        "
	var b strings.Builder
	for _, r := range list {
		fmt.Fprintf(&b, "    %s\n", r.name)
		for _, line := range wrap(r.text, helpWidth-len(indentation)) {
			b.WriteString(indentation + line + "\n")
		}
	}
	return b.String()
}

// long returns the long description of a command.
func long(c *cobra.Command) string {
	if c.Long != "" {
		return c.Long
	}
	return c.Short
}

// flagLines returns the flags of a command as the user types them, each with its description.
func flagLines(c *cobra.Command) [][2]string {
	var lines [][2]string
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		if value := f.Annotations[placeholder]; len(value) > 0 && value[0] != "" {
			name += " " + value[0]
		}
		lines = append(lines, [2]string{name, f.Usage})
	})
	return lines
}
