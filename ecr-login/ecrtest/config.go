package ecrtest

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Config returns a configuration of the AWS SDK for Go with which its clients call this server as
// the given principal, under AWS's own host names. It reads no environment variable and no file, so
// tests that use it can run in parallel:
//
//	s := ecrtest.New(t)
//	client := ecr.NewFromConfig(s.Config(s.AddUser("developer")))
//
// Set Region for another region than [Region].
func (s *Server) Config(c Credentials) aws.Config {
	return aws.Config{
		Region: Region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID:     c.AccessKeyID,
				SecretAccessKey: c.SecretAccessKey,
				SessionToken:    c.SessionToken,
				AccountID:       c.Principal.Account,
				Source:          "ecrtest",
				CanExpire:       c.Principal.Temporary,
				Expires:         c.Principal.Expires,
			}, nil
		}),
		HTTPClient: &http.Client{Transport: s.Transport()},
	}
}
