package awsconfig

// ErrorCode is a code for what is wrong with a configuration.
type ErrorCode string

// The error codes.
const (
	ErrProfile   ErrorCode = "profile"     // a profile is not in the files
	ErrKey       ErrorCode = "key"         // an access key is not complete
	ErrSettings  ErrorCode = "settings"    // settings of a profile are missing or contradict each other
	ErrMFA       ErrorCode = "mfa_serial"  // a role needs an MFA code
	ErrFile      ErrorCode = "file"        // a file cannot be read as AWS configuration
	ErrUnsupport ErrorCode = "unsupported" // the AWS CLI would use a source that this program does not support
)

// Error reports why no source of credentials was found. Its text contains no secret.
type Error struct {
	Code    ErrorCode
	Profile string // the profile that the error is about
	Message string
	Err     error // the cause; may be nil
}

func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
