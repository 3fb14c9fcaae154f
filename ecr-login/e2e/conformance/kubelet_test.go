package conformance

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/kubelet/pkg/apis/credentialprovider"
	"k8s.io/kubelet/pkg/apis/credentialprovider/install"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

const (
	apiGroup = "credentialprovider.kubelet.k8s.io/"
	roleARN  = "arn:aws:iam::" + ecrtest.Account + ":role/web"
	subject  = "system:serviceaccount:shop:web"
)

// codecs returns the kubelet's own encoder and decoder of the protocol. The decoder refuses unknown
// fields.
func codecs() serializer.CodecFactory {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	return serializer.NewCodecFactory(scheme, serializer.EnableStrict)
}

// encode returns a request as the kubelet writes it.
func encode(t *testing.T, apiVersion string, request *credentialprovider.CredentialProviderRequest) string {
	t.Helper()
	version, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		t.Fatal(err)
	}
	info, ok := runtime.SerializerInfoForMediaType(codecs().SupportedMediaTypes(), runtime.ContentTypeJSON)
	if !ok {
		t.Fatal("no JSON serializer")
	}
	text, err := runtime.Encode(codecs().EncoderForVersion(info.Serializer, version), request)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// ask runs the helper as the kubelet does, and decodes its response as the kubelet does.
func ask(t *testing.T, env []string, apiVersion, request string) *credentialprovider.CredentialProviderResponse {
	t.Helper()
	cmd := exec.Command(helper, "kubelet")
	var stdout, stderr bytes.Buffer
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, strings.NewReader(request), &stdout, &stderr
	if err := cmd.Run(); err != nil || stderr.Len() > 0 {
		t.Fatalf("kubelet: %v\nstandard error: %s", err, stderr.String())
	}
	object, kind, err := codecs().UniversalDecoder().Decode(stdout.Bytes(), nil, nil)
	if err != nil {
		t.Fatalf("the kubelet cannot decode %s: %v", stdout.String(), err)
	}
	response, ok := object.(*credentialprovider.CredentialProviderResponse)
	if !ok || kind.GroupVersion().String() != apiVersion {
		t.Fatalf("the kubelet decodes a %v, want a CredentialProviderResponse of %s", kind, apiVersion)
	}
	if response.CacheKeyType != credentialprovider.RegistryPluginCacheKeyType || response.CacheDuration == nil {
		t.Fatalf("cacheKeyType %q, cacheDuration %v: want Registry and a duration", response.CacheKeyType, response.CacheDuration)
	}
	return response
}

// TestKubeletProtocol checks requests and responses of every version against the kubelet's own
// types.
func TestKubeletProtocol(t *testing.T) {
	t.Parallel()
	aws := ecrtest.New(t)
	env := aws.Env(t.TempDir(), ecrtest.FromEnvironment)
	for _, version := range []string{"v1", "v1beta1", "v1alpha1"} {
		t.Run(version, func(t *testing.T) {
			apiVersion := apiGroup + version
			request := encode(t, apiVersion, &credentialprovider.CredentialProviderRequest{Image: host + "/team/app"})
			// The tests of the command write this text themselves.
			if want := `{"kind":"CredentialProviderRequest","apiVersion":"` + apiVersion + `","image":"` + host + `/team/app"}` + "\n"; request != want {
				t.Errorf("the kubelet writes\n%swant\n%s", request, want)
			}
			response := ask(t, env, apiVersion, request)
			auth := response.Auth[host]
			if who, ok := aws.PrincipalOf(auth.Password); !ok || auth.Username != ecrtest.User || who.ARN != ecrtest.FromEnvironment.Principal() {
				t.Errorf("user %q, token of %q: want the environment's principal", auth.Username, who.ARN)
			}
			if len(response.Auth) != 1 || response.CacheDuration.Duration < 5*time.Hour {
				t.Errorf("%d registries, cached for %s: want 1 registry, and at least 5 h", len(response.Auth), response.CacheDuration.Duration)
			}

			other := encode(t, apiVersion, &credentialprovider.CredentialProviderRequest{Image: "quay.io/team/app"})
			if response := ask(t, env, apiVersion, other); response.Auth != nil || response.CacheDuration.Duration != 0 {
				t.Errorf("%d credentials cached for %s: want none for a registry that is not ECR", len(response.Auth), response.CacheDuration.Duration)
			}
		})
	}
}

// TestKubeletServiceAccountRequest checks the fields that only v1 has.
func TestKubeletServiceAccountRequest(t *testing.T) {
	t.Parallel()
	aws := ecrtest.New(t)
	aws.AddRole(ecrtest.Role{ARN: roleARN, Subject: subject})
	request := &credentialprovider.CredentialProviderRequest{
		Image:                     host + "/app",
		ServiceAccountToken:       aws.NewWebIdentityToken(subject, time.Hour),
		ServiceAccountAnnotations: map[string]string{"eks.amazonaws.com/role-arn": roleARN},
	}
	response := ask(t, aws.Env(t.TempDir(), ecrtest.FromEnvironment), apiGroup+"v1", encode(t, apiGroup+"v1", request))
	if who, _ := aws.PrincipalOf(response.Auth[host].Password); !strings.Contains(who.ARN, ":assumed-role/web/") {
		t.Errorf("the token belongs to %q, want the role of the service account", who.ARN)
	}
}
