package ecrtest

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
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The sign-in service of `aws login` returns credentials for 15 minutes, in exchange for a refresh
// token and a proof that the caller has the session's key (DPoP, RFC 9449). Source: the SDK's
// service/signin and credentials/logincreds.

var opSigninCreateToken = &operation{
	name:        "signin:CreateToken",
	contentType: restType,
	act:         (*Server).signinCreateToken,
	refuse:      refuseREST,
}

// signinLife is the longest life of the service's credentials.
const signinLife = 15 * time.Minute

// LoginSession is the session of a user who has run `aws login`, with the fields of the file in
// ~/.aws/login/cache.
type LoginSession struct {
	AccessToken  LoginCredentials `json:"accessToken"`
	TokenType    string           `json:"tokenType"`
	RefreshToken string           `json:"refreshToken"`
	ClientID     string           `json:"clientId"`
	DPoPKey      string           `json:"dpopKey"` // PEM
}

// LoginCredentials are the credentials in a LoginSession.
type LoginCredentials struct {
	AccessKeyID     string    `json:"accessKeyId"`
	SecretAccessKey string    `json:"secretAccessKey"`
	SessionToken    string    `json:"sessionToken"`
	AccountID       string    `json:"accountId"`
	ExpiresAt       time.Time `json:"expiresAt"`
}

// loginSession is the server's side of a LoginSession.
type loginSession struct {
	arn      string
	clientID string
	key      *ecdsa.PublicKey
}

// NewLoginSession signs in the principal with the ARN. Its credentials are valid for life, at most
// 15 minutes. With zero or less they have expired and must be refreshed first.
func (s *Server) NewLoginSession(arn string, life time.Duration) LoginSession {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.fatal(fmt.Errorf("making a key for a login session: %w", err))
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		s.fatal(fmt.Errorf("writing the key of a login session: %w", err))
	}
	session := &loginSession{arn: arn, clientID: "arn:aws:signin:::devtools/same-device", key: &key.PublicKey}
	s.mu.Lock()
	defer s.mu.Unlock()
	creds := s.newSession(arn, signinLife)
	creds.Principal.Expires = s.now().Add(min(life, signinLife)).Truncate(time.Second)
	s.keys[creds.AccessKeyID] = creds
	return LoginSession{
		AccessToken: LoginCredentials{
			AccessKeyID:     creds.AccessKeyID,
			SecretAccessKey: creds.SecretAccessKey,
			SessionToken:    creds.SessionToken,
			AccountID:       creds.Principal.Account,
			ExpiresAt:       creds.Principal.Expires.UTC(),
		},
		TokenType:    "aws_sigv4",
		RefreshToken: s.newLoginRefresh(session),
		ClientID:     session.clientID,
		DPoPKey:      string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})),
	}
}

// EndLoginSession ends a session: its refresh token is no longer valid.
func (s *Server) EndLoginSession(session LoginSession) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.loginRefresh, session.RefreshToken)
}

// newLoginRefresh creates a refresh token for one use. The caller holds mu.
func (s *Server) newLoginRefresh(session *loginSession) string {
	token := filler(fmt.Sprintf("not-a-real-login-token-%05d-", s.serial.Add(1)), 600)
	s.loginRefresh[token] = session
	return token
}

func (s *Server) signinCreateToken(c *call) answer {
	var in struct {
		ClientID     string `json:"clientId"`
		GrantType    string `json:"grantType"`
		RefreshToken string `json:"refreshToken"`
	}
	if err := json.Unmarshal(c.body, &in); err != nil || in.GrantType != "refresh_token" {
		return refuseSignin(http.StatusBadRequest, "ValidationException", "INVALID_REQUEST", "ecrtest only supports refresh tokens")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	session := s.loginRefresh[in.RefreshToken]
	if session == nil {
		return refuseSignin(http.StatusUnauthorized, "AccessDeniedException", "TOKEN_EXPIRED", "The refresh token is invalid or has expired")
	}
	if in.ClientID != session.clientID {
		return refuseSignin(http.StatusBadRequest, "ValidationException", "INVALID_REQUEST", "The client is not the session's")
	}
	if err := checkDPoP(c, session.key, s.now()); err != nil {
		return refuseSignin(http.StatusBadRequest, "ValidationException", "INVALID_REQUEST", "The DPoP proof is not valid: "+err.Error())
	}
	delete(s.loginRefresh, in.RefreshToken)
	creds := s.newSession(session.arn, signinLife)
	c.caller = creds
	return answerJSON(restType, map[string]any{
		"accessToken": map[string]string{
			"accessKeyId":     creds.AccessKeyID,
			"secretAccessKey": creds.SecretAccessKey,
			"sessionToken":    creds.SessionToken,
		},
		"expiresIn":    int(min(creds.Principal.Expires.Sub(s.now()), signinLife) / time.Second),
		"refreshToken": s.newLoginRefresh(session),
		"tokenType":    "aws_sigv4",
	})
}

func refuseSignin(status int, code, oauth, message string) answer {
	return restRefusal(status, code, map[string]string{"error": oauth, "message": message})
}

// checkDPoP verifies the proof in the DPoP header against the session's key.
func checkDPoP(c *call, key *ecdsa.PublicKey, now time.Time) error {
	parts := strings.Split(c.Header.Get("Dpop"), ".")
	if len(parts) != 3 {
		return fmt.Errorf("not a JWT")
	}
	var head struct {
		Type string `json:"typ"`
		Alg  string `json:"alg"`
		Key  struct {
			X, Y string
		} `json:"jwk"`
	}
	var body struct {
		ID     string `json:"jti"`
		Method string `json:"htm"`
		URL    string `json:"htu"`
		Issued int64  `json:"iat"`
	}
	if err := decodeSegment(parts[0], &head); err != nil {
		return err
	}
	if err := decodeSegment(parts[1], &body); err != nil {
		return err
	}
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return err
	}
	to, err := url.Parse(body.URL)
	if err != nil {
		return err
	}
	skew := now.Sub(time.Unix(body.Issued, 0))
	switch {
	case head.Type != "dpop+jwt" || head.Alg != "ES256" || len(sig) != 64:
		return fmt.Errorf("not an ES256 proof")
	case !isKey(key, head.Key.X, head.Key.Y):
		return fmt.Errorf("the key is not the session's")
	case body.ID == "" || body.Method != c.Method:
		return fmt.Errorf("for another request")
	case hostName(to.Host) != c.host || to.Path != c.URL.Path:
		return fmt.Errorf("for another URL")
	case skew.Abs() > maxSkew:
		return fmt.Errorf("the time of the proof differs from the server's clock")
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !ecdsa.Verify(key, sum[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
		return fmt.Errorf("signature does not match")
	}
	return nil
}

// isKey compares a JWK's coordinates as numbers, because the SDK omits leading zeros.
func isKey(key *ecdsa.PublicKey, x, y string) bool {
	want, err := key.Bytes() // 4, x, y
	if err != nil {
		return false
	}
	half := (len(want) - 1) / 2
	return isNumber(x, want[1:1+half]) && isNumber(y, want[1+half:])
}

func isNumber(encoded string, want []byte) bool {
	b, err := base64.RawURLEncoding.DecodeString(encoded)
	return err == nil && new(big.Int).SetBytes(b).Cmp(new(big.Int).SetBytes(want)) == 0
}

func decodeSegment(segment string, v any) error {
	b, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}
