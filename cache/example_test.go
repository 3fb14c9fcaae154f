package cache_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/cache/memory"
)

// A command-line program stores its token on the disk. Later processes find it there.
func Example() {
	c := &cache.Cache{Disk: cache.Open(cache.Options{Name: "example"})}
	e, err := c.Do(context.Background(), "user@host.example", func(ctx context.Context) (cache.Entry, error) {
		token := []byte("token") // from the server
		return cache.Entry{
			Value:    token,
			Fetched:  time.Now(),
			Lifetime: 12 * time.Hour,
			Refresh:  cache.RefreshPoint(12*time.Hour, 0, 0),
		}, nil
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", e.Value)
}

// Do fetches once. Later calls find the entry in the cache.
func ExampleCache_Do() {
	c := &cache.Cache{Store: memory.Over(nil)} // only in this process
	fetch := func(context.Context) (cache.Entry, error) {
		fmt.Println("fetching")
		return cache.Entry{Value: []byte("token"), Fetched: time.Now(), Lifetime: time.Hour, Refresh: time.Hour}, nil
	}
	for range 2 {
		e, err := c.Do(context.Background(), "user@host.example", fetch)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", e.Value)
	}
	// Output:
	// fetching
	// token
	// token
}

// A Disk lists what it stores. Reading an empty cache creates no files.
func ExampleDisk() {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	disk := cache.Open(cache.Options{Name: "example", Dir: filepath.Join(dir, "cache")})
	_, state, err := disk.Get("user@host.example")
	fmt.Println(state, err)
	disk.AddHost("host.example")
	fmt.Println(disk.Hosts())
	s := disk.Status()
	fmt.Println(s.Exists, s.Writable, s.Entries)
	// Output:
	// absent not in the cache: absent
	// [host.example]
	// true true 0
}

// Lookup neither fetches nor waits. The error contains the reason.
func ExampleCache_Lookup() {
	c := &cache.Cache{Store: memory.Over(nil)}
	_, state, err := c.Lookup("user@host.example")
	var miss *cache.Miss
	fmt.Println(state, errors.As(err, &miss))
	fmt.Println(err)
	// Output:
	// absent true
	// not in the cache: absent
}

// EncodeFailure and DecodeFailure share an error with the processes that wait for the same fetch.
// With hold, processes that start within the next minute return the same error too.
func ExampleCache_failures() {
	errDenied := errors.New("access denied")
	c := &cache.Cache{
		Store: memory.Over(nil),
		EncodeFailure: func(err error) (data []byte, hold bool) {
			if errors.Is(err, errDenied) {
				return []byte("denied"), true
			}
			return nil, false // for example a timeout of this process
		},
		DecodeFailure: func(data []byte) error {
			if string(data) == "denied" {
				return errDenied
			}
			return nil // written by another version
		},
	}
	fetch := func(context.Context) (cache.Entry, error) {
		fmt.Println("fetching")
		return cache.Entry{}, errDenied
	}
	for range 2 {
		_, err := c.Do(context.Background(), "user@host.example", fetch)
		fmt.Println(err)
	}
	// Output:
	// fetching
	// access denied
	// access denied
}

func ExampleEntry_Times() {
	e := cache.Entry{
		Fetched:  time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC),
		Lifetime: 12 * time.Hour,
		Refresh:  6 * time.Hour,
	}
	t := e.Times()
	fmt.Println(t.Refresh.Format(time.TimeOnly), t.Expires.Format(time.DateTime))
	// Output: 18:00:00 2026-03-15 00:00:00
}

// A machine that fetched with credentials of one hour refreshes after one hour.
func ExampleRefreshPoint() {
	fmt.Println(cache.RefreshPoint(12*time.Hour, 0, 0))
	fmt.Println(cache.RefreshPoint(12*time.Hour, 0, 1)) // spread is usually random
	fmt.Println(cache.RefreshPoint(12*time.Hour, time.Hour, 0))
	// Output:
	// 6h0m0s
	// 6h36m0s
	// 1h0m0s
}
