package ecrtest

import (
	"fmt"
	"os"
	"time"
)

// Source is a source of AWS credentials.
type Source string

// The sources that the AWS SDK for Go supports.
const (
	FromEnvironment        Source = "environment"          // access key in the environment
	FromSessionEnvironment Source = "session-environment"  // temporary credentials in the environment
	FromFile               Source = "file"                 // access key in the shared credentials file
	FromRole               Source = "role"                 // role_arn with source_profile
	FromRoleChain          Source = "role-chain"           // a role assumed by a role, with an external id
	FromRoleByEC2          Source = "role-by-ec2"          // role_arn with credential_source = Ec2InstanceMetadata
	FromRoleByECS          Source = "role-by-ecs"          // role_arn with credential_source = EcsContainer
	FromSSO                Source = "sso"                  // sso_session, signed in
	FromExpiredSSO         Source = "sso-expired"          // sso_session with an expired access token
	FromLegacySSO          Source = "sso-legacy"           // SSO profile without sso_session
	FromWebIdentity        Source = "web-identity"         // environment of a Kubernetes pod (IRSA)
	FromWebIdentityProfile Source = "web-identity-profile" // the same in a profile
	FromProcess            Source = "process"              // credential_process
	FromLogin              Source = "login"                // login_session with valid credentials
	FromExpiredLogin       Source = "login-expired"        // login_session with expired credentials
	FromECS                Source = "ecs"                  // AWS_CONTAINER_CREDENTIALS_FULL_URI
	FromPodIdentity        Source = "pod-identity"         // EKS Pod Identity
	FromEC2                Source = "ec2"                  // instance metadata service
)

// Sources returns all sources.
func Sources() []Source {
	return []Source{
		FromEnvironment, FromSessionEnvironment, FromFile, FromRole, FromRoleChain, FromRoleByEC2, FromRoleByECS,
		FromSSO, FromExpiredSSO, FromLegacySSO, FromWebIdentity, FromWebIdentityProfile, FromProcess,
		FromLogin, FromExpiredLogin, FromECS, FromPodIdentity, FromEC2,
	}
}

// Principal returns the ARN of the credentials that Env sets up. Every source has its own.
func (src Source) Principal() string {
	switch src {
	case FromEnvironment, FromFile, FromLogin, FromExpiredLogin:
		return "arn:aws:iam::" + Account + ":user/" + string(src)
	case FromSSO, FromExpiredSSO, FromLegacySSO:
		return src.assignment().Principal("developer")
	case FromECS:
		return sessionOf(src.role(), taskSession)
	case FromPodIdentity:
		return sessionOf(src.role(), podSession)
	case FromEC2:
		return sessionOf(src.role(), instanceID)
	}
	return sessionOf(src.role(), sessionName)
}

func (src Source) role() string           { return "arn:aws:iam::" + Account + ":role/" + string(src) }
func (src Source) assignment() Assignment { return Assignment{Account, string(src)} }

// Env writes the files of a source of credentials to dir, an existing directory, and returns the
// environment of a program that uses them:
//
//	cmd.Env = s.Env(t.TempDir(), ecrtest.FromSSO)
//
// The environment is complete, and all requests go to this server. For several profiles, or other
// settings, use Home.
func (s *Server) Env(dir string, src Source) []string { return s.Home(dir).Source(src) }

// Source is Env for a Home: it calls the method for the source with default settings.
func (h *Home) Source(src Source) []string {
	s, profile, arn := h.s, string(src), src.Principal()
	switch src {
	case FromEnvironment:
		return h.Environment(s.AddUser(arn))
	case FromSessionEnvironment:
		return h.Environment(s.NewSession(arn))
	case FromFile:
		return h.Keys(profile, s.AddUser(arn))
	case FromRole:
		h.Keys(profile+"-source", s.AddUser(profile+"-source"))
		return h.AssumeRole(profile, profile+"-source", Role{ARN: src.role()})
	case FromRoleChain:
		h.Keys(profile+"-source", s.AddUser(profile+"-source"))
		first := Role{ARN: src.role() + "-first"}
		h.AssumeRole(profile+"-first", profile+"-source", first)
		return h.AssumeRole(profile, profile+"-first",
			Role{ARN: src.role(), Trusted: []string{first.ARN}, ExternalID: "external-id-for-tests"})
	case FromRoleByEC2:
		s.SetInstanceRole(src.role() + "-source")
		h.AssumeRole(profile, "Ec2InstanceMetadata", Role{ARN: src.role(), Trusted: []string{src.role() + "-source"}})
		return append(h.EC2(), "AWS_PROFILE="+profile)
	case FromRoleByECS:
		h.AssumeRole(profile, "EcsContainer", Role{ARN: src.role(), Trusted: []string{src.role() + "-source"}})
		return append(h.ECS(src.role()+"-source"), "AWS_PROFILE="+profile)
	case FromSSO:
		return h.SSO(profile, profile, s.NewSSOSession("developer", ssoLife, src.assignment()), src.assignment())
	case FromExpiredSSO:
		return h.SSO(profile, profile, s.NewSSOSession("developer", -time.Minute, src.assignment()), src.assignment())
	case FromLegacySSO:
		return h.SSO(profile, "", s.NewSSOSession("developer", ssoLife, src.assignment()), src.assignment())
	case FromWebIdentity:
		return h.WebIdentity("", Role{ARN: src.role(), Subject: "system:serviceaccount:default:builder"})
	case FromWebIdentityProfile:
		return h.WebIdentity(profile, Role{ARN: src.role(), Subject: "system:serviceaccount:default:builder"})
	case FromProcess:
		return h.Process(profile, src.role())
	case FromLogin:
		return h.Login(profile, arn, s.NewLoginSession(arn, signinLife))
	case FromExpiredLogin:
		return h.Login(profile, arn, s.NewLoginSession(arn, -time.Minute))
	case FromECS:
		return h.ECS(src.role())
	case FromPodIdentity:
		return h.PodIdentity(src.role())
	case FromEC2:
		s.SetInstanceRole(src.role())
		return h.EC2()
	}
	s.fatal(fmt.Errorf("unknown source of credentials %q: %w", src, os.ErrInvalid))
	return nil
}
