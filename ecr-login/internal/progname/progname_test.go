package progname_test

import (
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
)

func TestProfile(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"docker-credential-ecr-login":        "",
		"docker-credential-ecr-login.exe":    "",
		"docker-credential-ecr-login-":       "",
		"docker-credential-ecr-login-.exe":   "",
		"docker-credential-ecr-loginprod":    "",
		"docker-credential-ecr":              "",
		"ecr-login-prod":                     "",
		"xdocker-credential-ecr-login-prod":  "",
		"docker-credential-ecr-login-prod/x": "",
		"":                                   "",
		"/":                                  "",
		".exe":                               "",
		"docker-credential-ecr-login-prod":   "prod",
		"./docker-credential-ecr-login-prod": "prod",
		"/usr/local/bin/docker-credential-ecr-login-eu.Prod": "eu.Prod",
		`C:\bin\docker-credential-ecr-login-prod.exe`:        "prod",
		"Docker-Credential-ECR-Login-Prod.EXE":               "Prod",
		"docker-credential-ecr-login-a-b":                    "a-b",
		"docker-credential-ecr-login-my profile":             "my profile",
	} {
		if got := progname.Profile(name); got != want {
			t.Errorf("profile %q of %q, want %q", got, name, want)
		}
	}
}

func TestIsHelper(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"ecr-login": true, "ecr-login-prod": true, "ecr-login-": true,
		"": false, "ecr": false, "ecr-loginx": false, "ECR-login": false, "docker-credential-ecr-login": false,
	} {
		if got := progname.IsHelper(name); got != want {
			t.Errorf("IsHelper(%q) = %v, want %v", name, got, want)
		}
	}
	for _, profile := range []string{"", "prod", "my profile"} {
		if name := progname.HelperFor(profile); !progname.IsHelper(name) || progname.Profile("docker-credential-"+name) != profile {
			t.Errorf("HelperFor(%q) = %q", profile, name)
		}
	}
}
