package process

import "testing"

func TestQuote(t *testing.T) {
	t.Parallel()
	for arg, want := range map[string]string{
		"":                           "''",
		"/home/me/.docker":           "/home/me/.docker",
		`C:\Users\me`:                `C:\Users\me`,
		"/home/jürgen":               "/home/jürgen",
		"a b":                        "'a b'",
		"it's":                       `'it'\''s'`,
		"$(rm -rf ~)":                "'$(rm -rf ~)'",
		"a\nb":                       "'a\nb'",
		"arn:aws:iam::1:user/a+b=c@": "arn:aws:iam::1:user/a+b=c@",
	} {
		if got := quote("linux", arg); got != want {
			t.Errorf("%q: %s, want %s", arg, got, want)
		}
	}
}

func TestQuoteForWindows(t *testing.T) {
	t.Parallel()
	for arg, want := range map[string]string{
		"":                             `""`,
		`C:\Users\me\.docker`:          `C:\Users\me\.docker`,
		`C:\Program Files\ecr-login`:   `"C:\Program Files\ecr-login"`,
		`C:\Users\it's me\config.json`: `"C:\Users\it's me\config.json"`,
		"my profile":                   `"my profile"`,
	} {
		if got := quote("windows", arg); got != want {
			t.Errorf("%q: %s, want %s", arg, got, want)
		}
	}
}
