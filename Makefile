# All targets need Go and make. The comment of a target lists what else it needs.

GO       ?= go
PREFIX   ?= /usr/local
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS  := -s -w -X main.linked=$(VERSION)

# The program makes one request for each connection, so HTTP/2 would only make it larger.
TAGS     := nethttpomithttp2
BINARY   := bin/docker-credential-ecr-login
COMMAND  := ./ecr-login/docker-credential-ecr-login

# Linters run at a pinned version. They are not in go.mod, where every user of the library would see
# them.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.7.0
ACTIONLINT  := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

# The race detector needs cgo and a C compiler. Without one the tests run without it.
HAVE_CC := $(shell command -v $$($(GO) env CC) 2>/dev/null)
RACE    := $(if $(HAVE_CC),-race,)

.PHONY: build picture install uninstall man test stress fuzz demo lint library-modules e2e aws-cli aws-cli-update clients more-clients bench bench-library peers fleet kubelet-plugin kubelet cross dist dist-test actionlint shellcheck clean
.DEFAULT_GOAL := build

# A process that ends before its first garbage collection needs no mark bits beside its objects.
# Without them a cache hit uses 0.1 MB less memory of its own. A toolchain that no longer has the
# experiment builds without it.
EXPERIMENT := $(shell GOEXPERIMENT=nogreenteagc $(GO) env GOEXPERIMENT >/dev/null 2>&1 && echo nogreenteagc)

build:
	CGO_ENABLED=0 GOEXPERIMENT=$(EXPERIMENT) $(GO) build -trimpath -tags $(TAGS) -ldflags '$(LDFLAGS)' -o $(BINARY) $(COMMAND)

# Installs an existing program, so that root, whose PATH may have no Go, need not build it.
install:
	@test -x $(BINARY) || $(MAKE) build
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 0755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/docker-credential-ecr-login
	ln -sf docker-credential-ecr-login $(DESTDIR)$(PREFIX)/bin/ecr-login
	install -d $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 0644 docs/man/docker-credential-ecr-login.1 $(DESTDIR)$(PREFIX)/share/man/man1/docker-credential-ecr-login.1
	ln -sf docker-credential-ecr-login.1 $(DESTDIR)$(PREFIX)/share/man/man1/ecr-login.1

uninstall:
	@echo "each user removes entries, links and cache first: ecr-login uninstall"
	rm -f $(DESTDIR)$(PREFIX)/bin/docker-credential-ecr-login $(DESTDIR)$(PREFIX)/bin/ecr-login
	rm -f $(DESTDIR)$(PREFIX)/share/man/man1/docker-credential-ecr-login.1 $(DESTDIR)$(PREFIX)/share/man/man1/ecr-login.1

# The manual page and docs/commands.md are generated from the texts of the commands. Tests fail when
# they are not up to date.
man: build
	$(BINARY) man > docs/man/docker-credential-ecr-login.1
	$(GO) test $(COMMAND) -run '^TestCommandsPage$$' -count 1 -update

test:
	@$(if $(HAVE_CC),,echo "no C compiler found: testing without the race detector")
	$(if $(HAVE_CC),CGO_ENABLED=1 )$(GO) test $(RACE) ./...
	cd ecr-login/e2e && $(if $(HAVE_CC),CGO_ENABLED=1 )$(GO) test $(RACE) ./...

# Tests with hundreds of processes, or that take minutes.
stress:
	$(GO) test -tags stress -run Stress -count 1 -timeout 30m -v ./cache ./ecr-login/internal/refresh ./ecr-login/docker-credential-ecr-login
	$(GO) test -tags stress -run Stress -count 1 -v ./ecr-login/ggcr # alone, because it measures times

# The decoder of cache files gets twice the time, because it reads files that others may have
# written.
FUZZTIME       ?= 30s
FUZZTIME_CACHE ?= 60s
fuzz:
	$(call fuzz,FuzzParse,$(FUZZTIME),./ecr-login/registry)
	$(call fuzz,FuzzHost,$(FUZZTIME),./ecr-login/registry)
	$(call fuzz,FuzzDecode,$(FUZZTIME_CACHE),./cache)
	$(call fuzz,FuzzDecode,$(FUZZTIME),./ecr-login/token)
	$(call fuzz,FuzzDecode,$(FUZZTIME),./ecr-login/config)
	$(call fuzz,FuzzEdit,$(FUZZTIME),./ecr-login/internal/dockerconfig)
	$(call fuzz,FuzzRemove,$(FUZZTIME),./ecr-login/internal/dockerconfig)
	$(call fuzz,FuzzRedact,$(FUZZTIME),./ecr-login/internal/dockerconfig)
	$(call fuzz,FuzzUndo,$(FUZZTIME),./ecr-login/internal/dockerconfig)
	cd ecr-login/e2e && $(call fuzz,FuzzParseAgreesWithDocker,$(FUZZTIME),./conformance)

# When the time is up, `go test` sometimes ends with "context deadline exceeded" although it found
# nothing. So a failure is tried again: a real finding is saved below testdata and fails at once.
fuzz = $(GO) test -run '^$$' -fuzz '^$(1)$$' -fuzztime $(2) $(3) || $(GO) test -run '^$(1)$$' -fuzz '^$(1)$$' -fuzztime $(2) $(3)

demo: build
	$(GO) run ./ecr-login/internal/demo -helper $(BINARY)

lint:
	@files=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$files" ]; then echo "gofmt would change:"; echo "$$files"; exit 1; fi
	$(GO) vet ./...
	$(GO) vet -tags 'e2e stress' ./...
	$(GO) run $(STATICCHECK) -tags 'e2e stress' ./...
	$(GO) mod tidy -diff
	$(GO) mod verify
	cd ecr-login/e2e && $(GO) vet -tags 'e2e stress' ./...
	cd ecr-login/e2e && $(GO) run $(STATICCHECK) -tags 'e2e stress' ./...
	cd ecr-login/e2e && $(GO) mod tidy -diff
	cd ecr-login/e2e/library && $(GO) mod tidy -diff
	cd ecr-login/e2e/testcontainers && $(GO) vet ./... && $(GO) mod tidy -diff
	cd ecr-login/e2e/kubelet && $(GO) mod tidy -diff && $(GO) mod tidy -diff -modfile=go.1.34.mod
	cd packaging/dist && $(GO) vet ./... && $(GO) run $(STATICCHECK) ./... && $(GO) mod tidy -diff

# Builds a program outside this repository that imports only the library, and counts the modules in
# its graph.
library-modules:
	.ci/library-modules

# The systems of a release, as the Go tools name them. packaging/dist/build.go has the same list.
TARGETS := linux/amd64 linux/arm64 linux/arm linux/386 linux/riscv64 linux/s390x linux/ppc64le \
	darwin/amd64 darwin/arm64 windows/amd64 windows/arm64 freebsd/amd64 freebsd/arm64

# Vets the program and its tests for every system of a release, with the flags of a build.
cross:
	@set -e; for target in $(TARGETS); do \
		echo "vet $$target"; \
		GOOS=$${target%/*} GOARCH=$${target#*/} CGO_ENABLED=0 GOEXPERIMENT=$(EXPERIMENT) $(GO) vet -trimpath -tags $(TAGS) ./...; \
	done

# Writes the files of a release to dist/: make dist VERSION=v0.1.0
# MINISIGN_KEY is the file of a secret key that signs the checksums, MINISIGN_PASSWORD its password.
DIST         ?= dist
DIST_TARGETS ?=
MINISIGN_KEY ?=
dist:
	cd packaging/dist && GOFLAGS= $(GO) run . -version $(VERSION) -out $(abspath $(DIST)) -targets '$(DIST_TARGETS)' -key '$(MINISIGN_KEY)'

# Builds the release for Linux on amd64 twice, and installs, runs, verifies and removes it, with the
# commands of docs/install.md. Runs the GitHub action and the GitLab template. Needs root and
# Debian's minisign, rpm, pacman-package-manager, systemd, iproute2, curl, busybox, shellcheck,
# python3, skopeo, buildah and docker.io.
dist-test:
	cd packaging/dist && GOFLAGS= $(GO) test -count 1 -timeout 30m -v .

# Checks the workflows in .github/workflows.
actionlint:
	$(GO) run $(ACTIONLINT)

# Checks the shell scripts. Needs Debian's shellcheck.
shellcheck:
	shellcheck --severity warning $$(git grep -lE '^#! ?/.*sh$$' -- ':!*.txtar')

# Needs root and a Docker engine (Debian: docker.io), and skips the tests without them. Tests the
# clients that are installed: podman uidmap skopeo buildah docker-compose python3-docker from Debian,
# and those that `make clients` installs. Also runs programs against the command ecrtest (Debian:
# awscli python3-boto3 skopeo), and the commands of the documentation (Debian: sudo).
e2e: build
	$(GO) build -o bin/ecrtest ./ecr-login/ecrtest/cmd/ecrtest
	cd ecr-login/e2e && $(GO) test -tags e2e -count 1 -timeout 30m -v . ./ecrtest

# Writes docs/picture.svg, the picture of a session, for which make e2e checks that it is up to date.
# Needs root, Debian's docker.io, sudo and awscli.
picture: build
	cd ecr-login/e2e && $(GO) test -tags e2e -count 1 -run '^TestPicture$$' . -args -picture $(abspath docs/picture.svg)

# Compares with the AWS CLI how credentials are found (Debian's package awscli). aws-cli-update
# writes the result into docs/aws-credentials.md.
aws-cli aws-cli-update: build
	cd ecr-login/e2e && $(GO) test -tags e2e -count 1 -timeout 30m ./awscli $(if $(filter aws-cli-update,$@),-update)

clients:
	GO=$(GO) ecr-login/e2e/install-clients bin/clients

# Plays the scenarios with clients that take too long to build for every run.
more-clients: build
	GO=$(GO) ecr-login/e2e/install-more-clients bin/clients
	cd ecr-login/e2e && $(GO) test -tags e2e -count 1 -timeout 30m -v -run '^TestClients$$' . -args -more

# PEER=/path/to/another/helper compares with that helper. PEER='FIRST SECOND' adds a second one; the
# targets are about the first. The two builds of the existing helper in docs/benchmarks.md:
#
#	GOBIN=/tmp/peer/cgo go install github.com/awslabs/amazon-ecr-credential-helper/ecr-login/cli/docker-credential-ecr-login@v0.12.0
#	CGO_ENABLED=0 GOBIN=/tmp/peer/static go install -ldflags '-s -w' (the same)
bench: build
	cd ecr-login/e2e && $(GO) run ./bench -helper $(abspath $(BINARY)) $(PEER:%=-peer %) -out $(abspath docs/benchmarks.md)
	$(MAKE) bench-library

# Writes the section of docs/benchmarks.md about the Go library and the libraries beside it, in half
# a minute. The first time it compiles parts of Kubernetes, for fluxcd/pkg/auth, in two minutes.
bench-library:
	cd ecr-login/e2e/library && $(GO) run . -out $(abspath docs/benchmarks.md)

# Tests what docs/library.md says about other libraries. Compiles the same.
peers:
	cd ecr-login/e2e/library && $(GO) vet . && $(GO) test -count 1 -v .

# Looks up images with the kubelet's own plugin code, of the newest and of an old Kubernetes
# version. It compiles parts of Kubernetes, which takes minutes the first time.
kubelet-plugin: build
	cd ecr-login/e2e/kubelet && $(GO) test -count 1 -v ./...
	cd ecr-login/e2e/kubelet && $(GO) test -modfile=go.1.34.mod -count 1 -v ./...

# Runs the commands of docs/kubernetes.md on a node with a whole kubelet and containerd, in namespaces
# of their own. Needs root and Debian's containerd, runc, curl and iproute2. Building the kubelet
# takes about 20 minutes the first time.
kubelet: build
	cd ecr-login/e2e/kubelet && CGO_ENABLED=0 $(GO) build -p 2 -o $(abspath bin/kubelet) k8s.io/kubernetes/cmd/kubelet
	cd ecr-login/e2e/kubelet && CGO_ENABLED=0 $(GO) test -tags kubelet -c -o $(abspath bin/kubelet.test) .
	cd ecr-login/e2e/kubelet && for test in TestNode TestNodeOutsideAWS; do \
		unshare -m -n -p -f --mount-proc --kill-child --propagation private \
			$(abspath bin/kubelet.test) -test.run "^$$test\$$" -test.v || exit 1; \
	done

# Simulates fleets of up to 50,000 machines in a few seconds, and writes docs/fleet.md.
fleet:
	cd ecr-login/e2e && $(GO) run ./fleet -out $(abspath docs/fleet.md)

# Runs the program and its tests on other systems, and writes docs/platforms.md.
# Needs root, Linux 6.7, a network for debootstrap, and Debian's qemu-user-static wine64
# gcc-mingw-w64-x86-64-win32 systemd-container debootstrap.
# SYSTEMS=linux/386,empty-root runs only those and writes no page.
SYSTEMS ?=
.PHONY: platforms
platforms:
	cd ecr-login/e2e && GOEXPERIMENT=$(EXPERIMENT) $(GO) run ./platforms -results $(abspath bin/platforms) $(if $(SYSTEMS),-systems $(SYSTEMS),-out $(abspath docs/platforms.md))

clean:
	rm -rf bin
