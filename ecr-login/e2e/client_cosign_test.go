//go:build e2e && linux

package e2e

import (
	"os"
	"path/filepath"
)

// cosignClient pushes an image with its signature, and pulls both to verify it. It uses no
// transparency log, because none is reachable here.
func cosignClient() client {
	key := filepath.Join(privateDir, "cosign") // one pair for all users: each verifies what another has signed
	return client{
		name: "cosign", programs: []string{"cosign"}, install: fromGo,
		version: builtVersion("cosign"),
		prepare: func(u *user) {
			u.env["COSIGN_PASSWORD"] = ""
			if _, err := os.Stat(key + ".pub"); err != nil {
				u.must("", "cosign", "generate-key-pair", "--output-key-prefix", key)
			}
		},
		push: func(u *user, ref string) result {
			return u.steps(
				[]string{"cosign", "load", "--dir", u.layout(ref), ref},
				[]string{"cosign", "sign", "--yes", "--key", key + ".key", "--use-signing-config=false", "--tlog-upload=false", ref})
		},
		pull: func(u *user, ref string) result {
			return u.run("", "cosign", "verify", "--key", key+".pub", "--insecure-ignore-tlog=true", ref)
		},
	}
}
