package ecrtest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// This is Signature Version 4 as described in "Signing AWS API requests" in the IAM User Guide. It
// does not use the SDK's signer, so that it can find mistakes in it.

const (
	algorithm  = "AWS4-HMAC-SHA256"
	isoTime    = "20060102T150405Z"
	maxSkew    = 5 * time.Minute
	terminator = "aws4_request"
)

// scope is the scope of a signature.
type scope struct {
	date, region, service string
}

// signature is a parsed Authorization header.
type signature struct {
	accessKeyID string
	scope       scope
	headers     []string
	hex         string
}

// Messages of AWS services.
const (
	textUnknownKey   = "The security token included in the request is invalid."
	textExpiredToken = "The security token included in the request is expired"
	textMismatch     = "The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)

// verify checks the signature of a request and sets its caller.
func (s *Server) verify(c *call) *refusal {
	header := c.Header.Get("Authorization")
	if header == "" {
		return &refusal{code: "MissingAuthenticationTokenException", message: "Missing Authentication Token"}
	}
	sig, no := parseAuthorization(header)
	if no != nil {
		return no
	}
	c.scope = sig.scope
	if no := checkScope(sig.scope, c.op.signed, c.host); no != nil {
		return no
	}
	date := c.Header.Get("X-Amz-Date")
	signed, err := time.Parse(isoTime, date)
	if err != nil {
		return &refusal{code: "IncompleteSignatureException",
			message: "Date must be in ISO-8601 'basic format'. Got '" + date + "'. See http://en.wikipedia.org/wiki/ISO_8601"}
	}
	if !strings.HasPrefix(date, sig.scope.date) {
		return mismatch("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%.8s', from '%s'.",
			sig.scope.date, date, date)
	}
	if no := checkSigned(c.Request, sig.headers); no != nil {
		return no
	}

	s.mu.Lock()
	key, known := s.keys[sig.accessKeyID]
	now := s.now().UTC()
	s.mu.Unlock()
	if !known || c.Header.Get("X-Amz-Security-Token") != key.SessionToken {
		return &refusal{code: "UnrecognizedClientException", message: textUnknownKey}
	}
	sum := sha256.Sum256(c.body)
	payload := hex.EncodeToString(sum[:])
	if h := c.Header.Get("X-Amz-Content-Sha256"); h != "" && h != payload {
		return mismatch("The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	want := sig.compute(c.Request, payload, date, key.SecretAccessKey)
	if !hmac.Equal([]byte(want), []byte(sig.hex)) {
		return mismatch(textMismatch)
	}
	// The clock is checked after the signature, so that a wrong signature is reported as that.
	if no := checkClock(signed, now); no != nil {
		return no
	}
	c.caller = key
	if key.Principal.Temporary && !now.Before(key.Principal.Expires) {
		return &refusal{code: "ExpiredTokenException", message: textExpiredToken}
	}
	return nil
}

func mismatch(format string, args ...any) *refusal {
	return &refusal{code: "InvalidSignatureException", message: fmt.Sprintf(format, args...)}
}

func parseAuthorization(header string) (signature, *refusal) {
	incomplete := func(why string) (signature, *refusal) {
		return signature{}, &refusal{code: "IncompleteSignatureException", message: why}
	}
	alg, rest, _ := strings.Cut(header, " ")
	if alg != algorithm {
		return incomplete("Unsupported AWS 'algorithm': '" + alg + "'.")
	}
	fields := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		k, v, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok || v == "" {
			return incomplete("'" + part + "' not a valid key=value pair (missing equal-sign) in Authorization header.")
		}
		fields[k] = v
	}
	for _, k := range []string{"Credential", "Signature", "SignedHeaders"} {
		if fields[k] == "" {
			return incomplete("Authorization header requires '" + k + "' parameter.")
		}
	}
	cred := strings.Split(fields["Credential"], "/")
	if len(cred) != 5 {
		return incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.")
	}
	if cred[4] != terminator {
		return signature{}, mismatch("Credential should be scoped with a valid terminator: '%s', not '%s'.", terminator, cred[4])
	}
	return signature{
		accessKeyID: cred[0],
		scope:       scope{date: cred[1], region: cred[2], service: cred[3]},
		headers:     strings.Split(fields["SignedHeaders"], ";"),
		hex:         fields["Signature"],
	}, nil
}

// checkScope compares a signature's scope with the service and the host of the request.
func checkScope(sc scope, service, host string) *refusal {
	if sc.service != service {
		return mismatch("Credential should be scoped to correct service: '%s'. ", service)
	}
	want := regionOf(host)
	switch {
	case service == "ecr-public":
		want = Region // the only region of its API
	case host == "sts.amazonaws.com":
		want = Region // the global endpoint
	}
	if want == "" && isRegion(sc.region) {
		return nil // a loopback address serves all regions
	}
	if sc.region != want {
		return mismatch("Credential should be scoped to a valid region, not '%s'. ", sc.region)
	}
	return nil
}

func checkClock(signed, now time.Time) *refusal {
	at := now.Format(isoTime)
	if oldest := now.Add(-maxSkew); signed.Before(oldest) {
		return mismatch("Signature expired: %s is now earlier than %s (%s - 5 min.)",
			signed.Format(isoTime), oldest.Format(isoTime), at)
	}
	if newest := now.Add(maxSkew); signed.After(newest) {
		return mismatch("Signature not yet current: %s is still later than %s (%s + 5 min.)",
			signed.Format(isoTime), newest.Format(isoTime), at)
	}
	return nil
}

// checkSigned checks that the headers that must be signed are signed: the host, the content type,
// and headers that start with x-amz-.
func checkSigned(r *http.Request, headers []string) *refusal {
	if !slices.IsSorted(headers) {
		return &refusal{code: "IncompleteSignatureException", message: "SignedHeaders must be in alphabetical order."}
	}
	if !slices.Contains(headers, "host") {
		return mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	for k := range r.Header {
		name := strings.ToLower(k)
		must := name == "content-type" || strings.HasPrefix(name, "x-amz-")
		if must && !slices.Contains(headers, name) {
			return mismatch("'%s' must be a 'SignedHeader' in the AWS Authorization.", name)
		}
	}
	return nil
}
