package ecrtest

import (
	"fmt"
	"strings"
	"time"
)

// Account and Region are those of everything that is made without naming others.
const (
	Account = "123456789012"
	Region  = "us-east-1"
)

// Principal is somebody AWS knows: an IAM user, or a role's session.
type Principal struct {
	ARN     string // "arn:aws:iam::123456789012:user/developer"
	Account string // twelve digits, from the ARN
	UserID  string
	// Temporary is a session: its credentials have a session token and an end.
	Temporary bool
	Expires   time.Time // zero unless Temporary
}

// Credentials are an access key and whom it belongs to.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string // only when Principal.Temporary
	Principal       Principal
}

// Env gives the credentials as a process's environment.
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
	// ExternalID must be given by whoever assumes the role. "" asks for none.
	ExternalID string
	// Trusted are the users, roles or sessions that may assume the role, by ARN.
	// None means whoever has a key.
	Trusted []string
	// Subject is the web identity that may assume the role, such as
	// "system:serviceaccount:default:builder". "" means no web identity may.
	Subject string
}

// AddUser makes an IAM user with a long-term access key. The name may be an ARN,
// or a plain name of a user in Account.
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

// AddRole makes a role known, or replaces it.
func (s *Server) AddRole(r Role) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roles[r.ARN] = r
}

// AddCredentials makes a given access key known, or replaces it.
func (s *Server) AddCredentials(c Credentials) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[c.AccessKeyID] = c
}

// RemoveCredentials makes an access key unknown again, as deleting it does.
func (s *Server) RemoveCredentials(accessKeyID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.keys, accessKeyID)
}

// NewSession makes temporary credentials for a role's session:
// "arn:aws:sts::123456789012:assumed-role/deployer/session". They live as long
// as SetSessionLife says, else an hour.
func (s *Server) NewSession(arn string) Credentials {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newSession(arn, 0)
}

const defaultSessionLife = time.Hour

// newSession is NewSession with the life the caller asked for, 0 for none. The
// caller holds mu.
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

// AWS does not promise a size; several hundred characters are usual.
const sessionTokenSize = 640

// roleSession is a role whose credentials something hands out, the same ones until
// they are due: the instance metadata service, a container agent.
type roleSession struct {
	arn     string
	current Credentials
}

// credentials are the role's present ones. As in the real services they are
// renewed well before they end. The caller holds mu.
func (r *roleSession) credentials(s *Server) Credentials {
	const renewBefore = 5 * time.Minute
	if r.current.AccessKeyID == "" || !s.now().Add(renewBefore).Before(r.current.Principal.Expires) {
		r.current = s.newSession(r.arn, 0)
	}
	return r.current
}

// RotateSessions makes the metadata service and the container agents hand out new
// credentials from now on. Those handed out before stay good until they end.
func (s *Server) RotateSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.metadata.role.current = Credentials{}
	for _, c := range s.containers {
		c.current = Credentials{}
	}
}

// accountOf is the account in an ARN, "" when it has none.
func accountOf(arn string) string {
	if f := strings.SplitN(arn, ":", 6); len(f) == 6 {
		return f[4]
	}
	return ""
}

// partitionOf is the partition in an ARN.
func partitionOf(arn string) string {
	if f := strings.SplitN(arn, ":", 3); len(f) == 3 && f[1] != "" {
		return f[1]
	}
	return "aws"
}

// sessionOf is the ARN of a role's session. A role's path is not part of it.
func sessionOf(role, session string) string {
	name := role[strings.LastIndexByte(role, '/')+1:]
	return fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/%s", partitionOf(role), accountOf(role), name, session)
}

// roleOf is the ARN of the role whose session arn is, else arn itself. The role's
// path is lost, as it is in AWS's session ARNs.
func roleOf(arn string) string {
	_, rest, ok := strings.Cut(arn, ":assumed-role/")
	if !ok {
		return arn
	}
	name, _, _ := strings.Cut(rest, "/")
	return fmt.Sprintf("arn:%s:iam::%s:role/%s", partitionOf(arn), accountOf(arn), name)
}

// filler lengthens text to size with words nobody takes for a secret.
func filler(text string, size int) string {
	const words = "this-is-a-fake-from-ecrtest-and-opens-nothing-"
	var b strings.Builder
	b.WriteString(text)
	for b.Len() < size {
		b.WriteString(words[:min(len(words), size-b.Len())])
	}
	return b.String()
}
