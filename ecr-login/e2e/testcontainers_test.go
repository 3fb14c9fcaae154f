//go:build e2e && linux

package e2e

import (
	"os"
	"path/filepath"
	"testing"
)

// pullWithTestcontainers pulls an image as testcontainers for Node does before it starts a
// container: it looks up the credentials and passes them to the engine.
const pullWithTestcontainers = `
const { getContainerRuntimeClient, ImageName } = require("testcontainers");
getContainerRuntimeClient()
  .then((client) => client.image.pull(ImageName.fromString(process.argv[2])))
  .then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
`

// TestTestcontainersForNode pulls with a cold cache. This version of testcontainers calls list
// before get, leaves the standard input of list open, and uses get only for a host that list names.
func TestTestcontainersForNode(t *testing.T) {
	needProgram(t, "node", fromDebian+"nodejs")
	modules := filepath.Join(*clientsPath, "testcontainers", "node_modules")
	if _, err := os.Stat(modules); err != nil {
		t.Skipf("testcontainers is not installed (%s)", fromGo)
	}
	u := dockerUser(t)
	u.signIn("default", devAccount)
	u.configure(dockerStores["credHelpers"])
	tag := devHost + "/testcontainers:1"
	id := u.push(tag)
	u.must(devHost, "docker-credential-"+helperName, "erase")
	u.aws.Reset()
	u.write("pull.js", pullWithTestcontainers)
	u.env["NODE_PATH"] = modules
	u.env["TESTCONTAINERS_HOST_OVERRIDE"] = "127.0.0.1" // the engine has no bridge network to look up the host with
	u.env["TESTCONTAINERS_RYUK_DISABLED"] = "true"
	u.must("", "node", u.path("pull.js"), tag)
	wantCalls(t, u.aws, getToken)
	if got := u.imageID(tag); got != id {
		t.Errorf("pulled %s, pushed %s", got, id)
	}
	u.forget(tag)
}
