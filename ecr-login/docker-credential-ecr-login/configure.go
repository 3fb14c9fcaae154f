package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/terminal"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// publicHosts are the names of ECR Public.
var publicHosts = []string{"public.ecr.aws", "ecr-public.aws.com"}

type configureFlags struct {
	podman, public, dryRun, yes, json *bool
	profile                           *string
}

func configureCommand(p *process) *cobra.Command {
	c := &cobra.Command{
		Use:   "configure [--podman] [--public] [--profile NAME] [--dry-run] [--yes] [--json] [REGISTRY...]",
		Short: "have docker ask this helper for registries",
		Long: `Writes registries into the credHelpers of Docker's config.json, so that docker asks this helper for them, and
removes the passwords that an earlier docker login left there for them. Nothing else in the file changes, and a
file with anything wrong in it is not touched.

A registry may be written in any way: a host, a URL, the name of an image. Without registries, it proposes those
that it finds: in old logins, in the images of the local engine, in the compose files and Dockerfiles of the
current folder, and the one of the current AWS credentials.

The files are those that the clients use: $DOCKER_CONFIG/config.json or ~/.docker/config.json, and with --podman
also $REGISTRY_AUTH_FILE or ~/.config/containers/auth.json. podman login writes elsewhere, into a folder that is
emptied when the session ends; passwords are removed there too. What was changed is noted, without secrets, in
~/.local/state/ecr-login, for "unconfigure" to take back.`,
		Example: `    docker-credential-ecr-login configure --dry-run
    docker-credential-ecr-login configure 123456789012.dkr.ecr.eu-west-1.amazonaws.com
    docker-credential-ecr-login configure --profile prod 111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/app:1`,
		Args:              arguments(0, -1, "registries"),
		ValidArgsFunction: p.completeRegistries(-1),
	}
	f := configureFlags{
		podman:  c.Flags().Bool("podman", false, "write podman's auth.json too, which skopeo and buildah share"),
		public:  c.Flags().Bool("public", false, "add ECR Public, under both of its names"),
		profile: c.Flags().String("profile", "", "make and use the helper that has the AWS profile `NAME`"),
		dryRun:  c.Flags().Bool("dry-run", false, "change nothing, print what would change"),
		yes:     c.Flags().Bool("yes", false, "do not ask before writing what was found"),
		json:    jsonFlag(c),
	}
	_ = c.RegisterFlagCompletionFunc("profile", completeProfiles)
	c.RunE = func(c *cobra.Command, args []string) error {
		if c.Flags().Changed("profile") && *f.profile == "" {
			return misuse{errors.New("--profile names no profile")} // a variable that is not set
		}
		return p.configure(c.Context(), f, args)
	}
	return c
}

func (p *process) configure(ctx context.Context, f configureFlags, args []string) error {
	e, err := p.newEditing(*f.podman, *f.dryRun)
	if err != nil {
		return err
	}
	profile := cmp.Or(*f.profile, config.ProfileFromName(p.name))
	if err := checkProfile(profile); err != nil {
		return err
	}
	e.answer.Helper = helperName(profile)
	hosts, err := e.hosts(args, *f.public)
	if err != nil {
		return err
	}
	if len(hosts) == 0 {
		all := p.find(ctx, e)
		e.answer.Found = e.notDone(all)
		for _, found := range e.answer.Found {
			hosts = append(hosts, found.Registry)
		}
		switch {
		case len(all) == 0:
			return advised{errors.New("no registry was found in logins, images, compose files and Dockerfiles"), "name one: " + program + " configure 123456789012.dkr.ecr.eu-west-1.amazonaws.com"}
		case len(hosts) == 0:
			return e.print(*f.json)
		}
		if err := p.agree(e, f); err != nil {
			return err
		}
	}
	defer e.open()()
	if profile != "" {
		if err := e.link(profile); err != nil {
			return err
		}
	}
	e.configure(hosts)
	if len(e.failed) > 0 {
		e.dropLink()
	}
	if err := e.print(*f.json); err != nil {
		return err
	}
	return e.finish(func() { e.warn(profile) })
}

// agree shows what was found and has a person say yes to it.
func (p *process) agree(e *editing, f configureFlags) error {
	if !*f.json {
		e.printFound()
	}
	if *f.yes || *f.dryRun {
		return nil
	}
	if !p.canAsk() {
		if *f.json {
			if err := p.out.stdout.JSON(e.answer); err != nil {
				return err
			}
		}
		return advised{errors.New("nothing was changed: there is no terminal to ask on"), "add --yes to configure what was found, or name the registries"}
	}
	p.out.stderr.Printf("have docker ask %s for them? [y/N] ", e.answer.Helper)
	answer, err := bufio.NewReader(p.stdin).ReadString('\n')
	if err != nil && err != io.EOF {
		return fmt.Errorf("reading the answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errors.New("nothing was changed")
}

// canAsk tells whether a person is there to answer a question.
func (p *process) canAsk() bool {
	return terminal.IsTerminal(p.stdin) && p.out.stderr.IsTerminal()
}

// checkProfile refuses a profile that can be no part of a program's name.
func checkProfile(name string) error {
	if strings.ContainsAny(name, "/\\\x00\n\r\t \"'") || strings.HasPrefix(name, "-") || strings.HasSuffix(strings.ToLower(name), ".exe") {
		return advised{fmt.Errorf("the profile %q cannot be part of a program's name", name), "write a rule with profile = " + fmt.Sprintf("%q", name) + " into the settings, see docs/configuration.md"}
	}
	return nil
}

// helperName is what credHelpers calls this program with a profile.
func helperName(profile string) string {
	if profile == "" {
		return "ecr-login"
	}
	return "ecr-login-" + profile
}

// hosts are the registries named, as clients spell them, each once.
func (e *editing) hosts(args []string, public bool) ([]string, error) {
	var all []string
	for _, arg := range args {
		host, err := e.host(arg)
		if err != nil {
			return nil, err
		}
		all = append(all, host)
	}
	if public {
		all = append(all, publicHosts...)
	}
	return unique(all), nil
}

// host is the registry in the name of an image or a URL, spelt as clients ask for it.
func (e *editing) host(name string) (string, error) {
	m, err := e.settings.Match(serverOf(name))
	switch {
	case errors.Is(err, registry.ErrNotECR):
		return "", advised{fmt.Errorf("%s: %w", withoutUser(name), err), "only Amazon ECR can be configured, and names that the settings make an alias of it"}
	case err != nil:
		return "", err
	}
	return m.Host, nil
}

// serverOf is an image's name up to its repository, which may be longer than a server URL can be. skopeo and helm put
// their own words before it.
func serverOf(name string) string {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "docker://"), "oci://")
	scheme, rest, ok := strings.Cut(name, "://")
	if !ok {
		scheme, rest = "", name
	} else {
		scheme += "://"
	}
	host, _, _ := strings.Cut(rest, "/")
	return scheme + host
}

// configure has the clients ask the helper for the hosts.
func (e *editing) configure(hosts []string) {
	for _, t := range e.targets {
		e.update(t, func(c *dockerconfig.Config, r *dockerconfig.Record) []entryDone { return e.set(t, c, r, hosts) })
	}
}

// set has one file say that the helper answers for the hosts. A login goes only where that entry answers for it: a client
// takes another port, 443 too, for another registry.
func (e *editing) set(t clientFile, c *dockerconfig.Config, r *dockerconfig.Record, hosts []string) (done []entryDone) {
	helpers := map[string]string{}
	for _, h := range c.Helpers() {
		helpers[h.Host] = h.Name
	}
	logins := loginsByHost(c)
	var set, keys []string
	for _, host := range hosts {
		before, found := helpers[host]
		switch {
		case found && before == e.answer.Helper:
			done = append(done, entryDone{host, kept, e.answer.Helper})
		case found:
			done = append(done, entryDone{host, changed, redact.UserInfo(before) + " -> " + e.answer.Helper})
		case !t.clean:
			done = append(done, entryDone{host, added, e.answer.Helper})
		}
		if found || !t.clean {
			set = append(set, host)
		}
		for _, a := range logins[host] {
			keys = append(keys, a.Key)
			done = append(done, entryDone{redact.UserInfo(a.Key), passwordRemoved, fmt.Sprintf("line %d", a.Line)})
		}
	}
	c.SetHelpers(set, e.answer.Helper, r)
	c.RemoveAuth(keys...)
	return done
}

// loginsByHost are the entries of auths with anything to steal.
func loginsByHost(c *dockerconfig.Config) map[string][]dockerconfig.Auth {
	all := map[string][]dockerconfig.Auth{}
	for _, a := range c.Auths() {
		if a.Secret() {
			all[a.Host()] = append(all[a.Host()], a)
		}
	}
	return all
}

// unique keeps the first of each.
func unique(all []string) []string {
	seen := map[string]bool{}
	var once []string
	for _, s := range all {
		if !seen[s] {
			seen[s] = true
			once = append(once, s)
		}
	}
	return once
}
