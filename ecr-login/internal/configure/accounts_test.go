package configure

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
)

// newAWSSession returns a session of a user with these AWS files, and with consent to calls of STS.
func newAWSSession(t *testing.T, config string, caller func(ctx context.Context, profile string) (Caller, error)) *Session {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "config")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"AWS_CONFIG_FILE": file, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull}
	s, _ := newSession(t, Options{
		AWS:        awsconfig.Load(awsconfig.Input{Home: dir, Environ: func(name string) (string, bool) { v, ok := env[name]; return v, ok }}),
		Caller:     caller,
		MayCallSTS: func([]string) (bool, error) { return true, nil },
	})
	return s
}

// keyProfiles returns a config file with profiles of access keys.
func keyProfiles(names ...string) string {
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "[profile %s]\naws_access_key_id = a\naws_secret_access_key = b\n", name)
	}
	return b.String()
}

// A profile for which STS is silent costs the time of one call. The others are found, and a warning
// names it.
func TestSilentSTS(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newAWSSession(t, keyProfiles("silent", "prod"), func(ctx context.Context, profile string) (Caller, error) {
			switch profile {
			case "prod":
				return Caller{Account: "123456789012"}, nil
			case "silent":
				<-ctx.Done()
				return Caller{}, ctx.Err()
			}
			return Caller{}, fmt.Errorf("%w: none", ErrNoCredentials)
		})
		start := time.Now() // of the bubble's clock, which advances when everything waits
		if err := s.Assign(t.Context(), []string{host, "999988887777.dkr.ecr.us-east-1.amazonaws.com"}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != stsTime {
			t.Errorf("it took %s, want %s", took, stsTime)
		}
		if a := s.assigned[host]; a.Profile != "prod" || a.Reason != OnlyProfile {
			t.Errorf("%+v", a)
		}
		warnings := s.result.Warnings
		if len(warnings) != 2 || !strings.HasPrefix(warnings[0].Error(), `cannot find the account of profile "silent"`) || !errors.Is(warnings[0], context.DeadlineExceeded) {
			t.Errorf("%q", warnings)
		}
	})
}

// Many profiles are identified in parallel, and not more than stsCalls at once.
func TestParallelCallsOfSTS(t *testing.T) {
	t.Parallel()
	var names []string
	for i := range 5*stsCalls + 1 {
		names = append(names, fmt.Sprintf("p%d", i))
	}
	synctest.Test(t, func(t *testing.T) {
		var running, calls atomic.Int32
		next := make(chan struct{})
		s := newAWSSession(t, keyProfiles(names...), func(ctx context.Context, profile string) (Caller, error) {
			if profile == "" {
				return Caller{}, ErrNoCredentials
			}
			running.Add(1)
			defer running.Add(-1)
			calls.Add(1)
			<-next
			return Caller{Account: "210987654321"}, nil
		})
		done := make(chan error, 1)
		go func() { done <- s.Assign(t.Context(), []string{host}) }()
		for ended := range len(names) {
			synctest.Wait() // every goroutine waits
			if n, want := int(running.Load()), min(stsCalls, len(names)-ended); n != want {
				t.Errorf("%d calls at once after %d, want %d", n, ended, want)
			}
			next <- struct{}{}
		}
		if err := <-done; err != nil || int(calls.Load()) != len(names) {
			t.Errorf("%v, %d calls for %d profiles", err, calls.Load(), len(names))
		}
	})
}
