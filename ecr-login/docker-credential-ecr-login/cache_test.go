package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// What is about to be renewed and what is over is told as that.
func TestCacheListStates(t *testing.T) {
	t.Parallel()
	const west, south = "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "123456789012.dkr.ecr.ap-south-1.amazonaws.com"
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromFile)
	// What is over comes last: the first write of a minute takes it away.
	for i, h := range []string{host, west, south} {
		u.seed(s, h, time.Hour+time.Duration(i)*6*time.Hour)
		u.disk().Note(h)
	}
	a := u.run("", "cache", "ls")
	for _, want := range []string{
		host + "   fresh    4h59m       10h59m   access key in the profile file",
		west + "   aging    due         4h59m    access key in the profile file",
		south + "  expired  -           -        access key in the profile file",
	} {
		if !strings.Contains(a.stdout, want+"\n") {
			t.Errorf("%q is not in\n%s", want, a.stdout)
		}
	}
	var list struct {
		Entries []struct {
			Registry, Kind, State, Source, Profile string
			Fetched, Refresh, Expires              time.Time
		}
	}
	if err := json.Unmarshal([]byte(u.run("", "cache", "ls", "--json").stdout), &list); err != nil || len(list.Entries) != 3 {
		t.Fatalf("%v: %+v", err, list)
	}
	for _, e := range list.Entries {
		if e.Kind != "token" || e.Profile != "file" || e.Expires.Sub(e.Fetched) != 12*time.Hour || e.Refresh.Sub(e.Fetched) != 6*time.Hour {
			t.Errorf("%+v", e)
		}
	}
	if strings.Contains(a.stdout, "eyJ") {
		t.Error("a token is printed")
	}
	// What is over is renewed: it is in the cache, and past its point.
	r := u.run("", "refresh")
	if strings.Count(r.stdout, "\nrenewed ") != 2 || !strings.HasPrefix(r.stdout, "fresh "+host) || r.code != 0 {
		t.Errorf("%+v, want two renewed", r)
	}
}
