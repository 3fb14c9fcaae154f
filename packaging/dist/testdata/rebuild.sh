#!/bin/bash
# Builds a release as another user, in another directory, and prints its checksums.txt. Runs as root
# in a mount namespace of its own.
#
#	rebuild.sh TOOL SOURCE GO MODULES CACHE [ARGUMENT...]
#
# MODULES and CACHE are the caches of Go, so that the test does not compile everything again. The
# other user may read all files in them, and writes to an overlay.
set -euo pipefail
tool=$1 source=$2 go=$3 modules=$4 cache=$5
shift 5

mount -t tmpfs -o mode=0755 tmpfs /mnt
mkdir /mnt/another /mnt/modules /mnt/cache /mnt/upper /mnt/work /mnt/home
mount --bind "$modules" /mnt/modules
mount -t overlay overlay -o "lowerdir=$cache,upperdir=/mnt/upper,workdir=/mnt/work" /mnt/cache
cp "$tool" /mnt/tool
cp -R "$source" /mnt/another/directory
chmod 0755 /mnt/tool
chown -R nobody /mnt/another /mnt/home
chown nobody /mnt/cache /mnt/cache/*

cd /mnt/another/directory
umask 0077
setpriv --reuid nobody --regid nogroup --clear-groups --inh-caps +dac_read_search --ambient-caps +dac_read_search \
	env -i PATH="$go:/usr/bin:/bin" HOME=/mnt/home TMPDIR=/mnt/home \
	GOMODCACHE=/mnt/modules GOCACHE=/mnt/cache GOPROXY=off LANG=tr_TR.UTF-8 TZ=Asia/Tokyo \
	COMMIT="$COMMIT" SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" \
	/mnt/tool -source . -out /mnt/home/dist "$@" >&2
cat /mnt/home/dist/checksums.txt
