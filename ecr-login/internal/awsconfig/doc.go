// Package awsconfig has the codes for the sources of AWS credentials.
package awsconfig
