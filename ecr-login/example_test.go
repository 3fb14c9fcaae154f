package ecrlogin_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/cache/memory"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/inmemory"
)

// A host that is not ECR gives ErrNotFound: continue without credentials, or with others.
func ExampleHelper_Get() {
	helper := ecrlogin.New(ecrlogin.Options{})
	_, err := helper.Get(context.Background(), "index.docker.io")
	fmt.Println(errors.Is(err, ecrlogin.ErrNotFound), errors.Is(err, ecrlogin.ErrNotECR))
	// Output: true true
}

// A program that runs for long stores tokens in memory, on top of the cache that it shares with the
// container clients.
func ExampleOptions_tier() {
	helper := ecrlogin.New(ecrlogin.Options{
		Tier: func(disk cache.Store) cache.Store { return memory.Over(disk) },
	})
	credentials, err := helper.Get(context.Background(), "123456789012.dkr.ecr.eu-west-1.amazonaws.com")
	fmt.Println(credentials.Username, err)
}

// A controller has a Helper for the credentials of each tenant. Their tokens share a store, in
// which the Principal distinguishes them.
func ExampleOptions_tenants() {
	store := memory.Over(nil)
	newHelper := func(tenant string, cfg aws.Config) *ecrlogin.Helper {
		return ecrlogin.New(inmemory.Options(ecrlogin.Options{
			Config:    &cfg,
			Principal: tenant,
			Tier:      func(cache.Store) cache.Store { return store },
		}))
	}
	for _, tenant := range []string{"blue", "green"} {
		helper := newHelper(tenant, aws.Config{ /* the tenant's credentials */ })
		_, err := helper.Get(context.Background(), "123456789012.dkr.ecr.eu-west-1.amazonaws.com")
		var e *ecrlogin.Error
		fmt.Println(tenant, errors.As(err, &e) && e.Kind == "no-credentials")
	}
	// Output:
	// blue true
	// green true
}

// A multi-tenant controller uses the IAM role of the service account that a resource names, with a
// token of the account (audience sts.amazonaws.com) from the TokenRequest API of Kubernetes.
func ExampleHelper_GetForImage() {
	helper := ecrlogin.New(inmemory.Options(ecrlogin.Options{}))
	credentials, err := helper.GetForImage(context.Background(), ecrlogin.ImageRequest{
		Image:               "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:1",
		ServiceAccountToken: "the token of the service account",
		Annotations:         map[string]string{ecrlogin.RoleAnnotation: "arn:aws:iam::123456789012:role/pull"},
	})
	fmt.Println(credentials.Username, err)
	// Output: the service account token of the request is unusable: not a JSON Web Token: it must have three parts with dots between them
}

// Observe counts the outcomes of all calls, for metrics.
func ExampleOptions_observe() {
	counts := map[ecrlogin.Outcome]int{}
	helper := ecrlogin.New(ecrlogin.Options{
		Observe: func(_ context.Context, e ecrlogin.Event) { counts[e.Outcome]++ },
	})
	_, _ = helper.Get(context.Background(), "ghcr.io")
	fmt.Println(counts)
	// Output: map[not-ecr:1]
}
