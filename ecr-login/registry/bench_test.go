package registry_test

import (
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// spellings are accepted server URLs, each the slowest of its kind.
var spellings = []struct {
	name, serverURL string
	allocs          float64 // of one Parse
}{
	{"private", "123456789012.dkr.ecr.us-east-1.amazonaws.com", 0},
	{"FIPS dual-stack", "123456789012.dkr-ecr-fips.ap-southeast-2.on.aws", 0},
	{"China dual-stack", "123456789012.dkr-ecr.cn-northwest-1.on.amazonwebservices.com.cn", 0},
	{"public", "public.ecr.aws", 0},
	{"URL", "https://123456789012.dkr.ecr.us-east-1.amazonaws.com:443/v2/", 0},
	{"newline", "123456789012.dkr.ecr.us-east-1.amazonaws.com\n", 0},
	{"upper case", "HTTPS://123456789012.DKR-ECR.CN-NORTHWEST-1.ON.AMAZONWEBSERVICES.COM.CN", 1},
	{"longest path", "HTTPS://123456789012.DKR.ECR.us-gov-west-1.amazonaws.com.:65535/" + strings.Repeat("r", 288), 1},
	{"longest white space", strings.Repeat(" ", 16) + "123456789012.dkr.ecr.us-east-1.amazonaws.com", 0},
	{"longest region", "123456789012.dkr.ecr.us-" + strings.Repeat("x", 27) + "-1.amazonaws.com", 0},
}

func BenchmarkParse(b *testing.B) {
	for _, s := range spellings {
		b.Run(s.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := registry.Parse(s.serverURL); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseForeign(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := registry.Parse("registry.example:5000"); err == nil {
			b.Fatal("accepted")
		}
	}
}

func BenchmarkHost(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := registry.Host("https://index.docker.io/v1/"); err != nil {
			b.Fatal(err)
		}
	}
}
