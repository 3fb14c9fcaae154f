// Package e2e runs real, unmodified container clients against a registry that is shaped like Amazon
// ECR, through the real docker-credential-ecr-login. It has tests only, behind the build tag e2e;
// `make e2e` runs them.
//
// The tests need no AWS account and leave the machine unchanged, even when a run is killed. The
// test binary starts itself again in mount, network, process and IPC namespaces of its own. There,
// /etc, /home and /usr/local/bin are overlays, /run is an empty tmpfs, and the clients write only
// below that /run. The kernel removes all of it when the last process ends, and kills all processes when the first one
// ends.
//
// Inside, the host names of ECR and of the AWS APIs resolve to one address on the loopback device,
// where ecrtest answers on port 443 with certificates of a CA that only the private trust store
// contains. So neither the clients nor the helper need an endpoint override or an "insecure"
// switch: they run as on a user's machine.
//
// Limits: the tests need Linux, root, and the right to create namespaces, which an unprivileged
// container does not have. Without these every test is skipped with the reason, and so are the
// tests of a client that is not installed. Two things remain outside the namespaces: the key that
// the helper creates in root's kernel keyring, and, after a run that was killed, empty control
// groups named ecr-login-e2e, which the next run removes.
//
// The script install-clients installs the clients that are Go programs or Node packages, at the
// versions that the suite has passed with. The others are Debian packages: docker.io, containerd,
// podman, uidmap, skopeo, buildah, docker-compose, python3-docker, nodejs, curl, and sudo and awscli
// for the commands of the documentation. Flags, after -args: -helper and -clients name the programs,
// -docs writes versions and results to docs/clients.md.
package e2e
