package oras_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"

	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/inmemory"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/oras"
)

// A client of a Helper can be shared by all repositories of a program. The example uses a fake AWS.
// With the real one, oras.Client(ecrlogin.New(ecrlogin.Options{}), nil) suffices.
func Example() {
	aws, err := ecrtest.Start(ecrtest.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer aws.Close()
	cfg := aws.Config(aws.AddUser("mytool"))
	helper := ecrlogin.New(inmemory.Options(ecrlogin.Options{Config: &cfg}))

	client := oras.Client(helper, &http.Client{Transport: aws.Transport()})
	repository, err := remote.NewRepository("123456789012.dkr.ecr.eu-west-1.amazonaws.com/app")
	if err != nil {
		log.Fatal(err)
	}
	repository.Client = client
	_, err = repository.Resolve(context.Background(), "1")
	fmt.Println("logged in, and the image does not exist:", errors.Is(err, errdef.ErrNotFound))
	// Output: logged in, and the image does not exist: true
}
