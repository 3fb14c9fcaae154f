package identity

import "strings"

// Variables are the environment variables whose values are part of the fingerprint: all those by
// which credentials, or the endpoints that issue them, are chosen. An empty variable counts as not
// set, except for endpoints (see addVariable).
//
// AWS_REGION and AWS_DEFAULT_REGION are not among them. Build systems set them per step, and they
// choose no principal: the token's region is the registry's, which is part of the cache key, and
// the region in which STS or SSO is called does not change the principal. Nor are those of the
// transport (AWS_CA_BUNDLE, HTTPS_PROXY), which decide how AWS is reached.
var Variables = []string{
	// The access key. AWS_SECURITY_TOKEN is the older name of the session token.
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",

	// The profile, and the files that have it. The bytes of the files count too.
	"AWS_PROFILE", "AWS_DEFAULT_PROFILE",
	"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE",

	// The role that is assumed with a web identity token.
	"AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME",

	// ECS, EKS Pod Identity and other container endpoints.
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN",

	// The EC2 instance metadata service.
	"AWS_EC2_METADATA_DISABLED", "AWS_EC2_METADATA_V1_DISABLED",
	"AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",

	// The directory of the sessions of aws login.
	"AWS_LOGIN_CACHE_DIRECTORY",

	// Endpoints in place of AWS's own, for the services that are called to get a token.
	"AWS_ENDPOINT_URL",
	"AWS_ENDPOINT_URL_ECR", "AWS_ENDPOINT_URL_ECR_PUBLIC",
	"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL_SSO_OIDC", "AWS_ENDPOINT_URL_SIGNIN",
	"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
	"AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT",
}

// tokenFiles are the variables that name a file with a token that rotates. The principal in it
// counts, not the path: a build system that writes its token to a new directory for each job still
// has the same principal.
var tokenFiles = [...]string{"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"}

// addVariable adds the name and value of a variable that is set. For AWS_ENDPOINT_URL and the like,
// set to nothing differs from not set in the SDK's clients (resolveBaseEndpoint in endpoints.go),
// so an empty value counts.
func (s Source) addVariable(q *sequence, name string) {
	value, set := s.Environ.Lookup(name)
	if value == "" && !(set && strings.HasPrefix(name, "AWS_ENDPOINT_URL")) {
		return
	}
	q.add(name)
	q.add(value)
}
