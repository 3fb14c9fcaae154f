package authtoken

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

func encoded(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func TestDecode(t *testing.T) {
	t.Parallel()
	user, password, err := Decode(encoded("AWS:not-a-real-token:with=colon"))
	if user != "AWS" || password != "not-a-real-token:with=colon" || err != nil {
		t.Errorf("got %q, %q, %q", user, password, err)
	}
	long := "AWS:" + strings.Repeat("x", 40<<10)
	if _, password, err := Decode(encoded(long)); err != nil || len(password) != 40<<10 {
		t.Errorf("a long token is refused: %q", err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	const marker = "marker-of-the-answer"
	tests := []struct {
		why  string
		in   string
		says string
	}{
		{"empty token", "", "no authorization token"},
		{"not base64", marker + "!", "not base64"},
		{"base64 of the URL alphabet", "QVdTOn__", "not base64"},
		{"base64 cut short", "QVdTOmE", "not base64"},
		{"no colon", encoded(marker), "no colon"},
		{"empty user", encoded(":" + marker), "empty user name"},
		{"empty password", encoded("AWS:"), "empty password"},
		{"newline in the password", encoded("AWS:" + marker + "\n"), "control characters"},
		{"carriage return in the user", encoded("AWS\r:" + marker), "control characters"},
		{"NUL", encoded("AWS:" + marker + "\x00"), "control characters"},
		{"DEL", encoded("AWS:" + marker + "\x7f"), "control characters"},
		{"C1 control", encoded("AWS:" + marker + "\u0085"), "control characters"},
		{"not UTF-8, which JSON cannot carry", encoded("AWS:" + marker + "\xff"), "not UTF-8"},
		{"user too long", encoded(strings.Repeat("A", maxUsername+1) + ":" + marker), "user name in its authorization token is too long"},
		{"token too long", strings.Repeat("QVdT", maxToken/4+1), "too long"},
	}
	for _, test := range tests {
		user, password, err := Decode(test.in)
		if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), marker) {
			t.Errorf("%s: err %q, want %q and nothing of the answer", test.why, err, test.says)
		}
		if err != nil && (user != "" || password != "") {
			t.Errorf("%s: refused, and yet %q %q", test.why, user, password)
		}
	}
}

// payload is a password as seen in the wild.
func payload(expiration any) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil,
		`{"payload":"not-a-real-token","datakey":"none","version":"2","type":"DATA_KEY","expiration":%v}`, expiration))
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
		"absurdly long":   strings.Repeat("QUFB", maxToken),
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
		f.Add(encoded(seed))
	}
	f.Add("not base64")
	f.Add("X010Om1=") // bits set that base64 does not use
	f.Fuzz(func(t *testing.T, in string) {
		user, password, err := Decode(in)
		if err != nil {
			if len(in) > 12 && strings.Contains(err.Error(), in) {
				t.Errorf("%q contains %q", err, in)
			}
			return
		}
		if user == "" || password == "" || strings.Contains(user, ":") || strings.ContainsAny(user+password, "\r\n\x00") {
			t.Errorf("accepted %q: %q %q", in, user, password)
		}
		again := encoded(user + ":" + password)
		if u, p, err := Decode(again); u != user || p != password || err != nil {
			t.Errorf("%q: %q %q comes back as %q %q %q", in, user, password, u, p, err)
		}
	})
}
