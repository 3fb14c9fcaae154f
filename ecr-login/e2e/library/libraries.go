package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	existing "github.com/awslabs/amazon-ecr-credential-helper/ecr-login"
	"github.com/fluxcd/pkg/auth"
	fluxaws "github.com/fluxcd/pkg/auth/aws"
	fluxcache "github.com/fluxcd/pkg/cache"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/google"

	"github.com/4e881efc/ecr-credential-helper/cache"
	"github.com/4e881efc/ecr-credential-helper/cache/memory"
	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/inmemory"
)

// The registries that are looked up, and the operations that are counted.
const (
	host       = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
	otherHost  = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	getToken   = "ecr:GetAuthorizationToken"
	assumeRole = "sts:AssumeRole"
)

// A lookup returns the credentials of a registry. Without credentials all results are empty.
type lookup func(ctx context.Context, host string) (user, password string, err error)

// A library is one of the compared libraries in one setup.
type library struct {
	name string

	// new returns a lookup with an empty cache and the AWS credentials of the world.
	new func(w *world) (lookup, error)
}

const (
	withConfig = "this library, `Options.Config`"
	withFiles  = "this library, AWS files and disk cache"
	googleName = "google keychain of go-containerregistry"
)

// libraries returns the compared libraries.
func libraries() []library {
	return []library{
		{withConfig, newWithConfig},
		{withFiles, newWithFiles},
		{"amazon-ecr-credential-helper " + version("github.com/awslabs/amazon-ecr-credential-helper/ecr-login"), newExisting},
		{"fluxcd/pkg/auth " + version("github.com/fluxcd/pkg/auth"), newFlux},
		{googleName + " " + version("github.com/google/go-containerregistry"), newGoogle},
	}
}

// version returns the version of a module in this program; empty in a test, whose binary has none.
func version(module string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range info.Deps {
		if m.Path == module {
			return strings.TrimPrefix(m.Version, "v")
		}
	}
	return ""
}

// A world is a fake AWS, and the environment of this process for it: a profile with an access key,
// or one that assumes a role. There is one at a time.
type world struct {
	server *ecrtest.Server
	source ecrtest.Source // FromFile or FromRole
	dir    string

	// transport connects to the server for every host name.
	transport *http.Transport
}

func newWorld(source ecrtest.Source) (*world, error) {
	dir, err := os.MkdirTemp("", "ecr-library-")
	if err != nil {
		return nil, err
	}
	s, err := ecrtest.Start(ecrtest.Options{})
	if err != nil {
		return nil, err
	}
	os.Clearenv()
	for _, v := range s.Env(dir, source) {
		key, value, _ := strings.Cut(v, "=")
		os.Setenv(key, value)
	}
	// The existing helper looks for the home directory once in a process.
	os.Setenv("AWS_ECR_CACHE_DIR", filepath.Join(dir, "cache"))
	// The files are older than the two seconds in which this library reads changed files again.
	old := time.Now().Add(-time.Hour)
	for _, file := range []string{"config", "credentials"} {
		if err := os.Chtimes(filepath.Join(dir, ".aws", file), old, old); err != nil {
			return nil, err
		}
	}
	// fluxcd/pkg/auth sends its requests to AWS with a copy of the default transport.
	transport := s.Transport()
	http.DefaultTransport = transport
	return &world{s, source, dir, transport}, nil
}

func (w *world) close() {
	w.server.Close()
	os.RemoveAll(w.dir)
}

func get(h *ecrlogin.Helper) lookup {
	return func(ctx context.Context, host string) (string, string, error) {
		c, err := h.Get(ctx, host)
		return c.Username, c.Password, err
	}
}

func newWithConfig(w *world) (lookup, error) {
	cfg := w.server.Config(w.server.AddUser("controller"))
	cfg.HTTPClient = &http.Client{Transport: w.transport}
	if w.source == ecrtest.FromRole {
		role := ecrtest.Role{ARN: "arn:aws:iam::123456789012:role/explicit"}
		w.server.AddRole(role)
		cfg.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), role.ARN))
	}
	return get(ecrlogin.New(inmemory.Options(ecrlogin.Options{Config: &cfg}))), nil
}

func newWithFiles(*world) (lookup, error) {
	return get(ecrlogin.New(ecrlogin.Options{Tier: func(disk cache.Store) cache.Store { return memory.Over(disk) }})), nil
}

// newExisting's lookup has no use for a context.
func newExisting(*world) (lookup, error) {
	h := existing.NewECRHelper(existing.WithLogger(io.Discard))
	return func(_ context.Context, host string) (string, string, error) { return h.Get(host) }, nil
}

func newFlux(*world) (lookup, error) {
	tokens, err := fluxcache.NewTokenCache(100)
	if err != nil {
		return nil, err
	}
	options := auth.WithCache(*tokens, fluxcache.InvolvedObject{Kind: "ImageRepository", Name: "app", Namespace: "default", Operation: "reconcile"})
	return func(ctx context.Context, host string) (string, string, error) {
		found, err := auth.GetArtifactRegistryCredentials(ctx, fluxaws.Provider{}, host+"/app", options)
		if err != nil {
			return "", "", err
		}
		return authorization(ctx, found)
	}, nil
}

func newGoogle(*world) (lookup, error) {
	return func(ctx context.Context, host string) (string, string, error) {
		r, err := name.NewRegistry(host)
		if err != nil {
			return "", "", err
		}
		a, err := authn.Resolve(ctx, google.Keychain, r)
		if err != nil {
			return "", "", err
		}
		return authorization(ctx, a)
	}, nil
}

func authorization(ctx context.Context, a authn.Authenticator) (string, string, error) {
	c, err := authn.Authorization(ctx, a)
	if err != nil {
		return "", "", fmt.Errorf("authorization: %w", err)
	}
	return c.Username, c.Password, nil
}
