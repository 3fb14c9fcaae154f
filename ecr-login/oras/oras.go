// Package oras adapts an ecrlogin.Helper to oras.land/oras-go.
//
//	repository.Client = oras.Client(helper, nil)
//
// Registries that are not Amazon ECR are accessed anonymously. An error about an ECR registry is
// returned, as an *ecrlogin.Error in the chain.
package oras

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"

	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/retry"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
)

// Client returns a client with the Helper's credentials. It sends requests with base; nil means
// retry.DefaultClient. It can be used for as long as the program runs: ECR responds to an expired
// token with 403, after which oras-go requests no new one, so the client never sends an expired
// token.
func Client(h *ecrlogin.Helper, base *http.Client) *auth.Client {
	if base == nil {
		base = retry.DefaultClient
	}
	return &auth.Client{
		Client:     base,
		Credential: Credential(h),
		Cache:      liveCache{auth.NewCache(), h},
	}
}

// Credential returns a function for auth.Client.Credential with the Helper's credentials. With
// auth.NewCache as the client's cache, the client keeps using a token that has expired: use Client.
func Credential(h *ecrlogin.Helper) auth.CredentialFunc {
	return store{h}.Get
}

// Store returns a credential store: Get, Put and Delete are the Get, Store and Erase of the Helper.
func Store(h *ecrlogin.Helper) credentials.Store { return store{h} }

type store struct{ helper *ecrlogin.Helper }

// Get implements credentials.Store. A registry without credentials gives auth.EmptyCredential.
func (s store) Get(ctx context.Context, server string) (auth.Credential, error) {
	c, err := s.helper.Get(ctx, server)
	if errors.Is(err, ecrlogin.ErrNotFound) {
		return auth.EmptyCredential, nil
	}
	if err != nil {
		return auth.EmptyCredential, err
	}
	return auth.Credential{Username: c.Username, Password: c.Password}, nil
}

// Put implements credentials.Store.
func (s store) Put(ctx context.Context, server string, c auth.Credential) error {
	return s.helper.Store(ctx, server, ecrlogin.Credentials{Username: c.Username, Password: c.Password})
}

// Delete implements credentials.Store.
func (s store) Delete(ctx context.Context, server string) error {
	return s.helper.Erase(ctx, server)
}

// liveCache is an auth.Cache that takes the tokens of basic authentication, which ECR uses, from
// the Helper. A bearer token, which ECR Public uses, stays in the cache: that registry responds to
// an expired one with 401, after which oras-go requests a new one.
type liveCache struct {
	auth.Cache
	helper *ecrlogin.Helper
}

// GetToken implements auth.Cache.
func (c liveCache) GetToken(ctx context.Context, registry string, scheme auth.Scheme, key string) (string, error) {
	if scheme != auth.SchemeBasic {
		return c.Cache.GetToken(ctx, registry, scheme, key)
	}
	found, err := c.helper.Get(ctx, registry)
	if err != nil {
		return "", errdef.ErrNotFound // the registry's challenge then leads to Credential, which returns err
	}
	return base64.StdEncoding.EncodeToString([]byte(found.Username + ":" + found.Password)), nil
}
