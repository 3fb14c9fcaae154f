package ecrtest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// repository is the name of one repository of one registry.
type repository struct {
	registry string // namespace
	name     string
}

// storedRepository is a repository with the images that were pushed to it. The images' contents are
// in the registry; this is the data that ECR's API returns about them.
type storedRepository struct {
	created   time.Time
	immutable bool
	tags      map[string]string // digest by tag
	images    map[string]storedImage
}

// storedImage is a pushed manifest.
type storedImage struct {
	pushed    time.Time
	mediaType string
	size      int64 // of the layers
}

// SetRequireRepositories sets whether a registry refuses repositories that CreateRepository did not
// create, as ECR does: 404 with the code NAME_UNKNOWN. Otherwise, which is the default, the first
// push creates a repository. It applies to private registries.
func (s *Server) SetRequireRepositories(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requireRepositories = on
}

// SetImmutableTags sets whether repositories that are created from now on have immutable tags,
// unless CreateRepository sets it. A push to an existing tag is then refused: 400 with the code
// TAG_INVALID.
func (s *Server) SetImmutableTags(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.immutableTags = on
}

// newRepository creates a repository. The caller holds mu.
func (s *Server) newRepository(key repository, immutable bool) *storedRepository {
	r := &storedRepository{created: s.now(), immutable: immutable, tags: map[string]string{}, images: map[string]storedImage{}}
	s.repositories[key] = r
	return r
}

// checkRepository refuses a request for an unknown repository, and a push to an immutable tag.
func (s *Server) checkRepository(c *call) *refusal {
	name, reference := manifestPath(c.URL.Path)
	if name == "" {
		name, _ = registryAction(c.Method, c.URL.Path)
	}
	if name == "" || isPublicHost(c.host) {
		return nil
	}
	key := repository{s.namespace(c.host), name}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.repositories[key]
	switch {
	case r == nil && s.requireRepositories:
		account, _, _ := strings.Cut(key.registry, "/")
		return &refusal{status: http.StatusNotFound, code: "NAME_UNKNOWN",
			message: fmt.Sprintf("The repository with name '%s' does not exist in the registry with id '%s'", name, account)}
	case r == nil || !r.immutable || c.Method != http.MethodPut || r.tags[reference] == "":
		return nil
	}
	return &refusal{status: http.StatusBadRequest, code: "TAG_INVALID",
		message: fmt.Sprintf("The image tag '%s' already exists in the '%s' repository and cannot be overwritten because the repository is immutable.", reference, name)}
}

// serveImages passes a request to the registry and records a push or a deletion of a manifest.
func (s *Server) serveImages(w http.ResponseWriter, c *call) {
	space := s.namespace(c.host)
	name, reference := manifestPath(c.URL.Path)
	if name == "" || c.Method != http.MethodPut && c.Method != http.MethodDelete {
		s.images(space).ServeHTTP(w, c.Request)
		return
	}
	manifest := readBody(c.Request)
	c.Request.Body = io.NopCloser(bytes.NewReader(manifest))
	noted := &statusWriter{ResponseWriter: w}
	s.images(space).ServeHTTP(noted, c.Request)
	if noted.status >= 300 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := repository{space, name}
	r := s.repositories[key]
	if c.Method == http.MethodDelete {
		if r != nil {
			r.remove(reference)
		}
		return
	}
	if r == nil {
		r = s.newRepository(key, s.immutableTags)
	}
	digest := w.Header().Get("Docker-Content-Digest")
	r.images[digest] = describeManifest(manifest, c.Header.Get("Content-Type"), s.now())
	if reference != digest {
		r.tags[reference] = digest
	}
}

// remove removes a tag, or a digest with all its tags.
func (r *storedRepository) remove(reference string) {
	delete(r.tags, reference)
	delete(r.images, reference)
	maps.DeleteFunc(r.tags, func(_, digest string) bool { return digest == reference })
}

// tagsOf returns the tags of a digest, sorted.
func (r *storedRepository) tagsOf(digest string) (tags []string) {
	for tag, d := range r.tags {
		if d == digest {
			tags = append(tags, tag)
		}
	}
	slices.Sort(tags)
	return tags
}

// digests returns the digests of all images, in the order of the pushes.
func (r *storedRepository) digests() []string {
	return slices.SortedFunc(maps.Keys(r.images), func(a, b string) int {
		return cmp.Or(r.images[a].pushed.Compare(r.images[b].pushed), cmp.Compare(a, b))
	})
}

// describeManifest returns what ECR reports about a manifest.
func describeManifest(text []byte, mediaType string, now time.Time) storedImage {
	var manifest struct {
		MediaType string `json:"mediaType"`
		Layers    []struct {
			Size int64 `json:"size"`
		} `json:"layers"`
	}
	image := storedImage{pushed: now, mediaType: mediaType}
	if json.Unmarshal(text, &manifest) == nil {
		image.mediaType = cmp.Or(manifest.MediaType, mediaType)
		for _, l := range manifest.Layers {
			image.size += l.Size
		}
	}
	return image
}

// manifestPath returns the repository and the tag or digest in the path of a manifest, or "".
func manifestPath(path string) (name, reference string) {
	path = strings.TrimPrefix(path, "/v2/")
	i := strings.LastIndex(path, "/manifests/")
	if i <= 0 {
		return "", ""
	}
	return path[:i], path[i+len("/manifests/"):]
}
