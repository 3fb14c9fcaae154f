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

// The list shows fresh, aging and expired tokens.
func TestCacheListStates(t *testing.T) {
	t.Parallel()
	const west, south = "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "123456789012.dkr.ecr.ap-south-1.amazonaws.com"
	s := ecrtest.New(t)
	u := newSourceUser(t, s, ecrtest.FromFile)
	// The expired token comes last: the first write in a minute deletes expired entries.
	for i, h := range []string{host, west, south} {
		u.seed(s, h, time.Hour+time.Duration(i)*6*time.Hour)
		u.disk().AddHost(h)
	}
	a := u.run("", "cache", "ls")
	for _, want := range []string{
		host + "   fresh    4h59m       10h59m      access key in profile \"file\"",
		west + "   aging    due         4h59m       access key in profile \"file\"",
		south + "  expired  -           -           access key in profile \"file\"",
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
	// refresh includes expired tokens.
	r := u.run("", "refresh")
	if strings.Count(r.stdout, "\nrefreshed ") != 2 || !strings.HasPrefix(r.stdout, "fresh "+host) || r.code != 0 {
		t.Errorf("%+v, want two refreshed", r)
	}
}

// Entries that cannot be listed are counted by their kind.
func TestCacheListCountsOtherEntries(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		list cacheList
		want string
	}{
		{cacheList{}, "the cache is empty\n"},
		{cacheList{Sealed: true}, "the cache is empty\n"},
		{cacheList{Foreign: 2}, "the cache has no readable entries\n2 entries are sealed with a key that no longer exists: it was deleted, or lost in a reboot\n"},
		{cacheList{Foreign: 1, Sealed: true}, "the cache has no readable entries\n" +
			"1 entry is sealed with another key: that of another machine or user, or the key before a reboot\n"},
		{cacheList{Damaged: 1, Sealed: true}, "the cache has no readable entries\n1 entry is damaged and will be replaced by the next get\n"},
		{cacheList{Other: 1, Sealed: true}, "the cache has no readable entries\n1 entry is of another version of this program; this version does not use them\n"},
		{cacheList{Trouble: "switched off"}, "no cache: switched off\n"},
	} {
		var b bytes.Buffer
		if test.list.print(newOutput(program, &b, &b), time.Now()); b.String() != test.want {
			t.Errorf("%+v: %q, want %q", test.list, b.String(), test.want)
		}
	}
}

// An entry of another version can be decrypted, so it is not counted as damaged.
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
	if a := u.run("", "cache", "clear"); a.stdout != "deleted 2 entries\n" {
		t.Errorf("%+v", a)
	}
}

// After cache clear, a registry that AWS refused is requested again at once, with every principal.
func TestCacheClearDeletesRefusals(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	dir := t.TempDir()
	u := newUser(t, dir, s.Home(dir).Env())
	other := u.with("AWS_CONFIG_FILE=" + u.put("empty", nil)) // another principal without credentials
	for _, u := range []*user{u, other} {
		if a := u.run("public.ecr.aws", "get"); a.stdout != notFoundLine {
			t.Fatalf("%+v", a)
		}
	}
	u.seed(s, host, time.Hour)
	if n := len(u.entries()); n != 3 {
		t.Fatalf("%d entries, want two refusals and a token", n)
	}
	if a := u.run("", "cache", "clear", "public.ecr.aws"); a.code != 0 || a.stdout != "public.ecr.aws: deleted 0 tokens and 0 stored logins\n" {
		t.Errorf("%+v", a)
	}
	if n := len(u.entries()); n != 1 {
		t.Errorf("%d entries left, want the other registry's token", n)
	}
	// A damaged entry is not counted as a token of the registry, and is deleted all the same.
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
