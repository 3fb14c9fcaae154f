package ggcr_test

import (
	"context"
	"fmt"
	"log"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ggcr"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/inmemory"
)

// The keychain is used for ECR, and the default keychain for every other registry. The example uses
// a fake AWS. With the real one, ecrlogin.New(ecrlogin.Options{}) suffices, and no transport is
// needed.
func Example() {
	aws, err := ecrtest.Start(ecrtest.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer aws.Close()
	cfg := aws.Config(aws.AddUser("mytool"))
	helper := ecrlogin.New(inmemory.Options(ecrlogin.Options{Config: &cfg}))

	keychain := authn.NewMultiKeychain(ggcr.Keychain(helper), authn.DefaultKeychain)
	options := []remote.Option{
		remote.WithAuthFromKeychain(keychain), remote.WithContext(context.Background()),
		remote.WithTransport(aws.Transport()),
	}
	ref, err := name.ParseReference("123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1")
	if err != nil {
		log.Fatal(err)
	}
	if err := remote.Write(ref, empty.Image, options...); err != nil {
		log.Fatal(err)
	}
	image, err := remote.Head(ref, options...)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(image.MediaType)
	// Output: application/vnd.docker.distribution.manifest.v2+json
}
