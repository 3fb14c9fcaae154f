//go:build e2e && linux

package e2e

import (
	"archive/tar"
	"bytes"
	"debug/buildinfo"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// client is a program that uses registries, with the operations that the scenarios need.
type client struct {
	name     string
	programs []string // all must be on PATH
	install  string   // how to install them
	version  func(u *user) string
	// prepare gives a new user what the client needs besides config.json. It may be nil.
	prepare func(u *user)
	// push creates an image or artifact and pushes it. It is nil when the client only pulls. pull
	// fetches the image without using what an earlier push or pull left on the machine. Several
	// goroutines may call both at once.
	push, pull func(u *user, ref string) result
	// without holds the scenarios that the client cannot play, and the reason of each, for
	// docs/clients.md.
	without map[string]string
	// perHost is true when the client reads only credHelpers, and not credsStore.
	perHost bool
	// ownHelper is true when the client contains a helper for ECR and uses config.json only when
	// that one finds no AWS credentials.
	ownHelper bool
	// sabotage is a script between the client and the helper, for the test of the tests. It may be
	// empty.
	sabotage string
}

// Some clients take too long to build for every run. `make more-clients` builds and runs them.
var more = flag.Bool("more", false, "run the clients of make more-clients, instead of the others")

// clients returns all clients, in the order of docs/clients.md.
func clients() []client {
	if *more {
		return []client{buildctlClient(), kanikoClient()}
	}
	return []client{
		dockerClient(), buildxClient(), composeClient(), composeV1Client(),
		dockerPyClient(), testcontainersGoClient(), testcontainersNodeClient(),
		nerdctlClient(), ctrClient(), ctrHostsClient(), crictlClient(),
		podmanClient(), podmanRootlessClient(), skopeoClient(), buildahClient(),
		craneClient(), orasClient(), regctlClient(), helmClient(), cosignClient(), koClient(),
	}
}

const (
	fromDebian = "apt-get install "
	fromGo     = "ecr-login/e2e/install-clients"
	fromMore   = "make more-clients"
)

// builtVersion returns the version of a client that `go install` has built.
func builtVersion(program string) func(*user) string {
	return func(u *user) string {
		u.t.Helper()
		path, err := exec.LookPath(program)
		if err != nil {
			u.t.Fatal(err)
		}
		info, err := buildinfo.ReadFile(path)
		if err != nil {
			u.t.Fatal(err)
		}
		return info.Main.Version
	}
}

// printedVersion returns the version that a client prints: its first word that begins with a digit.
func printedVersion(command ...string) func(*user) string {
	return func(u *user) string {
		u.t.Helper()
		r := u.must("", command[0], command[1:]...)
		for _, word := range strings.Fields(r.output()) {
			if word[0] >= '0' && word[0] <= '9' {
				return word
			}
		}
		u.t.Fatalf("no version in:\n%s", r.describe())
		return ""
	}
}

// scratch creates a directory below the user's home.
func (u *user) scratch() string {
	u.t.Helper()
	dir, err := os.MkdirTemp(u.path("tmp"), "")
	if err != nil {
		u.t.Fatal(err)
	}
	return dir
}

// newImage returns an image of one file that holds the image's name.
func newImage(ref string) (v1.Image, error) {
	var files bytes.Buffer
	archive := tar.NewWriter(&files)
	err := archive.WriteHeader(&tar.Header{Name: "name", Mode: 0o644, Size: int64(len(ref))})
	if err == nil {
		_, err = archive.Write([]byte(ref))
		err = errors.Join(err, archive.Close())
	}
	image := empty.Image
	if err == nil {
		image, err = mutate.ConfigFile(image, &v1.ConfigFile{OS: "linux", Architecture: runtime.GOARCH, RootFS: v1.RootFS{Type: "layers"}})
	}
	var layer v1.Layer
	if err == nil {
		layer, err = tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files.Bytes())), nil })
	}
	if err == nil {
		image, err = mutate.AppendLayers(image, layer)
	}
	return image, err
}

func (u *user) image(ref string) v1.Image {
	u.t.Helper()
	image, err := newImage(ref)
	if err != nil {
		u.t.Fatal(err)
	}
	return image
}

// layout writes an image as a directory in OCI's format.
func (u *user) layout(ref string) (dir string) {
	u.t.Helper()
	dir = u.scratch()
	path, err := layout.Write(dir, empty.Index)
	if err == nil {
		err = path.AppendImage(u.image(ref), layout.WithAnnotations(map[string]string{
			"org.opencontainers.image.ref.name": "latest",
			"kind":                              "dev.cosignproject.cosign/image", // cosign loads only images of this kind
		}))
	}
	if err != nil {
		u.t.Fatal(err)
	}
	return dir
}

// archive writes an image as `docker save` does.
func (u *user) archive(ref string) (file string) {
	u.t.Helper()
	file = filepath.Join(u.scratch(), "image.tar")
	tag, err := name.NewTag(ref)
	if err == nil {
		err = tarball.WriteToFile(file, tag, u.image(ref))
	}
	if err != nil {
		u.t.Fatal(err)
	}
	return file
}

// steps runs commands until one fails, and returns the result of the last one.
func (u *user) steps(commands ...[]string) result {
	var r result
	for _, command := range commands {
		if r = u.run("", command[0], command[1:]...); r.err != nil {
			break
		}
	}
	return r
}

// splitRef splits "host/path/name:tag".
func splitRef(ref string) (host, repository, tag string) {
	host, rest, _ := strings.Cut(ref, "/")
	i := strings.LastIndexByte(rest, ':')
	return host, rest[:i], rest[i+1:]
}
