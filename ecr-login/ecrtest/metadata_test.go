package ecrtest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
)

// do sends a request with headers given as "Name: value".
func do(t *testing.T, s *ecrtest.Server, method, url, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		k, v, _ := strings.Cut(h, ": ")
		req.Header.Set(k, v)
	}
	resp, err := s.Transport().RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

const (
	metadataTTL   = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds"
	metadataToken = "X-Aws-Ec2-Metadata-Token"
	roleList      = "/latest/meta-data/iam/security-credentials/"
)

func TestMetadataRequiresToken(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := ecrtest.New(t)
	s.SetClock(func() time.Time { return now })
	for _, tc := range []struct {
		name, method, path, header string
		status                     int
	}{
		{"no token", "GET", roleList, "Accept: */*", 401},
		{"made-up token", "GET", roleList, metadataToken + ": not-a-real-metadata-token", 401},
		{"token by GET", "GET", "/latest/api/token", metadataTTL + ": 60", 405},
		{"token without a lifetime", "PUT", "/latest/api/token", "Accept: */*", 400},
		{"token for no time", "PUT", "/latest/api/token", metadataTTL + ": 0", 400},
		{"token for too long", "PUT", "/latest/api/token", metadataTTL + ": 21601", 400},
		{"token through a proxy", "PUT", "/latest/api/token", "X-Forwarded-For: 192.0.2.1", 403},
		{"user data without a token", "GET", "/latest/user-data", "Accept: */*", 401},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if resp, _ := do(t, s, tc.method, s.URL+tc.path, "", tc.header); resp.StatusCode != tc.status {
				t.Errorf("status %d, want %d", resp.StatusCode, tc.status)
			}
		})
	}

	resp, token := do(t, s, "PUT", s.URL+"/latest/api/token", "", metadataTTL+": 60")
	if resp.Header.Get(metadataTTL) != "60" {
		t.Errorf("the token's life is %q", resp.Header.Get(metadataTTL))
	}
	bearer := metadataToken + ": " + token
	for path, want := range map[string]int{
		roleList:             200,
		roleList + "ec2":     200,
		roleList + "other":   404,
		"/latest/user-data":  404,
		"/latest/meta-data/": 404,
	} {
		if resp, _ := do(t, s, "GET", s.URL+path, "", bearer); resp.StatusCode != want {
			t.Errorf("%s: status %d, want %d", path, resp.StatusCode, want)
		}
	}
	s.SetInstanceRole("")
	for _, path := range []string{roleList, roleList + "ec2"} {
		if resp, _ := do(t, s, "GET", s.URL+path, "", bearer); resp.StatusCode != 404 {
			t.Errorf("%s without a role: status %d, want 404", path, resp.StatusCode)
		}
	}
	now = now.Add(time.Minute)
	if resp, _ := do(t, s, "GET", s.URL+"/latest/meta-data/instance-id", "", bearer); resp.StatusCode != 401 {
		t.Errorf("a minute later: status %d, want 401", resp.StatusCode)
	}
	if s.Calls("imds:token") != 6 || s.Calls("imds:role") != 4 || s.Calls("imds:credentials") != 3 {
		t.Errorf("calls: token %d, role %d, credentials %d", s.Calls("imds:token"), s.Calls("imds:role"), s.Calls("imds:credentials"))
	}
}

func TestMetadataRegionForTheSDK(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	client := imds.New(imds.Options{Endpoint: s.URL, HTTPClient: &http.Client{Transport: s.Transport()}, EnableFallback: aws.FalseTernary})
	out, err := client.GetRegion(t.Context(), nil)
	if err != nil || out.Region != ecrtest.Region {
		t.Errorf("region %+v, %v", out, err)
	}
	doc, err := client.GetInstanceIdentityDocument(t.Context(), nil)
	if err != nil || doc.AccountID != ecrtest.Account {
		t.Errorf("document %+v, %v", doc, err)
	}
}

// handed is the answer of the metadata service and the container agents.
type handed struct {
	AccessKeyID, SecretAccessKey, Token string
	Expiration                          time.Time
}

func (h handed) credentials() ecrtest.Credentials {
	return ecrtest.Credentials{AccessKeyID: h.AccessKeyID, SecretAccessKey: h.SecretAccessKey, SessionToken: h.Token}
}

func TestCredentialsChangeBeforeExpiryOrByRotation(t *testing.T) {
	t.Parallel()
	for name, setUp := range map[string]func(*testing.T, *ecrtest.Server) (path, header string){
		"metadata": func(t *testing.T, s *ecrtest.Server) (string, string) {
			s.SetInstanceRole("arn:aws:iam::123456789012:role/node")
			_, token := do(t, s, "PUT", s.URL+"/latest/api/token", "", metadataTTL+": 21600")
			return roleList + "node", metadataToken + ": " + token
		},
		"container": func(t *testing.T, s *ecrtest.Server) (string, string) {
			return s.AddContainer("arn:aws:iam::123456789012:role/task", "not-a-real-token"), "Authorization: not-a-real-token"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Now().Truncate(time.Second)
			s := ecrtest.New(t)
			s.SetClock(func() time.Time { return now })
			path, header := setUp(t, s)
			get := func() handed {
				resp, body := do(t, s, "GET", s.URL+path, "", header)
				var h handed
				if err := json.Unmarshal([]byte(body), &h); err != nil || resp.StatusCode != 200 {
					t.Fatalf("status %d, %q: %v", resp.StatusCode, body, err)
				}
				return h
			}
			first := get()
			if !first.Expiration.Equal(now.Add(time.Hour)) {
				t.Errorf("expires %v, want in an hour", first.Expiration.Sub(now))
			}
			now = now.Add(54 * time.Minute)
			if again := get(); again != first {
				t.Error("other credentials although the first ones were good for minutes")
			}
			s.RotateSessions()
			second := get()
			if second.AccessKeyID == first.AccessKeyID {
				t.Error("the same credentials after a rotation")
			}
			if _, err := identity(t.Context(), sdkConfig(s, first.credentials())); err == nil {
				t.Error("the SDK's clock is 54 minutes off and yet it was believed")
			}
			now = now.Add(-54 * time.Minute)
			for _, h := range []handed{first, second} {
				if _, err := identity(t.Context(), sdkConfig(s, h.credentials())); err != nil {
					t.Errorf("credentials handed out do not work: %v", err)
				}
			}
			now = second.Expiration.Add(-5 * time.Minute)
			if third := get(); third.AccessKeyID == second.AccessKeyID {
				t.Error("the same credentials five minutes before their end")
			}
		})
	}
}
