package doctor

import (
	"net/http"
	"net/netip"
	"net/url"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
)

// checkLayers requests a layer of the image, which is the next step of a pull. It needs another
// permission, and ECR redirects it to S3.
func (t *target) checkLayers() []Finding {
	digest, a, err := t.firstBlob()
	if err != nil {
		return one(t.noResponse(err))
	}
	if digest == "" {
		return one(warn("", "the manifest of %s has no layer with a digest (%s)", t.image(), a))
	}
	if a, err = t.request(http.MethodGet, "/v2/"+t.repository+"/blobs/"+digest); err != nil {
		return one(t.noResponse(err))
	}
	switch {
	case a.status == http.StatusOK:
		return one(ok("%s can be downloaded", digest))
	case a.status == http.StatusForbidden || a.status == http.StatusUnauthorized:
		return one(t.accessDenied(a, "ecr:GetDownloadUrlForLayer"))
	case a.status < http.StatusMultipleChoices || a.status >= http.StatusBadRequest:
		return one(fail(waitFix+", or push the image again", "%s does not return %s of %s (%s)", t.host, digest, t.image(), a))
	}
	// Only the host of the location is printed: the rest opens the layer to everybody for a while.
	where, err := url.Parse(a.location)
	if err != nil || where.Host == "" || len(where.Host) > maxHost || redact.Text(where.Host, t.secrets()...) != where.Host {
		return one(fail(checkProxy, "%s redirects to no valid host for %s", t.host, digest))
	}
	if where.Scheme != "https" {
		return one(fail(checkProxy, "%s redirects to %s without https for %s", t.host, where.Host, digest))
	}
	if at, err := netip.ParseAddr(where.Hostname()); err == nil && t.isForbidden(at) {
		return one(fail(checkProxy, "%s redirects to %s for %s, %s", t.host, where.Host, digest, localOnly))
	}
	f := t.probe(&probe{forbidden: t.isForbidden}, t.trust, (&url.URL{Scheme: where.Scheme, Host: where.Host, Path: "/"}).String())
	if f.Status == OK {
		return one(ok("%s can be downloaded: %s", digest, f.Fact))
	}
	f.Fix += "; a VPC without internet access needs a gateway endpoint for S3"
	return one(f)
}

// maxHost is the length of the longest host name with a port.
const maxHost = 253 + len(":65535")

// localOnly describes addresses to which a registry has no reason to redirect.
const localOnly = "an address of this machine or its local link"

// amazonLocal has the services that an EC2 instance reaches on its local link over IPv6, such as
// the metadata service.
var amazonLocal = netip.MustParsePrefix("fd00:ec2::/32")

// isForbidden reports whether only this machine can reach an address, so that a redirect to it is
// not followed: services listen there that trust every caller. A registry on this machine may
// redirect to this machine.
func (t *target) isForbidden(at netip.Addr) bool {
	at = at.Unmap().WithZone("")
	if at.IsLoopback() || at.IsUnspecified() {
		return !t.isLocal()
	}
	return at.IsLinkLocalUnicast() || at.IsMulticast() || amazonLocal.Contains(at)
}

// isLocal reports whether the registry is on this machine.
func (t *target) isLocal() bool {
	if at, err := netip.ParseAddrPort(t.hostProbe.address); err == nil && t.hostProbe.proxy == "" {
		return at.Addr().Unmap().IsLoopback()
	}
	host := (&url.URL{Host: t.host}).Hostname()
	at, err := netip.ParseAddr(host)
	return err == nil && at.Unmap().IsLoopback() || host == "localhost"
}

// firstBlob returns the digest of the image's first layer, or of its configuration when it has no
// layer. Of an index it takes the first image.
func (t *target) firstBlob() (digest string, a response, err error) {
	reference := t.reference
	checked := func(digest string) string {
		if !isDigest(digest) {
			return ""
		}
		return digest
	}
	for range 2 {
		var manifest struct {
			Manifests, Layers []struct{ Digest string }
			Config            struct{ Digest string }
		}
		a, err = t.requestURL(http.MethodGet, "https://"+t.host+"/v2/"+t.repository+"/manifests/"+reference, t.authorization, &manifest)
		switch {
		case err != nil:
			return "", a, err
		case len(manifest.Layers) > 0:
			return checked(manifest.Layers[0].Digest), a, nil
		case len(manifest.Manifests) == 0:
			return checked(manifest.Config.Digest), a, nil
		}
		if reference = checked(manifest.Manifests[0].Digest); reference == "" {
			break
		}
	}
	return "", a, nil
}
