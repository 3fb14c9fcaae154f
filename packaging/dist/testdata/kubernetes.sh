#!/bin/bash
# Builds the image of packaging/kubernetes/Dockerfile. No registry is reachable, so its two base
# images are stand-ins, whose programs are those of the machine.
#
#	kubernetes.sh SOURCE GO MODULES CACHE
set -euo pipefail
. "$(dirname "$0")/lib.sh"
source=$1 go=$2 modules=$3 cache=$4

mkdir -p /etc/containers
echo '{"default": [{"type": "insecureAcceptAnything"}]}' >/etc/containers/policy.json
buildah() { command buildah --root /mnt/images --runroot /run/images --storage-driver vfs "$@"; }

for name in golang:1.26 busybox:stable; do
	container=$(buildah from scratch)
	root=$(buildah mount "$container")
	mkdir -m 1777 "$root/tmp"
	mkdir "$root/usr" "$root/etc" "$root/root" "$root/dev" "$root/proc" "$root/sys" "$root/run"
	ln -s usr/bin usr/lib usr/lib64 "$root"
	buildah config --env PATH="/go/bin:/usr/bin" --env HOME=/root --env GOPROXY=off --env GOMODCACHE=/modules --env GOCACHE=/cache "$container"
	buildah commit --quiet "$container" "docker.io/library/$name"
done

buildah bud --isolation chroot --pull=never --network host --volume /usr:/usr:ro --volume "$go:/go:ro" \
	--volume "$modules:/modules:ro" --volume "$cache:/cache" \
	--file "$source/packaging/kubernetes/Dockerfile" --build-arg VERSION="$LINKED" --tag install "$source"
root=$(buildah mount "$(buildah from --pull=never localhost/install)")
cmp "$root/install/$PROGRAM" "$DIST"/ecr-login_*_linux_amd64 || fail "the program was not built with the flags of a release"
cmp "$root/install/credential-provider.yaml" "$source/packaging/kubernetes/credential-provider.yaml"
