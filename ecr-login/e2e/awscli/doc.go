// Package awscli has a test that compares the credential helper with the AWS CLI; see make aws-cli.
package awscli
