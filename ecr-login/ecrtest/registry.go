package ecrtest

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/registry"
)

// The registry is go-containerregistry's. This file adds ECR's authentication and authorization.

const registryType = "application/json; charset=utf-8"

var opRegistry = &operation{
	name:        "registry",
	contentType: registryType,
	refuse:      refuseRegistry,
	stream:      (*Server).serveRegistry,
}

// DenyRepository denies all access to a repository, as a repository policy does: 403 with the code
// DENIED. The host is any of the registry's names.
func (s *Server) DenyRepository(host, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deniedRepositories[repository{s.namespace(hostName(host)), name}] = true
}

// AllowRepository reverts DenyRepository.
func (s *Server) AllowRepository(host, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.deniedRepositories, repository{s.namespace(hostName(host)), name})
}

// namespace returns the registry of a host name. The plain, FIPS and dual-stack names of a registry
// are one registry. An address, "localhost" and the server's own name are the registry of Account
// and Region. Another name that is not ECR's is a registry of its own.
func (s *Server) namespace(host string) string {
	if h, ok := parseECRHost(host); ok {
		return h.account + "/" + h.region
	}
	switch {
	case isPublicHost(host):
		return "public"
	case isAddress(host), host == "localhost", host == s.host:
		return Account + "/" + Region
	}
	return host
}

func (s *Server) serveRegistry(w http.ResponseWriter, c *call) {
	token, no := s.admit(w.Header(), c)
	if no == nil {
		c.caller.Principal = token.Principal
		no = s.permit(c)
	}
	if no == nil {
		no = s.checkRepository(c)
	}
	if no != nil {
		write(w, refuseRegistry(*no), false, s.serial.Add(1))
		return
	}
	s.serveImages(w, c)
}

// images returns the registry of a namespace, which is created on first use.
func (s *Server) images(space string) http.Handler {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.imagesLocked(space)
}

// imagesLocked is images for a caller that holds mu.
func (s *Server) imagesLocked(space string) http.Handler {
	h := s.registries[space]
	if h == nil {
		h = registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(true))
		s.registries[space] = h
	}
	return h
}

const (
	textNotAuthorized = "Not Authorized"
	textInvalid       = "Your Authorization Token is invalid."
	textExpired       = "Your authorization token has expired. Reauthenticate and try again."
)

// admit authenticates the caller. On a refusal it has set the challenge.
func (s *Server) admit(h http.Header, c *call) (Token, *refusal) {
	if isPublicHost(c.host) {
		return s.admitPublic(h, c)
	}
	challenge := func() (Token, *refusal) {
		h.Set("Www-Authenticate", fmt.Sprintf("Basic realm=%q,service=%q", "https://"+c.Host+"/", "ecr.amazonaws.com"))
		return Token{}, &refusal{status: http.StatusUnauthorized, code: "UNAUTHORIZED", message: textNotAuthorized}
	}
	user, password, ok := c.BasicAuth()
	if !ok || user != User {
		return challenge()
	}
	token, ok := s.Token(password)
	if !ok || token.Service != "ecr" {
		return challenge()
	}
	if at, ok := parseECRHost(c.host); ok && at.region != token.Region {
		return challenge()
	}
	if s.over(token) {
		return Token{}, &refusal{status: http.StatusForbidden, code: "DENIED", message: textExpired}
	}
	return token, nil
}

// over reports whether a token has expired.
func (s *Server) over(t Token) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if !now.Before(t.Expires) {
		return true
	}
	return s.tokensEndWithSession && t.Principal.Temporary && !now.Before(t.Principal.Expires)
}

// permit checks whether the caller is allowed to make the request.
func (s *Server) permit(c *call) *refusal {
	name, action := registryAction(c.Method, c.URL.Path)
	if name == "" {
		return nil
	}
	arn := c.caller.Principal.ARN
	if arn == "" && c.Method != http.MethodGet && c.Method != http.MethodHead {
		return &refusal{status: http.StatusForbidden, code: "DENIED", message: textNotAuthorized}
	}
	resource := "arn:aws:ecr-public::" + Account + ":repository/" + name
	if h, ok := parseECRHost(c.host); ok {
		resource = fmt.Sprintf("arn:%s:ecr:%s:%s:repository/%s", partitionOf(arn), h.region, h.account, name)
	}
	s.mu.Lock()
	closed := s.deniedRepositories[repository{s.namespace(c.host), name}]
	s.mu.Unlock()
	switch {
	case closed:
		return &refusal{status: http.StatusForbidden, code: "DENIED", message: notAuthorized(arn, action, resource, "resource-based")}
	case s.denied(action, arn):
		return &refusal{status: http.StatusForbidden, code: "DENIED", message: notAuthorized(arn, action, resource, "identity-based")}
	}
	return nil
}

// registryAction returns the repository in a registry's path, and the IAM action that ECR requires
// for the request.
func registryAction(method, path string) (name, action string) {
	path = strings.TrimPrefix(path, "/v2/")
	read := method == http.MethodGet || method == http.MethodHead
	for _, kind := range []struct{ part, read, write string }{
		{"/manifests/", "ecr:BatchGetImage", "ecr:PutImage"},
		{"/blobs/uploads", "ecr:InitiateLayerUpload", "ecr:InitiateLayerUpload"},
		{"/blobs/", "ecr:GetDownloadUrlForLayer", "ecr:UploadLayerPart"},
		{"/tags/list", "ecr:ListImages", "ecr:ListImages"},
		{"/referrers/", "ecr:BatchGetImage", "ecr:BatchGetImage"},
	} {
		if i := strings.LastIndex(path, kind.part); i > 0 {
			if read {
				return path[:i], kind.read
			}
			return path[:i], kind.write
		}
	}
	return "", ""
}

// refuseRegistry returns an error in the format of the registry protocol.
func refuseRegistry(no refusal) answer {
	status := no.status
	if status == 0 {
		status = http.StatusForbidden
	}
	code := no.code
	switch code {
	case "AccessDeniedException":
		code = "DENIED"
	case "ThrottlingException":
		code = "TOOMANYREQUESTS"
		if no.status == 0 {
			status = http.StatusTooManyRequests
		}
	}
	body, err := json.Marshal(map[string]any{
		"errors": []map[string]string{{"code": code, "message": no.message}},
	})
	if err != nil {
		// Strings can always be encoded.
		panic(err)
	}
	return answer{status: status, contentType: registryType, body: append(body, '\n'), code: code}
}
