package ecrlogin

import (
	"context"
	"errors"

	"github.com/docker/docker-credential-helpers/credentials"
)

// Docker makes the Helper answer through Docker's own interface for credential helpers, which knows no context:
// ctx bounds every call. It is what authn.NewKeychainFromHelper of google/go-containerregistry takes.
//
// Where Get of the Helper returns ErrNotFound, its Get returns an error that is Docker's own not-found to those
// who know that one, text included, and still holds the cause.
func (h *Helper) Docker(ctx context.Context) credentials.Helper { return docker{h, ctx} }

type docker struct {
	helper *Helper
	ctx    context.Context // the interface has no place for one
}

func (d docker) Get(serverURL string) (user, secret string, err error) {
	l, err := d.helper.Get(d.ctx, serverURL)
	if errors.Is(err, ErrNotFound) {
		return "", "", dockerNotFound{err}
	}
	return l.Username, l.Password, err
}

func (d docker) Add(c *credentials.Credentials) error {
	return d.helper.Store(d.ctx, c.ServerURL, Credentials{Username: c.Username, Password: c.Secret})
}

func (d docker) Delete(serverURL string) error { return d.helper.Erase(d.ctx, serverURL) }

func (d docker) List() (map[string]string, error) { return d.helper.List(d.ctx), nil }

// dockerNotFound speaks the exact text by which clients know to go on anonymously.
type dockerNotFound struct{ cause error }

func (e dockerNotFound) Error() string { return credentials.NewErrCredentialsNotFound().Error() }
func (e dockerNotFound) Unwrap() []error {
	return []error{credentials.NewErrCredentialsNotFound(), e.cause}
}
