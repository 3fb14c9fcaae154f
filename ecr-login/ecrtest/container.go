package ecrtest

import (
	"fmt"
	"net/http"
)

// The agents that give credentials to containers are the ECS agent (GET /v2/credentials/ID at
// 169.254.170.2) and the EKS Pod Identity agent (GET /v1/credentials at 169.254.170.23, where the
// Authorization header identifies the pod).

// Session names of the agents' credentials.
const (
	taskSession = "0123456789abcdef0123456789abcdef" // an ECS task's id
	podSession  = "eks-example-builder"
)

// containerKey identifies a container.
type containerKey struct {
	path, authorization string
}

var opContainer = &operation{
	name:        "container:credentials",
	contentType: "application/json",
	refuse:      refuseContainer,
	act:         (*Server).containerCredentials,
}

// AddContainer makes the ECS agent serve a role's credentials at a new path, which it returns.
// Requests must have the given Authorization header; "" requires none.
func (s *Server) AddContainer(roleARN, authorization string) (path string) {
	n := s.serial.Add(1)
	path = fmt.Sprintf("/v2/credentials/00000000-0000-4000-8000-%012d", n)
	s.addContainer(containerKey{path, authorization}, roleARN, taskSession)
	return path
}

// podIdentityPath is the one path of the EKS Pod Identity agent.
const podIdentityPath = "/v1/credentials"

// AddPod makes the EKS Pod Identity agent serve a role's credentials to requests with the given
// service account token.
func (s *Server) AddPod(roleARN, serviceAccountToken string) (path string) {
	s.addContainer(containerKey{podIdentityPath, serviceAccountToken}, roleARN, podSession)
	return podIdentityPath
}

func (s *Server) addContainer(key containerKey, roleARN, session string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.containers[key] = &roleSession{arn: sessionOf(roleARN, session)}
}

func (s *Server) isContainerPath(path string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.containers {
		if key.path == path {
			return true
		}
	}
	return false
}

func (s *Server) containerCredentials(c *call) answer {
	if c.Method != http.MethodGet {
		return refuseContainer(refusal{status: http.StatusMethodNotAllowed, code: "InvalidMethod", message: "only GET"})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	role := s.containers[containerKey{c.URL.Path, c.Header.Get("Authorization")}]
	if role == nil {
		return refuseContainer(refusal{status: http.StatusUnauthorized, code: "AccessDeniedException",
			message: "Service account token or authorization token is missing or not the container's"})
	}
	creds := role.credentials(s)
	return answerJSON("application/json", map[string]string{
		"RoleArn":         roleOf(role.arn),
		"AccountId":       creds.Principal.Account,
		"AccessKeyId":     creds.AccessKeyID,
		"SecretAccessKey": creds.SecretAccessKey,
		"Token":           creds.SessionToken,
		"Expiration":      creds.expiration(),
	})
}

// refuseContainer returns an error in the agents' format, which the SDK's endpointcreds reads.
func refuseContainer(no refusal) answer {
	status := no.status
	if status == 0 {
		status = http.StatusBadRequest
	}
	a := answerJSON("application/json", map[string]string{"code": no.code, "message": no.message})
	a.status, a.code = status, no.code
	return a
}
