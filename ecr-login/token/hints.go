package token

import "strings"

// Hint is one line of advice on an error, in lower case, or "" when there is
// none better than the message itself.
func (e *Error) Hint() string {
	switch e.Code {
	case CodeWebIdentity:
		return "see who writes the file that AWS_WEB_IDENTITY_TOKEN_FILE, or web_identity_token_file of the profile, names, and that it is renewed"
	case CodeContainer:
		return "check AWS_CONTAINER_AUTHORIZATION_TOKEN (or _FILE) and the agent that gives this container its role"
	}
	switch e.Kind {
	case NoCredentials:
		if e.Code == CodeProcess {
			return byHand
		}
		return "run `aws configure` or `aws login`, or set AWS_PROFILE to a profile that has credentials"
	case SSOExpired:
		return "run: aws sso login" + e.profileFlag()
	case LoginExpired:
		return "run: aws login" + e.profileFlag()
	case AccessDenied:
		switch {
		case strings.HasPrefix(e.Action, "sts:AssumeRole"):
			return "the role's trust policy and the caller's own policy must both allow it; see who you are with: aws sts get-caller-identity" + e.profileFlag()
		case e.Action == "sso:GetRoleCredentials":
			return "check sso_account_id and sso_role_name of the profile"
		case e.Action == "":
			return "see who you are with: aws sts get-caller-identity" + e.profileFlag()
		}
		return "allow " + e.Action + " in a policy of that principal"
	case Unreachable:
		switch {
		case e.Code == CodeTLS && e.Proxy != "":
			return "a proxy that ends TLS needs its CA in AWS_CA_BUNDLE or in ca_bundle of the profile"
		case e.Code == CodeTLS:
			return "if that host has a private CA, name it in AWS_CA_BUNDLE or in ca_bundle of the profile"
		case e.Proxy != "":
			return "check HTTPS_PROXY and NO_PROXY"
		}
		return "check the network, HTTPS_PROXY and AWS_ENDPOINT_URL"
	case Throttled:
		return "wait a moment and try again"
	case Timeout:
		switch {
		case e.Code == CodeProcess:
			return byHand
		case e.Proxy != "":
			return "check the network, HTTPS_PROXY and NO_PROXY"
		case e.Host != "":
			return "check the network; behind a proxy set HTTPS_PROXY"
		}
	case UnusableAnswer:
		return "something between here and AWS may answer in its place: check HTTPS_PROXY and AWS_ENDPOINT_URL"
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
		if e.Code == CodeMFA {
			return "use credentials that were made with MFA before: `aws login`, an SSO profile, or a credential_process"
		}
		return "see ~/.aws/config and the AWS_ variables of the environment"
	}
	return ""
}

const byHand = "run the credential_process of that profile by hand to see what it says"

// profileFlag is the option that makes the AWS CLI act on the error's profile.
func (e *Error) profileFlag() string {
	if e.Profile == "" || e.Profile == "default" {
		return ""
	}
	if strings.ContainsFunc(e.Profile, func(r rune) bool { return !strings.ContainsRune(shellSafe, r) }) {
		return " --profile '" + strings.ReplaceAll(e.Profile, "'", `'\''`) + "'"
	}
	return " --profile " + e.Profile
}

// shellSafe are characters that no shell takes for its own.
const shellSafe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,@:/"
