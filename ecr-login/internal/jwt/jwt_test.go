package jwt_test

import (
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/jwt"
)

func TestDecode(t *testing.T) {
	t.Parallel()
	type claims struct {
		Issuer string `json:"iss"`
	}
	for token, want := range map[string]error{
		"":                                   jwt.ErrForm,
		"a.b":                                jwt.ErrForm, // two parts
		"a.eyJpc3MiOiJpIiwic3ViIjoicyJ9":     jwt.ErrForm, // no signature
		"a.eyJpc3MiOiJpIiwic3ViIjoicyJ9.b.c": jwt.ErrForm, // four parts
		"..":                                 jwt.ErrPayload,
		"a.eyJpc3MiOiJpIiwic3ViIjoicyJ9==.b": jwt.ErrBase64, // padded, which base64url in a token is not
		"a.e.b":                              jwt.ErrBase64,
		"a.bm90IGpzb24.b":                    jwt.ErrPayload, // not JSON
		"a.W10.b":                            jwt.ErrPayload, // a list
		"a.eyJpc3MiOjEsInN1YiI6InMifQ.b":     jwt.ErrPayload, // an issuer that is a number
		"a.eyJpc3MiOiJpIiwic3ViIjoicyJ9.b\n": nil,
	} {
		var c claims
		if err := jwt.Decode(token, &c); err != want || err == nil && c.Issuer != "i" {
			t.Errorf("%q: %v, issuer %q; want %v", token, err, c.Issuer, want)
		}
	}
}
