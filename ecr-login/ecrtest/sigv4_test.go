package ecrtest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const ecrTarget = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"

// signedRequest is a request that is signed by the SDK's signer and then changed by a test case.
type signedRequest struct {
	url, body       string
	creds           ecrtest.Credentials
	region, service string
	header          http.Header
	at              time.Time
	spoil           func(*http.Request) // after signing
}

func (sr signedRequest) send(t *testing.T, client *http.Client) (status int, header http.Header, body []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, sr.url, strings.NewReader(sr.body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range sr.header {
		req.Header[k] = v
	}
	sum := sha256.Sum256([]byte(sr.body))
	err = v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{
		AccessKeyID:     sr.creds.AccessKeyID,
		SecretAccessKey: sr.creds.SecretAccessKey,
		SessionToken:    sr.creds.SessionToken,
	}, req, hex.EncodeToString(sum[:]), sr.service, sr.region, sr.at)
	if err != nil {
		t.Fatal(err)
	}
	if sr.spoil != nil {
		sr.spoil(req)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, body
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := ecrtest.New(t)
	s.SetClock(func() time.Time { return now })
	client := &http.Client{Transport: s.Transport()}

	user := s.AddUser("developer")
	session := s.NewSession("arn:aws:sts::123456789012:assumed-role/deployer/one")
	s.SetSessionLife(-time.Second)
	ended := s.NewSession("arn:aws:sts::123456789012:assumed-role/deployer/two")

	with := func(c ecrtest.Credentials, change func(*ecrtest.Credentials)) ecrtest.Credentials {
		change(&c)
		return c
	}
	const mismatch = "The request signature we calculated does not match"
	for _, tc := range []struct {
		name       string
		change     func(*signedRequest)
		code, text string // "" is success
	}{
		{"long-term key", func(*signedRequest) {}, "", ""},
		{"session", func(r *signedRequest) { r.creds = session }, "", ""},
		{"AWS's own host name", func(r *signedRequest) { r.url = "https://api.ecr.us-east-1.amazonaws.com/" }, "", ""},
		{"another region on loopback", func(r *signedRequest) { r.region = "ap-southeast-7" }, "", ""},
		{"path and query that need encoding", func(r *signedRequest) { r.url += "a%20b/%C3%BC:*?x=1&x=0&a-b=2&a=%C3%A9+%2F~" }, "", ""},
		{"query in another order than the signer's", func(r *signedRequest) {
			r.url += "?x=1&x=0&a-b=2&a=3"
			r.spoil = func(req *http.Request) { req.URL.RawQuery = "x=1&x=0&a-b=2&a=3" }
		}, "", ""},
		{"header with several values and spaces", func(r *signedRequest) { r.header["X-Amz-Meta"] = []string{"  two   words ", "b"} }, "", ""},
		{"just five minutes old", func(r *signedRequest) { r.at = now.Add(-5 * time.Minute) }, "", ""},
		{"just five minutes early", func(r *signedRequest) { r.at = now.Add(5 * time.Minute) }, "", ""},

		{"wrong secret", func(r *signedRequest) {
			r.creds = with(user, func(c *ecrtest.Credentials) { c.SecretAccessKey += "x" })
		}, "InvalidSignatureException", mismatch},
		{"unknown key", func(r *signedRequest) {
			r.creds = with(user, func(c *ecrtest.Credentials) { c.AccessKeyID = "AKIDEXAMPLEUNKNOWN" })
		}, "UnrecognizedClientException", "security token included in the request is invalid"},
		{"session without its token", func(r *signedRequest) {
			r.creds = with(session, func(c *ecrtest.Credentials) { c.SessionToken = "" })
		}, "UnrecognizedClientException", "is invalid"},
		{"unknown session token", func(r *signedRequest) {
			r.creds = with(session, func(c *ecrtest.Credentials) { c.SessionToken = "not-a-real-session-token" })
		}, "UnrecognizedClientException", "is invalid"},
		{"session token with a long-term key", func(r *signedRequest) {
			r.creds = with(user, func(c *ecrtest.Credentials) { c.SessionToken = session.SessionToken })
		}, "UnrecognizedClientException", "is invalid"},
		{"session that has ended", func(r *signedRequest) { r.creds = ended }, "ExpiredTokenException", "is expired"},

		{"another region's host", func(r *signedRequest) {
			r.url, r.region = "https://api.ecr.us-east-1.amazonaws.com/", "eu-west-1"
		}, "InvalidSignatureException", "valid region, not 'eu-west-1'"},
		{"no region at all", func(r *signedRequest) { r.region = "nowhere" }, "InvalidSignatureException", "valid region, not 'nowhere'"},
		{"ECR Public outside us-east-1", func(r *signedRequest) {
			r.service, r.region = "ecr-public", "eu-west-1"
			r.header.Set("X-Amz-Target", "SpencerFrontendService.GetAuthorizationToken")
		}, "InvalidSignatureException", "valid region, not 'eu-west-1'"},
		{"wrong service", func(r *signedRequest) { r.service = "ecr-public" }, "InvalidSignatureException", "correct service: 'ecr'"},

		{"too old", func(r *signedRequest) { r.at = now.Add(-5*time.Minute - time.Second) },
			"InvalidSignatureException", "Signature expired: 20260301T115459Z is now earlier than 20260301T115500Z (20260301T120000Z - 5 min.)"},
		{"too early", func(r *signedRequest) { r.at = now.Add(5*time.Minute + time.Second) },
			"InvalidSignatureException", "Signature not yet current: 20260301T120501Z is still later than 20260301T120500Z (20260301T120000Z + 5 min.)"},

		{"other body", func(r *signedRequest) {
			r.spoil = func(req *http.Request) { setBody(req, `{ }`) }
		}, "InvalidSignatureException", mismatch},
		{"payload hash of another body", func(r *signedRequest) {
			r.header.Set("X-Amz-Content-Sha256", strings.Repeat("0", 64))
		}, "InvalidSignatureException", "x-amz-content-sha256"},
		{"other date", func(r *signedRequest) {
			r.spoil = func(req *http.Request) { req.Header.Set("X-Amz-Date", "20260301T120001Z") }
		}, "InvalidSignatureException", mismatch},
		{"date of another day than the scope", func(r *signedRequest) {
			r.spoil = func(req *http.Request) { req.Header.Set("X-Amz-Date", "20260302T120000Z") }
		}, "InvalidSignatureException", "Date in Credential scope does not match"},
		{"no date", func(r *signedRequest) {
			r.spoil = func(req *http.Request) { req.Header.Del("X-Amz-Date") }
		}, "IncompleteSignatureException", "ISO-8601"},
		{"other content type", func(r *signedRequest) {
			r.spoil = func(req *http.Request) { req.Header.Set("Content-Type", "application/json") }
		}, "InvalidSignatureException", mismatch},
		{"other host name", func(r *signedRequest) {
			r.spoil = func(req *http.Request) { req.Host = "localhost" }
		}, "InvalidSignatureException", mismatch},
		{"other path", func(r *signedRequest) {
			r.spoil = func(req *http.Request) { req.URL.Path = "/other" }
		}, "InvalidSignatureException", mismatch},
		{"added query", func(r *signedRequest) {
			r.spoil = func(req *http.Request) { req.URL.RawQuery = "a=b" }
		}, "InvalidSignatureException", mismatch},
		{"amz header that is not signed", func(r *signedRequest) {
			r.spoil = func(req *http.Request) { req.Header.Set("X-Amz-Extra", "1") }
		}, "InvalidSignatureException", "'x-amz-extra' must be a 'SignedHeader'"},
		{"host that is not signed", editAuthorization("host;", ""), "InvalidSignatureException", "'Host' or ':authority' must be a 'SignedHeader'"},
		{"signed headers out of order", editAuthorization("content-type;host", "host;content-type"), "IncompleteSignatureException", "alphabetical"},
		{"other terminator", editAuthorization("aws4_request", "aws5_request"), "InvalidSignatureException", "valid terminator"},
		{"scope with a part missing", editAuthorization("/aws4_request", ""), "IncompleteSignatureException", "exactly 5 slash-delimited"},
		{"other algorithm", editAuthorization("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), "IncompleteSignatureException", "Unsupported AWS 'algorithm'"},
		{"no signature part", editAuthorization("Signature=", "Sig="), "IncompleteSignatureException", "requires 'Signature'"},
		{"part without a value", editAuthorization("SignedHeaders=", "SignedHeaders,X="), "IncompleteSignatureException", "not a valid key=value pair"},
		{"no signature at all", func(r *signedRequest) {
			r.spoil = func(req *http.Request) { req.Header.Del("Authorization") }
		}, "MissingAuthenticationTokenException", "Missing Authentication Token"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := signedRequest{
				url: s.URL + "/", body: "{}", creds: user, region: "us-east-1", service: "ecr", at: now,
				header: http.Header{"X-Amz-Target": {ecrTarget}, "Content-Type": {"application/x-amz-json-1.1"}},
			}
			tc.change(&r)
			status, header, body := r.send(t, client)
			if date := header.Get("Date"); date != "Sun, 01 Mar 2026 12:00:00 GMT" {
				t.Errorf("Date is %q, not the server's clock", date)
			}
			var got struct {
				Type    string `json:"__type"`
				Message string `json:"message"`
				Data    []any  `json:"authorizationData"`
			}
			if err := json.Unmarshal(body, &got); err != nil {
				t.Fatalf("answer %q: %v", body, err)
			}
			if got.Type != tc.code || !strings.Contains(got.Message, tc.text) {
				t.Errorf("got %q %q, want %q with %q", got.Type, got.Message, tc.code, tc.text)
			}
			if ok := tc.code == ""; ok != (status == http.StatusOK) || ok != (len(got.Data) == 1) {
				t.Errorf("status %d with %d tokens", status, len(got.Data))
			}
		})
	}
}

func editAuthorization(from, to string) func(*signedRequest) {
	return func(r *signedRequest) {
		r.spoil = func(req *http.Request) {
			req.Header.Set("Authorization", strings.Replace(req.Header.Get("Authorization"), from, to, 1))
		}
	}
}

func setBody(req *http.Request, body string) {
	req.Body = io.NopCloser(bytes.NewReader([]byte(body)))
	req.ContentLength = int64(len(body))
}
