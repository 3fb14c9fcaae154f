// Package ggcr adapts an ecrlogin.Helper to github.com/google/go-containerregistry.
//
//	keychain := authn.NewMultiKeychain(ggcr.Keychain(helper), authn.DefaultKeychain)
//	image, err := remote.Image(ref, remote.WithAuthFromKeychain(keychain), remote.WithContext(ctx))
//
// A registry that is not Amazon ECR is left to the next keychain. An error about an ECR registry is
// returned, as an *ecrlogin.Error: the request is not repeated anonymously, unlike with
// authn.NewKeychainFromHelper. The Authenticator requests credentials from the Helper for each
// request, so a remote.Puller or remote.Pusher works for as long as the program runs.
package ggcr

import (
	"context"
	"errors"

	"github.com/google/go-containerregistry/pkg/authn"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// Option is an option of Keychain.
type Option func(*keychain)

// Policy is what Keychain does for an ECR registry when no AWS credentials are found.
type Policy int

// The policies for WithoutCredentials.
const (
	// NextKeychain returns authn.Anonymous, so that an authn.MultiKeychain tries its next keychain.
	NextKeychain Policy = iota

	// Fail returns the *ecrlogin.Error.
	Fail
)

// WithoutCredentials sets the policy for missing AWS credentials. The default is NextKeychain.
func WithoutCredentials(p Policy) Option {
	return func(k *keychain) { k.policy = p }
}

// Keychain returns a keychain for Amazon ECR with the Helper's credentials. The result is an
// authn.ContextKeychain too: go-containerregistry passes it the context of the request.
//
// It returns authn.Anonymous for a host that is not ECR, for ECR Public without usable credentials,
// and, with the policy NextKeychain, for missing AWS credentials. Every other error is that of
// Helper.Get.
func Keychain(h *ecrlogin.Helper, options ...Option) authn.Keychain {
	k := &keychain{helper: h}
	for _, set := range options {
		set(k)
	}
	return k
}

type keychain struct {
	helper *ecrlogin.Helper
	policy Policy
}

// Resolve implements authn.Keychain.
func (k *keychain) Resolve(r authn.Resource) (authn.Authenticator, error) {
	return k.ResolveContext(context.Background(), r)
}

// ResolveContext implements authn.ContextKeychain.
func (k *keychain) ResolveContext(ctx context.Context, r authn.Resource) (authn.Authenticator, error) {
	host := r.RegistryStr()
	_, err := k.helper.Get(ctx, host)
	switch {
	case err == nil:
		return authenticator{k.helper, host}, nil
	case errors.Is(err, ecrlogin.ErrNotFound), k.policy == NextKeychain && isNoCredentials(err):
		return authn.Anonymous, nil
	}
	return nil, err
}

func isNoCredentials(err error) bool {
	var e *ecrlogin.Error
	return errors.As(err, &e) && e.Kind == token.NoCredentials
}

// authenticator requests the credentials of a registry from the Helper, which caches them.
type authenticator struct {
	helper *ecrlogin.Helper
	host   string
}

// Authorization implements authn.Authenticator.
func (a authenticator) Authorization() (*authn.AuthConfig, error) {
	return a.AuthorizationContext(context.Background())
}

// AuthorizationContext implements authn.ContextAuthenticator.
func (a authenticator) AuthorizationContext(ctx context.Context) (*authn.AuthConfig, error) {
	c, err := a.helper.Get(ctx, a.host)
	if errors.Is(err, ecrlogin.ErrNotFound) {
		return &authn.AuthConfig{}, nil
	}
	if err != nil {
		return nil, err
	}
	return &authn.AuthConfig{Username: c.Username, Password: c.Password}, nil
}
