package ecrtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ecrOperations are the actions of ECR's API, by name.
var ecrOperations = map[string]*operation{
	"GetAuthorizationToken":       opECR,
	"CreateRepository":            ecrOperation("CreateRepository", (*Server).createRepository),
	"DescribeRepositories":        ecrOperation("DescribeRepositories", (*Server).describeRepositories),
	"DeleteRepository":            ecrOperation("DeleteRepository", (*Server).deleteRepository),
	"ListImages":                  ecrOperation("ListImages", (*Server).listImages),
	"DescribeImages":              ecrOperation("DescribeImages", (*Server).describeImages),
	"BatchGetImage":               ecrOperation("BatchGetImage", (*Server).batchGetImage),
	"BatchCheckLayerAvailability": ecrOperation("BatchCheckLayerAvailability", (*Server).batchCheckLayerAvailability),
}

func ecrOperation[In any](name string, act func(*Server, *call, ecrInput[In]) answer) *operation {
	return &operation{
		name:        "ecr:" + name,
		contentType: jsonType,
		signed:      "ecr",
		refuse:      refuseJSON,
		act: func(s *Server, c *call) answer {
			in := ecrInput[In]{registryID: c.caller.Principal.Account}
			var common struct {
				RegistryID     string `json:"registryId"`
				RepositoryName string `json:"repositoryName"`
				MaxResults     int    `json:"maxResults"`
				NextToken      string `json:"nextToken"`
			}
			if len(bytes.TrimSpace(c.body)) > 0 {
				for _, v := range []any{&in.own, &common} {
					if err := json.Unmarshal(c.body, v); err != nil {
						return refuseJSON(refusal{code: "SerializationException", message: err.Error()})
					}
				}
			}
			if common.RegistryID != "" {
				in.registryID = common.RegistryID
			}
			in.maxResults, in.nextToken = common.MaxResults, common.NextToken
			in.repository = repository{in.registryID + "/" + c.scope.region, common.RepositoryName}
			return act(s, c, in)
		},
	}
}

// ecrInput is the input of an action: the members that most actions have, and its own.
type ecrInput[In any] struct {
	registryID string
	repository repository
	maxResults int
	nextToken  string
	own        In
}

// imageID is an image identifier in the form of the API.
type imageID struct {
	Digest string `json:"imageDigest,omitempty"`
	Tag    string `json:"imageTag,omitempty"`
}

// arn returns the ARN of a repository.
func (k repository) arn() string {
	account, region, _ := strings.Cut(k.registry, "/")
	return fmt.Sprintf("arn:%s:ecr:%s:%s:repository/%s", partitionOfRegion(region), region, account, k.name)
}

// describe returns a repository in the form of the API.
func (r *storedRepository) describe(k repository) map[string]any {
	account, region, _ := strings.Cut(k.registry, "/")
	mutability := "MUTABLE"
	if r.immutable {
		mutability = "IMMUTABLE"
	}
	return map[string]any{
		"repositoryArn":              k.arn(),
		"registryId":                 account,
		"repositoryName":             k.name,
		"repositoryUri":              account + ".dkr.ecr." + region + "." + suffixOf(region) + "/" + k.name,
		"createdAt":                  epochMilli(r.created),
		"imageTagMutability":         mutability,
		"imageScanningConfiguration": map[string]bool{"scanOnPush": false},
		"encryptionConfiguration":    map[string]string{"encryptionType": "AES256"},
	}
}

var repositoryNames = regexp.MustCompile(`^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$`)

func (s *Server) createRepository(_ *call, in ecrInput[struct {
	ImageTagMutability string `json:"imageTagMutability"`
}]) answer {
	name := in.repository.name
	if len(name) < 2 || len(name) > 256 || !repositoryNames.MatchString(name) {
		return refuseJSON(refusal{code: "InvalidParameterException",
			message: fmt.Sprintf("Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression '%s''", repositoryNames)})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.repositories[in.repository] != nil {
		return refuseJSON(refusal{code: "RepositoryAlreadyExistsException",
			message: fmt.Sprintf("The repository with name '%s' already exists in the registry with id '%s'", name, in.registryID)})
	}
	immutable := s.immutableTags
	if m := in.own.ImageTagMutability; m != "" {
		immutable = m == "IMMUTABLE"
	}
	r := s.newRepository(in.repository, immutable)
	return answerJSON(jsonType, map[string]any{"repository": r.describe(in.repository)})
}

func (s *Server) describeRepositories(_ *call, in ecrInput[struct {
	RepositoryNames []string `json:"repositoryNames"`
}]) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := in.own.RepositoryNames
	if len(names) == 0 {
		for key := range maps.Keys(s.repositories) {
			if key.registry == in.repository.registry {
				names = append(names, key.name)
			}
		}
		slices.Sort(names)
	}
	list := []any{}
	for _, name := range names {
		key := repository{in.repository.registry, name}
		r := s.repositories[key]
		if r == nil {
			return refuseJSON(unknownRepository(name, in.registryID))
		}
		list = append(list, r.describe(key))
	}
	return answerPage("repositories", list, in.maxResults, in.nextToken)
}

func (s *Server) deleteRepository(_ *call, in ecrInput[struct {
	Force bool `json:"force"`
}]) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.repositories[in.repository]
	switch {
	case r == nil:
		return refuseJSON(unknownRepository(in.repository.name, in.registryID))
	case len(r.images) > 0 && !in.own.Force:
		return refuseJSON(refusal{code: "RepositoryNotEmptyException",
			message: fmt.Sprintf("The repository with name '%s' in registry with id '%s' cannot be deleted because it still contains images", in.repository.name, in.registryID)})
	}
	images := s.imagesLocked(in.repository.registry)
	for _, reference := range slices.Concat(slices.Collect(maps.Keys(r.tags)), slices.Collect(maps.Keys(r.images))) {
		callRegistry(images, http.MethodDelete, in.repository.name, "manifests/"+reference)
	}
	delete(s.repositories, in.repository)
	return answerJSON(jsonType, map[string]any{"repository": r.describe(in.repository)})
}

func (s *Server) listImages(_ *call, in ecrInput[struct {
	Filter struct {
		TagStatus string `json:"tagStatus"`
	} `json:"filter"`
}]) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.repositories[in.repository]
	if r == nil {
		return refuseJSON(unknownRepository(in.repository.name, in.registryID))
	}
	list := []any{}
	for _, digest := range r.digests() {
		tags := r.tagsOf(digest)
		if in.own.Filter.TagStatus != "UNTAGGED" {
			for _, tag := range tags {
				list = append(list, imageID{digest, tag})
			}
		}
		if len(tags) == 0 && in.own.Filter.TagStatus != "TAGGED" {
			list = append(list, imageID{Digest: digest})
		}
	}
	return answerPage("imageIds", list, in.maxResults, in.nextToken)
}

type imageIDs struct {
	ImageIDs []imageID `json:"imageIds"`
}

func (s *Server) describeImages(_ *call, in ecrInput[imageIDs]) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.repositories[in.repository]
	if r == nil {
		return refuseJSON(unknownRepository(in.repository.name, in.registryID))
	}
	digests := r.digests()
	if len(in.own.ImageIDs) > 0 {
		digests = nil
		for _, id := range in.own.ImageIDs {
			digest, ok := r.find(id)
			if !ok {
				return refuseJSON(refusal{code: "ImageNotFoundException",
					message: fmt.Sprintf("The image with imageId {imageDigest:'%s', imageTag:'%s'} does not exist within the repository with name '%s' in the registry with id '%s'",
						orNull(id.Digest), orNull(id.Tag), in.repository.name, in.registryID)})
			}
			digests = append(digests, digest)
		}
	}
	list := []any{}
	for _, digest := range digests {
		image := r.images[digest]
		detail := map[string]any{
			"registryId":             in.registryID,
			"repositoryName":         in.repository.name,
			"imageDigest":            digest,
			"imageSizeInBytes":       image.size,
			"imagePushedAt":          epochMilli(image.pushed),
			"imageManifestMediaType": image.mediaType,
		}
		if tags := r.tagsOf(digest); len(tags) > 0 {
			detail["imageTags"] = tags
		}
		list = append(list, detail)
	}
	return answerPage("imageDetails", list, in.maxResults, in.nextToken)
}

func (s *Server) batchGetImage(_ *call, in ecrInput[imageIDs]) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.repositories[in.repository]
	if r == nil {
		return refuseJSON(unknownRepository(in.repository.name, in.registryID))
	}
	images, failures := []any{}, []any{}
	for _, id := range in.own.ImageIDs {
		digest, ok := r.find(id)
		if !ok {
			failures = append(failures, map[string]any{"imageId": id, "failureCode": "ImageNotFound", "failureReason": "Requested image not found"})
			continue
		}
		manifest := callRegistry(s.imagesLocked(in.repository.registry), http.MethodGet, in.repository.name, "manifests/"+digest)
		images = append(images, map[string]any{
			"registryId":             in.registryID,
			"repositoryName":         in.repository.name,
			"imageId":                imageID{digest, id.Tag},
			"imageManifest":          string(manifest.body),
			"imageManifestMediaType": r.images[digest].mediaType,
		})
	}
	return answerJSON(jsonType, map[string]any{"images": images, "failures": failures})
}

func (s *Server) batchCheckLayerAvailability(_ *call, in ecrInput[struct {
	LayerDigests []string `json:"layerDigests"`
}]) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.repositories[in.repository] == nil {
		return refuseJSON(unknownRepository(in.repository.name, in.registryID))
	}
	layers, failures := []any{}, []any{}
	for _, digest := range in.own.LayerDigests {
		blob := callRegistry(s.imagesLocked(in.repository.registry), http.MethodHead, in.repository.name, "blobs/"+digest)
		size, err := strconv.ParseInt(blob.header.Get("Content-Length"), 10, 64)
		layer := map[string]any{"layerDigest": digest, "layerAvailability": "AVAILABLE", "layerSize": size}
		switch {
		case !strings.HasPrefix(digest, "sha256:"):
			failures = append(failures, map[string]any{"layerDigest": digest, "failureCode": "InvalidLayerDigest", "failureReason": "Invalid layer digest"})
			continue
		case blob.status != http.StatusOK || err != nil:
			layer = map[string]any{"layerDigest": digest, "layerAvailability": "UNAVAILABLE"}
		}
		layers = append(layers, layer)
	}
	return answerJSON(jsonType, map[string]any{"layers": layers, "failures": failures})
}

// find returns the digest of an image.
func (r *storedRepository) find(id imageID) (digest string, ok bool) {
	digest = id.Digest
	if id.Tag != "" {
		if d := r.tags[id.Tag]; digest == "" || digest == d {
			digest = d
		} else {
			return "", false
		}
	}
	_, ok = r.images[digest]
	return digest, ok
}

// callRegistry sends a request to a registry in this process.
func callRegistry(images http.Handler, method, name, path string) *heldWriter {
	w := &heldWriter{header: http.Header{}, status: http.StatusOK}
	r, err := http.NewRequest(method, "/v2/"+name+"/"+path, nil)
	if err != nil {
		w.status = http.StatusBadRequest // a digest of the caller that is not a path
		return w
	}
	images.ServeHTTP(w, r)
	return w
}

// answerPage answers with one page of a list. The token of the next page is an offset.
func answerPage(member string, list []any, size int, token string) answer {
	start := 0
	if token != "" {
		var err error
		if start, err = strconv.Atoi(token); err != nil || start < 0 || start > len(list) {
			return refuseJSON(refusal{code: "InvalidParameterException", message: "Invalid parameter at 'nextToken'"})
		}
	}
	end := len(list)
	if size > 0 {
		end = min(end, start+size)
	}
	page := map[string]any{member: list[start:end]}
	if end < len(list) {
		page["nextToken"] = strconv.Itoa(end)
	}
	return answerJSON(jsonType, page)
}

func unknownRepository(name, registryID string) refusal {
	return refusal{code: "RepositoryNotFoundException",
		message: fmt.Sprintf("The repository with name '%s' does not exist in the registry with id '%s'", name, registryID)}
}

func orNull(s string) string {
	if s == "" {
		return "null"
	}
	return s
}
