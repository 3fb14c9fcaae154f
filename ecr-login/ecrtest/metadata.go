package ecrtest

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The instance metadata service is version 2, which requires a session token. Paths and formats are
// those of "Use the Instance Metadata Service" in the EC2 User Guide and of the SDK's
// feature/ec2/imds.

const (
	metadataTokenHeader = "X-Aws-Ec2-Metadata-Token"
	metadataTTLHeader   = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds"
	metadataRolePath    = "/latest/meta-data/iam/security-credentials/"
	instanceID          = "i-0123456789abcdef0"
)

// metadata is the instance that the service describes.
type metadata struct {
	region string
	role   roleSession
	tokens map[string]time.Time // their expiry
}

func newMetadata() metadata {
	return metadata{
		region: Region,
		role:   roleSession{arn: FromEC2.Principal()},
		tokens: map[string]time.Time{},
	}
}

// SetInstanceRole sets the role of the instance, by the role's ARN. "" removes it, as from an
// instance without an instance profile. By default the instance has a role.
func (s *Server) SetInstanceRole(arn string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.metadata.role = roleSession{}
	if arn != "" {
		s.metadata.role.arn = sessionOf(arn, instanceID)
	}
}

var (
	opMetadataToken       = metadataOperation("imds:token", (*Server).metadataToken)
	opMetadataRole        = metadataOperation("imds:role", (*Server).metadataRoleName)
	opMetadataCredentials = metadataOperation("imds:credentials", (*Server).metadataCredentials)
	opMetadataOther       = metadataOperation("imds:other", (*Server).metadataOther)
)

func metadataOperation(name string, act func(*Server, *call) answer) *operation {
	return &operation{
		name:        name,
		contentType: "text/plain",
		refuse:      refuseMetadata,
		act: func(s *Server, c *call) answer {
			if name != "imds:token" && !s.hasMetadataToken(c) {
				return refuseMetadata(refusal{status: http.StatusUnauthorized, code: "Unauthorized"})
			}
			return act(s, c)
		},
	}
}

func routeMetadata(c *call) *operation {
	switch path := c.URL.Path; {
	case path == "/latest/api/token":
		return opMetadataToken
	case path == metadataRolePath:
		return opMetadataRole
	case strings.HasPrefix(path, metadataRolePath):
		return opMetadataCredentials
	}
	return opMetadataOther
}

func (s *Server) metadataToken(c *call) answer {
	switch {
	case c.Method != http.MethodPut:
		return refuseMetadata(refusal{status: http.StatusMethodNotAllowed, code: "Method Not Allowed"})
	case c.Header.Get("X-Forwarded-For") != "":
		return refuseMetadata(refusal{status: http.StatusForbidden, code: "Forbidden"})
	}
	ttl, err := strconv.Atoi(c.Header.Get(metadataTTLHeader))
	if err != nil || ttl < 1 || ttl > 21600 {
		return refuseMetadata(refusal{status: http.StatusBadRequest, code: "Bad Request"})
	}
	n := s.serial.Add(1)
	token := filler("not-a-real-metadata-token-"+strconv.FormatInt(n, 10)+"-", 56)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.metadata.tokens[token] = s.now().Add(time.Duration(ttl) * time.Second)
	a := answerText(token)
	a.header = http.Header{metadataTTLHeader: {strconv.Itoa(ttl)}}
	return a
}

func (s *Server) hasMetadataToken(c *call) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	until, ok := s.metadata.tokens[c.Header.Get(metadataTokenHeader)]
	return ok && s.now().Before(until)
}

func (s *Server) metadataRoleName(*call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.metadata.role.arn == "" {
		return notFound()
	}
	return answerText(s.metadata.roleName())
}

func (m *metadata) roleName() string {
	arn := roleOf(m.role.arn)
	return arn[strings.LastIndexByte(arn, '/')+1:]
}

func (s *Server) metadataCredentials(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.metadata.role.arn == "" || c.URL.Path != metadataRolePath+s.metadata.roleName() {
		return notFound()
	}
	creds := s.metadata.role.credentials(s)
	a := answerJSON("text/plain", map[string]string{
		"Code":            "Success",
		"LastUpdated":     s.now().UTC().Format(time.RFC3339),
		"Type":            "AWS-HMAC",
		"AccessKeyId":     creds.AccessKeyID,
		"SecretAccessKey": creds.SecretAccessKey,
		"Token":           creds.SessionToken,
		"Expiration":      creds.expiration(),
	})
	return a
}

// metadataOther answers requests for the region and the instance.
func (s *Server) metadataOther(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch c.URL.Path {
	case "/latest/meta-data/placement/region":
		return answerText(s.metadata.region)
	case "/latest/meta-data/instance-id":
		return answerText(instanceID)
	case "/latest/dynamic/instance-identity/document":
		return answerJSON("text/plain", map[string]string{
			"accountId":  Account,
			"instanceId": instanceID,
			"region":     s.metadata.region,
		})
	}
	return notFound()
}

func answerText(text string) answer {
	return answer{status: http.StatusOK, contentType: "text/plain", body: []byte(text)}
}

func notFound() answer {
	return refuseMetadata(refusal{status: http.StatusNotFound, code: "Not Found"})
}

// refuseMetadata returns an error in the service's format: a status and a page.
func refuseMetadata(no refusal) answer {
	status := no.status
	if status == 0 {
		status = http.StatusInternalServerError
	}
	page := "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<html><head><title>" +
		strconv.Itoa(status) + " - " + http.StatusText(status) + "</title></head></html>\n"
	return answer{status: status, contentType: "text/html", body: []byte(page), code: no.code}
}
