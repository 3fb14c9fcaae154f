//go:build unix

package token_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// A credential_process that hangs is ended with the Fetch: it holds the standard
// error for whose end some clients wait. The pipe tells: it ends with the last
// process that has it open.
func TestProcessIsEnded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fifo, config := filepath.Join(dir, "fifo"), filepath.Join(dir, "config")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	pipe, err := os.OpenFile(fifo, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	write(t, config, "[profile slow]\ncredential_process = sh -c 'exec 9>"+fifo+"; echo started >&9; exec sleep 60 2>/dev/null'\n")
	r := fetch(t, settings(t, "AWS_CONFIG_FILE="+config, "AWS_PROFILE=slow"), job{Request: private("us-east-1"), Budget: time.Second})
	wantError(t, r, token.Timeout, `running the credential_process of profile "slow"`)

	if err := pipe.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	said, err := io.ReadAll(pipe)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal("the process goes on")
	}
	if err != nil || string(said) != "started\n" {
		t.Errorf("the process said %q, %v", said, err)
	}
}
