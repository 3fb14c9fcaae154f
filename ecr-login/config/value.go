package config

import (
	"strconv"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// standsFor is the registry's part that a placeholder stands for.
func standsFor(placeholder string, r registry.Registry) (text string, known bool) {
	switch placeholder {
	case "partition":
		return r.Partition, true
	case "account":
		return r.Account, true
	case "region":
		return r.Region, true
	case "service":
		return string(r.Service), true
	}
	return "", false
}

// fill replaces the placeholders in a rule's text by the registry's parts. The
// problem says what cannot be filled.
func fill(text string, r registry.Registry) (filled, problem string) {
	if !strings.ContainsAny(text, "{}") {
		return text, ""
	}
	var b strings.Builder
	for text != "" {
		before, rest, open := strings.Cut(text, "{")
		if strings.Contains(before, "}") {
			return "", "has a } without {"
		}
		b.WriteString(before)
		if !open {
			break
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return "", "has a { without }"
		}
		part, known := standsFor(name, r)
		switch {
		case !known:
			return "", "has an unknown placeholder {" + name + "}; known are {partition}, {account}, {region} and {service}"
		case part == "":
			return "", "has {" + name + "}, which stands for nothing in ECR Public"
		}
		b.WriteString(part)
		text = after
	}
	return b.String(), ""
}

// example stands for the registries that a rule may match.
var example = registry.Registry{
	Account:   "000000000000",
	Region:    "us-east-1",
	Partition: "aws",
	Service:   registry.Private,
}

func checkPlaceholders(text string) (problem string) {
	_, problem = fill(text, example)
	return problem
}

// The checks below look at a text as it will be once its placeholders, which
// are known to be good, are filled.

func checkProfile(text string) (problem string) {
	for _, c := range text {
		if c < ' ' || c == 0x7f || c == '[' || c == ']' {
			return strconv.Quote(text) + " is not a profile's name"
		}
	}
	return ""
}

// checkRoleARN wants arn:PARTITION:iam::ACCOUNT:role/NAME, as in the IAM
// identifiers of the IAM User Guide.
func checkRoleARN(text string) (problem string) {
	arn, _ := fill(text, example)
	parts := strings.SplitN(arn, ":", 6)
	name := ""
	if len(parts) == 6 {
		name, _ = strings.CutPrefix(parts[5], "role/")
	}
	switch {
	case name == "" || name == parts[5] || parts[0] != "arn" || parts[1] == "" || parts[2] != "iam" || parts[3] != "":
		return strconv.Quote(text) + " is not the ARN of a role: arn:PARTITION:iam::ACCOUNT:role/NAME"
	case !isAccount(parts[4]):
		return strconv.Quote(text) + " has no account of twelve digits"
	case !consistsOf(name, "+=,.@-_/"):
		return strconv.Quote(text) + " has a character that no role's name has"
	}
	return ""
}

// checkExternalID and checkSessionName know the limits of sts:AssumeRole (AWS
// STS API Reference). An external id is meant to be known to few, so it is not
// repeated.
func checkExternalID(text string) (problem string) {
	id, _ := fill(text, example)
	if len(id) < 2 || len(id) > 1224 || !consistsOf(id, "+=,.@:/-_") {
		return "is not 2 to 1224 letters, digits and characters of +=,.@:/-_"
	}
	return ""
}

func checkSessionName(text string) (problem string) {
	name, _ := fill(text, example)
	if len(name) < 2 || len(name) > 64 || !consistsOf(name, "+=,.@-_") {
		return strconv.Quote(text) + " is not 2 to 64 letters, digits and characters of +=,.@-_"
	}
	return ""
}

// checkRegion is not after the form of a region's name, since STS has had one
// called aws-global.
func checkRegion(text string) (problem string) {
	region, _ := fill(text, example)
	for _, c := range region {
		if c != '-' && !isLowerOrDigit(c) {
			return strconv.Quote(text) + " is not a region's name"
		}
	}
	return ""
}

func checkEndpoint(text string) (problem string) {
	url, _ := fill(text, example)
	return CheckEndpoint(url)
}

// CheckEndpoint says why a URL cannot be that of an API of AWS, and nothing when
// it can: a URL with nothing after its path. The problem goes on after the name
// of what holds the URL. What is before an @ or after a ? may be a password and
// is not repeated.
func CheckEndpoint(url string) (problem string) {
	scheme, rest, _ := strings.Cut(url, "://")
	if scheme != "https" && scheme != "http" {
		return "is not a URL that begins with https:// or http://"
	}
	switch {
	case strings.Contains(rest, "@"):
		return "has user info, which AWS has no use for"
	case strings.ContainsAny(rest, "?#"):
		return "has a query or a fragment, which AWS has no use for"
	}
	if _, err := registry.Host(url); err != nil {
		return "is not a URL: " + err.Error()
	}
	return ""
}

// consistsOf reports whether s is ASCII letters, digits and the others alone.
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
	if len(s) != 12 {
		return false
	}
	for _, c := range s {
		if c < '0' || '9' < c {
			return false
		}
	}
	return true
}
