package ecrtest_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecrpublic"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
)

// The SDK reads the process's environment, so an environment is tested with a process of its own:
// this test binary, which is a client when clientVariable names an operation.
const clientVariable = "ECRTEST_CLIENT"

func TestMain(m *testing.M) {
	if op := os.Getenv(clientVariable); op != "" {
		os.Exit(client(op))
	}
	os.Exit(m.Run())
}

// result is the output of the client process.
type result struct {
	Password string
	Proxy    string // proxyEndpoint of the token
	ARN      string
	Error    string
	Code     string
}

// client calls one operation with the SDK, as any program does, and prints the result.
func client(op string) int {
	var r result
	if err := r.call(op); err != nil {
		r.Error = err.Error()
		var api smithy.APIError
		if errors.As(err, &api) {
			r.Code = api.ErrorCode()
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		return 1
	}
	return 0
}

func (r *result) call(op string) error {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}))
	if err != nil {
		return err
	}
	switch op {
	case "ecr":
		out, err := ecr.NewFromConfig(cfg).GetAuthorizationToken(ctx, nil)
		if err != nil {
			return err
		}
		if len(out.AuthorizationData) != 1 {
			return fmt.Errorf("%d tokens", len(out.AuthorizationData))
		}
		r.Proxy = aws.ToString(out.AuthorizationData[0].ProxyEndpoint)
		r.Password, err = passwordOf(out.AuthorizationData[0].AuthorizationToken)
		return err
	case "ecr-public":
		out, err := ecrpublic.NewFromConfig(cfg).GetAuthorizationToken(ctx, nil)
		if err != nil {
			return err
		}
		r.Password, err = passwordOf(out.AuthorizationData.AuthorizationToken)
		return err
	case "sts":
		out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
		if err != nil {
			return err
		}
		r.ARN = aws.ToString(out.Arn)
		return nil
	}
	return fmt.Errorf("no operation %q", op)
}

func passwordOf(token *string) (string, error) {
	b, err := base64.StdEncoding.DecodeString(aws.ToString(token))
	if err != nil {
		return "", err
	}
	user, password, ok := strings.Cut(string(b), ":")
	if !ok || user != "AWS" {
		return "", fmt.Errorf("user %q", user)
	}
	return password, nil
}

// clientEnv makes this binary a client process. Without GORACE, the race detector makes every
// process wait a second before it ends.
func clientEnv(op string, env []string) []string {
	return append(env, clientVariable+"="+op, "GORACE=atexit_sleep_ms=0")
}

// start starts a client process that runs until ctx ends, and sends its output to a channel.
func start(t *testing.T, ctx context.Context, op string, env []string) <-chan string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = clientEnv(op, env)
	done := make(chan string, 1)
	go func() {
		// It is killed, so its exit status says nothing.
		out, _ := cmd.Output()
		done <- string(out)
	}()
	return done
}

// run starts a client process in an environment and returns its output, which must contain only the
// result.
func run(t *testing.T, op string, env []string) result {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = clientEnv(op, env)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("client process: %v, standard error %q", err, stderr.String())
	}
	var r result
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("client process printed %q: %v", out, err)
	}
	return r
}
