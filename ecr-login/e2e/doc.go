// Package e2e runs real, unmodified container clients against a registry that is shaped like Amazon ECR, through the
// real docker-credential-ecr-login. It has tests only, behind the build tag e2e; `make e2e` runs them.
//
// The promise: what passes here passes without an AWS account, and the machine stays as it was found, also when a run is
// killed. The test binary starts itself again in mount, network, process and IPC namespaces of its own; /etc is an
// overlay and /run an empty tmpfs there, and everything the clients write lies under that /run. The kernel drops all of it
// with the last process, and it drops the last process with the first.
//
// Inside, the host names of ECR and of the AWS APIs lead to one address on the loopback device, where ecrtest answers on
// port 443 with certificates of a CA that only the private trust store knows. Neither the clients nor the helper need an
// endpoint override or an "insecure" switch: they do what they do on a user's machine.
//
// The limits: Linux, root, and a kernel that hands out namespaces (an unprivileged container does not). Where that is
// missing every test skips and says what is missing; so does each client that is not installed. Two things belong to no
// namespace that an engine could do without: the sealing key that the helper makes in root's kernel keyring stays, and
// a run that is killed leaves empty control groups named ecr-login-e2e, which the next run removes.
//
// The clients that are Go programs are installed by install-clients, at the versions that the suite has passed with; the
// others are Debian packages: docker.io, containerd, podman, skopeo, buildah, curl. Flags, after -args: -helper and -clients say
// where the programs are, -docs writes versions and results to docs/clients.md.
package e2e
