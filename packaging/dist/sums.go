package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"aead.dev/minisign"
)

// checksums is the name of the file with the sums of all others, as sha256sum writes it.
const checksums = "checksums.txt"

// sumFiles returns the SHA-256 of the files in a directory, by name.
func sumFiles(dir string) (map[string]string, error) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	sums := map[string]string{}
	for _, e := range list {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(data)
		sums[e.Name()] = hex.EncodeToString(sum[:])
	}
	return sums, nil
}

// writeChecksums writes checksums.txt, and its signature when there is a key.
func (r *release) writeChecksums() error {
	sums, err := sumFiles(r.out)
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, name := range sorted(sums) {
		fmt.Fprintf(&b, "%s  %s\n", sums[name], name)
	}
	file := filepath.Join(r.out, checksums)
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		return err
	}
	if r.key == "" {
		fmt.Println("checksums.txt is not signed: no -key")
		return nil
	}
	key, err := readKey(r.key, os.Getenv("MINISIGN_PASSWORD"))
	if err != nil {
		return fmt.Errorf("minisign key %s: %w", r.key, err)
	}
	trusted := fmt.Sprintf("ecr-credential-helper %s commit:%s timestamp:%d", r.version, r.commit.hash, r.commit.time.Unix())
	signature := minisign.SignWithComments(key, []byte(b.String()), trusted, "signature of "+checksums)
	return os.WriteFile(file+".minisig", signature, 0o644)
}

// readKey reads a minisign secret key, with or without a password.
func readKey(file, password string) (minisign.PrivateKey, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return minisign.PrivateKey{}, err
	}
	if minisign.IsEncrypted(text) {
		return minisign.DecryptKey(password, text)
	}
	var key minisign.PrivateKey
	err = key.UnmarshalText(text)
	return key, err
}
