package token_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// A metadata service that accepts a connection and does not respond is called once.
func TestMetadataSilent(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	home := s.Home(t.TempDir())
	home.Config("[profile role]", "role_arn = "+ruleRole, "credential_source = Ec2InstanceMetadata")
	env := home.Env("AWS_EC2_METADATA_SERVICE_ENDPOINT=" + s.BlackHole())
	plain := job{Request: private(ecrtest.Region), Metadata: 50 * time.Millisecond, DMI: t.TempDir()}
	role := plain
	role.Request.Profile = "role"
	results := fetchAll(t, env, plain, role)
	for _, r := range results {
		wantError(t, r, token.NoCredentials, "the EC2 instance metadata service accepted the connection but did not respond within 100ms")
		if r.Err.Stage != token.StageEC2 {
			t.Errorf("stage %q", r.Err.Stage)
		}
	}
	if n := s.Calls("black-hole"); n != len(results) {
		t.Errorf("%d connections, want one for each Fetch", n)
	}
	if !strings.Contains(results[1].Text, `profile "role" takes them from the EC2 instance`) {
		t.Errorf("%q does not name the profile's source", results[1].Text)
	}
}

// A refused connection is not the same as no response.
func TestMetadataRefused(t *testing.T) {
	t.Parallel()
	env := ecrtest.New(t).Home(t.TempDir()).Env("AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:1")
	r := fetch(t, env, job{Request: private(ecrtest.Region), Metadata: 20 * time.Second, DMI: t.TempDir()})
	wantError(t, r, token.NoCredentials, "the EC2 instance metadata service cannot be reached")
}

// On a machine that looks like EC2, one request without a response does not end the Fetch: a
// container that is one hop too far gets no response to the request for a session token.
func TestMetadataOnEC2(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	env := s.Env(t.TempDir(), ecrtest.FromEC2)
	dmi := t.TempDir()
	write(t, filepath.Join(dmi, "sys_vendor"), "Amazon EC2\n")
	s.SetFault("imds:token", ecrtest.Fault{Silence: true})
	short := job{Request: private(ecrtest.Region), Metadata: 100 * time.Millisecond, DMI: dmi}
	wantError(t, fetch(t, env, short), token.NoCredentials, "did not respond within 200ms")
	if s.Calls("imds:role") == 0 {
		t.Error("the role was not requested after the session token")
	}
}

// A metadata service that is there is used on any machine.
func TestMetadataElsewhere(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	env := s.Env(t.TempDir(), ecrtest.FromEC2)
	nowhere := filepath.Join(t.TempDir(), "missing")
	wantToken(t, s, fetch(t, env, job{Request: private(ecrtest.Region), DMI: nowhere}), ecrtest.FromEC2.Principal())

	s.Reset()
	auto := append(slices.Clip(env), "AWS_DEFAULTS_MODE=auto") // for which the SDK alone would request a region
	wantToken(t, s, fetch(t, auto, job{Request: private(ecrtest.Region), DMI: nowhere}), ecrtest.FromEC2.Principal())
	if n := s.Calls("imds:other"); n != 0 {
		t.Errorf("%d calls of the metadata service for something other than credentials", n)
	}

	s.SetInstanceRole("")
	wantError(t, fetch(t, env, job{Request: private(ecrtest.Region), DMI: nowhere}), token.NoCredentials, "the EC2 instance has no role")

	s.SetFault("*", ecrtest.Fault{Status: 400})
	wantError(t, fetch(t, env, job{Request: private(ecrtest.Region), DMI: nowhere, Metadata: 20 * time.Second}), token.NoCredentials, "returned HTTP 400")
	// Version 1 of the service, without tokens, is fallen back to in silence.
	s.SetFault("*")
	s.SetInstanceRole("arn:aws:iam::123456789012:role/old")
	s.SetFault("imds:token", ecrtest.Fault{Status: 403})
	if r := fetch(t, env, job{Request: private(ecrtest.Region), DMI: nowhere}); r.Stderr != "" {
		t.Errorf("standard error: %q", r.Stderr)
	}

	s.Reset()
	off := append(env, "AWS_EC2_METADATA_DISABLED=true")
	wantError(t, fetch(t, off, job{Request: private(ecrtest.Region)}), token.NoCredentials, "disabled (AWS_EC2_METADATA_DISABLED)")
	if n := len(s.Requests("")); n != 0 {
		t.Errorf("%d requests to a service that is disabled", n)
	}
}
