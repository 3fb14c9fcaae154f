package ecrtest_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"log"
	"net/http"
	"strings"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// This program logs in to ECR and pushes, in the same process. A test uses New(t) instead of Start
// and Close.
func Example() {
	ctx := context.Background()
	s, err := ecrtest.Start(ecrtest.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	user := s.AddUser("developer")

	// The program's part: fetch a token …
	client := ecr.New(ecr.Options{
		Region:       "eu-west-1",
		BaseEndpoint: &s.URL,
		HTTPClient:   http.DefaultClient,
		Credentials:  credentials.NewStaticCredentialsProvider(user.AccessKeyID, user.SecretAccessKey, ""),
	})
	out, err := client.GetAuthorizationToken(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	login, err := base64.StdEncoding.DecodeString(aws.ToString(out.AuthorizationData[0].AuthorizationToken))
	if err != nil {
		log.Fatal(err)
	}
	username, password, _ := strings.Cut(string(login), ":")

	// … and push with it, to a host name of ECR.
	ref, err := name.ParseReference("123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1")
	if err != nil {
		log.Fatal(err)
	}
	auth := remote.WithAuth(&authn.Basic{Username: username, Password: password})
	err = remote.Write(ref, empty.Image, auth, remote.WithTransport(s.Transport()))
	fmt.Println("pushed:", err == nil)

	// What the test wants to know.
	who, _ := s.PrincipalOf(password)
	fmt.Println("in the name of:", who.ARN)
	fmt.Println("token calls:", s.Calls("ecr:GetAuthorizationToken"))

	// Twelve hours later the token is worth nothing.
	s.SetClockOffset(12 * time.Hour)
	_, err = remote.Head(ref, auth, remote.WithTransport(s.Transport()))
	fmt.Println("pulls 12 hours later:", err == nil)

	// Output:
	// pushed: true
	// in the name of: arn:aws:iam::123456789012:user/developer
	// token calls: 1
	// pulls 12 hours later: false
}

// This example shows the error of a program that AWS denies access.
func ExampleServer_SetFault() {
	s, err := ecrtest.Start(ecrtest.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	user := s.AddUser("developer")
	s.SetFault("ecr:GetAuthorizationToken", ecrtest.AccessDenied())

	client := ecr.New(ecr.Options{
		Region:       "eu-west-1",
		BaseEndpoint: &s.URL,
		HTTPClient:   http.DefaultClient,
		Credentials:  credentials.NewStaticCredentialsProvider(user.AccessKeyID, user.SecretAccessKey, ""),
	})
	_, err = client.GetAuthorizationToken(context.Background(), nil)
	_, text, _ := strings.Cut(err.Error(), "AccessDeniedException: ")
	fmt.Println(text)

	// Output: User: arn:aws:iam::123456789012:user/developer is not authorized to perform: ecr:GetAuthorizationToken on resource: * because no identity-based policy allows the ecr:GetAuthorizationToken action
}
