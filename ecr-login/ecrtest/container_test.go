package ecrtest_test

import (
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

func TestContainerAgentsIdentifyContainers(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	const role = "arn:aws:iam::123456789012:role/"
	closed := s.AddContainer(role+"closed", "not-a-real-token")
	open := s.AddContainer(role+"open", "")
	pod := s.AddPod(role+"pod-a", "service-account-a")
	if again := s.AddPod(role+"pod-b", "service-account-b"); again != pod {
		t.Errorf("pods have paths %q and %q, want one", pod, again)
	}
	for _, tc := range []struct {
		name, path, header string
		status             int
		role               string
	}{
		{"with its token", closed, "Authorization: not-a-real-token", 200, "closed"},
		{"without a token", closed, "Accept: */*", 401, ""},
		{"with another token", closed, "Authorization: other", 401, ""},
		{"with a scheme before the token", closed, "Authorization: Bearer not-a-real-token", 401, ""},
		{"that needs no token", open, "Accept: */*", 200, "open"},
		{"pod a", pod, "Authorization: service-account-a", 200, "pod-a"},
		{"pod b", pod, "Authorization: service-account-b", 200, "pod-b"},
		{"pod without a token", pod, "Accept: */*", 401, ""},
		{"unknown container", "/v2/credentials/unknown", "Authorization: not-a-real-token", 401, ""}, // a registry's path, so a registry's answer
	} {
		t.Run(tc.name, func(t *testing.T) {
			resp, body := do(t, s, "GET", s.URL+tc.path, "", tc.header)
			if resp.StatusCode != tc.status {
				t.Errorf("status %d, want %d: %s", resp.StatusCode, tc.status, body)
			}
			if want := `"RoleArn":"` + role + tc.role + `"`; tc.role != "" && !strings.Contains(body, want) {
				t.Errorf("%s: no %s", body, want)
			}
		})
	}
	if resp, _ := do(t, s, "POST", s.URL+open, ""); resp.StatusCode != 405 {
		t.Errorf("POST: status %d, want 405", resp.StatusCode)
	}
	if n := s.Calls("container:credentials"); n != 9 {
		t.Errorf("%d calls counted, want 9", n)
	}
}
