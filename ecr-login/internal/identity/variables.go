package identity

import "strings"

// Variables are the environment variables whose values are part of the
// fingerprint: all those by which the AWS SDK chooses credentials or the
// endpoints that answer for them. One that is empty counts as one that is not
// set, as it does in the SDK, but for the endpoints (see addVariable).
//
// AWS_REGION and AWS_DEFAULT_REGION are not among them. Build systems set them
// per step, and they choose no principal: the token's region is the registry's,
// which is part of the cache key, and where STS or SSO is called does not change
// who calls. Nor are those of the transport (AWS_CA_BUNDLE, HTTPS_PROXY), which
// decide how AWS is reached and not as whom.
var Variables = []string{
	// Access keys, under their names and those of older SDKs.
	"AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY",
	"AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY",
	"AWS_SESSION_TOKEN",

	// The profile, and the files it is in. The files' bytes count as well.
	"AWS_PROFILE", "AWS_DEFAULT_PROFILE",
	"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE",

	// The role that a web identity token opens.
	"AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME",

	// ECS, EKS Pod Identity and other container endpoints.
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN",

	// The EC2 instance metadata service.
	"AWS_EC2_METADATA_DISABLED", "AWS_EC2_METADATA_V1_DISABLED",
	"AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",

	// Where sessions of aws login are kept.
	"AWS_LOGIN_CACHE_DIRECTORY",

	// Who answers for AWS. The names after AWS_ENDPOINT_URL are the SDK's for the
	// services on the way to a token.
	"AWS_ENDPOINT_URL",
	"AWS_ENDPOINT_URL_ECR", "AWS_ENDPOINT_URL_ECR_PUBLIC",
	"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL_SSO_OIDC", "AWS_ENDPOINT_URL_SIGNIN",
	"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
	"AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT",
}

// tokenFiles are the variables that name a file with a token which rotates. The
// principal in it counts, not the path: a build system that writes its token to
// a new folder for every job is still the same principal.
var tokenFiles = [...]string{"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"}

// addVariable adds a variable's name and value if it is set. The SDK's service
// clients ask whether AWS_ENDPOINT_URL and its kin are set, not whether they are
// empty (resolveBaseEndpoint in each client's endpoints.go), so an empty one
// counts there.
func (s Source) addVariable(q *sequence, name string) {
	value, set := s.Environ.Lookup(name)
	if value == "" && !(set && strings.HasPrefix(name, "AWS_ENDPOINT_URL")) {
		return
	}
	q.add(name)
	q.add(value)
}
