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

// The protocol of the kubelet's exec credential providers, as in
// k8s.io/kubelet/pkg/apis/credentialprovider: a request on standard input, a response of the same
// version on standard output. The versions differ in the fields for service accounts, which only
// the newest has.
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

	// CacheKeyType is always "Registry": one token opens every repository of a registry. When the
	// kubelet sends service account tokens, it adds the service account to the key itself
	// (KEP-4412).
	CacheKeyType string `json:"cacheKeyType"`

	// CacheDuration is always set: without it the kubelet would use the default of its own
	// configuration. "0s" disables the kubelet's cache.
	CacheDuration string                  `json:"cacheDuration"`
	Auth          map[string]providerAuth `json:"auth,omitempty"`
}

type providerAuth struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// kubelet answers one request. For a registry that is not ECR, and for ECR Public without a token,
// the response has no credentials, so that the pull continues without. The kubelet would log an
// exit code other than 0 as an error.
func kubelet(ctx context.Context, helper *ecrlogin.Helper, stdin io.Reader, out output) int {
	r, err := readRequest(stdin)
	if err != nil {
		return out.problem(err, "")
	}
	response := providerResponse{Kind: kubeletResponse, APIVersion: r.APIVersion, CacheKeyType: "Registry", CacheDuration: "0s"}
	c, err := helper.GetForImage(ctx, ecrlogin.ImageRequest{Image: r.Image, ServiceAccountToken: r.Token, Annotations: r.Annotations})
	switch {
	case errors.Is(err, ecrlogin.ErrNotFound):
	case err != nil:
		return out.problem(err, kubeletHint(err, r))
	default:
		response.CacheDuration = c.CacheFor.String()
		response.Auth = map[string]providerAuth{c.Registry: {c.Username, c.Password}}
	}
	_ = json.NewEncoder(out.stdout).Encode(response) // output.exitCode reports the error
	return 0
}

func readRequest(stdin io.Reader) (providerRequest, error) {
	in, err := readInput(stdin)
	if err != nil {
		return providerRequest{}, err
	}
	var r providerRequest
	switch err := json.Unmarshal(in, &r); {
	case err != nil:
		return r, fmt.Errorf("standard input is not a %s: %w", kubeletRequest, err)
	case r.Kind != kubeletRequest:
		return r, fmt.Errorf("request has kind %q, want %s", r.Kind, kubeletRequest)
	case !slices.Contains(kubeletVersions, r.APIVersion):
		return r, fmt.Errorf("request has apiVersion %q, want one of %s", r.APIVersion, strings.Join(kubeletVersions, ", "))
	case r.Image == "":
		return r, fmt.Errorf("%s has no image", kubeletRequest)
	}
	return r, nil
}

// kubeletHint returns what the administrator of a node can do about an error.
func kubeletHint(err error, r providerRequest) string {
	var e *ecrlogin.Error
	switch {
	case errors.Is(err, ecrlogin.ErrNoRole):
		return "add the annotation to the service account and its key to tokenAttributes, or add a rule with role_arn to the settings"
	case !errors.As(err, &e):
	case r.Token == "" && e.Kind == token.NoCredentials && e.Code == "":
		return "attach an IAM role with pull permissions to the node, or set credentials in env of the CredentialProviderConfig"
	case r.Token != "" && e.Code == token.CodeWebIdentity:
		return "the kubelet issued this token: check the clocks, the cluster's OIDC provider in IAM and the audience in tokenAttributes"
	case r.Token != "" && e.Action == "sts:AssumeRoleWithWebIdentity":
		return "allow the cluster's OIDC provider, the service account and the audience of tokenAttributes in the role's trust policy"
	}
	return hint(err)
}

var errNoArguments = errors.New("the kubelet started this program without arguments")

const kubeletArgsHint = `set args: ["kubelet"] for this provider in the CredentialProviderConfig`

// requestWait is how long a call without arguments waits for a request on standard input. A kubelet
// writes it at once; a person who wants to see the usage may have connected a pipe that nothing is
// written to.
const requestWait = time.Second

// isKubeletRequest reports whether standard input holds a request of the kubelet.
func isKubeletRequest(stdin io.Reader) bool {
	if f, ok := stdin.(*os.File); ok {
		if info, err := f.Stat(); err != nil || info.Mode()&fs.ModeCharDevice != 0 {
			return false // a terminal or the null device
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
