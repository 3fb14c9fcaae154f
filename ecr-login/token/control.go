package token

import (
	"fmt"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/regularfile"
)

// tokenFileVariable names the file with the authorization token of a container.
const tokenFileVariable = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"

// checkSources returns an *Error if the configured credentials that are used contain a control
// character. Without the check, a line feed at the end of a key makes a request that Go refuses to
// send, which looks like a network failure.
func (f *fetch) checkSources() error {
	k := f.chain.Keys
	keys := aws.Credentials{AccessKeyID: k.AccessKeyID, SecretAccessKey: k.SecretAccessKey, SessionToken: k.SessionToken}
	switch f.chain.Kind {
	case awsconfig.Container:
		return f.checkContainerToken()
	case awsconfig.Environment:
		return checkKeys(keys, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", firstSet("AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN"))
	case awsconfig.Static:
		of := fmt.Sprintf(" of profile %q", f.chain.Profile)
		return checkKeys(keys, "aws_access_key_id"+of, "aws_secret_access_key"+of, "aws_session_token"+of)
	}
	return nil
}

// checkContainerToken checks the authorization token that is sent to the container credential
// endpoint.
func (f *fetch) checkContainerToken() error {
	path := os.Getenv(tokenFileVariable)
	if path == "" {
		return checkText(f.endpoints.env.ContainerAuthorizationToken, "AWS_CONTAINER_AUTHORIZATION_TOKEN")
	}
	raw, err := regularfile.Read(path, maxTokenFile)
	if err != nil {
		return nil // the provider reports it
	}
	f.secrets.add(string(raw))
	return checkText(string(raw), fmt.Sprintf("the file %q of %s", path, tokenFileVariable))
}

// checkCredentials returns an *Error if credentials that were resolved contain a control character.
func (f *fetch) checkCredentials(c aws.Credentials) error {
	of := ""
	if f.chain.Kind == awsconfig.Process {
		of = fmt.Sprintf(" of the credential_process of profile %q", f.chain.Profile)
	}
	return checkKeys(c, "the access key ID"+of, "the secret access key"+of, "the session token"+of)
}

// checkKeys returns an *Error if a part of c contains a control character. The other arguments name
// the parts.
func checkKeys(c aws.Credentials, accessKey, secretKey, sessionToken string) error {
	for _, part := range []struct{ text, name string }{
		{c.AccessKeyID, accessKey}, {c.SecretAccessKey, secretKey}, {c.SessionToken, sessionToken},
	} {
		if err := checkText(part.text, part.name); err != nil {
			return err
		}
	}
	return nil
}

// checkText returns an *Error if text, which name describes, contains a control character.
func checkText(text, name string) error {
	i := strings.IndexFunc(text, unicode.IsControl)
	if i < 0 {
		return nil
	}
	r, _ := utf8.DecodeRuneInString(text[i:])
	where := "contains"
	if strings.TrimRightFunc(text[i:], unicode.IsControl) == "" {
		where = "ends with"
	}
	return &Error{Kind: Configuration, Code: CodeControl, Message: fmt.Sprintf("%s %s %s", name, where, controlName(r))}
}

// controlName returns the name of a control character.
func controlName(r rune) string {
	switch r {
	case '\r':
		return "a carriage return (CR)"
	case '\n':
		return "a line feed (LF)"
	case '\t':
		return "a tab"
	}
	return fmt.Sprintf("the control character %U", r)
}

// firstSet returns the first of the environment variables that is set, as the SDK reads them.
func firstSet(names ...string) string {
	for _, name := range names {
		if os.Getenv(name) != "" {
			return name
		}
	}
	return names[0]
}
