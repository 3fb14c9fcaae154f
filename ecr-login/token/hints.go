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
	case CodeNoRole:
		return "add the annotation eks.amazonaws.com/role-arn to the service account, or a rule with role_arn to the settings"
	}
	if e.Explicit {
		if hint, ok := e.explicitHint(); ok {
			return hint
		}
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
		switch {
		case e.Code == "ExpiredToken", e.Code == "ExpiredTokenException":
			return "the session credentials have expired: get new ones"
		case e.keyRefused():
			return "check the access key: aws sts get-caller-identity" + e.profileFlag()
		}
	case Configuration:
		return "check ~/.aws/config and the AWS_ environment variables"
	}
	return ""
}

// explicitHint returns the hint for a program that passed the configuration: neither files nor
// environment variables have an effect. It reports false if the hint is the same for all.
func (e *Error) explicitHint() (hint string, ok bool) {
	const (
		network  = "check the network, and HTTPClient and BaseEndpoint of the aws.Config"
		provider = "check what Credentials of the aws.Config returns"
	)
	switch {
	case e.Kind == NoCredentials:
		return provider, true
	case e.Kind == Unreachable && e.Code == CodeTLS:
		return "if that host or a proxy has a private CA, add it to the HTTPClient of the aws.Config", true
	case e.Kind == Unreachable, e.Kind == Timeout && e.Host != "":
		return network, true
	case e.Kind == UnusableAnswer:
		return "something else may respond instead of AWS: check HTTPClient and BaseEndpoint of the aws.Config", true
	case e.Kind == Configuration:
		return "check the aws.Config, and the profile and rules of the options", true
	case e.Kind == Refused && e.keyRefused():
		return provider, true
	case e.Kind == AccessDenied && strings.HasPrefix(e.Action, "sts:AssumeRole"):
		return "the role's trust policy and the caller's own policy must both allow it", true
	case e.Kind == AccessDenied && e.Action == "":
		return provider, true
	}
	return "", false
}

// keyRefused reports whether AWS does not know the access key, or its secret is wrong.
func (e *Error) keyRefused() bool {
	switch e.Code {
	case "UnrecognizedClientException", "InvalidClientTokenId", "SignatureDoesNotMatch", "InvalidSignatureException":
		return true
	}
	return false
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
