package token

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"
)

func encoded(s string) *string {
	e := base64.StdEncoding.EncodeToString([]byte(s))
	return &e
}

func raw(s string) *string { return &s }

func TestDecode(t *testing.T) {
	t.Parallel()
	user, password, reason := decode(answer{present: true, token: encoded("AWS:not-a-real-token:with=colon")})
	if user != "AWS" || password != "not-a-real-token:with=colon" || reason != "" {
		t.Errorf("got %q, %q, %q", user, password, reason)
	}
	long := "AWS:" + strings.Repeat("x", 40<<10)
	if _, password, reason := decode(answer{present: true, token: encoded(long)}); reason != "" || len(password) != 40<<10 {
		t.Errorf("a long token is refused: %q", reason)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	const marker = "marker-of-the-answer"
	tests := []struct {
		why  string
		in   answer
		says string
	}{
		{"nothing there", answer{}, "no authorization data"},
		{"data without a token", answer{present: true}, "no authorization token"},
		{"empty token", answer{present: true, token: raw("")}, "no authorization token"},
		{"not base64", answer{present: true, token: raw(marker + "!")}, "not base64"},
		{"base64 of the URL alphabet", answer{present: true, token: raw("QVdTOn__")}, "not base64"},
		{"base64 cut short", answer{present: true, token: raw("QVdTOmE")}, "not base64"},
		{"no colon", answer{present: true, token: encoded(marker)}, "no colon"},
		{"empty user", answer{present: true, token: encoded(":" + marker)}, "empty user name"},
		{"empty password", answer{present: true, token: encoded("AWS:")}, "empty password"},
		{"newline in the password", answer{present: true, token: encoded("AWS:" + marker + "\n")}, "control characters"},
		{"carriage return in the user", answer{present: true, token: encoded("AWS\r:" + marker)}, "control characters"},
		{"NUL", answer{present: true, token: encoded("AWS:" + marker + "\x00")}, "control characters"},
		{"DEL", answer{present: true, token: encoded("AWS:" + marker + "\x7f")}, "control characters"},
		{"C1 control", answer{present: true, token: encoded("AWS:" + marker + "\u0085")}, "control characters"},
		{"not UTF-8, which JSON cannot carry", answer{present: true, token: encoded("AWS:" + marker + "\xff")}, "not text"},
		{"user too long", answer{present: true, token: encoded(strings.Repeat("A", maxUsername+1) + ":" + marker)}, "absurdly long user"},
		{"token too long", answer{present: true, token: raw(strings.Repeat("QVdT", maxEncoded/4+1))}, "absurdly long"},
	}
	for _, test := range tests {
		user, password, reason := decode(test.in)
		if !strings.Contains(reason, test.says) || strings.Contains(reason, marker) {
			t.Errorf("%s: reason %q, want %q and nothing of the answer", test.why, reason, test.says)
		}
		if reason != "" && (user != "" || password != "") {
			t.Errorf("%s: refused, and yet %q %q", test.why, user, password)
		}
	}
}

// payload is a password as seen in the wild.
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
		{"as said", at(11 * time.Hour), "", 11 * time.Hour},
		{"as said, whatever the payload says", at(11 * time.Hour), payload(now.Add(time.Hour).Unix()), 11 * time.Hour},
		{"already over is no mistake", at(-time.Minute), "", -time.Minute},
		{"over since 1970", &epoch, "", -maxLife},
		{"missing, payload says", nil, payload(now.Add(3 * time.Hour).Unix()), 3 * time.Hour},
		{"missing, payload says it is over", nil, payload(now.Add(-time.Hour).Unix()), -time.Hour},
		{"missing, no payload", nil, "not-a-real-token", TokenLife},
		{"missing, payload in milliseconds", nil, payload(now.Add(time.Hour).UnixMilli()), TokenLife},
		{"missing, payload of 1970", nil, payload(1), TokenLife},
		{"zero is missing", &zero, payload(now.Add(3 * time.Hour).Unix()), 3 * time.Hour},
		{"absurdly late is missing", at(1000 * time.Hour), payload(now.Add(3 * time.Hour).Unix()), 3 * time.Hour},
		{"absurdly late, no payload", at(292 * 365 * 24 * time.Hour), "", TokenLife},
	}
	for _, test := range tests {
		if got := lifetime(test.expiresAt, test.password, now); got != test.want {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
	}
}

func TestExpiration(t *testing.T) {
	t.Parallel()
	end, ok := Expiration(payload(1767322800))
	if !ok || end.Unix() != 1767322800 {
		t.Errorf("got %v, %v", end, ok)
	}
	if end, ok := Expiration(strings.TrimRight(payload(1767322800), "=")); !ok || end.Unix() != 1767322800 {
		t.Errorf("without padding: %v, %v", end, ok)
	}
	for why, password := range map[string]string{
		"empty":           "",
		"not base64":      "not a real token",
		"not JSON":        base64.StdEncoding.EncodeToString([]byte("not JSON")),
		"no expiration":   base64.StdEncoding.EncodeToString([]byte(`{"payload":"x"}`)),
		"a string":        payload(`"1767322800"`),
		"zero":            payload(0),
		"negative":        payload(-1),
		"a fraction":      payload(1.5),
		"beyond an int64": payload("1e300"),
		"not an object":   base64.StdEncoding.EncodeToString([]byte(`[1767322800]`)),
		"absurdly long":   strings.Repeat("QUFB", maxEncoded),
	} {
		if end, ok := Expiration(password); ok {
			t.Errorf("%s: %v", why, end)
		}
	}
}

// Whatever comes, a token that is accepted can be printed as one line of JSON
// and sent in a header, and a refusal holds nothing of it.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"AWS:not-a-real-token", ":", "AWS:", ":x", "AWS:\n", "AWS:\xff", ""} {
		f.Add(*encoded(seed), true)
	}
	f.Add("not base64", true)
	f.Add("X010Om1=", true) // bits set that base64 does not use
	f.Add("", false)
	f.Fuzz(func(t *testing.T, in string, present bool) {
		user, password, reason := decode(answer{present: present, token: &in})
		if reason != "" {
			if len(in) > 12 && strings.Contains(reason, in) {
				t.Errorf("%q echoes %q", reason, in)
			}
			return
		}
		if user == "" || password == "" || strings.Contains(user, ":") || strings.ContainsAny(user+password, "\r\n\x00") {
			t.Errorf("accepted %q: %q %q", in, user, password)
		}
		again := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
		if u, p, reason := decode(answer{present: true, token: &again}); u != user || p != password || reason != "" {
			t.Errorf("%q: %q %q comes back as %q %q %q", in, user, password, u, p, reason)
		}
	})
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
