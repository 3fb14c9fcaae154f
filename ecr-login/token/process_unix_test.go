//go:build unix

package token_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// A credential_process that hangs ends with the Fetch, and so do its descendants. They hold a FIFO
// open, and standard error, which this test reads to the end.
func TestProcessEndsWithDescendants(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fifo, script, config := filepath.Join(dir, "fifo"), filepath.Join(dir, "script"), filepath.Join(dir, "config")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(fifo, os.O_RDWR, 0) // keeps the FIFO open until the script has it
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	pipe, err := os.OpenFile(fifo, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	started := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if _, err := io.ReadFull(pipe, make([]byte, len("started\n"))); err != nil {
			t.Error(err)
		}
	}))
	defer started.Close()
	write(t, script, "exec 9>"+fifo+"; sleep 600 & echo started >&9; sleep 600; true\n")
	write(t, config, "[profile slow]\ncredential_process = sh "+script+"\n")
	r := fetch(t, settings(t, "AWS_CONFIG_FILE="+config, "AWS_PROFILE=slow"), job{Request: private("us-east-1"), Expire: started.URL})
	wantError(t, r, token.Timeout, `running the credential_process of profile "slow"`)
	if r.Err.Code != token.CodeProcess || r.Err.Stage != token.StageProcess {
		t.Errorf("code %q, stage %q", r.Err.Code, r.Err.Stage)
	}
	reader.Close()
	if rest, err := io.ReadAll(pipe); err != nil || len(rest) != 0 { // ends with the last descendant
		t.Errorf("%q, %v", rest, err)
	}
}
