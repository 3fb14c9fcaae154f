// Package ecrtest is a fake of Amazon ECR for tests: the AWS services that a program calls to get
// credentials, ECR's API, and a registry. It runs in the test's own process, on loopback, and needs
// no root, no network, no AWS account and no Docker.
//
//	s := ecrtest.New(t)
//	cmd := exec.Command("my-login-program", "123456789012.dkr.ecr.us-east-1.amazonaws.com")
//	cmd.Env = s.Env(t.TempDir(), ecrtest.FromSSO)
//	// … run it, and take the password it printed …
//	who, ok := s.PrincipalOf(password)
//	calls := s.Calls("ecr:GetAuthorizationToken")
//
// A test that calls the AWS SDK for Go in its own process uses Config, which needs no environment.
// Tests in other languages use the command cmd/ecrtest.
//
// # Fidelity
//
// A call that fails with AWS fails here, for the same reason and with AWS's error code and message,
// within the limits below. Signatures are verified: secret, session token, region, service, signed
// headers, body, and the date against the server's clock. Sessions expire, refresh tokens work
// once, and roles require their external id or web identity. The registry (go-containerregistry's)
// accepts a token only in its region and until it expires, and records its principal.
//
// # Operations
//
// Every listener serves all operations. The request and its host name determine the operation. The
// names on the right are those of Calls, Requests, Wait and SetFault.
//
//	ECR                          ecr:GetAuthorizationToken, ecr:CreateRepository,
//	                             ecr:DescribeRepositories, ecr:DeleteRepository, ecr:ListImages,
//	                             ecr:DescribeImages, ecr:BatchGetImage,
//	                             ecr:BatchCheckLayerAvailability
//	ECR Public                   ecr-public:GetAuthorizationToken
//	STS                          sts:AssumeRole, sts:AssumeRoleWithWebIdentity, sts:GetCallerIdentity
//	EC2 metadata (IMDSv2)        imds:token, imds:role, imds:credentials, imds:other
//	ECS agent, EKS Pod Identity  container:credentials
//	IAM Identity Center          sso:GetRoleCredentials, sso-oidc:CreateToken
//	sign-in (aws login)          signin:CreateToken
//	registry                     registry, registry:token (ECR Public's token service)
//	proxy                        proxy:CONNECT
//	BlackHole                    black-hole
//	anything else                unknown
//
// A program reaches the server in one of three ways: by endpoint variables (AWS_ENDPOINT_URL and
// others, see Server.URL); by a proxy that terminates TLS (HTTPS_PROXY and AWS_CA_BUNDLE, see
// Server.ProxyURL and Home.Proxy), which also records the host names that it called; or, in the
// same process, by Server.Transport. Env and Home write the files and environments of every source
// of AWS credentials.
//
// # Registries
//
// 123456789012.dkr.ecr.us-east-1.amazonaws.com, its FIPS name, its dual-stack name and the server's
// own address are one registry. Every other account and region has its own. Another host name that
// is not ECR's is a registry with images of its own, and accepts tokens of all regions. Without a
// token a private registry answers 401 and requires Basic credentials; to an expired token it
// answers 403. ECR Public, like the real one, requires a bearer token of its token service, which
// returns an anonymous one for pulls, or one for a valid password, and answers 403 to an invalid
// password.
//
// A push creates its repository, unless SetRequireRepositories is set.
//
// # Limits
//
// Policies are not evaluated: every principal is allowed everything that Deny and DenyRepository do
// not deny. Keys work in every partition. Only header signatures (Signature Version 4, not 4a) are
// verified. ECR's API has only the operations above. IMDSv1 and signing in (SSO, aws login) are not
// supported: sessions start signed in. Where AWS documents nothing, as on whether a token outlives
// the session that fetched it, there is a setter for both cases.
//
// Sources: the AWS SDK for Go v2 (service models, config, credentials and feature/ec2/imds),
// "Signing AWS API requests" in the IAM User Guide, the ECR, STS and EC2 references, and, for
// messages and statuses that no page documents, reports of users:
// kreuzwerker/terraform-provider-docker#666 (ECR Public refuses Basic), mayflower/docker-ls#28 (the
// challenge), fluxcd/pkg#938 (the denial).
package ecrtest
