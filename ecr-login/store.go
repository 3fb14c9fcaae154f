package ecrlogin

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// maxLogin is how long a stored login is kept when it does not say itself when it ends: the life that AWS
// documents for authorization tokens.
const maxLogin = token.TokenLife

// maxPassword is the longest password that Store takes, in bytes. ECR's have two or three kilobytes; AWS
// documents no limit.
const maxPassword = 32 << 10

// Store keeps a login for the host of the server URL until it expires or is erased; Get then serves it for that
// host first. It is sealed like every token. A login that this program gave out itself is acknowledged and not
// kept: it would outrank every later profile.
//
// It fails for hosts that are not ECR (errors.Is ErrNotECR), for another user name than AWS, and where there is
// no place to keep anything.
func (h *Helper) Store(ctx context.Context, serverURL string, login Credentials) error {
	if h.settings.IgnoreStore {
		h.log.Info("ignored a store, as AWS_ECR_IGNORE_CREDS_STORAGE asks")
		return nil
	}
	if h.settingsErr != nil {
		return h.settingsErr
	}
	p, err := h.planner().For(serverURL)
	if errors.Is(err, registry.ErrNotECR) {
		return h.foreignStore(ctx, serverURL, login, err)
	}
	if err != nil {
		return err
	}
	if login.Username != "AWS" {
		return fmt.Errorf("cannot keep a login of user %q for %s: the user name of Amazon ECR is AWS", login.Username, p.Host)
	}
	if login.Password == "" || len(login.Password) > maxPassword {
		return fmt.Errorf("cannot keep the login for %s: its password is empty or longer than %d bytes", p.Host, maxPassword)
	}
	if p.Anonymous {
		return fmt.Errorf(`cannot keep a login for %s: the settings say public = "never"`, p.Host)
	}
	for _, key := range []string{p.TokenKey, p.LoginKey} {
		if e, _, err := h.cache.Lookup(key); err == nil && subtle.ConstantTimeCompare(e.Value, login.Value()) == 1 {
			h.log.Info("did not store a login that is cached already", "host", p.Host)
			return nil
		}
	}
	now := h.now()
	life := maxLogin
	if end, ok := token.Expiration(login.Password); ok {
		life = end.Sub(now)
	}
	if life <= 0 {
		return fmt.Errorf("cannot keep the login for %s: its token has expired", p.Host)
	}
	e := cache.Entry{Value: login.Value(), Fetched: now, Lifetime: life, Refresh: life}
	if err := h.cache.Put(p.LoginKey, e); err != nil {
		return fmt.Errorf("cannot keep the login for %s: %w", p.Host, err)
	}
	h.disk.AddHost(p.Host)
	return nil
}

// Erase forgets the login stored for the host, and the token of the current principal that would be served for
// it. It succeeds when there is nothing to forget.
func (h *Helper) Erase(ctx context.Context, serverURL string) error {
	if h.settings.IgnoreStore {
		return nil
	}
	if h.settingsErr != nil {
		return h.settingsErr
	}
	p, err := h.planner().For(serverURL)
	if errors.Is(err, registry.ErrNotECR) {
		return h.foreignErase(ctx, serverURL)
	}
	if err != nil {
		return err
	}
	if err := errors.Join(h.cache.Delete(p.LoginKey), h.cache.Delete(p.TokenKey)); err != nil {
		return fmt.Errorf("cannot forget the login for %s: %w", p.Host, err)
	}
	return nil
}

// List names the hosts that Get could answer right now from the cache alone, each with its user name. It never
// asks AWS and never fails: whatever is broken makes the list shorter.
func (h *Helper) List(ctx context.Context) map[string]string {
	hosts := h.foreignList(ctx)
	if h.settingsErr != nil {
		return hosts
	}
	planner := h.planner()
	for _, host := range h.disk.Hosts() {
		p, err := planner.For(host)
		if err != nil {
			continue
		}
		if l, _, ok := p.Cached(h.cache); ok {
			hosts[host] = l.Username
		}
	}
	return hosts
}
