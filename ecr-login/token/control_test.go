package token_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// A control character in a credential is reported before any call, with the name of the variable or
// file.
func TestControlCharacters(t *testing.T) {
	t.Parallel()
	const id, secret, session = "AKIDEXAMPLE", "secret-for-tests", "session-for-tests"
	environment := func(id, secret, session string) []string {
		return []string{"AWS_ACCESS_KEY_ID=" + id, "AWS_SECRET_ACCESS_KEY=" + secret, "AWS_SESSION_TOKEN=" + session}
	}
	process := func(id, secret, session string) string {
		return `{"Version":1,"AccessKeyId":"` + id + `","SecretAccessKey":"` + secret + `","SessionToken":"` + session + `"}`
	}
	for name, test := range map[string]struct {
		env    []string
		config string // of the profile p
		output string // of its credential_process
		file   string // with the container's token
		want   string
	}{
		"access key":             {env: environment(id+"\n", secret, session), want: "AWS_ACCESS_KEY_ID ends with a line feed (LF)"},
		"secret key":             {env: environment(id, secret+"\r", session), want: "AWS_SECRET_ACCESS_KEY ends with a carriage return (CR)"},
		"secret key, both":       {env: environment(id, secret+"\r\n", session), want: "AWS_SECRET_ACCESS_KEY ends with a carriage return (CR)"},
		"session token":          {env: environment(id, secret, session+"\n"), want: "AWS_SESSION_TOKEN ends with a line feed (LF)"},
		"session token, inside":  {env: environment(id, secret, session+"\n"+session), want: "AWS_SESSION_TOKEN contains a line feed (LF)"},
		"secret key, tab":        {env: environment(id, "a\t"+secret, session), want: "AWS_SECRET_ACCESS_KEY contains a tab"},
		"access key, escape":     {env: environment(id+"\x1b[0m", secret, session), want: "AWS_ACCESS_KEY_ID contains the control character U+001B"},
		"file, escape":           {config: "aws_access_key_id = " + id + "\naws_secret_access_key = " + secret + "\x1b", want: `aws_secret_access_key of profile "p" ends with the control character U+001B`},
		"process, access key":    {output: process(id+`\n`, secret, session), want: `the access key ID of the credential_process of profile "p" ends with a line feed (LF)`},
		"process, secret key":    {output: process(id, secret+`\r\n`, session), want: `the secret access key of the credential_process of profile "p" ends with a carriage return (CR)`},
		"process, session token": {output: process(id, secret, session+`\r`), want: `the session token of the credential_process of profile "p" ends with a carriage return (CR)`},
		"container token":        {env: []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:1/", "AWS_CONTAINER_AUTHORIZATION_TOKEN=" + session + "\n"}, want: "AWS_CONTAINER_AUTHORIZATION_TOKEN ends with a line feed (LF)"},
		"container token file":   {env: []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:1/"}, file: session + "\r\n", want: `/token" of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE ends with a carriage return (CR)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			env := settings(t, test.env...)
			if test.output != "" {
				write(t, filepath.Join(dir, "output"), test.output)
				test.config = "credential_process = cat " + filepath.Join(dir, "output")
			}
			if test.config != "" {
				write(t, filepath.Join(dir, "config"), "[profile p]\n"+test.config+"\n")
				env = append(env, "AWS_CONFIG_FILE="+filepath.Join(dir, "config"), "AWS_PROFILE=p")
			}
			if test.file != "" {
				write(t, filepath.Join(dir, "token"), test.file)
				env = append(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="+filepath.Join(dir, "token"))
			}
			r := fetch(t, env, job{Recorded: true, Request: private("us-east-1")})
			wantError(t, r, token.Configuration, test.want)
			withoutSecrets(t, r, secret, session)
			if r.Err.Code != token.CodeControl || len(r.URLs) != 0 || !strings.HasPrefix(r.Hint, "remove that character") {
				t.Errorf("code %q, calls %q, hint %q", r.Err.Code, r.URLs, r.Hint)
			}
		})
	}
}
