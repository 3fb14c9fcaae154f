package main

import (
	"cmp"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/clients"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/dockerconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// profileFor returns the AWS profile that a command uses for a registry: the one of the flag
// --profile, else the one in this program's name, else the one in the name of the helper that
// docker or podman runs for the registry. "" leaves the choice to the settings and the environment.
func (p *process) profileFor(flag, serverURL string) string {
	if profile := cmp.Or(flag, progname.Profile(p.name)); profile != "" {
		return profile
	}
	if profile, found := clients.Read(dockerconfig.Locator{}).Profile(serverURL); found {
		return profile
	}
	host, err := registry.Host(serverURL)
	if err != nil {
		return ""
	}
	path, err := dockerconfig.Locator{}.Docker()
	if err != nil {
		return ""
	}
	file, err := dockerconfig.Read(path, dockerconfig.Docker)
	if err != nil {
		return ""
	}
	return progname.Profile(progname.Prefix + file.For(host).Helper) // credsStore
}
