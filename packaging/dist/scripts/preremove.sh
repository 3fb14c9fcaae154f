#!/bin/sh
# Runs before the package is removed or upgraded. dpkg calls it with "remove" or "upgrade", rpm with
# the number of versions that stay installed, pacman and apk with the version, for a removal only.
set -e

# The example of the settings, unless it was changed. A new version installs its own. Only the
# Debian package needs this: the others have it in their list of files.
if [ -n "$DPKG_MAINTSCRIPT_NAME" ] && cmp -s /usr/share/doc/ecr-login/config.toml /etc/ecr-login/config.toml; then
	rm -f /etc/ecr-login/config.toml
fi

case "$1" in
upgrade | failed-upgrade | deconfigure | 1) exit 0 ;;
esac

if command -v systemctl >/dev/null; then
	# Links to units that an administrator enabled would stay. Units of a running system are stopped.
	now=
	[ ! -d /run/systemd/system ] || now=--now
	systemctl --quiet disable $now ecr-login-refresh.timer ecr-login-watch.service 2>/dev/null || true
	systemctl --quiet --global disable ecr-login-refresh.timer ecr-login-watch.service 2>/dev/null || true
fi

# A package must not edit the files in users' homes. Without the program, clients fail for the
# registries that these files name.
cat <<'END'
ecr-login: files of users, such as ~/.docker/config.json, may still name this program. Without it,
docker fails for the registries there. To remove these entries, install the package again, and run
this as each user before you remove it:
    ecr-login uninstall
END
