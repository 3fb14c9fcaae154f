package ecrtest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// webIdentityClaims are the claims of a Kubernetes service account's token.
type webIdentityClaims struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	Issued   int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	ID       string `json:"jti"`
}

const webIdentityIssuer = "https://oidc.eks." + Region + ".amazonaws.com/id/EXAMPLE"

// NewWebIdentityToken returns a token (JWT) for a subject such as
// "system:serviceaccount:default:builder" that is valid for life. It has the format of tokens in
// the pods of an EKS cluster, and only this server accepts its signature. Each token is different.
func (s *Server) NewWebIdentityToken(subject string, life time.Duration) string {
	n := s.serial.Add(1)
	now := s.Now()
	head := encodeSegment(map[string]string{"alg": "HS256", "typ": "JWT", "kid": "not-a-real-key"})
	body := encodeSegment(webIdentityClaims{
		Issuer:   webIdentityIssuer,
		Subject:  subject,
		Audience: "sts.amazonaws.com",
		Issued:   now.Unix(),
		Expires:  now.Add(life).Unix(),
		ID:       fmt.Sprintf("token-%05d", n),
	})
	return head + "." + body + "." + s.sign(head, body)
}

// readWebIdentity verifies a web identity token as STS does.
func (s *Server) readWebIdentity(token string) (webIdentityClaims, *refusal) {
	var claims webIdentityClaims
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return claims, &refusal{code: "InvalidIdentityToken",
			message: "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"}
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(body, &claims)
	}
	if err != nil || !hmac.Equal([]byte(parts[2]), []byte(s.sign(parts[0], parts[1]))) {
		return claims, &refusal{code: "InvalidIdentityToken",
			message: "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements"}
	}
	if now := s.Now().Unix(); now >= claims.Expires {
		return claims, &refusal{code: codeExpiredIdentity,
			message: fmt.Sprintf("Token expired: current date/time %d must be before the expiration date/time %d", now, claims.Expires)}
	}
	return claims, nil
}

// sign returns the third segment. Every server has its own key.
func (s *Server) sign(head, body string) string {
	mac := hmac.New(sha256.New, []byte(s.webIdentityKey))
	mac.Write([]byte(head + "." + body))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func encodeSegment(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		// The values are of this file's types and can be encoded.
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}
