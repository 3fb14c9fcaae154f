package token

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/process"
)

// processProvider runs the credential_process of a profile.
type processProvider struct{ f *fetch }

// A processError reports a credential_process that failed. Its text does not have the output, which
// may be credentials.
type processError struct {
	what string
	err  error
}

func (e *processError) Error() string { return e.what }
func (e *processError) Unwrap() error { return e.err }

// Retrieve implements aws.CredentialsProvider. The program runs without a shell, as for the AWS
// CLI.
func (p processProvider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-processGrace))
		defer cancel()
	}
	cmd, err := processCommand(p.f.chain.Command)
	if err != nil {
		return aws.Credentials{}, err
	}
	cmd.Stdin, cmd.Stderr = os.Stdin, os.Stderr // for programs that prompt for an MFA code
	output, err := process.Output(ctx, cmd)
	if err != nil {
		if ctx.Err() != nil {
			return aws.Credentials{}, &processError{"timed out", context.DeadlineExceeded}
		}
		if errors.Is(err, process.ErrTooLong) {
			return aws.Credentials{}, &processError{err.Error(), err}
		}
		if exit, ok := err.(*exec.ExitError); ok {
			return aws.Credentials{}, &processError{"failed: " + exit.Error(), exit}
		}
		return aws.Credentials{}, &processError{fmt.Sprintf("could not be started without a shell: %v", err), err}
	}
	return parseProcess(output)
}

// parseProcess parses the output of a credential_process (AWS SDKs and Tools Reference Guide,
// "Process credential provider").
func parseProcess(output []byte) (aws.Credentials, error) {
	var out struct {
		Version                                                int
		AccessKeyID, SecretAccessKey, SessionToken, Expiration string
	}
	if json.Unmarshal(output, &out) != nil || out.Version != 1 || out.AccessKeyID == "" || out.SecretAccessKey == "" {
		return aws.Credentials{}, &processError{what: "did not print version 1 credentials as JSON"}
	}
	c := aws.Credentials{AccessKeyID: out.AccessKeyID, SecretAccessKey: out.SecretAccessKey, SessionToken: out.SessionToken}
	if out.Expiration != "" {
		expires, err := awsconfig.ParseTime(out.Expiration)
		if err != nil {
			return aws.Credentials{}, &processError{what: "printed an Expiration that is not a time"}
		}
		c.CanExpire, c.Expires = true, expires
	}
	return c, nil
}
