package token

import (
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/authtoken"
)

func TestDecodeNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		a    *authorization
		want string
	}{
		"no data":  {nil, "it has no authorization data"},
		"no token": {&authorization{}, "it has no authorization token"},
	} {
		if username, password, err := test.a.decode(); err == nil || err.Error() != test.want || username+password != "" {
			t.Errorf("%s: %q, %q, %v", name, username, password, err)
		}
	}
}

// payload returns a password as ECR returns it.
func payload(expiration any) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil,
		`{"payload":"not-a-real-token","datakey":"none","version":"2","type":"DATA_KEY","expiration":%v}`, expiration))
}

func TestLifetime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	at := func(d time.Duration) *time.Time { end := now.Add(d); return &end }
	zero := time.Time{}
	epoch := time.Unix(0, 0)
	tests := []struct {
		why       string
		expiresAt *time.Time
		password  string
		want      time.Duration
	}{
		{"valid", at(11 * time.Hour), "", 11 * time.Hour},
		{"valid, the payload differs", at(11 * time.Hour), payload(now.Add(time.Hour).Unix()), 11 * time.Hour},
		{"expired", at(-time.Minute), "", -time.Minute},
		{"expired since 1970", &epoch, "", -maxLife},
		{"missing, with a payload", nil, payload(now.Add(3 * time.Hour).Unix()), 3 * time.Hour},
		{"missing, the payload has expired", nil, payload(now.Add(-time.Hour).Unix()), -time.Hour},
		{"missing, no payload", nil, "not-a-real-token", authtoken.Life},
		{"missing, payload in milliseconds", nil, payload(now.Add(time.Hour).UnixMilli()), authtoken.Life},
		{"missing, payload of 1970", nil, payload(1), authtoken.Life},
		{"zero is missing", &zero, payload(now.Add(3 * time.Hour).Unix()), 3 * time.Hour},
		{"absurdly late is missing", at(1000 * time.Hour), payload(now.Add(3 * time.Hour).Unix()), 3 * time.Hour},
		{"absurdly late, no payload", at(292 * 365 * 24 * time.Hour), "", authtoken.Life},
	}
	for _, test := range tests {
		if got := lifetime(test.expiresAt, test.password, now); got != test.want {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
	}
}

func FuzzLifetime(f *testing.F) {
	f.Add(payload(1767322800), int64(1767322800), int64(1767300000))
	f.Fuzz(func(t *testing.T, password string, expires, now int64) {
		end := time.Unix(expires, 0)
		for _, expiresAt := range []*time.Time{&end, nil} {
			if got := lifetime(expiresAt, password, time.Unix(now, 0)); got > maxLife || got < -maxLife {
				t.Errorf("lifetime %v", got)
			}
		}
	})
}
