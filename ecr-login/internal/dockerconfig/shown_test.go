package dockerconfig

import "testing"

func TestShown(t *testing.T) {
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
		got := Shown(name)
		if got != want {
			t.Errorf("%q is shown as %q, want %q", name, got, want)
		}
		if again := Shown(got); again != got {
			t.Errorf("%q is shown as %q and then %q", name, got, again)
		}
	}
}
