// Package wording has the texts for the codes that the other packages use as data. It is the only
// place where such a code becomes English, and nothing parses its texts.
package wording

import (
	"fmt"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
)

// Source describes where AWS credentials come from. The profile is the one that has them, and may
// be empty. With assumesRole, that profile or another one assumes a role with them.
func Source(kind awsconfig.Kind, profile string, assumesRole bool) string {
	text := source(kind, profile)
	if assumesRole {
		return "role assumed with " + text
	}
	return text
}

func source(kind awsconfig.Kind, profile string) string {
	name := "the profile"
	if profile != "" {
		name = fmt.Sprintf("profile %q", profile)
	}
	switch kind {
	case awsconfig.ServiceAccount:
		return "Kubernetes service account"
	case awsconfig.Environment:
		return "access key in the environment"
	case awsconfig.WebIdentity:
		return "web identity token in the environment"
	case awsconfig.Static:
		return "access key in " + name
	case awsconfig.ProfileWebIdentity:
		return "web identity token of " + name
	case awsconfig.SSO:
		return "SSO session of " + name
	case awsconfig.Login:
		return "aws login session of " + name
	case awsconfig.Process:
		return "credential process of " + name
	case awsconfig.MissingProfile:
		return name + ", which is not in the AWS files"
	case awsconfig.Invalid:
		return "none: the AWS configuration has an error"
	case awsconfig.Explicit:
		return "aws.Config of the program"
	case awsconfig.Container:
		return "container credentials"
	case awsconfig.Instance:
		return "EC2 instance metadata"
	case awsconfig.NamedProfile:
		return "profile in AWS_PROFILE or AWS_DEFAULT_PROFILE"
	case awsconfig.Rule:
		return "profile or role of the rule in the settings"
	}
	return string(kind)
}
