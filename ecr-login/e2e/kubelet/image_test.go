//go:build kubelet && linux

package kubelet_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// waiting is a program that waits for its end.
const waiting = `package main

import "time"

func main() {
	for {
		time.Sleep(time.Hour)
	}
}
`

// push builds an image of one program and pushes it.
func (m *machine) push(image string) {
	m.t.Helper()
	dir := m.t.TempDir()
	source, program := filepath.Join(dir, "main.go"), filepath.Join(dir, "pause")
	must(m.t, os.WriteFile(source, []byte(waiting), 0o644))
	build := exec.Command("go", "build", "-o", program, source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		m.t.Fatalf("%v: %s", err, out)
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return tarOf(program) })
	must(m.t, err)
	img, err := mutate.AppendLayers(empty.Image, layer)
	must(m.t, err)
	config, err := img.ConfigFile()
	must(m.t, err)
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", runtime.GOARCH
	config.Config.Entrypoint = []string{"/pause"}
	config.Config.Labels = map[string]string{"image": image} // each image has a digest of its own
	img, err = mutate.ConfigFile(img, config)
	must(m.t, err)
	ref, err := name.ParseReference(image)
	must(m.t, err)
	region := strings.Split(image, ".")[3]
	token := m.aws.IssueToken(ecrtest.Principal{ARN: "arn:aws:iam::" + account + ":user/builder"}, "ecr", region)
	login := authn.FromConfig(authn.AuthConfig{Auth: token.Basic()})
	must(m.t, remote.Write(ref, img, remote.WithAuth(login), remote.WithTransport(m.aws.Transport())))
}

// tarOf returns a tar archive with the program as /pause.
func tarOf(program string) (io.ReadCloser, error) {
	out, err := exec.Command("tar", "--create", "--directory", filepath.Dir(program), "--owner=0", "--group=0", "pause").Output()
	return io.NopCloser(bytes.NewReader(out)), err
}
