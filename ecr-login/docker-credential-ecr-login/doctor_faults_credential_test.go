package main

import (
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// credentialFaults are faults of the AWS credentials.
var credentialFaults = []fault{
	{
		name:   "no credentials",
		change: func(p *fixture) { p.set("AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=") },
		code:   1,
		want: `✘ credentials  no AWS credentials: AWS_ACCESS_KEY_ID is not set, there is no default profile, no container credentials are configured, and the EC2 instance metadata service is disabled (AWS_EC2_METADATA_DISABLED)
               fix: run ` + "`aws configure` or `aws login`" + `, or set AWS_PROFILE to a profile that has credentials
! not checked  token, registry, image, layers: credentials failed
`,
	},
	{
		name: "credentials deleted, token in the cache",
		change: func(p *fixture) {
			p.seed(p.s, host, time.Hour)
			p.s.RemoveCredentials(p.getenv("AWS_ACCESS_KEY_ID"))
		},
		code: 1,
		want: `✘ credentials  STS at sts.us-east-1.amazonaws.com through proxy $PROXY refused: InvalidClientTokenId: The security token included in the request is invalid
               fix: check the access key: aws sts get-caller-identity
`,
	},
	{
		name:   "profile that does not exist",
		change: func(p *fixture) { p.set("AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "AWS_PROFILE=prdo") },
		code:   1,
		want: `✘ credentials  profile "prdo" not found in ~/.aws/config or ~/.aws/credentials
               fix: check ~/.aws/config and the AWS_ environment variables
! not checked  api, token, registry, image, layers: credentials failed
`,
	},
	{
		name: "expired SSO",
		change: func(p *fixture) {
			session := p.s.NewSSOSession("developer", -time.Hour, assignment)
			p.s.EndSSOSession(session)
			p.home.SSO("work", "corporate", session, assignment)
			p.set("AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "AWS_PROFILE=work")
		},
		code: 1,
		want: `✘ credentials  the SSO session of profile "work" has expired
               fix: run: aws sso login --sso-session corporate
! not checked  token, registry, image, layers: credentials failed
`,
	},
	{
		name:   "missing AWS_CONFIG_FILE",
		change: func(p *fixture) { p.set("AWS_CONFIG_FILE=/nonexistent/config") },
		want: `! credentials  AWS_CONFIG_FILE names /nonexistent/config, which does not exist
               fix: correct the environment variable, or unset it
`,
	},
	{
		name: "IMDS hop limit",
		change: func(p *fixture) {
			p.set("AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "AWS_EC2_METADATA_DISABLED=false", "AWS_EC2_METADATA_SERVICE_ENDPOINT="+p.s.URL)
			p.s.SetFault("imds:token", ecrtest.Fault{Silence: true})
		},
		code: 1,
		want: `✘ credentials  no AWS credentials: the response to the EC2 metadata service's PUT is lost, the hop limit is 1 and a container needs 2
               fix: aws ec2 modify-instance-metadata-options --instance-id ID --http-put-response-hop-limit 2
! not checked  token, registry, image, layers: credentials failed
`,
	},
	{
		name:   "STS unreachable",
		change: func(p *fixture) { p.s.SetFault("sts:GetCallerIdentity", ecrtest.Fault{CloseConnection: true}) },
		want: `! credentials  credentials found, but STS could not identify them: cannot reach STS at sts.us-east-1.amazonaws.com through proxy $PROXY: it closed the connection without a response
               fix: check HTTPS_PROXY and NO_PROXY
`,
	},
}
