package ecrlogin_test

import (
	"errors"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/cache"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
)

// TestCacheEntriesAndForget has the tokens of two principals and a stored login in the cache.
func TestCacheEntriesAndForget(t *testing.T) {
	s := newAWS(t, ecrtest.FromEnvironment)
	mine := ecrlogin.New(ecrlogin.Options{})
	mustGet(t, mine, host)
	mustGet(t, mine, neighbour)
	mustGet(t, mine, "123456789012.dkr.ecr.eu-west-1.amazonaws.com")
	stored := s.IssueToken(ecrtest.Principal{ARN: "arn:aws:iam::123456789012:user/somebody", Account: ecrtest.Account}, "ecr", "us-east-1").Password
	if err := mine.Store(t.Context(), neighbour, ecrlogin.Credentials{Username: "AWS", Password: stored}); err != nil {
		t.Fatal(err)
	}
	key := s.AddUser("another")
	t.Setenv("AWS_ACCESS_KEY_ID", key.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", key.SecretAccessKey)
	mustGet(t, mine, host)

	all, err := mine.CacheEntries(nil)
	if err != nil {
		t.Fatal(err)
	}
	var tokens, logins, used int
	for _, held := range all.List {
		switch {
		case held.Host != "":
			logins++
			if held.Host != neighbour || len(held.Hosts) != 1 {
				t.Errorf("the login: %+v", held)
			}
		default:
			tokens++
			if held.Source != awsconfig.Environment || held.State != cache.Fresh || held.Expires.IsZero() {
				t.Errorf("a token: %+v", held)
			}
			if len(held.Hosts) > 0 {
				used++
			}
		}
	}
	if tokens != 3 || logins != 1 || used != 1 || !all.HasKey || all.Damaged != 0 || all.OtherKey != 0 {
		t.Errorf("%d tokens (%d in use now), %d logins: %+v; want 3 (1), 1", tokens, used, logins, all)
	}

	// Both principals' tokens of the region are removed. Other regions and the other host's login
	// stay.
	if n, err := mine.Forget("https://" + host); err != nil || n != (ecrlogin.Removed{Tokens: 2}) {
		t.Errorf("%+v, %v; want two tokens removed", n, err)
	}
	if all, _ = mine.CacheEntries(nil); len(all.List) != 2 {
		t.Errorf("%d entries left, want 2", len(all.List))
	}
	if n, err := mine.Forget(neighbour); err != nil || n != (ecrlogin.Removed{Logins: 1}) {
		t.Errorf("%+v, %v; want one login removed", n, err)
	}
	if hosts := mine.KnownHosts(); len(hosts) != 1 {
		t.Errorf("known hosts %q, want that of the other region", hosts)
	}
	if _, err := mine.Forget("docker.io"); !errors.Is(err, ecrlogin.ErrNotECR) {
		t.Errorf("a host that is not ECR: %v", err)
	}
	if n, err := mine.ForgetAll(); err != nil || n == 0 {
		t.Errorf("removed %d, %v", n, err)
	}
	if all, _ = mine.CacheEntries(nil); len(all.List) != 0 {
		t.Errorf("left: %+v", all)
	}
}
