package main

// A reference is a line of the manual page: a name and what it means.
type reference struct{ name, text string }

// environmentReference describes the environment variables of this program. Those of the AWS SDK
// that choose credentials and endpoints apply as well.
var environmentReference = []reference{
	{"ECR_LOGIN_CONFIG", "The settings file, instead of the usual places. /dev/null: no settings file."},
	{"ECR_LOGIN_TIMEOUT", "Overrides the setting timeout."},
	{"ECR_LOGIN_FALLBACK", "Overrides the setting fallback."},
	{"ECR_LOGIN_PUBLIC", "Overrides the setting public."},
	{"ECR_LOGIN_SEALING", "Overrides the setting sealing."},
	{"ECR_LOGIN_LOG", "debug or info: log to standard error. off, or empty: no log."},
	{"ECR_LOGIN_LOG_FILE", "A file with an absolute path to append a debug log to. At 1 MiB it is renamed to FILE.1."},
	{"AWS_ECR_CACHE_DIR", "The directory of the cache, instead of $XDG_CACHE_HOME/ecr-login or ~/.cache/ecr-login."},
	{"AWS_ECR_DISABLE_CACHE", "Any value: no cache."},
	{"AWS_ECR_IGNORE_CREDS_STORAGE", "true: store and erase succeed and do nothing."},
	{"AWS_PROFILE", "The AWS profile, unless the program's name or a rule of the settings has one."},
	{"AWS_CONFIG_FILE", "The AWS config file, instead of ~/.aws/config."},
	{"AWS_SHARED_CREDENTIALS_FILE", "The AWS credentials file, instead of ~/.aws/credentials."},
	{"AWS_CA_BUNDLE", "A file of CA certificates to verify AWS with, instead of those of the system."},
	{"HTTPS_PROXY", "The proxy for requests to AWS; NO_PROXY names the exceptions."},
	{"DOCKER_CONFIG", "The directory of Docker's config.json, instead of ~/.docker."},
	{"REGISTRY_AUTH_FILE", "The auth.json of podman, skopeo and buildah."},
	{"NO_COLOR", "Any value: no colours."},
}

// settingsReference describes the keys of the settings file.
var settingsReference = []reference{
	{"timeout", `The time limit of one get, from "100ms" to "10m". Default: "15s".`},
	{"fallback", `The credential helper for registries that are not ECR, without docker-credential-. Default: none.`},
	{"public", `"auto": a token for ECR Public if AWS grants one, else no credentials. "always": a token or an error. "never": no credentials. Default: "auto".`},
	{"sealing", `Where the key that encrypts cached tokens may be stored. "auto": the safest available place, which can be a file in the cache. "required": only where a copy of the disk does not contain it, else no cache. Default: "auto".`},
	{"partitions", `DNS suffixes of further AWS partitions: [{suffix = "amazonaws.example", partition = "aws-example"}].`},
	{"[[registry]]", `A rule for the registries that match. The first rule that matches applies.`},
	{"match", `The registries of the rule: a host, an account ID, ACCOUNT/REGION or */REGION; * matches any text.`},
	{"profile", `The AWS profile.`},
	{"role_arn", `The role to assume; external_id and session_name go with it.`},
	{"region", `The region of STS.`},
	{"host", `The ECR host behind the names in match, which makes them aliases.`},
	{"endpoint", `The URL of the ECR API.`},
	{"fips, dual_stack", `Whether to use FIPS endpoints, and endpoints with IPv6.`},
}

// settingsPlaces is the introduction to settingsReference.
const settingsPlaces = `The settings file is optional. It is TOML, in the first of these places: the file in ECR_LOGIN_CONFIG,
$XDG_CONFIG_HOME/ecr-login/config.toml (~/.config/ecr-login/config.toml), /etc/ecr-login/config.toml.`

// settingsExample is a settings file.
const settingsExample = `    # ~/.config/ecr-login/config.toml
    [[registry]]
    match = "123456789012"
    profile = "production"

    [[registry]]
    match = "*/eu-west-1"
    role_arn = "arn:{partition}:iam::{account}:role/pull-images"`

// examples are the examples of the manual page.
const examples = `Use the helper for a registry, pull an image, and find out what is wrong if that fails:

    docker-credential-ecr-login configure 123456789012.dkr.ecr.eu-west-1.amazonaws.com
    docker pull 123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:v1
    docker-credential-ecr-login doctor 123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:v1

Use the AWS profile prod for a registry:

    docker-credential-ecr-login configure --profile prod 111122223333.dkr.ecr.eu-west-1.amazonaws.com

See which credentials a registry uses, and why:

    docker-credential-ecr-login explain 123456789012.dkr.ecr.eu-west-1.amazonaws.com

Undo everything that configure did:

    docker-credential-ecr-login unconfigure`

// exitStatus is the section of the manual page about exit codes.
const exitStatus = `0 on success, else 1. Standard error has the cause. The commands that container clients run also print it on
standard output, in one line.`
