package config_test

import (
	"context"
	"fmt"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/config"
)

// A program that brings its own settings starts from the defaults.
func ExampleDefault() {
	settings := config.Default()
	settings.Public = config.PublicNever
	settings.Rules = []config.Rule{{Match: "123456789012/*", RoleARN: "arn:{partition}:iam::{account}:role/pull"}}
	helper := ecrlogin.New(ecrlogin.Options{Settings: &settings})
	x := helper.Explain(context.Background(), "123456789012.dkr.ecr.eu-west-1.amazonaws.com")
	fmt.Println(x.RoleARN)
}

func ExampleSettings_Match() {
	settings := config.Settings{Rules: []config.Rule{
		{Match: "111122223333", Profile: "prod"},
		{Match: "images.example.com", Host: "444455556666.dkr.ecr.eu-west-1.amazonaws.com"},
	}}
	for _, serverURL := range []string{
		"https://111122223333.dkr.ecr.us-east-1.amazonaws.com/v2/", "images.example.com", "ghcr.io",
	} {
		m, err := settings.Match(serverURL)
		fmt.Println(m.Registry.Account, m.Profile, err)
	}
	// Output:
	// 111122223333 prod <nil>
	// 444455556666  <nil>
	//   not an Amazon ECR registry: the host does not begin with a twelve-digit account
}
