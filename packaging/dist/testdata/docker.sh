#!/bin/bash
# Pulls with a Docker engine through the program of the Debian package, then runs the container
# image and copies from it, as docs/install.md does.
#
#	docker.sh COPY SKOPEO
#
# COPY and SKOPEO are files with the two blocks of the page about the image.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

copy=$1 skopeo=$2
host=$ECRTEST_HOST
image=$host/ecr-login:v0.1.0

# The user who pulls images has an access key. The fake is the only server that is trusted.
home=/mnt/home
as_user() {
	(cd $home && exec setpriv --reuid nobody --regid nogroup --clear-groups env -i HOME=$home \
		PATH=/usr/local/bin:/usr/bin:/bin DOCKER_BUILDKIT=0 "$@")
}
files_of_user() { (cd $home && find . ! -type d | sort); }
install -d -m 0700 -o nobody -g nogroup $home
as_user mkdir -p .aws .docker .config/containers
as_user tee .aws/credentials >/dev/null <<END
[default]
aws_access_key_id = $AWS_ACCESS_KEY_ID
aws_secret_access_key = $AWS_SECRET_ACCESS_KEY
END
as_user tee .docker/config.json >/dev/null <<<'{"detachKeys": "ctrl-x"}'
as_user tee .config/containers/policy.json >/dev/null <<<'{"default": [{"type": "insecureAcceptAnything"}]}'
cp "$ECRTEST_CA_FILE" /etc/ssl/certs/ca-certificates.crt

step "engine"
# The control group is the only part of the machine that no namespace hides.
group=ecr-login-dist-test
trap 'rmdir /sys/fs/cgroup/$group /sys/fs/cgroup/*/$group 2>/dev/null || true' EXIT
dockerd --data-root /mnt/docker --bridge none --iptables=false --ip6tables=false --storage-driver vfs \
	--exec-opt native.cgroupdriver=cgroupfs --cgroup-parent /$group >/mnt/dockerd 2>&1 &
engine=$!
until docker version >/dev/null 2>&1; do
	kill -0 $engine 2>/dev/null || fail "dockerd ended: $(tail -5 /mnt/dockerd)"
	sleep 0.1
done
chown nobody /run/docker.sock
new_files >/mnt/before
before=$(files_of_user)

step "deb: docker push and pull"
dpkg -i "$DIST"/ecr-login_*_amd64.deb
as_user ecr-login configure "$host"
tar -c --files-from /dev/null | docker import - "$host/team/app:1" >/dev/null
as_user docker push "$host/team/app:1"
as_user docker image rm "$host/team/app:1"
as_user docker pull "$host/team/app:1"

step "image: copy it to a registry"
cp "$DIST"/ecr-login_*_image.tar $home
as_user env VERSION=0.1.0 bash -euc "$(sed "s/[0-9]*\.dkr\.ecr\.[^/]*/$host/" "$skopeo")"
rm -r $home/ecr-login_*_image.tar $home/.local/share/containers
as_user docker pull "$image"

step "image: docker run"
run() { as_user docker run --rm --interactive --network host --read-only "$@"; }
run "$image" version | grep -F "$LINKED"
for user in 0:0 12345:54321 65532:65532; do
	[ "$(run --user $user "$image" list)" = '{}' ] || fail "user $user: list does not print {}"
	printf %s "$host" | run --user $user --env AWS_ACCESS_KEY_ID=$AWS_ACCESS_KEY_ID --env AWS_SECRET_ACCESS_KEY=$AWS_SECRET_ACCESS_KEY \
		--volume "$ECRTEST_CA_FILE:/etc/ssl/certs/ca-certificates.crt:ro" "$image" get | grep -q '"Username":"AWS"' ||
		fail "user $user: get returned no credentials"
done

step "image: COPY --from"
as_user docker image rm "$image"
{
	echo 'FROM scratch'
	sed "s,ghcr\.io/4e881efc/,$host/," "$copy"
	echo 'ENTRYPOINT ["/usr/bin/docker-credential-ecr-login"]'
} | as_user docker build --quiet --tag copied -
run copied version | grep -F "$LINKED"

step "deb: remove"
dpkg -r ecr-login
nothing_left "dpkg -r"
as_user docker image rm "$host/team/app:1"
! as_user docker pull "$host/team/app:1" || fail "docker pull works without the program"

step "deb: install it again, remove the entries of the user as the removal says"
dpkg -i "$DIST"/ecr-login_*_amd64.deb
as_user ecr-login uninstall
dpkg -r ecr-login
nothing_left "dpkg -r"
diff <(echo "$before") <(files_of_user) || fail "uninstall leaves files of the user"
[ "$(cat $home/.docker/config.json)" = '{"detachKeys": "ctrl-x"}' ] || fail "config.json is now $(cat $home/.docker/config.json)"
