package oras_test

import (
	"context"
	"fmt"

	"oras.land/oras-go/v2/registry/remote"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/oras"
)

// A client of a Helper can be shared by all repositories of a program.
func Example() {
	helper := ecrlogin.New(ecrlogin.Options{})
	repository, err := remote.NewRepository("123456789012.dkr.ecr.eu-west-1.amazonaws.com/app")
	if err != nil {
		fmt.Println(err)
		return
	}
	repository.Client = oras.Client(helper, nil)
	descriptor, err := repository.Resolve(context.Background(), "1")
	fmt.Println(descriptor.Digest, err)
}
