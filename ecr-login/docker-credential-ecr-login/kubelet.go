package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// The protocol of the kubelet's exec credential providers, as k8s.io/kubelet/pkg/apis/credentialprovider has it: a
// request on standard input, an answer of the same version on standard output. The versions differ in the
// service account's fields, which the newest alone has.
const (
	kubeletGroup    = "credentialprovider.kubelet.k8s.io/"
	kubeletRequest  = "CredentialProviderRequest"
	kubeletResponse = "CredentialProviderResponse"
)

var kubeletVersions = []string{kubeletGroup + "v1", kubeletGroup + "v1beta1", kubeletGroup + "v1alpha1"}

type providerRequest struct {
	Kind        string            `json:"kind"`
	APIVersion  string            `json:"apiVersion"`
	Image       string            `json:"image"`
	Token       string            `json:"serviceAccountToken"`
	Annotations map[string]string `json:"serviceAccountAnnotations"`
}

type providerResponse struct {
	Kind       string `json:"kind"`
	APIVersion string `json:"apiVersion"`

	// CacheKeyType is "Registry" always: one token opens every repository of a registry. Where the kubelet passes
	// service account tokens, it adds the account to the key by itself (KEP-4412).
	CacheKeyType string `json:"cacheKeyType"`

	// CacheDuration is never left out, or the kubelet would take the default of its own configuration. "0s" is not
	// to be kept.
	CacheDuration string                  `json:"cacheDuration"`
	Auth          map[string]providerAuth `json:"auth,omitempty"`
}

type providerAuth struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// kubelet answers one request. Where a pull may go on without credentials, of a registry that is not ECR or from
// ECR Public, the answer holds none: an error would be logged as one by the kubelet.
func kubelet(ctx context.Context, helper *ecrlogin.Helper, stdin io.Reader, out output) int {
	r, err := readRequest(stdin)
	if err != nil {
		return out.problem(err, "")
	}
	answer := providerResponse{Kind: kubeletResponse, APIVersion: r.APIVersion, CacheKeyType: "Registry", CacheDuration: "0s"}
	c, err := helper.GetForImage(ctx, ecrlogin.ImageRequest{Image: r.Image, ServiceAccountToken: r.Token, Annotations: r.Annotations})
	switch {
	case errors.Is(err, ecrlogin.ErrNotFound):
	case err != nil:
		return out.problem(err, kubeletHint(err, r))
	default:
		answer.CacheDuration = c.CacheFor.String()
		answer.Auth = map[string]providerAuth{c.Registry: {c.Username, c.Password}}
	}
	if err := json.NewEncoder(out.stdout).Encode(answer); err != nil {
		return out.problem(fmt.Errorf("writing the answer: %w", err), "")
	}
	return 0
}

func readRequest(stdin io.Reader) (providerRequest, error) {
	in, err := readAll(stdin)
	if err != nil {
		return providerRequest{}, err
	}
	var r providerRequest
	switch err := json.Unmarshal(in, &r); {
	case err != nil:
		return r, fmt.Errorf("standard input holds no %s: %w", kubeletRequest, err)
	case r.Kind != kubeletRequest:
		return r, fmt.Errorf("cannot answer a request of the kind %q, only a %s", r.Kind, kubeletRequest)
	case !slices.Contains(kubeletVersions, r.APIVersion):
		return r, fmt.Errorf("cannot answer a request of apiVersion %q, only of %s", r.APIVersion, strings.Join(kubeletVersions, ", "))
	case r.Image == "":
		return r, fmt.Errorf("the %s names no image", kubeletRequest)
	}
	return r, nil
}

// kubeletHint is hint for who looks after nodes.
func kubeletHint(err error, r providerRequest) string {
	var e *ecrlogin.Error
	switch {
	case errors.Is(err, ecrlogin.ErrNoRole):
		return "annotate the service account and list that key in the provider's tokenAttributes, or give the settings a rule with role_arn"
	case !errors.As(err, &e):
	case r.Token == "" && e.Kind == token.NoCredentials && e.Code == "":
		return "give the node a role that may pull, or name credentials in env of the CredentialProviderConfig"
	case r.Token != "" && e.Code == token.CodeWebIdentity:
		return "the kubelet makes such tokens itself: check the clocks, the cluster's OIDC provider in IAM and the audience in tokenAttributes"
	case r.Token != "" && e.Action == "sts:AssumeRoleWithWebIdentity":
		return "the role's trust policy must name the cluster's OIDC provider, the service account and the audience of tokenAttributes"
	}
	return hint(err)
}

var errNoArgs = errors.New("the kubelet started this program without arguments: add args: [kubelet] to the provider in its CredentialProviderConfig")

// requestWait is how long a run without arguments waits for a request: a kubelet writes it at once, and a person
// who wants to see the usage may have given the program a silent pipe.
const requestWait = time.Second

// fromKubelet tells whether a run without arguments was meant to have one: a kubelet's request waits on standard
// input.
func fromKubelet(stdin io.Reader) bool {
	if f, ok := stdin.(*os.File); ok {
		if info, err := f.Stat(); err != nil || info.Mode()&fs.ModeCharDevice != 0 {
			return false // a terminal, or nothing
		}
	}
	found := make(chan bool, 1)
	go func() {
		var r providerRequest
		err := json.NewDecoder(io.LimitReader(stdin, maxInput)).Decode(&r)
		found <- err == nil && (r.Kind == kubeletRequest || strings.HasPrefix(r.APIVersion, kubeletGroup))
	}()
	select {
	case is := <-found:
		return is
	case <-time.After(requestWait):
		return false
	}
}
