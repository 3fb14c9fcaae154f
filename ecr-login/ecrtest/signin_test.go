package ecrtest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

const loginARN = "arn:aws:iam::123456789012:user/developer"

// proof builds a DPoP proof.
type proof struct {
	key      *ecdsa.PrivateKey // signs
	shown    *ecdsa.PrivateKey // stands in the header
	typ, alg string
	method   string
	url      string
	issued   time.Time
}

func (p proof) text(t *testing.T) string {
	t.Helper()
	pub, err := p.shown.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	seg := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b64(b)
	}
	msg := seg(map[string]any{"typ": p.typ, "alg": p.alg,
		"jwk": map[string]string{"kty": "EC", "crv": "P-256", "x": b64(pub[1:33]), "y": b64(pub[33:])}}) + "." +
		seg(map[string]any{"jti": "one", "htm": p.method, "htu": p.url, "iat": p.issued.Unix()})
	sum := sha256.Sum256([]byte(msg))
	r, s, err := ecdsa.Sign(rand.Reader, p.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	sig := make([]byte, 64)
	r.FillBytes(sig[:32])
	s.FillBytes(sig[32:])
	return msg + "." + b64(sig)
}

func TestSigninRequiresProof(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	session := s.NewLoginSession(loginARN, -time.Minute)
	block, _ := pem.Decode([]byte(session.DPoPKey))
	key, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := proof{key, key, "dpop+jwt", "ES256", "POST", s.URL + "/v1/token", s.Now()}
	body := func(client, grant, refresh string) string {
		return fmt.Sprintf(`{"clientId":%q,"grantType":%q,"refreshToken":%q}`, client, grant, refresh)
	}
	right := body(session.ClientID, "refresh_token", session.RefreshToken)
	spoiled := func(change func(*proof)) string {
		p := good
		change(&p)
		return p.text(t)
	}
	for _, tc := range []struct{ name, body, proof, code, text string }{
		{"no proof", right, "", "ValidationException", "not a JWT"},
		{"no base64", right, "a.b.c", "ValidationException", "not valid"},
		{"another key", right, spoiled(func(p *proof) { p.key, p.shown = other, other }), "ValidationException", "the key is not"},
		{"shown key is not the signing one", right, spoiled(func(p *proof) { p.key = other }), "ValidationException", "signature does not match"},
		{"another algorithm", right, spoiled(func(p *proof) { p.alg = "none" }), "ValidationException", "not an ES256 proof"},
		{"another type", right, spoiled(func(p *proof) { p.typ = "JWT" }), "ValidationException", "not an ES256 proof"},
		{"for GET", right, spoiled(func(p *proof) { p.method = "GET" }), "ValidationException", "another request"},
		{"for another path", right, spoiled(func(p *proof) { p.url = s.URL + "/token" }), "ValidationException", "another URL"},
		{"for another host", right, spoiled(func(p *proof) { p.url = "https://example.com/v1/token" }), "ValidationException", "another URL"},
		{"old", right, spoiled(func(p *proof) { p.issued = p.issued.Add(-6 * time.Minute) }), "ValidationException", "the time of the proof differs from the server's clock"},
		{"another client", body("x", "refresh_token", session.RefreshToken), good.text(t), "ValidationException", "client is not"},
		{"another grant", body(session.ClientID, "authorization_code", session.RefreshToken), good.text(t), "ValidationException", "only supports refresh tokens"},
		{"unknown refresh token", body(session.ClientID, "refresh_token", "x"), good.text(t), "AccessDeniedException", "TOKEN_EXPIRED"},
		{"in order", right, good.text(t), "", `"tokenType":"aws_sigv4"`},
		{"a second time", right, good.text(t), "AccessDeniedException", "TOKEN_EXPIRED"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			resp, body := do(t, s, "POST", s.URL+"/v1/token", tc.body, "DPoP: "+tc.proof)
			if got := resp.Header.Get("X-Amzn-Errortype"); got != tc.code || !strings.Contains(body, tc.text) {
				t.Errorf("status %d, %q, %s", resp.StatusCode, got, body)
			}
		})
	}
}

func TestLoginSessionIsRefreshedOnce(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	env := s.Env(t.TempDir(), ecrtest.FromExpiredLogin)
	for range 2 {
		if r := run(t, "ecr", env); r.Error != "" {
			t.Fatal(r.Error)
		}
	}
	if n := s.Calls("signin:CreateToken"); n != 1 {
		t.Errorf("refreshed %d times, want once", n)
	}
}

func TestLoginSessionAfterEnd(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	session := s.NewLoginSession(loginARN, -time.Minute)
	s.EndLoginSession(session)
	r := run(t, "ecr", s.Home(t.TempDir()).Login("corp", loginARN, session))
	if !strings.Contains(r.Error, "login session has expired, please reauthenticate") {
		t.Errorf("got %q", r.Error)
	}
}
