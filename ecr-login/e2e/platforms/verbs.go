package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// notFound is what clients read as "no credentials".
const notFound = "credentials not found in native keychain"

// verbs runs every command of the program, from an empty home directory.
func (m *machine) verbs(r *report) {
	for _, c := range []struct {
		name string
		run  func(*report) error
	}{
		{"20 gets at once, cold", m.atOnce},
		{"version", m.version},
		{"get, cold and warm", m.coldAndWarm},
		{"get, spellings and line ends", m.spellings},
		{"get of a registry that is not ECR", m.otherRegistry},
		{"get over TLS", m.overTLS},
		{"get of ECR Public", m.public},
		{"list", m.list},
		{"store and erase", m.storeAndErase},
		{"explain", m.explain},
		{"get-login-password and header", m.passwords},
		{"refresh", m.refresh},
		{"cache ls and cache clear", m.cacheCommands},
		{"doctor", m.doctor},
		{"configure and unconfigure", m.configure},
		{"profile in the program's name", m.profileName},
		{"settings in the user's directory", m.userSettings},
		{"kubelet", m.kubelet},
		{"man and completion", m.texts},
		{"uninstall", m.uninstall},
	} {
		r.add(c.name, c.run(r))
	}
}

func (m *machine) version(*report) error {
	return m.want("", []string{"version"}, "v0.0.0-platforms")
}

func (m *machine) coldAndWarm(r *report) error {
	if err := m.want("", []string{"cache", "clear"}); err != nil {
		return err
	}
	before := m.server.Calls(getToken)
	cold, err := m.get(host)
	if err != nil {
		return err
	}
	middle := m.server.Calls(getToken)
	warm, err := m.get(host)
	if err != nil {
		return err
	}
	after := m.server.Calls(getToken)
	r.note("calls to AWS of a cold get: %d, of a warm get: %d", middle-before, after-middle)
	if middle-before != 1 || after != middle || cold != warm {
		return fmt.Errorf("%d calls cold and %d warm, want 1 and 0; same password: %t", middle-before, after-middle, cold == warm)
	}
	if _, ok := m.server.PrincipalOf(cold); !ok {
		return errors.New("AWS does not know the password")
	}
	return nil
}

func (m *machine) spellings(*report) error {
	return m.calls(0, func() error {
		want, err := m.get(host)
		if err != nil {
			return err
		}
		for _, input := range []string{host + "\r\n", host + "\n", "https://" + host + "/v2/\r\n", "HTTPS://" + strings.ToUpper(host), host + ":443"} {
			if got, err := m.get(input); err != nil || got != want {
				return fmt.Errorf("%q: same password: %t, error %v", input, got == want, err)
			}
		}
		return nil
	})
}

func (m *machine) otherRegistry(*report) error {
	out, err := m.run("registry.example.com\r\n", "get")
	if err != nil {
		return err
	}
	if out.code != 1 || strings.TrimSpace(out.stdout) != notFound {
		return fmt.Errorf("%+v", out)
	}
	return nil
}

func (m *machine) overTLS(*report) error {
	out, err := m.runWith(m.access(true), strings.Replace(host, ecrtest.Region, "eu-west-1", 1), "get")
	if err != nil {
		return err
	}
	_, err = out.password()
	return err
}

func (m *machine) public(*report) error {
	password, err := m.get("public.ecr.aws")
	if err != nil {
		return err
	}
	if n := m.server.Calls("ecr-public:GetAuthorizationToken"); n != 1 || password == "" {
		return fmt.Errorf("%d calls, want 1", n)
	}
	return nil
}

func (m *machine) list(*report) error {
	out, err := m.run("unused", "list")
	if err != nil {
		return err
	}
	var served map[string]string
	if err := json.Unmarshal([]byte(out.stdout), &served); err != nil {
		return fmt.Errorf("%+v: %w", out, err)
	}
	if served[host] == "" && served["https://"+host] == "" {
		return fmt.Errorf("list does not have %s: %v", host, served)
	}
	return nil
}

func (m *machine) storeAndErase(*report) error {
	const stored = "210987654321.dkr.ecr.us-east-1.amazonaws.com"
	in := `{"ServerURL":"` + stored + `","Username":"AWS","Secret":"not-a-real-password"}`
	if err := m.want(in+"\r\n", []string{"store"}); err != nil {
		return err
	}
	if err := m.calls(0, func() error {
		got, err := m.get(stored)
		if err == nil && got != "not-a-real-password" {
			err = errors.New("get printed another password than the stored one")
		}
		return err
	}); err != nil {
		return err
	}
	if err := m.want(stored+"\r\n", []string{"erase"}); err != nil {
		return err
	}
	return m.calls(1, func() error {
		got, err := m.get(stored)
		if err == nil && got == "not-a-real-password" {
			err = errors.New("get printed the erased password")
		}
		return err
	})
}

func (m *machine) explain(*report) error {
	return m.calls(0, func() error { return m.want("", []string{"explain", host}, host, "access key in the environment") })
}

func (m *machine) passwords(*report) error {
	want, err := m.get(host)
	if err != nil {
		return err
	}
	return m.calls(0, func() error {
		if err := m.want("", []string{"get-login-password", "--region", ecrtest.Region}, want); err != nil {
			return err
		}
		return m.want("", []string{"header", host}, "Authorization: Basic ")
	})
}

func (m *machine) refresh(*report) error {
	return m.calls(0, func() error { return m.want("", []string{"refresh"}, host) })
}

func (m *machine) cacheCommands(*report) error {
	if err := m.want("", []string{"cache", "ls"}, host, "fresh"); err != nil {
		return err
	}
	if err := m.want("", []string{"cache", "clear"}, "deleted"); err != nil {
		return err
	}
	return m.want("", []string{"cache", "ls"}, "the cache is empty")
}

// doctor checks a registry that Docker's configuration assigns to the program.
func (m *machine) doctor(*report) error {
	if err := m.want("", []string{"configure", host}); err != nil {
		return err
	}
	out, err := m.runWith(m.access(true), "", "doctor", host)
	if err != nil {
		return err
	}
	if err := out.want(0, "✔ token", "✔ registry"); err != nil {
		return err
	}
	return m.want("", []string{"unconfigure"})
}

// aConfig has a login that configure removes, and other members that must stay.
const aConfig = `{
	"auths": {
		"ghcr.io": {
			"auth": "dXNlcjpub3QtYS1zZWNyZXQ="
		}
	},
	"credHelpers": {
		"gcr.io": "gcloud"
	}
}
`

func (m *machine) configure(*report) error {
	file := m.docker + "/config.json"
	if err := m.write(file, aConfig); err != nil {
		return err
	}
	out, err := m.run("", "configure", "--dry-run", host)
	if err != nil {
		return err
	}
	if err := out.want(0, "+", host); err != nil {
		return err
	}
	if strings.Contains(out.stdout, "dXNlcj") {
		return fmt.Errorf("the dry run shows a password: %s", out.stdout)
	}
	if out, err = m.run("", "configure", host); err != nil {
		return err
	}
	if err := out.want(0, "added"); err != nil {
		return err
	}
	if out.stderr != "" {
		return fmt.Errorf("configure warned: %s", out.stderr)
	}
	text, err := m.read(file)
	if err != nil {
		return err
	}
	var now struct{ CredHelpers map[string]string }
	if err := json.Unmarshal([]byte(text), &now); err != nil || now.CredHelpers[host] != "ecr-login" || now.CredHelpers["gcr.io"] != "gcloud" {
		return fmt.Errorf("%v: %s", err, text)
	}
	if err := m.want("", []string{"unconfigure"}, "removed"); err != nil {
		return err
	}
	if text, err = m.read(file); err != nil || text != aConfig {
		return fmt.Errorf("the file is not restored: %v\n%s", err, text)
	}
	if err := m.onlyFile(m.docker, "config.json"); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(m.home, m.docker))
}

// onlyFile returns an error if a directory has other files than the one.
func (m *machine) onlyFile(dir, name string) error {
	entries, err := os.ReadDir(filepath.Join(m.home, filepath.FromSlash(dir)))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() != name {
			return fmt.Errorf("%s is left in %s", e.Name(), dir)
		}
	}
	return nil
}

func (m *machine) profileName(*report) error {
	named := filepath.Join(m.home, program+"-prod"+filepath.Ext(m.program))
	text, err := os.ReadFile(m.program)
	if err != nil {
		return err
	}
	if err := os.WriteFile(named, text, 0o755); err != nil {
		return err
	}
	defer os.Remove(named)
	m.aws.Keys("prod", m.server.AddUser("prod"))
	usual := m.program
	m.program = named
	defer func() { m.program = usual }()
	password, err := m.get(host)
	if err != nil {
		return err
	}
	if p, _ := m.server.PrincipalOf(password); !strings.HasSuffix(p.ARN, ":user/prod") {
		return fmt.Errorf("the password is that of %s", p.ARN)
	}
	return nil
}

func (m *machine) userSettings(*report) error {
	file := m.settings + "/config.toml"
	if err := m.write(file, "[[registry]]\nmatch = \"333333333333.*\"\nprofile = \"prod\"\n"); err != nil {
		return err
	}
	defer os.RemoveAll(filepath.Join(m.home, filepath.FromSlash(m.settings)))
	return m.want("", []string{"explain", strings.Replace(host, ecrtest.Account, "333333333333", 1)}, "config.toml", "prod")
}

func (m *machine) kubelet(*report) error {
	request := `{"apiVersion":"credentialprovider.kubelet.k8s.io/v1","kind":"CredentialProviderRequest","image":"` + host + `/team/app"}`
	return m.want(request, []string{"kubelet"}, "CredentialProviderResponse", `"username":"AWS"`)
}

func (m *machine) texts(*report) error {
	if err := m.want("", []string{"man"}, ".TH"); err != nil {
		return err
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if err := m.want("", []string{"completion", shell}, program); err != nil {
			return err
		}
	}
	return m.want("", []string{"--help"}, "configure")
}

// uninstall is the last: it removes the cache.
func (m *machine) uninstall(*report) error {
	if err := m.want("", []string{"uninstall"}); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(m.home, filepath.FromSlash(m.cache))); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the cache directory is left: %v", err)
	}
	return nil
}
