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
		if got := Quote(arg); got != want {
			t.Errorf("%q: %s, want %s", arg, got, want)
		}
	}
}
