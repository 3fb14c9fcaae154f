// Package ecrtest is a test double for Amazon ECR, for programs that get
// credentials for it: the AWS services they ask, and a registry that takes what
// they got. It runs in the test's own process, on loopback, and needs neither
// root, nor a network, nor an AWS account, nor Docker.
//
//	s := ecrtest.New(t)
//	cmd := exec.Command("my-login-program", "123456789012.dkr.ecr.us-east-1.amazonaws.com")
//	cmd.Env = s.Env(t.TempDir(), ecrtest.FromSSO)
//	// … run it, and take the password it printed …
//	who, ok := s.PrincipalOf(password)
//	calls := s.Calls("ecr:GetAuthorizationToken")
//
// # Promise
//
// What would fail against AWS fails here, for the same reason and with AWS's own
// error code and words, as far as this package goes. Signatures are verified:
// secret, session token, region, service, signed headers, body, and the date
// against the server's clock. Sessions end, refresh tokens work once, roles want
// their external id or web identity. The registry (go-containerregistry's) takes a
// token only from its region, only until it expires, and knows in whose name.
//
// # What it speaks
//
// Every listener answers everything; requests are told apart by what they ask for
// and which host name they were sent to. The names on the right are the
// operations of Calls, Requests, Wait and SetFault.
//
//	ECR                          ecr:GetAuthorizationToken
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
// A program reaches it in one of three ways: by endpoint variables
// (AWS_ENDPOINT_URL and its like, see Server.URL), by a proxy that ends TLS
// (HTTPS_PROXY and AWS_CA_BUNDLE, see Server.ProxyURL and Home.Proxy), which also
// shows which host names it called, or, in the same process, by Server.Transport.
// Env and Home write the files and environments of every source of AWS credentials.
//
// # Registries
//
// 123456789012.dkr.ecr.us-east-1.amazonaws.com, its FIPS and its dual-stack name
// are one registry; every account and region has another; a host name that is not
// ECR's is an alias with images of its own, and takes tokens of any region.
// Without a token a private registry answers 401 and asks for Basic credentials;
// to one that has expired it says 403. ECR Public, like the real one, asks for a
// bearer token of its token service, which gives one to anybody (to pull) or for a
// good password, and refuses a bad password with 403.
//
// # Limits
//
// Policies are not evaluated: everybody may do everything but what Deny and
// DenyRepository say. Repositories need not be created. Keys work in every
// partition. Only header signatures (Signature Version 4, not 4a) are verified.
// The API has GetAuthorizationToken and no other action. IMDSv1 and signing in
// (SSO, aws login) are left out: sessions begin signed in. Where AWS documents
// nothing, as on whether a token outlives the session that fetched it, there is
// a setter for either way.
//
// Sources: the AWS SDK for Go v2 (service models, config, credentials and
// feature/ec2/imds), "Signing AWS API requests" in the IAM User Guide, the ECR,
// STS and EC2 references, and, for texts and statuses that no page gives, reports of
// users: kreuzwerker/terraform-provider-docker#666 (ECR Public refuses Basic),
// mayflower/docker-ls#28 (the challenge), fluxcd/pkg#938 (the denial).
package ecrtest
