package ecrlogin_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/cache/memory"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
)

// Foreign registries are answered with ErrNotFound: go on without credentials, or ask somebody else.
func ExampleHelper_Get() {
	helper := ecrlogin.New(ecrlogin.Options{})
	_, err := helper.Get(context.Background(), "index.docker.io")
	fmt.Println(errors.Is(err, ecrlogin.ErrNotFound), errors.Is(err, ecrlogin.ErrNotECR))
	// Output: true true
}

// A program that lives long keeps answers in memory, over the cache that it shares with the container clients.
func ExampleOptions_tier() {
	helper := ecrlogin.New(ecrlogin.Options{
		Tier: func(disk cache.Store) cache.Store { return memory.Over(disk) },
	})
	login, err := helper.Get(context.Background(), "123456789012.dkr.ecr.eu-west-1.amazonaws.com")
	fmt.Println(login.Username, err)
}

// google/go-containerregistry takes the helper as a keychain.
func ExampleHelper_Docker() {
	helper := ecrlogin.New(ecrlogin.Options{})
	keychain := authn.NewKeychainFromHelper(helper.Docker(context.Background()))
	auth, err := keychain.Resolve(resource("ghcr.io"))
	fmt.Println(auth == authn.Anonymous, err)
	// Output: true <nil>
}
