package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// refresh of another spelling of a registry uses the profile that is configured for the registry.
func TestRefreshOfAnotherSpelling(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromFile)
	for _, name := range []string{"https://" + host, host + ":443", host + "/", host + "/team/app:1"} {
		u.put(".docker/config.json", []byte(`{"credHelpers": {"`+host+`": "ecr-login-nobody"}}`))
		if a := u.run("", "refresh", name); a.code != 1 || s.Calls(getToken) != 0 {
			t.Errorf("%s: %+v; want an error for the missing profile, and no call", name, a)
		}
	}
}

func TestNamesOfManyRegistries(t *testing.T) {
	t.Parallel()
	for n, want := range []string{"", "a", "a, b", "a, b, c", "a, b, c and 1 more"} {
		if got := someOf([]string{"a", "b", "c", "d"}[:n]); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	if got := fmt.Sprintln(left(11*time.Hour+59*time.Minute+59*time.Second), left(59*time.Second), left(-time.Second), left(3*time.Minute)); got != "11h59m 59s 0s 3m\n" {
		t.Errorf("times left: %s", got)
	}
}
