package main

import (
	"bytes"
	"compress/gzip"
	"encoding/pem"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// imagePart is the binary of one platform.
type imagePart struct {
	target target
	binary string
}

// imageUser runs the image unless another user is chosen: an ID without a name or rights.
const imageUser = "65532:65532"

// writeImage writes a container image for all Linux targets as a tar of an OCI image layout. The
// image has the program and CA certificates only.
func (r *release) writeImage(parts []imagePart) error {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, p := range parts {
		image, platform, err := r.image(p)
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: platform}})
	}
	dir := filepath.Join(r.work, "image")
	written, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	// One entry with the name of the version. Tools that copy from an archive take it without
	// asking which.
	if err := written.AppendIndex(index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": r.version})); err != nil {
		return err
	}
	files := map[string]file{}
	err = filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		name, err = filepath.Rel(dir, name)
		files[filepath.ToSlash(name)] = file{data: data, mode: 0o644}
		return err
	})
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := writeTar(&b, "", files, r.commit.time); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, "ecr-login_"+r.version+"_image.tar"), b.Bytes(), 0o644)
}

// image returns the image of one platform.
func (r *release) image(p imagePart) (v1.Image, *v1.Platform, error) {
	binary, err := os.ReadFile(p.binary)
	if err != nil {
		return nil, nil, err
	}
	platform := &v1.Platform{OS: "linux", Architecture: p.target.goarch()}
	switch p.target.arch {
	case "armv7":
		platform.Variant = "v7"
	case "arm64":
		platform.Variant = "v8"
	}
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // a valid level
	err = writeTar(z, "", map[string]file{
		"usr/bin/" + program:                {data: binary, mode: 0o755},
		"usr/bin/" + shortName:              {link: program},
		"etc/ssl/certs/ca-certificates.crt": {data: certificates(), mode: 0o644},
		"usr/share/doc/ecr-login/LICENSE":   r.docs["share/doc/ecr-login/LICENSE"],
	}, r.commit.time)
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return nil, nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil },
		tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, nil, err
	}
	created := v1.Time{Time: r.commit.time}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	if image, err = mutate.Append(image, mutate.Addendum{Layer: layer, History: v1.History{Created: created, CreatedBy: "make dist"}}); err != nil {
		return nil, nil, err
	}
	c, err := image.ConfigFile()
	if err != nil {
		return nil, nil, err
	}
	image, err = mutate.ConfigFile(image, r.imageConfig(c.DeepCopy(), platform))
	return image, platform, err
}

// imageConfig fills in the configuration of the image of one platform.
func (r *release) imageConfig(c *v1.ConfigFile, platform *v1.Platform) *v1.ConfigFile {
	c.OS, c.Architecture, c.Variant = platform.OS, platform.Architecture, platform.Variant
	c.Created = v1.Time{Time: r.commit.time}
	c.Config = v1.Config{
		User:       imageUser,
		Entrypoint: []string{"/usr/bin/" + program},
		Env:        []string{"PATH=/usr/bin"},
		Labels: map[string]string{
			"org.opencontainers.image.source":   homepage,
			"org.opencontainers.image.title":    description,
			"org.opencontainers.image.licenses": license,
			"org.opencontainers.image.version":  r.version,
			"org.opencontainers.image.revision": r.commit.hash,
		},
	}
	return c
}

// certificates returns Mozilla's root certificates in PEM. They come from a Go module, so that they
// are the same on every machine. Roots with a constraint are left out: PEM cannot express it.
func certificates() []byte {
	var b []byte
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			b = append(b, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate})...)
		}
	}
	return b
}
