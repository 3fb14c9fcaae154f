package main

import (
	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// registryFaults are faults of what AWS denies or does not have.
var registryFaults = []fault{
	{
		name:   "denied token",
		change: func(p *fixture) { p.s.Deny(getToken) },
		code:   1,
		want: `✘ token        access denied: arn:aws:iam::123456789012:user/developer is not allowed to call ecr:GetAuthorizationToken, because no identity-based policy allows the ecr:GetAuthorizationToken action
               fix: allow ecr:GetAuthorizationToken in a policy of that principal
! not checked  registry, image, layers: token failed
`,
	},
	{
		name:   "denied repository",
		change: func(p *fixture) { p.s.DenyRepository(host, "app") },
		code:   1,
		want: `✘ image        access denied: arn:aws:iam::123456789012:user/developer lacks ecr:BatchGetImage on app:v1: no resource-based policy allows the ecr:BatchGetImage action
               fix: allow ecr:BatchGetImage in the repository's policy; a pull needs ecr:BatchGetImage and ecr:GetDownloadUrlForLayer
! not checked  layers: image failed
`,
	},
	{
		name: "denied repository of another account",
		change: func(p *fixture) {
			p.config(`{"credHelpers": {"` + otherHost + `": "ecr-login"}}`)
			p.s.DenyRepository(otherHost, "app")
		},
		args: []string{otherHost + "/app:v1"},
		code: 1,
		want: `✘ image        access denied: arn:aws:iam::123456789012:user/developer lacks ecr:BatchGetImage on app:v1: no resource-based policy allows the ecr:BatchGetImage action
               fix: allow ecr:BatchGetImage in a policy of that principal and in the repository's policy of account 210987654321; a pull needs ecr:BatchGetImage and ecr:GetDownloadUrlForLayer
! not checked  layers: image failed
`,
	},
	{
		name:   "missing image of ECR Public",
		change: func(p *fixture) { p.config(`{"credHelpers": {"public.ecr.aws": "ecr-login"}}`) },
		args:   []string{"public.ecr.aws/docker/library/missing"},
		code:   1,
		want: `✘ image        repository docker/library/missing not found in public.ecr.aws
               fix: find the name on https://gallery.ecr.aws: public.ecr.aws/ALIAS/REPOSITORY
! not checked  layers: image failed
`,
	},
	{
		name:   "denied action",
		change: func(p *fixture) { p.s.Deny("ecr:BatchGetImage") },
		code:   1,
		want: `✘ image        access denied: arn:aws:iam::123456789012:user/developer lacks ecr:BatchGetImage on app:v1: no identity-based policy allows the ecr:BatchGetImage action
               fix: allow ecr:BatchGetImage in a policy of that principal; a pull needs ecr:BatchGetImage and ecr:GetDownloadUrlForLayer
! not checked  layers: image failed
`,
	},
	{
		name:   "denied layers",
		change: func(p *fixture) { p.s.Deny("ecr:GetDownloadUrlForLayer") },
		code:   1,
		want: `✘ layers       access denied: arn:aws:iam::123456789012:user/developer lacks ecr:GetDownloadUrlForLayer on app:v1: no identity-based policy allows the ecr:GetDownloadUrlForLayer action
               fix: allow ecr:GetDownloadUrlForLayer in a policy of that principal; a pull needs ecr:BatchGetImage and ecr:GetDownloadUrlForLayer
`,
	},
	{
		name: "wrong region",
		change: func(p *fixture) {
			p.set("AWS_REGION=eu-west-1")
		},
		args: []string{host + "/team/other"},
		code: 1,
		want: `✘ image        repository team/other not found in account 123456789012, region us-east-1
               fix: check account and region in the name: the credentials' region is eu-west-1, not us-east-1
! not checked  layers: image failed
`,
	},
	{
		name: "token of another region stored",
		change: func(p *fixture) {
			token := p.s.IssueToken(ecrtest.Principal{ARN: developer, Account: ecrtest.Account}, "ecr", "eu-west-1")
			p.store(login{host, "AWS", token.Password}).mustSucceed(p.t)
		},
		code: 1,
		want: `✘ registry     $HOST rejects the token that docker login stored; it may be of another region or account (HTTP 401: Not Authorized)
               fix: docker logout $HOST
! not checked  image, layers: registry failed
`,
	},
	{
		name:   "no such tag",
		change: func(p *fixture) {},
		args:   []string{host + "/app:v2"},
		code:   1,
		want: `✘ image        app:v2 not found in account 123456789012, region us-east-1
               fix: check the tag or digest, and the region
! not checked  layers: image failed
`,
	},
	{
		name:   "no such registry",
		change: func(p *fixture) {},
		args:   []string{"https://somebody:not-a-real-password@index.docker.io/library/app"},
		code:   1,
		want: `✘ registry     not an Amazon ECR registry: the host does not begin with a twelve-digit account
               fix: check the spelling; an alias of an ECR registry needs a rule in the settings
`,
	},
}
