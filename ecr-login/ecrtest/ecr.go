package ecrtest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"
)

// The two APIs that return authorization tokens use the protocol AWS JSON 1.1.
const (
	ecrTarget       = "AmazonEC2ContainerRegistry_V20150921."
	ecrPublicTarget = "SpencerFrontendService.GetAuthorizationToken"
	jsonType        = "application/x-amz-json-1.1"
)

var (
	opECR = &operation{
		name:        "ecr:GetAuthorizationToken",
		contentType: jsonType,
		signed:      "ecr",
		act:         (*Server).getAuthorizationToken,
		refuse:      refuseJSON,
	}
	opECRPublic = &operation{
		name:        "ecr-public:GetAuthorizationToken",
		contentType: jsonType,
		signed:      "ecr-public",
		act:         (*Server).getPublicAuthorizationToken,
		refuse:      refuseJSON,
	}
)

// authorizationData is a token in the format of the APIs.
type authorizationData struct {
	AuthorizationToken string     `json:"authorizationToken"`
	ExpiresAt          epochMilli `json:"expiresAt"`
	ProxyEndpoint      string     `json:"proxyEndpoint,omitempty"`
}

// epochMilli is a time in the format of AWS JSON: Unix seconds with three decimals.
type epochMilli time.Time

func (t epochMilli) MarshalJSON() ([]byte, error) {
	return json.Marshal(float64(time.Time(t).UnixMilli()) / 1000)
}

func (s *Server) getAuthorizationToken(c *call) answer {
	var in struct {
		RegistryIDs []string `json:"registryIds"`
	}
	if len(bytes.TrimSpace(c.body)) > 0 {
		if err := json.Unmarshal(c.body, &in); err != nil {
			return refuseJSON(refusal{code: "SerializationException", message: err.Error()})
		}
	}
	accounts := in.RegistryIDs
	if len(accounts) == 0 {
		accounts = []string{c.caller.Principal.Account}
	}
	token := s.issue(c.caller.Principal, "ecr", c.scope.region)
	var data []authorizationData
	for _, account := range accounts {
		if !isAccount(account) {
			return refuseJSON(refusal{code: "InvalidParameterException",
				message: "Invalid parameter at 'registryIds' failed to satisfy constraint: 'Member must satisfy regular expression pattern: [0-9]{12}'"})
		}
		data = append(data, authorizationData{
			AuthorizationToken: token.Basic(),
			ExpiresAt:          epochMilli(token.Expires),
			ProxyEndpoint:      "https://" + account + ".dkr.ecr." + c.scope.region + "." + suffixOf(c.scope.region),
		})
	}
	return answerJSON(jsonType, map[string]any{"authorizationData": data})
}

// getPublicAuthorizationToken requires a second permission, as the real API does.
func (s *Server) getPublicAuthorizationToken(c *call) answer {
	const bearer = "sts:GetServiceBearerToken"
	if s.denied(bearer, c.caller.Principal.ARN) {
		return refuseJSON(refusal{code: "AccessDeniedException", message: c.notAuthorized(bearer)})
	}
	token := s.issue(c.caller.Principal, "ecr-public", c.scope.region)
	return answerJSON(jsonType, map[string]any{"authorizationData": authorizationData{
		AuthorizationToken: token.Basic(),
		ExpiresAt:          epochMilli(token.Expires),
	}})
}

func answerJSON(contentType string, v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		// The values are of this package's types and can be encoded.
		panic(err)
	}
	return answer{status: http.StatusOK, contentType: contentType, body: body}
}

// refuseJSON returns an error in the format of AWS JSON 1.1. Errors of the caller have the status
// 400.
func refuseJSON(no refusal) answer {
	status := no.status
	if status == 0 {
		status = http.StatusBadRequest
	}
	a := answerJSON(jsonType, map[string]string{"__type": no.code, "message": no.message})
	a.status, a.code = status, no.code
	return a
}

// Basic returns the token as the API returns it and as an Authorization header has it after
// "Basic": base64 of user and password.
func (t Token) Basic() string {
	return base64.StdEncoding.EncodeToString([]byte(User + ":" + t.Password))
}
