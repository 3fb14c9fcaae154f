package token

// Kind is the kind of failure that an Error reports. The values are stable: processes that wait for
// the same token share them.
type Kind string

// The kinds of failure.
const (
	NoCredentials  Kind = "no-credentials"  // no source of credentials had any
	SSOExpired     Kind = "sso-expired"     // an SSO session has expired, or does not exist
	LoginExpired   Kind = "login-expired"   // an `aws login` session has expired, or does not exist
	AccessDenied   Kind = "access-denied"   // AWS knows the principal and denied the call
	Unreachable    Kind = "unreachable"     // name, connection, TLS or proxy failed
	Throttled      Kind = "throttled"       // AWS still throttled the call after the retries
	Timeout        Kind = "timeout"         // the caller's deadline passed, or the caller canceled
	UnusableAnswer Kind = "unusable-answer" // a response is not a token, or not from AWS
	ClockSkew      Kind = "clock-skew"      // the local clock is too wrong for AWS to accept signatures
	Refused        Kind = "refused"         // any other refusal of AWS, see Code
	Configuration  Kind = "configuration"   // unknown profile, broken AWS settings, MFA required
)

// Codes of failures that have none of AWS's own.
const (
	CodeMFA         = "mfa_serial"              // a profile requires an MFA code
	CodeProcess     = "credential_process"      // a profile's process failed, or printed no credentials
	CodeTLS         = "tls"                     // the server's certificate or TLS version was not accepted
	CodeNoCAs       = "no-ca-certificates"      // the system has no CA certificates
	CodeProxy       = "proxy"                   // an environment variable is not a proxy URL
	CodeControl     = "control-character"       // a credential contains a control character
	CodeWebIdentity = "web_identity_token_file" // it is missing, or STS did not accept its token
	CodeContainer   = "container"               // the container credential endpoint refused
	CodeNoRole      = "no-role"                 // nothing names an IAM role for a Kubernetes service account
)

// Error reports why a Fetch failed. Message is complete in itself: one line, the cause first,
// without any secret. The other fields repeat parts of it for programs, and are empty if unknown.
// An Error survives JSON, except for Err.
type Error struct {
	Kind      Kind   `json:"kind"`
	Message   string `json:"message"`
	Profile   string `json:"profile,omitempty"`   // the AWS profile to look at
	Session   string `json:"session,omitempty"`   // the sso-session of the profile
	Action    string `json:"action,omitempty"`    // the denied action, e.g. "ecr:GetAuthorizationToken"
	Principal string `json:"principal,omitempty"` // the ARN of the denied principal
	Host      string `json:"host,omitempty"`      // the host called last
	Proxy     string `json:"proxy,omitempty"`     // the proxy used for Host, without its password
	Stage     Stage  `json:"stage,omitempty"`     // the step that failed
	Code      string `json:"code,omitempty"`      // AWS's error code, or one of the constants above
	Explicit  bool   `json:"explicit,omitempty"`  // the configuration was Client.Config

	Err error `json:"-"` // the cause, for errors.Is and errors.As; its text may contain secrets
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
