package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// completions has the generators of the completion scripts by shell.
var completions = map[string]func(root *cobra.Command, w io.Writer) error{
	"bash":       func(root *cobra.Command, w io.Writer) error { return root.GenBashCompletionV2(w, true) },
	"zsh":        (*cobra.Command).GenZshCompletion,
	"fish":       func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) },
	"powershell": (*cobra.Command).GenPowerShellCompletionWithDesc,
}

func completionCommand(p *process) *cobra.Command {
	return &cobra.Command{
		Use:   "completion <bash|zsh|fish|powershell>",
		Short: "print a completion script for a shell",
		Long: `Prints a script with which the shell completes commands, flags, known registries and AWS profiles. The script for
bash needs the package bash-completion. Scripts are for the name docker-credential-ecr-login; when the program was
started as ecr-login, for that name.`,
		Example: `    echo 'source <(docker-credential-ecr-login completion bash)' >> ~/.bashrc
    echo 'source <(docker-credential-ecr-login completion zsh)' >> ~/.zshrc
    echo 'docker-credential-ecr-login completion fish | source' >> ~/.config/fish/config.fish
    docker-credential-ecr-login completion powershell >> $PROFILE`,
		Args:      arguments(1, 1, "one shell: bash, zsh, fish or powershell"),
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		RunE: func(c *cobra.Command, args []string) error {
			write, ok := completions[args[0]]
			if !ok {
				return misuse{fmt.Errorf("no completion for the shell %q, only for bash, zsh, fish and powershell", args[0])}
			}
			c.Root().Use = p.out.name
			return write(c.Root(), p.out.stdout)
		},
	}
}
