package token_test

import (
	"fmt"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// An address that drops packets does not use up the time.
func TestMetadataUnreachable(t *testing.T) {
	t.Parallel()
	env := ecrtest.New(t).Home(t.TempDir()).Env("AWS_EC2_METADATA_SERVICE_ENDPOINT=http://" + fullListener(t))
	r := fetch(t, env, job{Request: private(ecrtest.Region), Metadata: 50 * time.Millisecond, DMI: t.TempDir()})
	wantError(t, r, token.NoCredentials, "the EC2 instance metadata service did not accept a connection within 50ms")
	if r.Err.Stage != token.StageEC2 {
		t.Errorf("stage %q", r.Err.Stage)
	}
}

// fullListener returns an address on loopback where the kernel drops connection requests, because
// the queue of connections to accept is full.
func fullListener(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	bound, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", bound.(*syscall.SockaddrInet4).Port)
	first, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { first.Close() })
	return address
}
