package ecrlogin

import (
	"context"
	"errors"

	"github.com/docker/docker-credential-helpers/credentials"
)

// Docker returns the Helper as a credentials.Helper, Docker's interface for credential helpers.
// That interface has no context, so every call uses ctx.
//
// Where the Helper's Get returns ErrNotFound, the Get of the returned value returns an error that
// Docker's own packages recognise as not found, and that wraps the cause too.
func (h *Helper) Docker(ctx context.Context) credentials.Helper { return docker{h, ctx} }

type docker struct {
	helper *Helper
	ctx    context.Context
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

// dockerNotFound is ErrNotFound with the text by which clients recognise missing credentials.
type dockerNotFound struct{ cause error }

func (e dockerNotFound) Error() string { return credentials.NewErrCredentialsNotFound().Error() }

func (e dockerNotFound) Unwrap() []error {
	return []error{credentials.NewErrCredentialsNotFound(), e.cause}
}
