package main

import (
	"strings"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// networkFaults are faults of the network and the clock.
var networkFaults = []fault{
	{
		name: "DNS failure",
		// A label of 64 letters is invalid, so no DNS server is called.
		change: func(p *fixture) {
			p.set("AWS_ENDPOINT_URL_ECR=https://"+strings.Repeat("x", 64)+".invalid", "NO_PROXY=.invalid")
		},
		code: 1,
		want: `✘ api          cannot reach xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.invalid: the name "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.invalid" does not resolve
               fix: check the host name, its region, and DNS; behind a proxy set HTTPS_PROXY
! not checked  token, registry, image, layers: api failed
`,
	},
	{
		name:   "connection refused",
		change: func(p *fixture) { p.set("AWS_ENDPOINT_URL_ECR=http://127.0.0.1:1") },
		code:   1,
		want: `✘ api          cannot reach 127.0.0.1:1: connection refused
               fix: check the network; behind a proxy set HTTPS_PROXY
! not checked  token, registry, image, layers: api failed
`,
	},
	{
		name:   "proxy that refuses",
		change: func(p *fixture) { p.s.SetFault("proxy:CONNECT", ecrtest.Fault{Status: 407}) },
		code:   1,
		want: `! credentials  credentials found, but STS could not identify them: cannot reach STS at sts.us-east-1.amazonaws.com through proxy $PROXY: the proxy returned HTTP 407 (proxy authentication required)
               fix: check HTTPS_PROXY and NO_PROXY
✘ api          cannot reach api.ecr.us-east-1.amazonaws.com through proxy $PROXY: the proxy returned HTTP 407 (proxy authentication required)
               fix: check HTTPS_PROXY and NO_PROXY
✘ host         cannot reach $HOST through proxy $PROXY: the proxy returned HTTP 407 (proxy authentication required)
               fix: check HTTPS_PROXY and NO_PROXY
! not checked  clock, registry, image, layers: host failed
! not checked  token: api failed
`,
	},
	{
		name:   "unreachable proxy with a password",
		change: func(p *fixture) { p.set("HTTPS_PROXY=http://somebody:not-a-real-password@127.0.0.1:1") },
		code:   1,
		want: `! credentials  credentials found, but STS could not identify them: cannot reach STS at sts.us-east-1.amazonaws.com through proxy http://***@127.0.0.1:1: the proxy cannot be reached: connection refused
               fix: check HTTPS_PROXY and NO_PROXY
✘ api          cannot reach api.ecr.us-east-1.amazonaws.com through proxy http://***@127.0.0.1:1: the proxy cannot be reached: connection refused
               fix: check HTTPS_PROXY and NO_PROXY
✘ host         cannot reach $HOST through proxy http://***@127.0.0.1:1: the proxy cannot be reached: connection refused
               fix: check HTTPS_PROXY and NO_PROXY
! not checked  clock, registry, image, layers: host failed
! not checked  token: api failed
`,
	},
	{
		name:   "private CA missing",
		change: func(p *fixture) { p.set("AWS_CA_BUNDLE=") },
		code:   1,
		want: `! credentials  credentials found, but STS could not identify them: cannot reach STS at sts.us-east-1.amazonaws.com through proxy $PROXY: its certificate is signed by an unknown CA
               fix: if the proxy decrypts TLS, add its CA to the file in AWS_CA_BUNDLE, or in ca_bundle of the profile
✘ api          cannot reach api.ecr.us-east-1.amazonaws.com through proxy $PROXY: its certificate is signed by an unknown CA
               fix: add the proxy's CA to AWS_CA_BUNDLE, and for Docker's daemon to /etc/docker/certs.d/api.ecr.us-east-1.amazonaws.com
✘ host         cannot reach $HOST through proxy $PROXY: its certificate is signed by an unknown CA
               fix: add the proxy's CA to AWS_CA_BUNDLE, and for Docker's daemon to /etc/docker/certs.d/$HOST
! not checked  clock, registry, image, layers: host failed
! not checked  token: api failed
`,
	},
	{
		name:   "CA bundle not found",
		change: func(p *fixture) { p.set("AWS_CA_BUNDLE=/nonexistent/ca.pem") },
		code:   1,
		want: `✘ credentials  cannot read the CA bundle "/nonexistent/ca.pem": no such file or directory
               fix: check ~/.aws/config and the AWS_ environment variables
✘ host         cannot reach $HOST through proxy $PROXY: its certificate is signed by an unknown CA
               fix: add the proxy's CA to AWS_CA_BUNDLE, and for Docker's daemon to /etc/docker/certs.d/$HOST
! not checked  api, token: credentials failed
! not checked  clock, registry, image, layers: host failed
`,
	},
	{
		name:   "registry closes the connection",
		change: func(p *fixture) { p.s.SetFault("registry", ecrtest.Fault{CloseConnection: true}) },
		code:   1,
		want: `✘ host         cannot reach $HOST through proxy $PROXY: it closed the connection without a response
               fix: check HTTPS_PROXY and NO_PROXY
! not checked  registry, image, layers: host failed
`,
	},
	{
		name:   "not a registry",
		change: func(p *fixture) { p.s.SetFault("registry", ecrtest.Fault{Garbage: true, Status: 503}) },
		code:   1,
		want: `✘ registry     $HOST does not answer as a registry (HTTP 503)
               fix: check HTTPS_PROXY: a proxy may answer instead of AWS
! not checked  image, layers: registry failed
`,
	},
	{
		name: "token rejected as expired",
		change: func(p *fixture) {
			p.seed(p.s, host, time.Hour)
			p.s.SetClockOffset(4 * time.Minute)
			p.s.SetFault("registry", ecrtest.Fault{Status: 403, Code: "DENIED", Message: "Your authorization token has expired. Reauthenticate and try again."})
		},
		code: 1,
		want: `! clock        this clock is 4m0s behind the server's
               fix: sudo timedatectl set-ntp true
✘ registry     $HOST rejects the token as expired (HTTP 403: Your authorization token has expired. Reauthenticate and try again)
               fix: docker logout $HOST
! not checked  image, layers: registry failed
`,
	},
	{
		name:   "clock skew",
		change: func(p *fixture) { p.s.SetClockOffset(3 * time.Hour) },
		code:   1,
		want: `✘ clock        this clock is 3h0m0s behind the server's; AWS rejects more than 5 minutes
               fix: sudo timedatectl set-ntp true
`,
	},
	{
		name:   "clock slightly ahead",
		change: func(p *fixture) { p.s.SetClockOffset(-3 * time.Minute) },
		want: `! clock        this clock is 3m0s ahead of the server's
               fix: sudo timedatectl set-ntp true
`,
	},
}
