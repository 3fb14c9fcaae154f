package ecrlogin

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/authtoken"
)

// maxPassword is the longest password in bytes that Store accepts. ECR's passwords have two to
// three kilobytes; AWS documents no limit.
const maxPassword = 32 << 10

// Store stores a login for the host of the server URL until it expires or is erased. Get returns it
// for that host before any token. It is encrypted like every token. A login that is in the cache
// already, because Get returned it, is accepted and not stored: a stored login would take
// precedence over every profile chosen later.
//
// With the cache switched off and no Tier, Store stores nothing and returns nil.
//
// Store fails for a host that is not ECR (errors.Is ErrNotECR), for a user name other than AWS, and
// when the cache cannot be written.
func (h *Helper) Store(ctx context.Context, serverURL string, login Credentials) error {
	if h.settings.IgnoreStore {
		h.log.Info("ignored a store because of AWS_ECR_IGNORE_CREDS_STORAGE")
		return nil
	}
	p, err := h.plan(serverURL)
	if errors.Is(err, ErrNotECR) {
		return h.fallbackStore(ctx, serverURL, login, err)
	}
	if err != nil {
		return err
	}
	if login.Username != "AWS" {
		return fmt.Errorf("cannot store a login of user %q for %s: the user name of Amazon ECR is AWS", login.Username, p.Host)
	}
	if login.Password == "" || len(login.Password) > maxPassword {
		return fmt.Errorf("cannot store the login for %s: the password is empty or longer than %d bytes", p.Host, maxPassword)
	}
	if p.Anonymous {
		return fmt.Errorf("cannot store a login for %s: %w", p.Host, errAnonymous)
	}
	for _, key := range []string{p.TokenKey, p.LoginKey} {
		if e, _, err := h.cache.Lookup(key); err == nil && subtle.ConstantTimeCompare(e.Value, login.value()) == 1 {
			h.log.Info("did not store a login that is cached already", "host", p.Host)
			return nil
		}
	}
	now := h.now()
	life := authtoken.Life // when the password does not contain its expiry time
	if end, ok := authtoken.Expiration(login.Password); ok {
		life = end.Sub(now)
	}
	if life <= 0 {
		return fmt.Errorf("cannot store the login for %s: its token has expired", p.Host)
	}
	e := cache.Entry{Value: login.value(), Fetched: now, Lifetime: life, Refresh: life}
	if err := h.cache.Put(p.LoginKey, e); err != nil {
		return fmt.Errorf("cannot store the login for %s: %w", p.Host, err)
	}
	h.stored.forget(p.LoginKey)
	h.addHost(p.Host)
	return nil
}

// Erase removes the login stored for the host, and the current principal's token for it. It
// succeeds when there is nothing to remove.
func (h *Helper) Erase(ctx context.Context, serverURL string) error {
	if h.settings.IgnoreStore {
		return nil
	}
	p, err := h.plan(serverURL)
	if errors.Is(err, ErrNotECR) {
		return h.fallbackErase(ctx, serverURL)
	}
	if err != nil {
		return err
	}
	if err := errors.Join(h.cache.Delete(p.LoginKey), h.cache.Delete(p.TokenKey)); err != nil {
		return fmt.Errorf("cannot erase the login for %s: %w", p.Host, err)
	}
	return nil
}

// List returns the hosts that Get can serve from the cache, each with its user name, and those of
// the configured hosts that Get would request a token for. The configured hosts are those that a
// client's configuration assigns to this helper, and the list has them as they are spelled there:
// some clients call List before Get, compare each name with that of the image, and use no
// credentials for a host that is not in the list.
//
// A Helper without a cache on disk does not remember hosts, and returns only configured ones.
//
// List makes no request to AWS and never fails: whatever cannot be read makes the list shorter.
func (h *Helper) List(ctx context.Context, configured ...string) map[string]string {
	hosts := h.fallbackList(ctx)
	planner, err := h.planner()
	if err != nil {
		return hosts
	}
	for _, host := range h.disk.Hosts() {
		if p, err := planner.For(host); err == nil {
			if l, _, ok := p.Cached(h.cache); ok {
				hosts[host] = l.Username
			}
		}
	}
	for _, host := range configured {
		if p, err := planner.For(host); err == nil && !p.Anonymous {
			hosts[host] = "AWS"
		}
	}
	return hosts
}
