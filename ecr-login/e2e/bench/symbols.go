package main

import "strings"

// Groups of symbols that belong to no package.
const (
	functionTables = "tables of functions, lines and stack maps, of all code"
	namelessData   = "types, strings and other data without a name"
)

// groupOf returns the group of a symbol.
func groupOf(symbol string) string {
	for _, prefix := range []string{"go:func.", "runtime.findfunctab", "runtime.pclntab"} {
		if strings.HasPrefix(symbol, prefix) {
			return functionTables
		}
	}
	if strings.HasPrefix(symbol, "type:") || strings.HasPrefix(symbol, "go:") {
		return namelessData
	}
	return packageGroup(packageOf(symbol))
}

// packageOf returns the import path in a symbol's name: "net/http" in
// "net/http.(*Transport).dialConn".
func packageOf(symbol string) string {
	// A type argument may hold slashes and dots of its own.
	name, _, _ := strings.Cut(symbol, "[")
	if i := strings.IndexByte(name, '('); i >= 0 {
		name = name[:i]
	}
	slash := strings.LastIndexByte(name, '/') + 1
	dot := strings.IndexByte(name[slash:], '.')
	if dot < 0 {
		return ""
	}
	return strings.ReplaceAll(name[:slash+dot], "%2e", ".")
}

// packageGroups assigns packages to groups by prefix. The first match counts.
var packageGroups = []struct{ prefix, group string }{
	{"github.com/4e881efc/", "this project"},
	{"github.com/aws/aws-sdk-go-v2/service/ecrpublic", "AWS SDK: service ecrpublic"},
	{"github.com/aws/aws-sdk-go-v2/service/ecr", "AWS SDK: service ecr"},
	{"github.com/aws/aws-sdk-go-v2/service/ssooidc", "AWS SDK: service ssooidc"},
	{"github.com/aws/aws-sdk-go-v2/service/sso", "AWS SDK: service sso"},
	{"github.com/aws/aws-sdk-go-v2/service/sts", "AWS SDK: service sts"},
	{"github.com/aws/aws-sdk-go-v2/service/signin", "AWS SDK: service signin"},
	{"github.com/aws/smithy-go", "AWS SDK: smithy-go"},
	{"github.com/aws/", "AWS SDK: core, config, credentials"},
	{"crypto", "Go: crypto, crypto/tls, crypto/x509"},
	{"vendor/golang.org/x/crypto", "Go: crypto, crypto/tls, crypto/x509"},
	{"net", "Go: net, net/http"},
	{"vendor/golang.org/x/", "Go: net, net/http"},
	{"runtime", "Go: runtime"},
	{"internal/", "Go: runtime"},
	{"encoding/", "Go: encoding/…"},
}

func packageGroup(path string) string {
	for _, g := range packageGroups {
		if path == strings.TrimSuffix(g.prefix, "/") || strings.HasPrefix(path, strings.TrimSuffix(g.prefix, "/")+"/") {
			return g.group
		}
	}
	first, _, hasSlash := strings.Cut(path, "/")
	switch {
	case path == "main":
		return "this project"
	case path == "": // assembly
		return "Go: runtime"
	case !strings.Contains(first, ".") || !hasSlash:
		return "Go: other packages"
	}
	if parts := strings.SplitN(path, "/", 4); len(parts) >= 3 {
		return strings.Join(parts[:3], "/")
	}
	return path
}
