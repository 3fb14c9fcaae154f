package ecrtest

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// STS uses the query protocol: the request is a form, the response is XML.

const (
	stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"
	xmlType      = "text/xml"
)

var stsOperations = map[string]*operation{
	"AssumeRole": {
		name: "sts:AssumeRole", contentType: xmlType, signed: "sts",
		act: (*Server).assumeRole, refuse: refuseSTS,
	},
	"AssumeRoleWithWebIdentity": {
		name: "sts:AssumeRoleWithWebIdentity", contentType: xmlType,
		act: (*Server).assumeRoleWithWebIdentity, refuse: refuseSTS,
	},
	"GetCallerIdentity": {
		name: "sts:GetCallerIdentity", contentType: xmlType, signed: "sts",
		act: (*Server).getCallerIdentity, refuse: refuseSTS,
	},
}

// codeExpiredIdentity is this package's own code for an expired web identity token. STS reports it
// with the code that other services use for an expired session.
const codeExpiredIdentity = "ExpiredWebIdentityToken"

// routeSTS returns the operation in the form's Action.
func routeSTS(c *call) *operation {
	c.body = readBody(c.Request)
	if op := stsOperations[c.form().Get("Action")]; op != nil {
		return op
	}
	return unknown(refuseSTS)
}

// form returns the body as a form, which is empty when the body is not a form.
func (c *call) form() url.Values {
	v, err := url.ParseQuery(string(c.body))
	if err != nil {
		return url.Values{}
	}
	return v
}

type stsCredentials struct {
	AccessKeyID     string `xml:"AccessKeyId"`
	SecretAccessKey string `xml:"SecretAccessKey"`
	SessionToken    string `xml:"SessionToken"`
	Expiration      string `xml:"Expiration"`
}

type stsUser struct {
	ID  string `xml:"AssumedRoleId"`
	ARN string `xml:"Arn"`
}

func (c Credentials) sts() (stsCredentials, stsUser) {
	return stsCredentials{
			AccessKeyID:     c.AccessKeyID,
			SecretAccessKey: c.SecretAccessKey,
			SessionToken:    c.SessionToken,
			Expiration:      c.expiration(),
		}, stsUser{
			ID:  c.Principal.UserID,
			ARN: c.Principal.ARN,
		}
}

// expiration is when the credentials end, in the form most services use.
func (c Credentials) expiration() string {
	return c.Principal.Expires.UTC().Format(time.RFC3339)
}

func (s *Server) assumeRole(c *call) answer {
	form := c.form()
	arn := form.Get("RoleArn")
	life, no := sessionRequest(form)
	if no != nil {
		return refuseSTS(*no)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	role, known := s.roles[arn]
	caller := c.caller.Principal.ARN
	trusted := known && (len(role.Trusted) == 0 || isOneOf(caller, role.Trusted))
	if !trusted || (role.ExternalID != "" && form.Get("ExternalId") != role.ExternalID) {
		// AWS does not report which of the three conditions failed.
		return refuseSTS(refusal{code: "AccessDeniedException",
			message: fmt.Sprintf("User: %s is not authorized to perform: sts:AssumeRole on resource: %s", caller, arn)})
	}
	creds, user := s.newSession(sessionOf(arn, form.Get("RoleSessionName")), life).sts()
	return answerSTS("AssumeRole", struct {
		Credentials     stsCredentials
		AssumedRoleUser stsUser
	}{creds, user})
}

func (s *Server) assumeRoleWithWebIdentity(c *call) answer {
	form := c.form()
	arn := form.Get("RoleArn")
	life, no := sessionRequest(form)
	if no != nil {
		return refuseSTS(*no)
	}
	claims, no := s.readWebIdentity(form.Get("WebIdentityToken"))
	if no != nil {
		return refuseSTS(*no)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	role, known := s.roles[arn]
	if !known || role.Subject == "" || role.Subject != claims.Subject {
		return refuseSTS(refusal{code: "AccessDeniedException",
			message: "Not authorized to perform sts:AssumeRoleWithWebIdentity"})
	}
	creds, user := s.newSession(sessionOf(arn, form.Get("RoleSessionName")), life).sts()
	return answerSTS("AssumeRoleWithWebIdentity", struct {
		Credentials      stsCredentials
		AssumedRoleUser  stsUser
		SubjectFromToken string `xml:"SubjectFromWebIdentityToken"`
		Audience         string
		Provider         string
	}{creds, user, claims.Subject, claims.Audience, claims.Issuer})
}

func (s *Server) getCallerIdentity(c *call) answer {
	p := c.caller.Principal
	return answerSTS("GetCallerIdentity", struct {
		ARN     string `xml:"Arn"`
		UserID  string `xml:"UserId"`
		Account string
	}{p.ARN, p.UserID, p.Account})
}

// sessionRequest checks the parameters that both actions to assume a role have.
func sessionRequest(form url.Values) (time.Duration, *refusal) {
	invalid := func(format string, args ...any) (time.Duration, *refusal) {
		return 0, &refusal{code: "ValidationError", message: fmt.Sprintf(format, args...)}
	}
	if accountOf(form.Get("RoleArn")) == "" {
		return invalid("%s is invalid", form.Get("RoleArn"))
	}
	name := form.Get("RoleSessionName")
	ok := len(name) >= 2 && len(name) <= 64 && strings.IndexFunc(name, func(c rune) bool {
		return !strings.ContainsRune("_=,.@-", c) && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	}) < 0
	if !ok {
		return invalid("1 validation error detected: Value '%s' at 'roleSessionName' failed to satisfy constraint: "+
			"Member must satisfy regular expression pattern: [\\w+=,.@-]*", name)
	}
	text := form.Get("DurationSeconds")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 900 || n > 43200 {
		return invalid("1 validation error detected: Value '%s' at 'durationSeconds' failed to satisfy constraint: "+
			"Member must have value between 900 and 43200", text)
	}
	return time.Duration(n) * time.Second, nil
}

func answerSTS(operation string, result any) answer {
	return xmlAnswer(http.StatusOK, operation+"Response", operation+"Result", result)
}

func xmlAnswer(status int, root, part string, v any) answer {
	var b strings.Builder
	fmt.Fprintf(&b, `<%s xmlns="%s">`, root, stsNamespace)
	if err := xml.NewEncoder(&b).EncodeElement(v, xml.StartElement{Name: xml.Name{Local: part}}); err != nil {
		// The values are of this package's types and can be encoded.
		panic(err)
	}
	fmt.Fprintf(&b, "<ResponseMetadata><RequestId>00000000-0000-4000-8000-000000000000</RequestId></ResponseMetadata></%s>", root)
	return answer{status: status, contentType: xmlType, body: []byte(b.String())}
}

// refuseSTS returns an error in the format of the query protocol. STS has its own names for common
// errors.
func refuseSTS(no refusal) answer {
	code, status := no.code, no.status
	for _, e := range [...]struct {
		general, own string
		status       int
	}{
		{"UnrecognizedClientException", "InvalidClientTokenId", http.StatusForbidden},
		{"InvalidSignatureException", "SignatureDoesNotMatch", http.StatusForbidden},
		{"ExpiredTokenException", "ExpiredToken", http.StatusForbidden},
		{codeExpiredIdentity, "ExpiredTokenException", http.StatusBadRequest},
		{"MissingAuthenticationTokenException", "MissingAuthenticationToken", http.StatusForbidden},
		{"IncompleteSignatureException", "IncompleteSignature", http.StatusBadRequest},
		{"AccessDeniedException", "AccessDenied", http.StatusForbidden},
		{"ThrottlingException", "Throttling", http.StatusBadRequest},
		{"UnknownOperationException", "InvalidAction", http.StatusBadRequest},
	} {
		if code == e.general {
			code = e.own
			if status == 0 {
				status = e.status
			}
		}
	}
	if status == 0 {
		status = http.StatusBadRequest
	}
	fault := "Sender"
	if status >= 500 {
		fault = "Receiver"
	}
	a := xmlAnswer(status, "ErrorResponse", "Error", struct {
		Type    string
		Code    string
		Message string
	}{fault, code, no.message})
	a.code = code
	return a
}
