//go:build e2e && linux

package e2e

import (
	"debug/buildinfo"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
)

// testcontainers looks up credentials and passes them to the engine. It only pulls.

func testcontainersSettings(u *user) {
	engineSettings(u)
	u.env["TESTCONTAINERS_HOST_OVERRIDE"] = "127.0.0.1" // the engine has no bridge network to look up the host with
	u.env["TESTCONTAINERS_RYUK_DISABLED"] = "true"
}

// testcontainersGoClient is the program in the directory testcontainers.
func testcontainersGoClient() client {
	return client{
		name: "testcontainers-go", programs: []string{"docker", "dockerd", "testcontainers"}, install: fromGo,
		version: func(u *user) string {
			path, err := exec.LookPath("testcontainers")
			if err != nil {
				u.t.Fatal(err)
			}
			info, err := buildinfo.ReadFile(path)
			if err != nil {
				u.t.Fatal(err)
			}
			for _, module := range info.Deps {
				if module.Path == "github.com/testcontainers/testcontainers-go" {
					return module.Version
				}
			}
			u.t.Fatalf("%s does not contain testcontainers-go", path)
			return ""
		},
		perHost: true,
		prepare: testcontainersSettings,
		pull:    func(u *user, ref string) result { return u.run("", "testcontainers", ref) },
	}
}

// nodeModules is the directory of testcontainers for Node and what it needs.
func nodeModules() string { return filepath.Join(*clientsPath, "node-testcontainers", "node_modules") }

// testcontainersNodeClient is a version that calls list before get, and leaves the standard input
// of list open.
func testcontainersNodeClient() client {
	const script = `
const { getContainerRuntimeClient, ImageName } = require("testcontainers");
getContainerRuntimeClient()
  .then((client) => client.image.pull(ImageName.fromString(process.argv[1]), { force: true }))
  .then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
`
	const silent = "it prints nothing of the helper's output; `ecr-login doctor` shows the cause"
	return client{
		name: "testcontainers-node", programs: []string{"docker", "dockerd", "node"}, install: fromGo,
		version: func(u *user) string {
			var manifest struct{ Version string }
			content, err := os.ReadFile(filepath.Join(nodeModules(), "testcontainers", "package.json"))
			if err == nil {
				err = json.Unmarshal(content, &manifest)
			}
			if err != nil {
				u.t.Fatal(err)
			}
			return manifest.Version
		},
		perHost: true,
		without: map[string]string{
			"public-anonymous": "a helper without credentials for a host that it lists is an error for it; do not configure `public.ecr.aws` then",
			"access-denied":    silent,
			"sso-expired":      silent,
		},
		prepare: func(u *user) {
			testcontainersSettings(u)
			u.env["NODE_PATH"] = nodeModules()
		},
		pull: func(u *user, ref string) result { return u.run("", "node", "-e", script, ref) },
	}
}
