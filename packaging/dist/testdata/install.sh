#!/bin/bash
# Runs a script with commands of docs/install.md. The files of the release are at
# http://127.0.0.1:8000, as those of a release on GitHub.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

/usr/bin/python3 -m http.server --bind 127.0.0.1 --directory "$DIST" 8000 >/mnt/server 2>&1 &
until curl -sf -o /dev/null http://127.0.0.1:8000/checksums.txt; do
	kill -0 $! 2>/dev/null || fail "the file server ended: $(cat /mnt/server)"
	sleep 0.1
done

sudo() { "$@"; }
# On Debian, rpm and pacman have no database with the shell that the packages need.
rpm() { command rpm --force-debian --nodeps --dbpath /mnt/rpmdb "$@"; }
pacman() { command pacman --nodeps --nodeps --dbpath /mnt/pacman --config /dev/null --cachedir /mnt --logfile /mnt/log "$@" < <(yes); }

cd /mnt/tmp
# shellcheck source=/dev/null
. "$1"
