package token

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/logincreds"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/aws-sdk-go-v2/service/signin"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/regularfile"
)

// refreshMargin is how long before its end a session counts as expired. The SDK refreshes only an
// expired session; the margin covers the time between reading the file here and in the SDK.
const refreshMargin = 10 * time.Second

// A sessionFile is the file in which the AWS CLI stores an SSO session or a session of `aws login`.
type sessionFile struct {
	path    string
	fields  map[string]any // of the part that has expiresAt
	all     map[string]any
	expires time.Time
	odd     bool // expiresAt is not in the only form that the SDK reads
}

// errSession reports a session file without a usable session.
var errSession = errors.New("the session file has no token")

// A decodeError reports a session file that is not JSON, or whose expiry is not a time.
type decodeError struct{ path string }

func (e *decodeError) Error() string { return fmt.Sprintf("cannot decode the session file %q", e.path) }

// readSession reads a session file. The part is the name of the object with expiresAt in it, empty
// for the whole file.
func readSession(path, part string) (*sessionFile, error) {
	raw, err := regularfile.Read(path, maxTokenFile)
	if err != nil {
		return nil, err
	}
	s := &sessionFile{path: path}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&s.all) != nil {
		return nil, &decodeError{path}
	}
	s.fields = s.all
	if part != "" {
		s.fields, _ = s.all[part].(map[string]any)
	}
	text := s.text("expiresAt")
	if text == "" {
		return nil, errSession
	}
	if s.expires, err = awsconfig.ParseTime(text); err != nil {
		return nil, &decodeError{path}
	}
	_, err = time.Parse(time.RFC3339, text)
	s.odd = err != nil
	return s, nil
}

// openSession reads a session file, and adds what it has to the secrets.
func (f *fetch) openSession(path, part string) (*sessionFile, error) {
	s, err := readSession(path, part)
	if err != nil {
		return nil, err
	}
	for _, fields := range []map[string]any{s.all, s.fields} {
		for _, key := range []string{"accessToken", "refreshToken", "clientSecret", "secretAccessKey", "sessionToken", "idToken"} {
			if text, ok := fields[key].(string); ok {
				f.secrets.add(text)
			}
		}
	}
	return s, nil
}

func (s *sessionFile) text(key string) string {
	text, _ := s.fields[key].(string)
	return text
}

// valid reports whether the session is valid at now and a little later.
func (s *sessionFile) valid(now time.Time) bool { return s.expires.After(now.Add(refreshMargin)) }

// normalize writes expiresAt in the form that the SDK reads, before the SDK refreshes the session.
func (s *sessionFile) normalize() error {
	if !s.odd {
		return nil
	}
	s.fields["expiresAt"] = s.expires.UTC().Format(time.RFC3339)
	data, err := json.Marshal(s.all)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(s.path), filepath.Base(s.path)+".*") // has mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), s.path)
}

// sessionPath returns the session file of the chain, and the part of it that has the expiry; "" for
// a chain without a session.
func (f *fetch) sessionPath() (path, part string) {
	switch f.chain.Kind {
	case awsconfig.SSO:
		return f.files.SSOTokenFile(f.chain.Portal), ""
	case awsconfig.Login:
		return f.files.LoginTokenFile(f.chain.Session), "accessToken"
	}
	return "", ""
}

// sessionToRefresh returns the path of the session's file if retrieving credentials will refresh
// that session, and "" otherwise: there is no session, it is valid, or it cannot be refreshed
// without a login. An SSO profile without sso_session is never refreshed.
//
// The file is read without a lock. One that is not complete is being written by a process that
// refreshes an `aws login` session: the SDK writes it in place.
func (f *fetch) sessionToRefresh() string {
	path, part := f.sessionPath()
	if path == "" {
		return ""
	}
	s, err := readSession(path, part)
	if f.chain.Kind == awsconfig.Login {
		if err == nil && s.valid(f.now()) || errors.Is(err, fs.ErrNotExist) {
			return ""
		}
		return path
	}
	if err != nil || s.valid(f.now()) || !f.refreshable(s) {
		return ""
	}
	return path
}

func (f *fetch) refreshable(s *sessionFile) bool {
	return f.chain.Portal.Session != "" && s.text("refreshToken") != "" && s.text("clientId") != "" && s.text("clientSecret") != ""
}

// ssoProvider exchanges the token of an SSO session for credentials of a role.
type ssoProvider struct {
	f   *fetch
	cfg aws.Config
}

// Retrieve implements aws.CredentialsProvider.
func (p ssoProvider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	portal := p.f.chain.Portal
	cfg := p.cfg.Copy()
	cfg.Region = portal.Region
	path, _ := p.f.sessionPath()
	s, err := p.f.openSession(path, "")
	if err != nil {
		return aws.Credentials{}, err
	}
	token := s.text("accessToken")
	if !s.expires.After(p.f.now()) || token == "" {
		if !p.f.refreshable(s) {
			return aws.Credentials{}, errSession
		}
		if err := s.normalize(); err != nil {
			return aws.Credentials{}, err
		}
		refreshed, err := ssocreds.NewSSOTokenProvider(ssooidc.NewFromConfig(cfg), path).RetrieveBearerToken(ctx)
		if err != nil {
			return aws.Credentials{}, err
		}
		token = refreshed.Value
	}
	out, err := sso.NewFromConfig(cfg).GetRoleCredentials(ctx, &sso.GetRoleCredentialsInput{
		AccessToken: aws.String(token), AccountId: aws.String(portal.AccountID), RoleName: aws.String(portal.RoleName),
	})
	if err != nil {
		return aws.Credentials{}, err
	}
	c := out.RoleCredentials
	return aws.Credentials{
		AccessKeyID: aws.ToString(c.AccessKeyId), SecretAccessKey: aws.ToString(c.SecretAccessKey), SessionToken: aws.ToString(c.SessionToken),
		CanExpire: true, Expires: time.UnixMilli(c.Expiration),
	}, nil
}

// loginProvider returns the credentials of an `aws login` session.
type loginProvider struct {
	f   *fetch
	cfg aws.Config
}

// Retrieve implements aws.CredentialsProvider.
func (p loginProvider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	path, part := p.f.sessionPath()
	s, err := p.f.openSession(path, part)
	if err != nil {
		return aws.Credentials{}, err
	}
	if s.expires.After(p.f.now()) {
		return aws.Credentials{
			AccessKeyID: s.text("accessKeyId"), SecretAccessKey: s.text("secretAccessKey"), SessionToken: s.text("sessionToken"),
			CanExpire: true, Expires: s.expires,
		}, nil
	}
	if err := s.normalize(); err != nil {
		return aws.Credentials{}, err
	}
	return logincreds.New(signin.NewFromConfig(p.cfg), path, func(o *logincreds.Options) { o.RestrictPermissions = true }).Retrieve(ctx)
}
