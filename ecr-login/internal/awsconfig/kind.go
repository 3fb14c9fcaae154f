package awsconfig

// Kind is a code for where AWS credentials come from. The codes are part of cache keys and of JSON
// output: a code never changes its meaning. Package wording has the texts for people.
type Kind string

// The kinds of sources of credentials.
const (
	ServiceAccount     Kind = "service-account"      // the token that the kubelet passed
	Environment        Kind = "env"                  // access key in environment variables
	WebIdentity        Kind = "web-identity"         // token file named by environment variables
	Static             Kind = "profile-static"       // access key in a profile
	ProfileWebIdentity Kind = "profile-web-identity" // token file named by a profile
	SSO                Kind = "sso"                  // IAM Identity Center session of a profile
	Login              Kind = "login"                // session of `aws login` of a profile
	Process            Kind = "process"              // credential_process of a profile
	MissingProfile     Kind = "profile-missing"      // a profile that is not in the AWS files
	Invalid            Kind = "invalid"              // a configuration with an error
	Explicit           Kind = "explicit"             // an aws.Config that a Go program passed
	Container          Kind = "container"            // ECS, EKS Pod Identity or another container endpoint
	Instance           Kind = "ec2"                  // EC2 instance metadata; also when nothing else was found

	// Only as something that is set and not used:
	NamedProfile Kind = "env-profile" // the profile in AWS_PROFILE or AWS_DEFAULT_PROFILE
	Rule         Kind = "rule"        // the profile or role of a rule of the settings
)

// Kinds returns every kind.
func Kinds() []Kind {
	return []Kind{
		ServiceAccount, Environment, WebIdentity, Static, ProfileWebIdentity, SSO, Login, Process,
		MissingProfile, Invalid, Explicit, Container, Instance, NamedProfile, Rule,
	}
}
