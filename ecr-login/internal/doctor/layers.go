package doctor

import (
	"net/http"
	"net/netip"
	"net/url"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
)

// checkLayers asks for a part of the image, as a pull does next: it takes another permission, and ECR sends to S3 for it.
func (t *target) checkLayers() []Finding {
	digest, a, err := t.blob()
	if err != nil {
		return one(t.noAnswer(err))
	}
	if digest == "" {
		return one(warn("", "the manifest of %s names no part of an image by a digest (%s)", t.image(), a))
	}
	if a, err = t.ask(http.MethodGet, "/v2/"+t.repository+"/blobs/"+digest, t.authorization); err != nil {
		return one(t.noAnswer(err))
	}
	switch {
	case a.status == http.StatusOK:
		return one(ok("%s may be downloaded", digest))
	case a.status == http.StatusForbidden || a.status == http.StatusUnauthorized:
		return one(t.denied(a, "ecr:GetDownloadUrlForLayer"))
	case a.status < http.StatusMultipleChoices || a.status >= http.StatusBadRequest:
		return one(fail("try again; if it stays, push the image again", "%s does not give %s of %s (%s)", t.host, digest, t.image(), a))
	}
	// What follows the host in the location opens the layer to anybody, for a while.
	where, err := url.Parse(a.location)
	if err != nil || where.Host == "" || len(where.Host) > maxHost || redact.Text(where.Host, t.secrets()...) != where.Host {
		return one(fail("", "%s sends to nowhere for %s", t.host, digest))
	}
	const fix = "something between here and AWS may answer in its place: check HTTPS_PROXY"
	if where.Scheme != "https" {
		return one(fail(fix, "%s sends to %s for %s, which is not visited: it is no https", t.host, where.Host, digest))
	}
	if at, err := netip.ParseAddr(where.Hostname()); err == nil && t.shuns(at) {
		return one(fail(fix, "%s sends to %s for %s, which is not visited: it is %s", t.host, where.Host, digest, shunned))
	}
	f := t.visit(&visit{shuns: t.shuns}, t.trust, (&url.URL{Scheme: where.Scheme, Host: where.Host, Path: "/"}).String())
	if f.Status == OK {
		return one(ok("%s may be downloaded: %s", digest, f.Fact))
	}
	f.Fix += "; in a VPC without a way out, ECR needs a gateway endpoint for S3"
	return one(f)
}

// maxHost is the longest name of a host, with a port.
const maxHost = 253 + len(":65535")

// shunned is what addresses are that no registry has a reason to send to.
const shunned = "an address of this machine or of its link"

// amazonLocal has the services that an EC2 instance finds on its link by IPv6, the metadata service among them.
var amazonLocal = netip.MustParsePrefix("fd00:ec2::/32")

// shuns reports whether an address is one that only this machine can reach, and that is not to be visited because a
// server says so: services listen there that trust whoever asks. A registry on this machine may send to it.
func (t *target) shuns(at netip.Addr) bool {
	at = at.Unmap().WithZone("")
	if at.IsLoopback() || at.IsUnspecified() {
		return !t.isLocal()
	}
	return at.IsLinkLocalUnicast() || at.IsMulticast() || amazonLocal.Contains(at)
}

// isLocal reports whether the registry is on this machine.
func (t *target) isLocal() bool {
	if at, err := netip.ParseAddrPort(t.hostVisit.address); err == nil && t.hostVisit.proxy == "" {
		return at.Addr().Unmap().IsLoopback()
	}
	host := (&url.URL{Host: t.host}).Hostname()
	at, err := netip.ParseAddr(host)
	return err == nil && at.Unmap().IsLoopback() || host == "localhost"
}

// blob is the digest of the image's first layer, or of its configuration when it has none; of the first image when
// there is one for each platform.
func (t *target) blob() (digest string, a answer, err error) {
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
		a, err = t.askAt("https://"+t.host+"/v2/"+t.repository+"/manifests/"+reference, http.MethodGet, t.authorization, &manifest)
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
