// Command demo pushes and pulls a container image through docker-credential-ecr-login, without an
// AWS account, a Docker engine or docker login. AWS and the registry are ecrtest's, on loopback.
// The client is google/go-containerregistry's, which reads Docker's config.json and starts the
// helper as Docker does.
//
// It prints each step. It exits with 1 when a step fails.
package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

const host = ecrtest.Account + ".dkr.ecr." + ecrtest.Region + ".amazonaws.com"

func main() {
	helper := flag.String("helper", "bin/docker-credential-ecr-login", "`path` of the helper")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := run(ctx, *helper); err != nil {
		fmt.Fprintf(os.Stderr, "demo: %v\n", err)
		os.Exit(1)
	}
}

// demo is the state that the steps share.
type demo struct {
	aws    *ecrtest.Server
	helper string
	home   string
	image  name.Tag
	client []remote.Option
}

func run(ctx context.Context, helper string) error {
	helper, err := filepath.Abs(helper)
	if err != nil {
		return err
	}
	aws, err := ecrtest.Start(ecrtest.Options{})
	if err != nil {
		return err
	}
	defer aws.Close()
	home, err := os.MkdirTemp("", "ecr-login-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	image, err := name.NewTag(host + "/hello:1")
	if err != nil {
		return err
	}
	d := &demo{aws: aws, helper: helper, home: home, image: image}
	d.client = []remote.Option{
		remote.WithContext(ctx),
		remote.WithTransport(aws.Transport()),
		remote.WithAuthFromKeychain(authn.DefaultKeychain),
	}

	heading("A registry like Amazon ECR, and the AWS API, on loopback.")
	fmt.Printf("   registry  %s  (at %s)\n   AWS API   %s\n", host, aws.RegistryTLS, aws.URL)
	for _, step := range []func(context.Context) error{
		d.refused, d.configure, d.ask, d.pushAndPull, d.pullAgain, d.examine, d.search,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	heading("Done: no AWS account, no docker login, no password on disk.")
	return nil
}

func (d *demo) refused(context.Context) error {
	heading("Without credentials the registry denies access.")
	_, err := remote.Get(d.image, remote.WithTransport(d.aws.Transport()))
	var refused *transport.Error
	if !errors.As(err, &refused) || refused.StatusCode != http.StatusUnauthorized {
		return fmt.Errorf("an anonymous pull must fail with status 401, got: %v", err)
	}
	fmt.Println("   pull without credentials: 401 Unauthorized")
	return nil
}

// configure gives this process a home directory with an AWS access key, and runs the helper's
// configure. Calls go through a proxy that terminates TLS, so that hosts have AWS's names.
func (d *demo) configure(ctx context.Context) error {
	heading("An AWS access key, and one line in Docker's config.json.")
	home := d.aws.Home(d.home)
	home.Proxy = true
	bin := filepath.Join(d.home, "bin")
	home.Keys("default", d.aws.AddUser("developer"))
	env := home.Env()
	os.Clearenv()
	for _, v := range env {
		key, value, _ := strings.Cut(v, "=")
		os.Setenv(key, value)
	}
	os.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	if err := os.Mkdir(bin, 0o700); err != nil {
		return err
	}
	if err := os.Symlink(d.helper, filepath.Join(bin, filepath.Base(d.helper))); err != nil {
		return err
	}
	return d.show(ctx, "configure", host)
}

// show runs a command of the helper and prints its output, with ~ for the home directory.
func (d *demo) show(ctx context.Context, args ...string) error {
	fmt.Printf("   $ docker-credential-ecr-login %s\n", strings.Join(args, " "))
	cmd := exec.CommandContext(ctx, "docker-credential-ecr-login", args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	for line := range strings.Lines(strings.ReplaceAll(string(out), d.home, "~")) {
		fmt.Print("   ", line)
	}
	if err != nil {
		return fmt.Errorf("docker-credential-ecr-login %s: %w", args[0], err)
	}
	return nil
}

// examine runs the helper's doctor.
func (d *demo) examine(ctx context.Context) error {
	heading("The helper checks each step of a pull.")
	return d.show(ctx, "doctor", d.image.String())
}

func (d *demo) ask(ctx context.Context) error {
	heading("Docker's request to the helper, and the answer.")
	fmt.Printf("   $ echo %s | docker-credential-ecr-login get\n", host)
	get := exec.CommandContext(ctx, "docker-credential-ecr-login", "get")
	get.Stdin = strings.NewReader(host)
	get.Stderr = os.Stderr
	out, err := get.Output()
	if err != nil {
		return fmt.Errorf("calling the helper: %w: %s", err, out)
	}
	fmt.Printf("   %s…\"}  (%d bytes)\n", out[:min(len(out), 110)], len(out))
	return d.calls(1)
}

func (d *demo) pushAndPull(context.Context) error {
	heading("A client that starts the helper pushes and pulls an image.")
	img, err := hello()
	if err != nil {
		return err
	}
	if err := remote.Write(d.image, img, d.client...); err != nil {
		return fmt.Errorf("pushing: %w", err)
	}
	digest, err := img.Digest()
	if err != nil {
		return err
	}
	fmt.Printf("   pushed %s@%s\n", d.image, digest)
	return d.pull(digest)
}

func (d *demo) pullAgain(context.Context) error {
	heading("A second pull uses the encrypted cache.")
	before := d.aws.Calls("ecr:GetAuthorizationToken")
	img, err := hello()
	if err != nil {
		return err
	}
	digest, err := img.Digest()
	if err != nil {
		return err
	}
	if err := d.pull(digest); err != nil {
		return err
	}
	if n := d.aws.Calls("ecr:GetAuthorizationToken") - before; n != 0 {
		return fmt.Errorf("the second pull made %d API calls, want none", n)
	}
	return nil
}

// pull pulls the image with all its layers, and compares it with the pushed one.
func (d *demo) pull(want v1.Hash) error {
	img, err := remote.Image(d.image, d.client...)
	if err != nil {
		return fmt.Errorf("pulling: %w", err)
	}
	got, err := img.Digest()
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("pulled %s, pushed %s", got, want)
	}
	files := mutate.Extract(img)
	defer files.Close()
	t := tar.NewReader(files)
	if _, err := t.Next(); err != nil {
		return fmt.Errorf("reading the pulled image: %w", err)
	}
	content, err := io.ReadAll(t)
	if err != nil {
		return fmt.Errorf("reading the pulled image: %w", err)
	}
	fmt.Printf("   pulled %s@%s: %s", d.image, got, content)
	return d.calls(1)
}

// calls prints the number of calls for a token so far, and compares it with want.
func (d *demo) calls(want int) error {
	n := d.aws.Calls("ecr:GetAuthorizationToken")
	fmt.Printf("   API calls so far: %d\n", n)
	if n != want {
		return fmt.Errorf("%d API calls, want %d", n, want)
	}
	return nil
}

// search searches all files below the home directory for the token.
func (d *demo) search(context.Context) error {
	heading("No file contains the token in readable form.")
	tokens := d.aws.Tokens()
	if len(tokens) == 0 {
		return errors.New("no token was issued")
	}
	files := 0
	err := filepath.WalkDir(d.home, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		for _, t := range tokens {
			for _, needle := range []string{t.Password[:40], t.Basic()[8:48]} {
				if bytes.Contains(data, []byte(needle)) {
					return fmt.Errorf("%s contains the token", path)
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Printf("   searched %d files below the home directory for the token and its base64: not found\n", files)
	return nil
}

// hello returns an image with one file. Its digest is always the same.
func hello() (v1.Image, error) {
	var layer bytes.Buffer
	t := tar.NewWriter(&layer)
	text := []byte("hello from a private registry\n")
	if err := t.WriteHeader(&tar.Header{Name: "hello.txt", Mode: 0o644, Size: int64(len(text))}); err != nil {
		return nil, err
	}
	if _, err := t.Write(text); err != nil {
		return nil, err
	}
	if err := t.Close(); err != nil {
		return nil, err
	}
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(layer.Bytes())), nil })
	if err != nil {
		return nil, err
	}
	return mutate.AppendLayers(empty.Image, l)
}

var steps int

func heading(text string) {
	steps++
	fmt.Printf("\n%d. %s\n", steps, text)
}
