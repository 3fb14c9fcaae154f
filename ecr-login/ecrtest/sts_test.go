package ecrtest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

const deployer = "arn:aws:iam::123456789012:role/path/deployer"

// assume assumes a role and returns the session's credentials.
func assume(t *testing.T, s *ecrtest.Server, c ecrtest.Credentials, role, externalID string) (ecrtest.Credentials, error) {
	t.Helper()
	in := &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("one")}
	if externalID != "" {
		in.ExternalId = &externalID
	}
	out, err := sts.NewFromConfig(sdkConfig(s, c)).AssumeRole(t.Context(), in)
	if err != nil {
		return ecrtest.Credentials{}, err
	}
	return session(out.Credentials, out.AssumedRoleUser), nil
}

func session(c *types.Credentials, u *types.AssumedRoleUser) ecrtest.Credentials {
	return ecrtest.Credentials{
		AccessKeyID:     *c.AccessKeyId,
		SecretAccessKey: *c.SecretAccessKey,
		SessionToken:    *c.SessionToken,
		Principal:       ecrtest.Principal{ARN: *u.Arn, Expires: *c.Expiration},
	}
}

func TestAssumeRole(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	user := s.AddUser("developer")
	s.AddRole(ecrtest.Role{ARN: deployer, ExternalID: "external-id-for-tests", Trusted: []string{user.Principal.ARN}})

	got, err := assume(t, s, user, deployer, "external-id-for-tests")
	if err != nil {
		t.Fatal(err)
	}
	const want = "arn:aws:sts::123456789012:assumed-role/deployer/one"
	arn, err := identity(t.Context(), sdkConfig(s, got))
	if err != nil {
		t.Fatal(err)
	}
	if got.Principal.ARN != want || arn != want {
		t.Errorf("assumed %q, and GetCallerIdentity returns %q; want %q", got.Principal.ARN, arn, want)
	}
	if p, _ := s.PrincipalOf(mustFetch(t, sdkConfig(s, got))); p.ARN != want || !p.Temporary || !p.Expires.Equal(got.Principal.Expires) {
		t.Errorf("its token is %+v's", p)
	}

	refused := func(by string) string {
		return "User: " + by + " is not authorized to perform: sts:AssumeRole on resource: " + deployer
	}
	for what, id := range map[string]string{"no external id": "", "another external id": "x"} {
		t.Run(what, func(t *testing.T) {
			_, err := assume(t, s, user, deployer, id)
			wantAPIError(t, err, "AccessDenied", refused(user.Principal.ARN))
		})
	}
	t.Run("a principal that the role does not trust", func(t *testing.T) {
		other := s.AddUser("other")
		_, err := assume(t, s, other, deployer, "external-id-for-tests")
		wantAPIError(t, err, "AccessDenied", refused(other.Principal.ARN))
	})
	t.Run("unknown role", func(t *testing.T) {
		_, err := assume(t, s, user, "arn:aws:iam::123456789012:role/unknown", "")
		wantAPIError(t, err, "AccessDenied",
			"User: "+user.Principal.ARN+" is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/unknown")
	})
	t.Run("no role", func(t *testing.T) {
		_, err := assume(t, s, user, "this-is-not-the-arn-of-a-role", "")
		wantAPIError(t, err, "ValidationError", "this-is-not-the-arn-of-a-role is invalid")
	})
	t.Run("wrong secret", func(t *testing.T) {
		bad := user
		bad.SecretAccessKey += "x"
		_, err := assume(t, s, bad, deployer, "external-id-for-tests")
		wantAPIError(t, err, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. "+
			"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	})
	t.Run("unknown key", func(t *testing.T) {
		bad := user
		bad.AccessKeyID = "AKIDEXAMPLEUNKNOWN"
		_, err := assume(t, s, bad, deployer, "external-id-for-tests")
		wantAPIError(t, err, "InvalidClientTokenId", "The security token included in the request is invalid.")
	})
	t.Run("ended session", func(t *testing.T) {
		s.SetSessionLife(-time.Second)
		defer s.SetSessionLife(0)
		_, err := identity(t.Context(), sdkConfig(s, s.NewSession(want)))
		wantAPIError(t, err, "ExpiredToken", "The security token included in the request is expired")
	})
	t.Run("wrong region for the global endpoint", func(t *testing.T) {
		cfg := sdkConfig(s, user)
		cfg.Region, cfg.BaseEndpoint = "eu-west-1", aws.String("https://sts.amazonaws.com")
		_, err := identity(t.Context(), cfg)
		wantAPIError(t, err, "SignatureDoesNotMatch", "Credential should be scoped to a valid region, not 'eu-west-1'. ")
	})
}

func TestSessionLife(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Second)
	s := ecrtest.New(t)
	s.SetClock(func() time.Time { return now })
	user := s.AddUser("developer")
	s.AddRole(ecrtest.Role{ARN: deployer})
	client := sts.NewFromConfig(sdkConfig(s, user))
	life := func(seconds int32) (time.Duration, error) {
		out, err := client.AssumeRole(t.Context(), &sts.AssumeRoleInput{
			RoleArn: aws.String(deployer), RoleSessionName: aws.String("one"), DurationSeconds: aws.Int32(seconds),
		})
		if err != nil {
			return 0, err
		}
		return out.Credentials.Expiration.Sub(now), nil
	}
	if d, err := life(7200); err != nil || d != 2*time.Hour {
		t.Errorf("asked for two hours: %v, %v", d, err)
	}
	if c, err := assume(t, s, user, deployer, ""); err != nil || c.Principal.Expires.Sub(now) != time.Hour {
		t.Errorf("asked for nothing: %v, %v; want an hour", c.Principal.Expires.Sub(now), err)
	}
	s.SetSessionLife(time.Minute)
	if d, err := life(7200); err != nil || d != time.Minute {
		t.Errorf("the server's setting: %v, %v; want a minute", d, err)
	}
	_, err := life(60)
	wantAPIError(t, err, "ValidationError", "1 validation error detected: Value '60' at 'durationSeconds' failed to satisfy constraint: "+
		"Member must have value between 900 and 43200")
}

func TestAssumeRoleWithWebIdentity(t *testing.T) {
	t.Parallel()
	s, other := ecrtest.New(t), ecrtest.New(t)
	const subject = "system:serviceaccount:default:builder"
	s.AddRole(ecrtest.Role{ARN: deployer, Subject: subject})
	s.AddRole(ecrtest.Role{ARN: "arn:aws:iam::123456789012:role/closed"})
	good := s.NewWebIdentityToken(subject, time.Hour)
	client := sts.NewFromConfig(sdkConfig(s, ecrtest.Credentials{}))
	exchange := func(role, token string) (*sts.AssumeRoleWithWebIdentityOutput, error) {
		return client.AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: &role, RoleSessionName: aws.String("one"), WebIdentityToken: &token,
		})
	}

	out, err := exchange(deployer, good)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := s.PrincipalOf(mustFetch(t, sdkConfig(s, session(out.Credentials, out.AssumedRoleUser))))
	if p.ARN != "arn:aws:sts::123456789012:assumed-role/deployer/one" || aws.ToString(out.SubjectFromWebIdentityToken) != subject {
		t.Errorf("token of %q for %q", p.ARN, aws.ToString(out.SubjectFromWebIdentityToken))
	}
	if again := s.NewWebIdentityToken(subject, time.Hour); again == good {
		t.Error("two tokens are alike; those of a cluster rotate")
	}

	const unknownKey = "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements"
	parts := strings.Split(s.NewWebIdentityToken("system:serviceaccount:default:admin", time.Hour), ".")
	forged := strings.Split(good, ".")[0] + "." + parts[1] + "." + strings.Split(good, ".")[2]
	for _, tc := range []struct{ name, role, token, code, message string }{
		{"another subject", deployer, s.NewWebIdentityToken("system:serviceaccount:default:other", time.Hour), "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		{"role without a web identity", "arn:aws:iam::123456789012:role/closed", good, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		{"a role without a web identity", "arn:aws:iam::123456789012:role/closed", s.NewWebIdentityToken("", time.Hour), "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		{"unknown role", "arn:aws:iam::123456789012:role/unknown", good, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		{"no JWT", deployer, "not-a-real-token", "InvalidIdentityToken", "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"},
		{"another cluster's token", deployer, other.NewWebIdentityToken(subject, time.Hour), "InvalidIdentityToken", unknownKey},
		{"forged claims", deployer, forged, "InvalidIdentityToken", unknownKey},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := exchange(tc.role, tc.token)
			wantAPIError(t, err, tc.code, tc.message)
		})
	}
	t.Run("expired", func(t *testing.T) {
		_, err := exchange(deployer, s.NewWebIdentityToken(subject, -time.Minute))
		if err == nil || !strings.Contains(err.Error(), "ExpiredTokenException: Token expired: current date/time") {
			t.Errorf("got %v", err)
		}
	})
}

func TestUnknownAction(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	_, err := sts.NewFromConfig(sdkConfig(s, s.AddUser("developer"))).GetSessionToken(t.Context(), nil)
	wantAPIError(t, err, "InvalidAction", "ecrtest does not support this operation")
	if n := s.Calls("unknown"); n != 1 {
		t.Errorf("%d unknown calls counted, want 1", n)
	}
}
