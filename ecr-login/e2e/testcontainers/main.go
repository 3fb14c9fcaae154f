// Command testcontainers pulls an image as testcontainers-go does before it starts a container: it
// looks up the credentials and passes them to the engine.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/testcontainers/testcontainers-go"
)

func main() {
	if err := pull(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func pull(ctx context.Context, image string) error {
	provider, err := testcontainers.NewDockerProvider()
	if err != nil {
		return err
	}
	defer provider.Close()
	return provider.PullImage(ctx, image)
}
