package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// The checks below take a text with valid placeholders and check it with the placeholders of an
// example registry replaced. Their errors continue a sentence that begins with the key.

func checkProfile(text string) error {
	for _, c := range text {
		if c < ' ' || c == 0x7f || c == '[' || c == ']' {
			return errors.New(strconv.Quote(text) + " is not a profile name")
		}
	}
	return nil
}

// checkRoleARN accepts arn:PARTITION:iam::ACCOUNT:role/NAME (IAM User Guide, IAM identifiers).
func checkRoleARN(text string) error {
	arn, _ := fill(text, example)
	parts := strings.SplitN(arn, ":", 6)
	name := ""
	if len(parts) == 6 {
		name, _ = strings.CutPrefix(parts[5], "role/")
	}
	switch {
	case name == "" || name == parts[5] || parts[0] != "arn" || parts[1] == "" || parts[2] != "iam" || parts[3] != "":
		return errors.New(strconv.Quote(text) + " is not the ARN of a role: arn:PARTITION:iam::ACCOUNT:role/NAME")
	case !isAccount(parts[4]):
		return errors.New(strconv.Quote(text) + " has no twelve-digit account")
	case !consistsOf(name, "+=,.@-_/"):
		return errors.New(strconv.Quote(text) + " has a character that is not allowed in a role name")
	}
	return nil
}

// checkExternalID checks the limits of sts:AssumeRole (AWS STS API Reference). An external ID can
// be a secret, so the error does not contain it.
func checkExternalID(text string) error {
	id, _ := fill(text, example)
	if len(id) < 2 || len(id) > 1224 || !consistsOf(id, "+=,.@:/-_") {
		return errors.New("is not 2 to 1224 letters, digits and characters of +=,.@:/-_")
	}
	return nil
}

// checkSessionName checks the limits of sts:AssumeRole.
func checkSessionName(text string) error {
	name, _ := fill(text, example)
	if len(name) < 2 || len(name) > 64 || !consistsOf(name, "+=,.@-_") {
		return errors.New(strconv.Quote(text) + " is not 2 to 64 letters, digits and characters of +=,.@-_")
	}
	return nil
}

// checkRegion accepts more than the names of regions: STS has a region called aws-global.
func checkRegion(text string) error {
	region, _ := fill(text, example)
	for _, c := range region {
		if c != '-' && !isLowerOrDigit(c) {
			return errors.New(strconv.Quote(text) + " is not a region name")
		}
	}
	return nil
}

func checkEndpoint(text string) error {
	url, _ := fill(text, example)
	return CheckEndpoint(url)
}

// CheckEndpoint returns an error when a URL cannot be that of an AWS API: it must be http or https,
// and end with the path. The error continues a sentence that begins with the name of the setting.
// The text before an @ and after a ? can be a password, so the error does not contain it.
func CheckEndpoint(url string) error {
	scheme, rest, _ := strings.Cut(url, "://")
	if scheme != "https" && scheme != "http" {
		return errors.New("is not a URL that begins with https:// or http://")
	}
	switch {
	case strings.Contains(rest, "@"):
		return errors.New("has user info, which AWS does not use")
	case strings.ContainsAny(rest, "?#"):
		return errors.New("has a query or a fragment, which AWS does not use")
	}
	if _, err := registry.Host(url); err != nil {
		return fmt.Errorf("is not a URL: %w", err)
	}
	return nil
}

// consistsOf reports whether s consists of ASCII letters, digits and the other characters.
func consistsOf(s, others string) bool {
	for _, c := range s {
		if !isLowerOrDigit(c) && (c < 'A' || 'Z' < c) && !strings.ContainsRune(others, c) {
			return false
		}
	}
	return true
}

func isLowerOrDigit(c rune) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9'
}

func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}
