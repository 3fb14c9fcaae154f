package ecrlogin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/docker/docker-credential-helpers/client"
	"github.com/docker/docker-credential-helpers/credentials"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/process"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/progname"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// inFallback is the environment variable that is set for a fallback helper. If that helper is a
// copy of this program under another name, it does not start a fallback helper in turn: two copies
// that name each other would start processes without end.
const inFallback = "ECR_LOGIN_IN_FALLBACK"

func (h *Helper) fallbackGet(ctx context.Context, serverURL string, notECR error) (Credentials, error) {
	if !h.hasFallback() {
		return Credentials{}, notFound{notECR}
	}
	var got *credentials.Credentials
	err := h.callFallback(ctx, func(run client.ProgramFunc) (err error) {
		got, err = client.Get(run, serverURL)
		return err
	})
	if credentials.IsErrCredentialsNotFound(err) {
		return Credentials{}, notFound{notECR}
	}
	if err != nil {
		return Credentials{}, err
	}
	if got.Username == "" && got.Secret == "" {
		// Older versions of docker-credential-pass report missing credentials this way.
		return Credentials{}, notFound{notECR}
	}
	return Credentials{Username: got.Username, Password: got.Secret}, nil
}

func (h *Helper) fallbackStore(ctx context.Context, serverURL string, login Credentials, notECR error) error {
	if !h.hasFallback() {
		return fmt.Errorf("cannot store the login: %w, and the settings have no fallback helper", notECR)
	}
	return h.callFallback(ctx, func(run client.ProgramFunc) error {
		return client.Store(run, &credentials.Credentials{ServerURL: serverURL, Username: login.Username, Secret: login.Password})
	})
}

func (h *Helper) fallbackErase(ctx context.Context, serverURL string) error {
	if !h.hasFallback() {
		return nil
	}
	return h.callFallback(ctx, func(run client.ProgramFunc) error { return client.Erase(run, serverURL) })
}

func (h *Helper) fallbackList(ctx context.Context) map[string]string {
	hosts := map[string]string{}
	if !h.hasFallback() {
		return hosts
	}
	err := h.callFallback(ctx, func(run client.ProgramFunc) error {
		list, err := client.List(run)
		if err == nil && list != nil {
			hosts = list
		}
		return err
	})
	if err != nil {
		h.log.Info("the fallback helper's hosts are missing in the list", "error", err)
	}
	return hosts
}

// hasFallback reports whether hosts that are not ECR are passed to a fallback helper.
func (h *Helper) hasFallback() bool {
	return h.settings.Fallback != "" && os.Getenv(inFallback) == ""
}

// callFallback finds the fallback helper of the settings, makes sure that it is not this program,
// and runs call with a function that starts it. The helper and its descendants are ended when the
// timeout of the settings is over.
func (h *Helper) callFallback(ctx context.Context, call func(client.ProgramFunc) error) error {
	name := progname.Prefix + h.settings.Fallback
	path, err := exec.LookPath(name)
	if err != nil {
		return fmt.Errorf("fallback helper %s not found on PATH: %w", name, err)
	}
	if h.isSelf(path) {
		return fmt.Errorf("the fallback helper %s is this program itself", path)
	}
	ctx, cancel := context.WithTimeout(ctx, h.settings.Timeout)
	defer cancel()
	err = call(func(args ...string) client.Program {
		cmd := exec.Command(path, args...)
		cmd.Env = append(os.Environ(), inFallback+"=1")
		cmd.Stderr = h.options.Stderr
		return program{ctx, cmd}
	})
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &Error{
			Kind: token.Timeout, Stage: token.StageFallback, Err: err,
			Message: fmt.Sprintf("timed out after %s while calling the fallback helper %s", h.settings.Timeout, name),
		}
	}
	return err
}

// isSelf reports whether path is the file of the running program.
func (h *Helper) isSelf(path string) bool {
	self := h.options.Self
	if self == "" {
		self, _ = os.Executable()
	}
	a, errA := os.Stat(self)
	b, errB := os.Stat(path)
	return errA == nil && errB == nil && os.SameFile(a, b)
}

// program is the client.Program of a command with a context, which package client does not support.
type program struct {
	ctx context.Context
	cmd *exec.Cmd
}

func (p program) Output() ([]byte, error) { return process.Output(p.ctx, p.cmd) }
func (p program) Input(in io.Reader)      { p.cmd.Stdin = in }
