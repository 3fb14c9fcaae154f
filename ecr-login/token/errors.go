package token

// Kind says what sort of failure an Error is. The values are stable: they are
// written into the record of a failure that processes share.
type Kind string

// The kinds of failure.
const (
	NoCredentials  Kind = "no-credentials"  // no source of credentials had any
	SSOExpired     Kind = "sso-expired"     // an SSO session ended, or was never begun
	LoginExpired   Kind = "login-expired"   // an `aws login` session ended, or was never begun
	AccessDenied   Kind = "access-denied"   // AWS knows the principal and says no
	Unreachable    Kind = "unreachable"     // name, connection, TLS or proxy failed
	Throttled      Kind = "throttled"       // AWS asked for patience, after the SDK's retries
	Timeout        Kind = "timeout"         // the caller's deadline passed, or the caller gave up
	UnusableAnswer Kind = "unusable-answer" // something answered, but not with a token
	ClockSkew      Kind = "clock-skew"      // the signature's time is too far from the server's
	Refused        Kind = "refused"         // any other answer of AWS, see Code
	Configuration  Kind = "configuration"   // unknown profile, broken AWS settings, MFA demanded
)

// Codes that are not AWS's own, for failures that never reached AWS.
const (
	CodeMFA     = "mfa_serial"         // a profile demands an MFA code
	CodeProcess = "credential_process" // the profile's process failed or printed rubbish
	CodeTLS     = "tls"                // the server's certificate or TLS version was not accepted

	CodeWebIdentity = "web_identity_token_file" // it is missing, or STS did not accept what is in it
	CodeContainer   = "container"               // the container credential endpoint refused
)

// Error is why a Fetch failed. Message is complete in itself: one line, the
// cause first, without any secret. The other fields repeat what of it a program
// may want, and are empty when unknown. An Error survives JSON, except for Err.
type Error struct {
	Kind      Kind   `json:"kind"`
	Message   string `json:"message"`
	Profile   string `json:"profile,omitempty"`   // the AWS profile to look at
	Action    string `json:"action,omitempty"`    // what was denied, e.g. "ecr:GetAuthorizationToken"
	Principal string `json:"principal,omitempty"` // who was denied, an ARN
	Host      string `json:"host,omitempty"`      // the host asked last
	Proxy     string `json:"proxy,omitempty"`     // the proxy in use for Host, its password masked
	Stage     string `json:"stage,omitempty"`     // what was being done, in words
	Code      string `json:"code,omitempty"`      // AWS's error code, or one of the constants above

	Err error `json:"-"` // the cause, for errors.Is and errors.As; its text may say more than is fit to print
}

func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
