package ecrtest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// TestConfigUsesNoEnvironment checks that two principals work side by side, under AWS's own host
// names.
func TestConfigUsesNoEnvironment(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	t.Setenv("AWS_ACCESS_KEY_ID", "not-a-real-key")
	s := ecrtest.New(t)
	for _, c := range []ecrtest.Credentials{s.AddUser("alice"), s.NewSession("arn:aws:sts::111111111111:assumed-role/bob/session")} {
		password := mustFetch(t, s.Config(c))
		if who, _ := s.PrincipalOf(password); who.ARN != c.Principal.ARN {
			t.Errorf("the token belongs to %q, want %q", who.ARN, c.Principal.ARN)
		}
		if arn, err := identity(t.Context(), s.Config(c)); err != nil || arn != c.Principal.ARN {
			t.Errorf("STS returns %q, %v, want %q", arn, err, c.Principal.ARN)
		}
		creds, err := s.Config(c).Credentials.Retrieve(t.Context())
		if err != nil || creds.CanExpire != c.Principal.Temporary || !creds.Expires.Equal(c.Principal.Expires) {
			t.Errorf("credentials expire at %s, want %s", creds.Expires, c.Principal.Expires)
		}
	}
	if r := s.Requests("ecr:GetAuthorizationToken")[0]; r.Host != "api.ecr.us-east-1.amazonaws.com" {
		t.Errorf("called %s", r.Host)
	}
}

// TestRepositoryOperations pushes an image and reads it back through ECR's API.
func TestRepositoryOperations(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	now := time.Now().Truncate(time.Second) // the SDK signs with the real clock
	s.SetClock(func() time.Time { return now })
	config := s.Config(s.AddUser("developer"))
	client, ctx := ecr.NewFromConfig(config), t.Context()
	created, err := client.CreateRepository(ctx, &ecr.CreateRepositoryInput{RepositoryName: aws.String("team/app")})
	if err != nil {
		t.Fatal(err)
	}
	want := types.Repository{
		RepositoryName: aws.String("team/app"), RegistryId: aws.String(ecrtest.Account), CreatedAt: aws.Time(now), ImageTagMutability: "MUTABLE",
		RepositoryArn: aws.String("arn:aws:ecr:us-east-1:123456789012:repository/team/app"), RepositoryUri: aws.String(host + "/team/app"),
	}
	if r := created.Repository; *r.RepositoryArn != *want.RepositoryArn || *r.RepositoryUri != *want.RepositoryUri || !r.CreatedAt.Equal(now) ||
		r.ImageTagMutability != want.ImageTagMutability || *r.RegistryId != *want.RegistryId || *r.RepositoryName != *want.RepositoryName {
		t.Errorf("created %+v, want %+v", r, want)
	}
	_, err = client.CreateRepository(ctx, &ecr.CreateRepositoryInput{RepositoryName: aws.String("team/app")})
	wantAPIError(t, err, "RepositoryAlreadyExistsException", "The repository with name 'team/app' already exists in the registry with id '123456789012'")

	token := password(mustFetch(t, config))
	img := image(t)
	for _, tag := range []string{"1", "latest"} {
		if err := push(t, s, host+"/team/app:"+tag, img, token); err != nil {
			t.Fatal(err)
		}
	}
	hash, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if err := push(t, s, host+"/team/app:latest", image(t), token); err != nil {
		t.Fatal(err)
	}
	input := &ecr.ListImagesInput{RepositoryName: aws.String("team/app"), MaxResults: aws.Int32(1)}
	var listed []string
	for pages := ecr.NewListImagesPaginator(client, input); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range page.ImageIds {
			listed = append(listed, aws.ToString(id.ImageTag))
		}
	}
	slices.Sort(listed)
	if !slices.Equal(listed, []string{"1", "latest"}) {
		t.Errorf("listed %q", listed)
	}
	described, err := client.DescribeImages(ctx, &ecr.DescribeImagesInput{RepositoryName: aws.String("team/app"), ImageIds: []types.ImageIdentifier{{ImageTag: aws.String("1")}}})
	if err != nil {
		t.Fatal(err)
	}
	if d := described.ImageDetails[0]; *d.ImageDigest != hash.String() || !slices.Equal(d.ImageTags, []string{"1"}) || *d.ImageSizeInBytes < 1024 || !d.ImagePushedAt.Equal(now) {
		t.Errorf("described %s %q %d bytes, pushed at %s", *d.ImageDigest, d.ImageTags, *d.ImageSizeInBytes, d.ImagePushedAt)
	}
	_, err = client.DescribeImages(ctx, &ecr.DescribeImagesInput{RepositoryName: aws.String("team/app"), ImageIds: []types.ImageIdentifier{{ImageTag: aws.String("2")}}})
	wantAPIError(t, err, "ImageNotFoundException",
		"The image with imageId {imageDigest:'null', imageTag:'2'} does not exist within the repository with name 'team/app' in the registry with id '123456789012'")

	got, err := client.BatchGetImage(ctx, &ecr.BatchGetImageInput{RepositoryName: aws.String("team/app"),
		ImageIds: []types.ImageIdentifier{{ImageTag: aws.String("1")}, {ImageTag: aws.String("2")}}})
	if err != nil || len(got.Images) != 1 || len(got.Failures) != 1 || got.Failures[0].FailureCode != "ImageNotFound" {
		t.Fatalf("%+v, %v", got, err)
	}
	manifest, err := img.RawManifest()
	if err != nil || aws.ToString(got.Images[0].ImageManifest) != string(manifest) {
		t.Errorf("the manifest is %s, want %s", aws.ToString(got.Images[0].ImageManifest), manifest)
	}
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	layer, err := layers[0].Digest()
	if err != nil {
		t.Fatal(err)
	}
	missing := "sha256:" + strings.Repeat("0", 64)
	checked, err := client.BatchCheckLayerAvailability(ctx, &ecr.BatchCheckLayerAvailabilityInput{RepositoryName: aws.String("team/app"), LayerDigests: []string{layer.String(), missing, "latest"}})
	if err != nil || len(checked.Layers) != 2 || checked.Layers[0].LayerAvailability != "AVAILABLE" || *checked.Layers[0].LayerSize < 512 ||
		checked.Layers[1].LayerAvailability != "UNAVAILABLE" || len(checked.Failures) != 1 {
		t.Errorf("%+v, %v", checked, err)
	}

	_, err = client.DeleteRepository(ctx, &ecr.DeleteRepositoryInput{RepositoryName: aws.String("team/app")})
	wantAPIError(t, err, "RepositoryNotEmptyException", "The repository with name 'team/app' in registry with id '123456789012' cannot be deleted because it still contains images")
	if _, err := client.DeleteRepository(ctx, &ecr.DeleteRepositoryInput{RepositoryName: aws.String("team/app"), Force: true}); err != nil {
		t.Fatal(err)
	}
	_, err = client.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{RepositoryNames: []string{"team/app"}})
	wantAPIError(t, err, "RepositoryNotFoundException", "The repository with name 'team/app' does not exist in the registry with id '123456789012'")
	if _, err := pull(t, s, host+"/team/app:1", token); err == nil {
		t.Error("an image of a deleted repository can be pulled")
	}
}

func TestRepositoryNames(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	client := ecr.NewFromConfig(s.Config(s.AddUser("developer")))
	for name, ok := range map[string]bool{"app": true, "a-b_c.d/e": true, "a": false, "App": false, "app/": false, "-app": false} {
		_, err := client.CreateRepository(t.Context(), &ecr.CreateRepositoryInput{RepositoryName: aws.String(name)})
		if (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
	s.Deny("ecr:CreateRepository")
	if _, err := client.CreateRepository(t.Context(), &ecr.CreateRepositoryInput{RepositoryName: aws.String("denied")}); err == nil || !strings.Contains(err.Error(), "AccessDeniedException") {
		t.Errorf("error %v, want access denied", err)
	}
}

func TestRequiredRepositories(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	config := s.Config(s.AddUser("developer"))
	token := password(mustFetch(t, config))
	if err := push(t, s, host+"/implicit:1", image(t), token); err != nil {
		t.Errorf("the first push creates a repository: %v", err)
	}
	s.SetRequireRepositories(true)
	wantRefused(t, push(t, s, host+"/app:1", image(t), token), http.StatusNotFound, "NAME_UNKNOWN",
		"The repository with name 'app' does not exist in the registry with id '123456789012'")
	client := ecr.NewFromConfig(config)
	if _, err := client.CreateRepository(t.Context(), &ecr.CreateRepositoryInput{RepositoryName: aws.String("app")}); err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{"/app:1", "/implicit:2"} {
		if err := push(t, s, host+ref, image(t), token); err != nil {
			t.Errorf("%s: %v", ref, err)
		}
	}
	described, err := client.DescribeRepositories(t.Context(), nil)
	if err != nil || len(described.Repositories) != 2 {
		t.Errorf("%+v, %v, want two repositories", described, err)
	}
}

func TestImmutableTags(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	config := s.Config(s.AddUser("developer"))
	token, client := password(mustFetch(t, config)), ecr.NewFromConfig(config)
	s.SetImmutableTags(true)
	if _, err := client.CreateRepository(t.Context(), &ecr.CreateRepositoryInput{RepositoryName: aws.String("mutable"), ImageTagMutability: "MUTABLE"}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"mutable", "app"} {
		if err := push(t, s, host+"/"+name+":1", image(t), token); err != nil {
			t.Fatal(err)
		}
	}
	if err := push(t, s, host+"/mutable:1", image(t), token); err != nil {
		t.Errorf("a mutable tag: %v", err)
	}
	wantRefused(t, push(t, s, host+"/app:1", image(t), token), http.StatusBadRequest, "TAG_INVALID",
		"The image tag '1' already exists in the 'app' repository and cannot be overwritten because the repository is immutable.")
	if err := push(t, s, host+"/app:2", image(t), token); err != nil {
		t.Errorf("another tag: %v", err)
	}
}

// TestLoopbackIsTheDefaultRegistry checks that images pushed to the server's address are those of
// Account and Region.
func TestLoopbackIsTheDefaultRegistry(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	token := password(mustFetch(t, s.Config(s.AddUser("developer"))))
	img := image(t)
	if err := push(t, s, s.Registry+"/app:1", img, token); err != nil {
		t.Fatal(err)
	}
	want, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := pull(t, s, host+"/app:1", token); err != nil || got != want {
		t.Errorf("pulled %v, %v, want %v", got, err, want)
	}
}
