package identity_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/identity"
)

// BenchmarkFingerprint measures what each get pays, with a small and a large config file.
func BenchmarkFingerprint(b *testing.B) {
	for _, profiles := range []int{0, 40, 2000} {
		b.Run(strconv.Itoa(profiles)+" profiles", func(b *testing.B) {
			w := newWorld(b)
			var config strings.Builder
			config.WriteString("[default]\nregion = eu-west-1\n")
			for i := range profiles {
				config.WriteString("\n[profile p" + strconv.Itoa(i) + "]\nrole_arn = arn:aws:iam::111122223333:role/pull\nsource_profile = default\nregion = eu-west-1\n")
			}
			w.write(".aws/config", config.String())
			w.write(".aws/credentials", "[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = secret-for-tests\n")
			for _, profile := range []string{"", "p" + strconv.Itoa(profiles-1)} {
				source := identity.Source{Home: w.home, Profile: profile, Environ: w.source.Environ}
				b.Run("profile "+profile, func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						source.Fingerprint()
					}
				})
			}
		})
	}
}
