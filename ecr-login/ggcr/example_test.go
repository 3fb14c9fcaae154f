package ggcr_test

import (
	"context"
	"fmt"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ggcr"
)

// The keychain is used for ECR, and the default keychain for every other registry.
func Example() {
	helper := ecrlogin.New(ecrlogin.Options{})
	keychain := authn.NewMultiKeychain(ggcr.Keychain(helper), authn.DefaultKeychain)
	ref, err := name.ParseReference("123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1")
	if err != nil {
		fmt.Println(err)
		return
	}
	image, err := remote.Image(ref, remote.WithAuthFromKeychain(keychain), remote.WithContext(context.Background()))
	fmt.Println(image, err)
}
