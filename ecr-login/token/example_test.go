package token_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// A token for one registry, with the AWS credentials of the process.
func ExampleClient_Fetch() {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	r, err := registry.Parse("123456789012.dkr.ecr.eu-west-1.amazonaws.com")
	if err != nil {
		fmt.Println(err)
		return
	}
	client := &token.Client{Version: "1.0.0"}
	t, err := client.Fetch(ctx, token.Request{Registry: r})
	var failure *token.Error
	if errors.As(err, &failure) {
		fmt.Println(failure)
		fmt.Println("hint:", failure.Hint())
		return
	}
	fmt.Println(t.Username, "may log in until", t.Fetched.Add(t.Lifetime))
}
