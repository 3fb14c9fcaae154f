package token

import (
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/neterr"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/process"
)

// Hint returns one line that says what to do about an error, in lower case; "" if the message itself
// says it best.
func (e *Error) Hint() string {
	switch e.Code {
	case CodeWebIdentity:
		return "check that the file named by AWS_WEB_IDENTITY_TOKEN_FILE, or by web_identity_token_file of the profile, exists and is refreshed"
	case CodeContainer:
		return "check AWS_CONTAINER_AUTHORIZATION_TOKEN (or _FILE), and the agent that provides this container's credentials"
	case CodeProcess:
		return processHint
	case CodeMFA:
		return "use credentials that need no MFA code here: `aws login`, an SSO profile, or a credential_process"
	case CodeNoCAs:
		return "install the package ca-certificates, or set AWS_CA_BUNDLE to a file with CA certificates"
	case CodeProxy:
		return (*neterr.ProxyError).Hint(nil)
	case CodeControl:
		return "remove that character; a value read from a file with Windows line endings ends with one, for example"
	}
	switch e.Kind {
	case NoCredentials:
		return "run `aws configure` or `aws login`, or set AWS_PROFILE to a profile that has credentials"
	case SSOExpired:
		if e.Session != "" {
			return "run: aws sso login --sso-session " + process.Quote(e.Session)
		}
		return "run: aws sso login" + e.profileFlag()
	case LoginExpired:
		return "run: aws login" + e.profileFlag()
	case AccessDenied:
		return e.deniedHint()
	case Unreachable:
		switch {
		case e.Code == CodeTLS && e.Proxy != "":
			return "if the proxy decrypts TLS, add its CA to the file in AWS_CA_BUNDLE, or in ca_bundle of the profile"
		case e.Code == CodeTLS:
			return "if that host has a private CA, add it to the file in AWS_CA_BUNDLE, or in ca_bundle of the profile"
		case e.Proxy != "":
			return "check HTTPS_PROXY and NO_PROXY"
		}
		return "check the network, HTTPS_PROXY and AWS_ENDPOINT_URL"
	case Throttled:
		return "wait a moment and try again"
	case Timeout:
		switch {
		case e.Proxy != "":
			return "check the network, HTTPS_PROXY and NO_PROXY"
		case e.Host != "":
			return "check the network; behind a proxy set HTTPS_PROXY"
		}
	case UnusableAnswer:
		return "something else may respond instead of AWS: check HTTPS_PROXY and AWS_ENDPOINT_URL"
	case ClockSkew:
		return "set the clock of this machine"
	case Refused:
		switch e.Code {
		case "ExpiredToken", "ExpiredTokenException":
			return "the session credentials have expired: get new ones"
		case "UnrecognizedClientException", "InvalidClientTokenId", "SignatureDoesNotMatch", "InvalidSignatureException":
			return "check the access key: aws sts get-caller-identity" + e.profileFlag()
		}
	case Configuration:
		return "check ~/.aws/config and the AWS_ environment variables"
	}
	return ""
}

// deniedHint returns the hint for a denied action.
func (e *Error) deniedHint() string {
	switch {
	case strings.HasPrefix(e.Action, "sts:AssumeRole"):
		return "the role's trust policy and the caller's own policy must both allow it; to see the caller, run: aws sts get-caller-identity" + e.profileFlag()
	case e.Action == "sso:GetRoleCredentials":
		return "check sso_account_id and sso_role_name of the profile"
	case e.Action == "":
		return "to see the caller, run: aws sts get-caller-identity" + e.profileFlag()
	}
	return "allow " + e.Action + " in a policy of that principal"
}

const processHint = "run the credential_process of that profile in a shell to see its output"

// profileFlag returns the AWS CLI's option for the error's profile.
func (e *Error) profileFlag() string {
	if e.Profile == "" || e.Profile == "default" {
		return ""
	}
	return " --profile " + process.Quote(e.Profile)
}
