package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"
	"github.com/spf13/cobra"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/clients"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/terminal"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

const kubeletCommand = "kubelet"

// protocolCommands are the commands that clients run: those of Docker's credential helper protocol,
// and the kubelet's.
var protocolCommands = []struct{ name, short, long string }{
	{credentials.ActionGet, "print the user name and password of a registry", `Reads the server URL of a registry from standard input: a host name, with or without scheme, port and path. Prints
{"ServerURL","Username","Secret"} with a token from the cache, or with a new one from AWS.

On failure it prints one line with the cause and exits with 1. The line "credentials not found in native keychain"
means that the client should continue without credentials: the registry is not Amazon ECR, or it is ECR Public and AWS
returned no token.`},
	{credentials.ActionStore, "store a login until it expires", `Reads {"ServerURL","Username","Secret"} from standard input and stores the login, encrypted, until its token expires.
get returns a stored login before any token. A login that this program issued itself is accepted and not stored.`},
	{credentials.ActionErase, "delete the login of a registry", `Reads the server URL of a registry from standard input. Deletes from the cache the login stored for it and the token
of the current AWS principal.`},
	{credentials.ActionList, "print the registries that get has credentials for", `Prints a JSON object of registries and user names: the registries in the cache, and those that the configuration of
docker or podman assigns to this helper. It makes no request to AWS, reads no standard input and never fails.`},
	{credentials.ActionVersion, "print the version", `Prints the name of the program, its module and its version.`},
	{kubeletCommand, "answer a CredentialProviderRequest of the kubelet", `The kubelet's exec credential provider: reads a CredentialProviderRequest (v1, v1beta1 or v1alpha1) from standard
input and prints a CredentialProviderResponse. Errors are printed to standard error only, which the kubelet logs.`},
}

func isProtocolCommand(name string) bool {
	for _, c := range protocolCommands {
		if c.name == name {
			return true
		}
	}
	return false
}

// protocolCommand runs a command of the protocol without arguments.
func (p *process) protocolCommand(ctx context.Context, name string) int {
	switch name {
	case credentials.ActionVersion:
		return p.out.versionLine()
	case credentials.ActionList:
		return p.list(ctx)
	case kubeletCommand:
		return kubelet(ctx, p.helper(), p.stdin, p.out)
	}
	defer p.announceInput(name)()
	in, err := readInput(p.stdin)
	if err != nil {
		return p.out.protocolError(err)
	}
	if name == credentials.ActionStore {
		if err := json.Unmarshal(in, new(credentials.Credentials)); err != nil {
			return p.out.protocolError(advised{
				fmt.Errorf("standard input is not a login in JSON: %w", err),
				`write {"ServerURL": "HOST", "Username": "AWS", "Secret": "PASSWORD"}, as docker login does`,
			})
		}
	}
	if err := credentials.HandleCommand(p.helper().Docker(ctx), name, bytes.NewReader(in), p.out.stdout); err != nil {
		return p.out.protocolError(err)
	}
	return 0
}

// list does not read standard input: testcontainers for Node never closes it.
func (p *process) list(ctx context.Context) int {
	profile := progname.Profile(p.name)
	assigned := clients.Read(dockerconfig.Locator{}).KeysOf(profile)
	_ = json.NewEncoder(p.out.stdout).Encode(p.helper().List(ctx, assigned...)) // exitCode reports the error
	return 0
}

// inputWait is how long a command waits for input from a terminal before it explains what it waits
// for.
const inputWait = 500 * time.Millisecond

// announceInput prints what a command reads when a person started it in a terminal and types
// nothing.
func (p *process) announceInput(name string) (cancel func()) {
	if !terminal.IsTerminal(p.stdin) {
		return func() {}
	}
	timer := time.AfterFunc(inputWait, func() {
		p.out.note(fmt.Sprintf("%s reads the registry from standard input", name), inputHint(name, "HOST"))
	})
	return func() { timer.Stop() }
}

func inputHint(command, host string) string {
	return fmt.Sprintf("run: echo %s | %s %s", host, progname.Program, command)
}

// unexpectedArgument reports an argument of a command that takes none.
func (p *process) unexpectedArgument(command, argument string) int {
	switch command {
	case kubeletCommand:
		return p.out.problem(fmt.Errorf("%s takes no arguments, found %q", command, argument), kubeletArgsHint)
	case credentials.ActionGet, credentials.ActionErase:
		host, err := registry.Host(argument)
		if err != nil {
			host = "HOST" // it may be anything, also a secret or a command for the shell
		}
		return p.out.protocolError(advised{
			fmt.Errorf("%s reads the registry from standard input and takes no arguments", command),
			inputHint(command, host),
		})
	case credentials.ActionStore:
		return p.out.protocolError(errors.New("store reads a login in JSON from standard input and takes no arguments"))
	}
	return p.out.protocolError(fmt.Errorf("%s takes no arguments", command))
}

// newProtocolCommands returns the commands of the protocol for the help and the manual page.
func newProtocolCommands(p *process) []*cobra.Command {
	var list []*cobra.Command
	for _, c := range protocolCommands {
		list = append(list, &cobra.Command{
			Use: c.name, Short: c.short, Long: c.long,
			RunE: func(cmd *cobra.Command, _ []string) error { return exitCode(p.protocolCommand(cmd.Context(), c.name)) },
		})
	}
	return list
}
