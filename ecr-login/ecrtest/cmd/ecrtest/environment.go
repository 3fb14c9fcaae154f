package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// variable is one variable of the environment.
type variable struct{ name, value string }

// environment returns the variables with which a program reaches the fake.
func environment(s *ecrtest.Server, o options) ([]variable, error) {
	if !slices.Contains(ecrtest.Sources(), ecrtest.Source(o.source)) {
		return nil, fmt.Errorf("unknown source %q; known sources: %v", o.source, ecrtest.Sources())
	}
	dir := o.server.Dir + "/home"
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	home := s.Home(dir)
	home.Proxy = o.proxy
	var env []variable
	for _, v := range home.Source(ecrtest.Source(o.source)) {
		name, value, _ := strings.Cut(v, "=")
		// The caller keeps PATH and HOME. The files of another machine are of no use in a
		// container.
		isFile := name == "AWS_CONFIG_FILE" || name == "AWS_SHARED_CREDENTIALS_FILE"
		if name == "HTTPS_PROXY" || strings.HasPrefix(name, "AWS_") && !(isFile && o.server.Host != "") {
			env = append(env, variable{name, value})
		}
	}
	return append(env,
		variable{"ECRTEST_URL", s.URL},
		variable{"ECRTEST_TLS_URL", s.TLSURL},
		variable{"ECRTEST_PROXY_URL", s.ProxyURL},
		variable{"ECRTEST_CA_FILE", s.CAFile},
		variable{"ECRTEST_REGISTRY", s.Registry},
		variable{"ECRTEST_REGISTRY_TLS", s.RegistryTLS},
		variable{"ECRTEST_HOST", ecrtest.Account + ".dkr.ecr." + ecrtest.Region + ".amazonaws.com"},
	), nil
}

// printers print an environment, by the value of -env.
var printers = map[string]func(io.Writer, []variable) error{
	"sh": func(w io.Writer, env []variable) error {
		for _, v := range env {
			if _, err := fmt.Fprintf(w, "export %s='%s'\n", v.name, strings.ReplaceAll(v.value, "'", `'\''`)); err != nil {
				return err
			}
		}
		return nil
	},
	"json": func(w io.Writer, env []variable) error {
		object := map[string]string{}
		for _, v := range env {
			object[v.name] = v.value
		}
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(object)
	},
	"compose": func(w io.Writer, env []variable) error {
		for _, v := range env {
			if _, err := fmt.Fprintf(w, "%s=%s\n", v.name, v.value); err != nil {
				return err
			}
		}
		return nil
	},
}
