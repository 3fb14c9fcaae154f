//go:build stress

package main

import (
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// A run ends even if servers hang: here STS and the registry.
func TestDoctorEndsInTime(t *testing.T) {
	t.Parallel()
	p := newFixture(t)
	p.s.SetFault("registry", ecrtest.Fault{Silence: true})
	p.set("ECR_LOGIN_TIMEOUT=5s", "AWS_ENDPOINT_URL_STS="+p.s.BlackHole())
	p.wants(problems(p.run("", "doctor", host)), 1,
		`! credentials  credentials found, but STS could not identify them: timed out after * while calling STS to identify the caller at 127.0.0.1:*
               fix: check the network; behind a proxy set HTTPS_PROXY
✘ host         cannot reach $HOST through proxy $PROXY: it does not respond
               fix: check HTTPS_PROXY and NO_PROXY
! not checked  registry: host failed
`)
}
