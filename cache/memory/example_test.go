package memory_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/cache/memory"
)

// A long-lived process keeps fresh entries in memory. With a Disk below, it shares them with other
// processes: use memory.Over(disk), and set Disk of the Cache.
func ExampleOver() {
	c := &cache.Cache{Store: memory.Over(nil)}
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
