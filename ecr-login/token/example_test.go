package token_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// A token for one registry. The example calls a fake AWS that denies the second call. Without a
// Config, the AWS credentials of the process are used.
func ExampleClient_Fetch() {
	aws, err := ecrtest.Start(ecrtest.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer aws.Close()
	cfg := aws.Config(aws.AddUser("developer"))
	client := &token.Client{Version: "1.0.0", Config: &cfg}

	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	r, err := registry.Parse("123456789012.dkr.ecr.eu-west-1.amazonaws.com")
	if err != nil {
		log.Fatal(err)
	}
	t, err := client.Fetch(ctx, token.Request{Registry: r})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(t.Username, "may log in for", t.Lifetime.Round(time.Hour))

	aws.SetFault("ecr:GetAuthorizationToken", ecrtest.AccessDenied())
	_, err = client.Fetch(ctx, token.Request{Registry: r})
	var failure *token.Error
	if errors.As(err, &failure) {
		fmt.Println(failure.Kind, "to", failure.Action)
	}
	// Output:
	// AWS may log in for 12h0m0s
	// access-denied to ecr:GetAuthorizationToken
}
