package redact

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	t.Parallel()
	const (
		secret    = "secret/for+tests"
		session   = "session-for-tests=="
		signature = "f0e4c2f76c58916ec258f246851bea091d14d4247a2fc3e18694461b1816e13b"
		jwt       = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6ZGVmYXVsdDpidWlsZGVyIn0.bm90LWEtcmVhbC10b2tlbg"
		sso       = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_AdministratorAccess_0123456789abcdef/somebody@example.com"
		endpoint  = "vpce-0123456789abcdef0-abcdefgh.api.ecr.us-gov-west-1.vpce.amazonaws.com:443"
	)
	tests := []struct{ name, in, want string }{
		{"no secret", "User: arn:aws:iam::123456789012:user/abc is not authorized", "User: arn:aws:iam::123456789012:user/abc is not authorized"},
		{"known secret", "key " + secret + " is wrong", "key [redacted] is wrong"},
		{"known secret in a word", "token=" + session + ";", "token=[redacted];"},
		{"known secret encoded", "u=secret%2Ffor%2Btests", "u=[redacted]"},
		{"three characters", "token=xyz, xyzzy", "token=[redacted], xyzzy"},
		{"one character", "pin 7 of 77", "pin [redacted] of 77"},
		{"four characters", "a1b2c3 1b2c", "a[redacted]3 [redacted]"},
		{"one secret in another", "longer-1b2c-one", "[redacted]"},
		{"several lines", "one\r\ntwo\tthree\x1b[31m\u2028four\u202efive", "one two three [31m four five"},
		{"signature", "wrong signature " + signature, "wrong signature [redacted]"},
		{"signature in a list", "Signature=" + signature + ",", "Signature=[redacted],"},
		{"digest", "no manifest sha256:" + signature, "no manifest sha256:" + signature},
		{"digest of 512 bits", "sha512:" + signature + signature + "; " + signature, "sha512:" + signature + signature + "; [redacted]"},
		{"web identity token", "cannot parse " + jwt, "cannot parse [redacted]"},
		{"canonical request", "The signature does not match. The Canonical String for this request should have been 'POST / x-amz-security-token:abcdef'", "The signature does not match."},
		{"authorization header", "cannot parse Authorization=AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/x", "cannot parse"},
		{"role made by SSO", sso, sso},
		{"longest role name", "arn:aws:iam::123456789012:role/" + strings.Repeat("r", 64), "arn:aws:iam::123456789012:role/" + strings.Repeat("r", 64)},
		{"long host", "cannot reach " + endpoint, "cannot reach " + endpoint},
		{"long host of S3", "prod-ap-northeast-1-starport-layer-bucket.s3.dualstack.ap-northeast-1.amazonaws.com", "prod-ap-northeast-1-starport-layer-bucket.s3.dualstack.ap-northeast-1.amazonaws.com"},
		{"long path of Windows", `open C:\Users\somebody.else\AppData\Local\Temp\TestControlCharacters\001\container-authorization-token`, `open C:\Users\somebody.else\AppData\Local\Temp\TestControlCharacters\001\container-authorization-token`},
		{"signature in a path of Windows", `C:\Users\me\` + signature, `C:\Users\me\[redacted]`},
		{"long label", strings.Repeat("r", 65) + ".example", "[redacted]"},
		{"empty", "", ""},
		{"invalid UTF-8", "a\xffb", "a\uFFFDb"},
	}
	for _, test := range tests {
		if got := Text(test.in, secret, session, "", "xyz", "7", "1b2c", "longer-1b2c-one\n"); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	if got := Text(strings.Repeat("é ", 1000)); len(got) > maxText+3 || !strings.HasSuffix(got, "...") {
		t.Errorf("%d bytes are left: %q", len(got), got)
	}
}

func TestLongWords(t *testing.T) {
	t.Parallel()
	if got, want := LongWords("short "+strings.Repeat("x", 9)+"\nend", 8), "short [redacted]\nend"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestUserInfo(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"":                    "",
		"ecr-login":           "ecr-login",
		"h:8443":              "h:8443",
		"https://h/v2/":       "https://h/v2/",
		"https://u:S@h/v2/":   "https://***@h/v2/",
		"HTTP://S@h":          "HTTP://***@h",
		"u:S@h":               "***@h",
		"S@h":                 "***@h",
		"https://u:S@S@h":     "https://***@h",
		"https://u:S/S?S@h/x": "https://***@h/x",
		"https://u:S://S@h":   "https://***@h",
		"u:S://S@h":           "***@h",
		"S://S@h":             "***@h",
		"@h":                  "***@h",
		"https://@":           "https://***@",
	} {
		got := UserInfo(name)
		if got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
		if again := UserInfo(got); again != got {
			t.Errorf("%q: %q, and the second time %q", name, got, again)
		}
	}
}

func TestURL(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		url, want string
		secrets   []string
	}{
		{"http://proxy.example:3128/path?q#f", "http://proxy.example:3128", nil},
		{"http://u:p%40ss@proxy.example:3128/path", "http://***@proxy.example:3128", []string{"dTpwQHNz", "p@ss"}},
		{"socks5://u@[::1]:1080", "socks5://***@[::1]:1080", []string{"dTo=", ""}},
	} {
		u, err := url.Parse(test.url)
		if err != nil {
			t.Fatal(err)
		}
		if got := URL(u); got != test.want {
			t.Errorf("%s: %q, want %q", test.url, got, test.want)
		}
		if got := URLSecrets(u); !slices.Equal(got, test.secrets) {
			t.Errorf("%s: secrets %q, want %q", test.url, got, test.secrets)
		}
	}
}
