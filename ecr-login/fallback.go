package ecrlogin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/docker/docker-credential-helpers/client"
	"github.com/docker/docker-credential-helpers/credentials"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// guard is the variable by which a copy of this program, started as a fallback under another name, knows that
// it must not fall back again: two copies naming each other would start processes without end.
const guard = "ECR_LOGIN_IN_FALLBACK"

func (h *Helper) foreignGet(ctx context.Context, serverURL string, notECR error) (Credentials, error) {
	if !h.mayFallBack() {
		return Credentials{}, notFound{notECR}
	}
	var got *credentials.Credentials
	err := h.fallback(ctx, func(run client.ProgramFunc) (err error) {
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
		// How older versions of docker-credential-pass say not-found.
		return Credentials{}, notFound{notECR}
	}
	return Credentials{Username: got.Username, Password: got.Secret}, nil
}

func (h *Helper) foreignStore(ctx context.Context, serverURL string, login Credentials, notECR error) error {
	if !h.mayFallBack() {
		return fmt.Errorf("cannot keep a login: %w, and no fallback helper is set", notECR)
	}
	return h.fallback(ctx, func(run client.ProgramFunc) error {
		return client.Store(run, &credentials.Credentials{ServerURL: serverURL, Username: login.Username, Secret: login.Password})
	})
}

func (h *Helper) foreignErase(ctx context.Context, serverURL string) error {
	if !h.mayFallBack() {
		return nil
	}
	return h.fallback(ctx, func(run client.ProgramFunc) error { return client.Erase(run, serverURL) })
}

func (h *Helper) foreignList(ctx context.Context) map[string]string {
	hosts := map[string]string{}
	if !h.mayFallBack() {
		return hosts
	}
	err := h.fallback(ctx, func(run client.ProgramFunc) error {
		theirs, err := client.List(run)
		if err == nil && theirs != nil {
			hosts = theirs
		}
		return err
	})
	if err != nil {
		h.log.Info("left the fallback helper's hosts out of the list", "error", err)
	}
	return hosts
}

func (h *Helper) mayFallBack() bool {
	return h.settings.Fallback != "" && os.Getenv(guard) == ""
}

// fallback finds the settings' fallback helper, makes sure that it is not this program, and lets ask talk to it
// within the time budget.
func (h *Helper) fallback(ctx context.Context, ask func(client.ProgramFunc) error) error {
	name := "docker-credential-" + h.settings.Fallback
	path, err := exec.LookPath(name)
	if err != nil {
		return fmt.Errorf("the fallback helper %s of the settings is not on PATH: %w", name, err)
	}
	if h.isSelf(path) {
		return fmt.Errorf("the fallback helper %s of the settings is this program itself", path)
	}
	ctx, cancel := context.WithTimeout(ctx, h.settings.Timeout)
	defer cancel()
	err = ask(func(args ...string) client.Program {
		cmd := exec.CommandContext(ctx, path, args...)
		cmd.Env = append(os.Environ(), guard+"=1")
		cmd.Stderr = h.options.Stderr
		cmd.WaitDelay = time.Second // for grandchildren that keep the pipe open after the kill
		return program{cmd}
	})
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		stage := "asking the fallback helper " + name
		return &Error{
			Kind: token.Timeout, Stage: stage, Err: err,
			Message: fmt.Sprintf("timed out after %s while %s", h.settings.Timeout, stage),
		}
	}
	return err
}

func (h *Helper) isSelf(path string) bool {
	self := h.options.Self
	if self == "" {
		self, _ = os.Executable()
	}
	a, errA := os.Stat(self)
	b, errB := os.Stat(path)
	return errA == nil && errB == nil && os.SameFile(a, b)
}

// program runs a helper for Docker's client package, under a context that the package does not know of.
type program struct{ *exec.Cmd }

func (p program) Output() ([]byte, error) { return p.Cmd.Output() }
func (p program) Input(in io.Reader)      { p.Stdin = in }
