package main

import (
	"bytes"
	"context"

	"github.com/docker/docker-credential-helpers/credentials"
	"github.com/spf13/cobra"
)

// The verbs that programs call: those of Docker's protocol for credential helpers, and the kubelet's.
var verbs = []struct{ name, short, long string }{
	{credentials.ActionGet, "print the user name and an authorization token of a registry", `Reads the server URL of a registry: its host name, with or without scheme, port and path. Prints
{"ServerURL","Username","Secret"}, from the cache where that can be, else from AWS.

On failure it prints the cause in one line and exits with 1. The text "credentials not found in native
keychain" means that there is nothing to log in with and that the client should go on anonymously: the
registry is not Amazon ECR, or it is ECR Public and AWS gave no token.`},
	{credentials.ActionStore, "keep a login until it expires", `Reads {"ServerURL","Username","Secret"} and keeps the login, sealed, until its token expires; get then serves it
for that host first. A login that this program gave out itself is acknowledged and not kept.`},
	{credentials.ActionErase, "forget the login of a registry", `Reads the server URL of a registry and forgets the login stored for it and the current principal's token.`},
	{credentials.ActionList, "print the registries that get can answer from the cache", `Prints a JSON object of registries and user names. It never asks AWS and never fails.`},
	{credentials.ActionVersion, "print the version", `Prints the name of the program, its module and its version.`},
	{"kubelet", "answer a CredentialProviderRequest of the kubelet", `The kubelet's exec credential provider: reads a CredentialProviderRequest (v1, v1beta1 or v1alpha1) and prints
a CredentialProviderResponse. docs/kubernetes.md shows its configuration.`},
}

func isVerb(name string) bool {
	for _, v := range verbs {
		if v.name == name {
			return true
		}
	}
	return false
}

// verb answers one of the verbs in its plain form.
func (p *process) verb(ctx context.Context, name string) int {
	switch name {
	case credentials.ActionVersion:
		return p.out.versionLine()
	case "kubelet":
		return kubelet(ctx, p.helper(), p.stdin, p.out)
	}
	in, err := readAll(p.stdin)
	if err != nil {
		return p.out.failure(err)
	}
	if err := credentials.HandleCommand(p.helper().Docker(ctx), name, bytes.NewReader(in), p.out.stdout); err != nil {
		return p.out.failure(err)
	}
	return 0
}

// verbCommands are the verbs in the tree of commands, for their help.
func verbCommands(p *process) []*cobra.Command {
	var list []*cobra.Command
	for _, v := range verbs {
		list = append(list, &cobra.Command{
			Use: v.name, Short: v.short, Long: v.long,
			RunE: func(c *cobra.Command, _ []string) error { return exitCode(p.verb(c.Context(), v.name)) },
		})
	}
	return list
}
