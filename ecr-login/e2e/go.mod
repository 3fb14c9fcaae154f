// Module e2e holds what only the development of this project needs: end-to-end tests with real
// clients, benchmarks, and the tests that compare with the code of Docker and Kubernetes. Nobody
// imports it, so its requirements reach no user of the library.
module github.com/4e881efc/ecr-credential-helper/ecr-login/e2e

go 1.26.0

require (
	github.com/4e881efc/ecr-credential-helper v0.0.0
	github.com/google/go-containerregistry v0.22.1
	golang.org/x/sys v0.49.0
)

require (
	github.com/danieljoos/wincred v1.2.3 // indirect
	github.com/docker/cli v29.7.2+incompatible // indirect
	github.com/docker/docker-credential-helpers v0.9.12 // indirect
	github.com/godbus/dbus/v5 v5.2.2 // indirect
	github.com/gofrs/flock v0.13.2 // indirect
	github.com/klauspost/compress v1.19.2 // indirect
	github.com/opencontainers/go-digest v1.0.0 // indirect
	github.com/opencontainers/image-spec v1.1.1 // indirect
	github.com/sirupsen/logrus v1.9.4 // indirect
	github.com/zalando/go-keyring v0.2.8 // indirect
	golang.org/x/sync v0.24.0 // indirect
)

replace github.com/4e881efc/ecr-credential-helper => ../..
