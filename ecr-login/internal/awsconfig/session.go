package awsconfig

import (
	"crypto/fips140"
	"crypto/sha1" // names files, as the AWS CLI does; nothing relies on its strength
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// SSOTokenFile returns the path of the file in which the AWS CLI stores the token of the session.
func (c *Config) SSOTokenFile(p SSOProfile) string {
	key := p.Session
	if key == "" {
		key = p.StartURL
	}
	var sum [sha1.Size]byte
	fips140.WithoutEnforcement(func() { sum = sha1.Sum([]byte(key)) })
	return Join(c.Home, ".aws", "sso", "cache", hex.EncodeToString(sum[:])+".json")
}

// LoginTokenFile returns the path of the file in which `aws login` stores the session.
func (c *Config) LoginTokenFile(session string) string {
	dir := c.env("AWS_LOGIN_CACHE_DIRECTORY")
	if dir == "" {
		dir = Join(c.Home, ".aws", "login", "cache")
	}
	sum := sha256.Sum256([]byte(strings.TrimSpace(session)))
	return Join(dir, hex.EncodeToString(sum[:])+".json")
}
