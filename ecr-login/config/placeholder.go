package config

import (
	"errors"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// example is the registry that placeholders are replaced with when a rule is checked.
var example = registry.Registry{
	Account:   "000000000000",
	Region:    "us-east-1",
	Partition: "aws",
	Service:   registry.Private,
}

// fill replaces the placeholders in a rule's text with the parts of the registry. The error
// continues a sentence that begins with the key.
func fill(text string, r registry.Registry) (string, error) {
	if !strings.ContainsAny(text, "{}") {
		return text, nil
	}
	var b strings.Builder
	for text != "" {
		before, rest, open := strings.Cut(text, "{")
		if strings.Contains(before, "}") {
			return "", errors.New("has a } without {")
		}
		b.WriteString(before)
		if !open {
			break
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return "", errors.New("has a { without }")
		}
		part, known := partOf(name, r)
		switch {
		case !known:
			return "", errors.New("has an unknown placeholder {" + name + "}; use {partition}, {account}, {region} or {service}")
		case part == "":
			return "", errors.New("has {" + name + "}, which ECR Public does not have")
		}
		b.WriteString(part)
		text = after
	}
	return b.String(), nil
}

// partOf returns the part of a registry that a placeholder stands for.
func partOf(placeholder string, r registry.Registry) (text string, known bool) {
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
