package ecrtest

import (
	"fmt"
	"strings"
	"time"
)

// Account and Region are the defaults of everything that the server creates.
const (
	Account = "123456789012"
	Region  = "us-east-1"
)

// Principal is an IAM user or a role's session.
type Principal struct {
	ARN     string // "arn:aws:iam::123456789012:user/developer"
	Account string // twelve digits, from the ARN
	UserID  string
	// Temporary is true for a session. Its credentials have a session token and expire.
	Temporary bool
	Expires   time.Time // zero unless Temporary
}

// Credentials are an access key and its principal.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string // only when Principal.Temporary
	Principal       Principal
}

// Env returns the credentials as environment variables.
func (c Credentials) Env() []string {
	env := []string{
		"AWS_ACCESS_KEY_ID=" + c.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY=" + c.SecretAccessKey,
	}
	if c.SessionToken != "" {
		env = append(env, "AWS_SESSION_TOKEN="+c.SessionToken)
	}
	return env
}

// Role is an IAM role that can be assumed.
type Role struct {
	ARN string // "arn:aws:iam::123456789012:role/deployer"
	// ExternalID is the external id that AssumeRole requires. "" requires none.
	ExternalID string
	// Trusted are the ARNs of the users, roles or sessions that may assume the role. Empty means
	// all.
	Trusted []string
	// Subject is the web identity that may assume the role, such as
	// "system:serviceaccount:default:builder". "" means none.
	Subject string
}

// AddUser creates an IAM user with a long-term access key. The name is an ARN, or the name of a
// user in Account.
func (s *Server) AddUser(name string) Credentials {
	arn := name
	if !strings.HasPrefix(arn, "arn:") {
		arn = "arn:aws:iam::" + Account + ":user/" + name
	}
	n := s.serial.Add(1)
	c := Credentials{
		AccessKeyID:     fmt.Sprintf("AKIDEXAMPLE%05d", n),
		SecretAccessKey: fmt.Sprintf("secret-for-tests-%05d", n),
		Principal:       Principal{ARN: arn, Account: accountOf(arn), UserID: fmt.Sprintf("AIDAEXAMPLE%05d", n)},
	}
	s.AddCredentials(c)
	return c
}

// AddRole adds or replaces a role.
func (s *Server) AddRole(r Role) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roles[r.ARN] = r
}

// AddCredentials adds or replaces an access key.
func (s *Server) AddCredentials(c Credentials) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[c.AccessKeyID] = c
}

// RemoveCredentials deletes an access key.
func (s *Server) RemoveCredentials(accessKeyID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.keys, accessKeyID)
}

// NewSession creates temporary credentials for a role's session, such as
// "arn:aws:sts::123456789012:assumed-role/deployer/session". They are valid for the time set with
// SetSessionLife, or an hour.
func (s *Server) NewSession(arn string) Credentials {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newSession(arn, 0)
}

const defaultSessionLife = time.Hour

// newSession is NewSession with a requested life, or 0. The caller holds mu.
func (s *Server) newSession(arn string, life time.Duration) Credentials {
	if life == 0 {
		life = defaultSessionLife
	}
	if s.sessionLife != 0 {
		life = s.sessionLife
	}
	n := s.serial.Add(1)
	_, session, _ := strings.Cut(arn[strings.LastIndexByte(arn, ':')+1:], "/")
	_, session, _ = strings.Cut(session, "/")
	c := Credentials{
		AccessKeyID:     fmt.Sprintf("ASIAEXAMPLE%05d", n),
		SecretAccessKey: fmt.Sprintf("secret-for-tests-%05d", n),
		SessionToken:    filler(fmt.Sprintf("not-a-real-session-token-%05d-", n), sessionTokenSize),
		Principal: Principal{
			ARN:       arn,
			Account:   accountOf(arn),
			UserID:    fmt.Sprintf("AROAEXAMPLE%05d:%s", n, session),
			Temporary: true,
			Expires:   s.now().Add(life).Truncate(time.Second),
		},
	}
	s.keys[c.AccessKeyID] = c
	return c
}

// sessionTokenSize is a usual size. AWS does not promise one.
const sessionTokenSize = 640

// roleSession is a role whose credentials the metadata service or a container agent serves, the
// same ones until they are about to expire.
type roleSession struct {
	arn     string
	current Credentials
}

// credentials returns the role's current credentials. As in the real services they are replaced
// well before they expire. The caller holds mu.
func (r *roleSession) credentials(s *Server) Credentials {
	const renewBefore = 5 * time.Minute
	if r.current.AccessKeyID == "" || !s.now().Add(renewBefore).Before(r.current.Principal.Expires) {
		r.current = s.newSession(r.arn, 0)
	}
	return r.current
}

// RotateSessions makes the metadata service and the container agents serve new credentials. Earlier
// ones stay valid until they expire.
func (s *Server) RotateSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.metadata.role.current = Credentials{}
	for _, c := range s.containers {
		c.current = Credentials{}
	}
}

// accountOf returns the account in an ARN, or "".
func accountOf(arn string) string {
	if f := strings.SplitN(arn, ":", 6); len(f) == 6 {
		return f[4]
	}
	return ""
}

// partitionOf returns the partition in an ARN.
func partitionOf(arn string) string {
	if f := strings.SplitN(arn, ":", 3); len(f) == 3 && f[1] != "" {
		return f[1]
	}
	return "aws"
}

// sessionOf returns the ARN of a role's session, which does not contain the role's path.
func sessionOf(role, session string) string {
	name := role[strings.LastIndexByte(role, '/')+1:]
	return fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/%s", partitionOf(role), accountOf(role), name, session)
}

// roleOf returns the ARN of the role of which arn is a session, or arn itself. The role's path is
// missing, because AWS's session ARNs do not contain it.
func roleOf(arn string) string {
	_, rest, ok := strings.Cut(arn, ":assumed-role/")
	if !ok {
		return arn
	}
	name, _, _ := strings.Cut(rest, "/")
	return fmt.Sprintf("arn:%s:iam::%s:role/%s", partitionOf(arn), accountOf(arn), name)
}

// filler extends text to size with words that are obviously not a secret.
func filler(text string, size int) string {
	const words = "this-is-a-fake-from-ecrtest-and-opens-nothing-"
	var b strings.Builder
	b.WriteString(text)
	for b.Len() < size {
		b.WriteString(words[:min(len(words), size-b.Len())])
	}
	return b.String()
}
