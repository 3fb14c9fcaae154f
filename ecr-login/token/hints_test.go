package token

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestSkewed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		code, message string
		want          bool
	}{
		{"RequestTimeTooSkewed", "", true},
		{"RequestExpired", "", true},
		{"RequestInTheFuture", "", true},
		{"InvalidSignatureException", "Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z", true},
		{"SignatureDoesNotMatch", "Signature not yet current: 20260101T001000Z is still later than 20260101T000500Z", true},
		{"InvalidSignatureException", "The request signature we calculated does not match the signature you provided.", false},
		{"ExpiredTokenException", "The security token included in the request is expired", false},
		{"AccessDeniedException", "Signature expired", false},
	} {
		if got := isSkewError(test.code, test.message); got != test.want {
			t.Errorf("%s %q: %v", test.code, test.message, got)
		}
	}
}

// What a shared failure looks like is read by other processes, perhaps of
// another version: names and values must not change.
func TestErrorJSON(t *testing.T) {
	t.Parallel()
	e := &Error{
		Kind: AccessDenied, Message: "access denied", Profile: "prod", Action: "ecr:GetAuthorizationToken",
		Principal: "arn:aws:iam::123456789012:user/builder", Host: "api.ecr.us-east-1.amazonaws.com",
		Proxy: "http://proxy.example:3128", Stage: StageECR, Code: "AccessDeniedException", Err: errors.New("not stored"),
	}
	data, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"kind":"access-denied","message":"access denied","profile":"prod","action":"ecr:GetAuthorizationToken",` +
		`"principal":"arn:aws:iam::123456789012:user/builder","host":"api.ecr.us-east-1.amazonaws.com",` +
		`"proxy":"http://proxy.example:3128","stage":"ecr","code":"AccessDeniedException"}`
	if string(data) != want {
		t.Errorf("got  %s\nwant %s", data, want)
	}
	var back Error
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	without := *e
	without.Err = nil
	if !reflect.DeepEqual(back, without) {
		t.Errorf("%+v came back as %+v", without, back)
	}
	if back.Error() != e.Error() || back.Hint() != e.Hint() {
		t.Errorf("%q, %q came back as %q, %q", e, e.Hint(), &back, back.Hint())
	}
}

func TestHints(t *testing.T) {
	t.Parallel()
	tests := []struct {
		e    Error
		want string
	}{
		{Error{Kind: SSOExpired, Profile: "prod"}, "run: aws sso login --profile prod"},
		{Error{Kind: SSOExpired, Profile: "default"}, "run: aws sso login"},
		{Error{Kind: SSOExpired}, "run: aws sso login"},
		{Error{Kind: SSOExpired, Profile: "prod", Session: "My Corp"}, "run: aws sso login --sso-session 'My Corp'"},
		{Error{Kind: SSOExpired, Profile: "my profile; rm -rf"}, "run: aws sso login --profile 'my profile; rm -rf'"},
		{Error{Kind: SSOExpired, Profile: "it's"}, `run: aws sso login --profile 'it'\''s'`},
		{Error{Kind: LoginExpired, Profile: "dev"}, "run: aws login --profile dev"},
		{Error{Kind: AccessDenied, Action: "ecr:GetAuthorizationToken"}, "allow ecr:GetAuthorizationToken in a policy of that principal"},
		{Error{Kind: Unreachable, Code: CodeTLS, Proxy: "http://p:1"}, "if the proxy decrypts TLS, add its CA to the file in AWS_CA_BUNDLE, or in ca_bundle of the profile"},
		{Error{Kind: Refused, Code: "SomethingElse"}, ""},
		{Error{Kind: Timeout, Code: CodeProcess}, processHint},
		{Error{Kind: NoCredentials, Code: CodeNoRole}, "add the annotation eks.amazonaws.com/role-arn to the service account, or a rule with role_arn to the settings"},
		{Error{Kind: ClockSkew, Explicit: true}, "set the clock of this machine"},
		{Error{Kind: Refused, Code: "UnrecognizedClientException", Explicit: true}, "check what Credentials of the aws.Config returns"},
		{Error{Kind: Timeout}, ""}, // no host was called: nothing is wrong with the network
	}
	for _, test := range tests {
		if got := test.e.Hint(); got != test.want {
			t.Errorf("%+v: %q, want %q", test.e, got, test.want)
		}
	}
	for _, kind := range []Kind{NoCredentials, SSOExpired, LoginExpired, AccessDenied, Unreachable, Throttled, Timeout, UnusableAnswer, ClockSkew, Configuration} {
		hint := (&Error{Kind: kind, Host: "ecr.example"}).Hint()
		if hint == "" || strings.HasSuffix(hint, ".") || hint[:1] != strings.ToLower(hint[:1]) {
			t.Errorf("%s: hint %q", kind, hint)
		}
	}
}
