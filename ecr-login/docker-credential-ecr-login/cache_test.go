package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/cache"
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
		u.disk().AddHost(h)
	}
	a := u.run("", "cache", "ls")
	for _, want := range []string{
		host + "   fresh    4h59m       10h59m   access key in profile \"file\"",
		west + "   aging    due         4h59m    access key in profile \"file\"",
		south + "  expired  -           -        access key in profile \"file\"",
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
	if strings.Count(r.stdout, "\nrefreshed ") != 2 || !strings.HasPrefix(r.stdout, "fresh "+host) || r.code != 0 {
		t.Errorf("%+v, want two refreshed", r)
	}
}

// Each entry that is no token of anybody here is counted as what it is.
func TestCacheListOfTheRest(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		list cacheList
		want string
	}{
		{cacheList{}, "the cache is empty\n"},
		{cacheList{Sealed: true}, "the cache is empty\n"},
		{cacheList{Foreign: 2}, "nothing is kept that can be read\n2 entries are sealed with a key that is gone: deleted, or lost in a reboot\n"},
		{cacheList{Foreign: 1, Sealed: true}, "nothing is kept that can be read\n" +
			"1 entry is sealed with another key: of another machine or user, or of the time before a reboot\n"},
		{cacheList{Damaged: 1, Sealed: true}, "nothing is kept that can be read\n1 entry is damaged, and will be replaced when somebody needs it\n"},
		{cacheList{Other: 1, Sealed: true}, "nothing is kept that can be read\n1 entry is of another version of this program, and not used by this one\n"},
		{cacheList{Trouble: "switched off"}, "nothing is kept: switched off\n"},
	} {
		var b bytes.Buffer
		if test.list.print(newOutput(&b, &b), time.Now()); b.String() != test.want {
			t.Errorf("%+v: %q, want %q", test.list, b.String(), test.want)
		}
	}
}

// A key of an older form opens well: it is not called damaged, and nobody is told that it will be replaced.
func TestCacheListOfAnotherVersion(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromEnvironment)
	u.seed(s, host, time.Hour)
	old := cache.Entry{Value: []byte("AWS:not-a-real-password"), Fetched: time.Now(), Lifetime: time.Hour, Refresh: time.Hour}
	if err := u.disk().Put("token\x00of\x00old", old); err != nil {
		t.Fatal(err)
	}
	if a := u.run("", "cache", "ls"); !strings.Contains(a.stdout, "1 entry is of another version") || strings.Contains(a.stdout, "damaged") {
		t.Errorf("%+v", a)
	}
	var list struct {
		SealingKey                      bool
		Damaged, OtherKey, OtherVersion int
	}
	if err := json.Unmarshal([]byte(u.run("", "cache", "ls", "--json").stdout), &list); err != nil || !list.SealingKey || list.Damaged != 0 || list.OtherVersion != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	if a := u.run("", "cache", "clear"); a.stdout != "forgot 2 entries\n" {
		t.Errorf("%+v", a)
	}
}

// Whoever was refused ECR Public, clearing the registry lets everybody ask again at once.
func TestCacheClearForgetsRefusals(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	dir := t.TempDir()
	u := newUser(t, dir, s.Home(dir).Env())
	other := u.with("AWS_CONFIG_FILE=" + u.put("empty", nil)) // another principal without credentials
	for _, who := range []*user{u, other} {
		if a := who.run("public.ecr.aws", "get"); a.stdout != notFoundLine {
			t.Fatalf("%+v", a)
		}
	}
	u.seed(s, host, time.Hour)
	if n := len(u.entries()); n != 3 {
		t.Fatalf("%d entries, want two refusals and a token", n)
	}
	if a := u.run("", "cache", "clear", "public.ecr.aws"); a.code != 0 || a.stdout != "public.ecr.aws: forgot 0 tokens and 0 stored logins\n" {
		t.Errorf("%+v", a)
	}
	if n := len(u.entries()); n != 1 {
		t.Errorf("%d entries left, want the other registry's token", n)
	}
	// What is damaged is not named as a token of the registry, and goes all the same.
	for _, file := range u.entries() {
		if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	u.run("", "cache", "clear", host)
	if n := len(u.entries()); n != 0 {
		t.Errorf("%d entries left, want none", n)
	}
}
