#!/bin/sh
# Runs before the package is removed or upgraded. dpkg calls it with "remove" or "upgrade", rpm with
# the number of versions that stay installed, pacman with the version.
set -e

# The example of the settings, unless it was changed. A new version installs its own. Only the
# Debian package needs this: the others have it in their list of files.
if [ -n "$DPKG_MAINTSCRIPT_NAME" ] && cmp -s /usr/share/doc/ecr-login/config.toml /etc/ecr-login/config.toml; then
	rm -f /etc/ecr-login/config.toml
fi

case "$1" in
upgrade | failed-upgrade | 1) ;;
*)
	# Links to units that an administrator enabled would stay. Units of a running system are stopped.
	now=
	[ ! -d /run/systemd/system ] || now=--now
	systemctl --quiet disable $now ecr-login-refresh.timer ecr-login-watch.service 2>/dev/null || true
	systemctl --quiet --global disable ecr-login-refresh.timer ecr-login-watch.service 2>/dev/null || true
	;;
esac
