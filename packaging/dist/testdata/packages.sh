#!/bin/bash
# Installs, tries and removes the packages of a release.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# with_advice runs a command that removes a package: it must print how users remove their entries.
with_advice() {
	"$@" >/mnt/output 2>&1 || fail "$*: $(cat /mnt/output)"
	grep -q '^ *ecr-login uninstall$' /mnt/output || fail "$* does not print how to remove the entries of users: $(cat /mnt/output)"
}

# without_advice runs a command that installs or upgrades a package.
without_advice() {
	"$@" >/mnt/output 2>&1 || fail "$*: $(cat /mnt/output)"
	! grep 'ecr-login uninstall' /mnt/output || fail "$* prints how to remove entries"
}

step "deb: install, remove"
without_advice dpkg -i "$DIST"/ecr-login_*_amd64.deb
try_installed
with_advice dpkg -r ecr-login
nothing_left "dpkg -r"
[ -z "$(dpkg-query -W -f '${Status}' ecr-login 2>/dev/null)" ] || fail "dpkg still lists ecr-login"

step "deb: changed settings stay, also when the package is upgraded"
without_advice dpkg -i "$DIST"/ecr-login_*_amd64.deb
echo 'timeout = "20s"' >/etc/ecr-login/config.toml
without_advice dpkg -i "$DIST"/ecr-login_*_amd64.deb
with_advice dpkg -r ecr-login
grep -qx 'timeout = "20s"' /etc/ecr-login/config.toml || fail "dpkg changed the settings of the administrator"
rm -r /etc/ecr-login

step "deb: replaces Debian's amazon-ecr-credential-helper"
mkdir -p /mnt/other/DEBIAN /mnt/other/usr/bin
printf 'Package: amazon-ecr-credential-helper\nVersion: 9\nArchitecture: amd64\nMaintainer: test\nDescription: test\n' >/mnt/other/DEBIAN/control
touch /mnt/other/usr/bin/$PROGRAM
dpkg-deb -b /mnt/other /mnt/other.deb >/dev/null
dpkg -i /mnt/other.deb
dpkg -i "$DIST"/ecr-login_*_amd64.deb
$PROGRAM version | grep -qF "$LINKED" || fail "the other program is still installed"
dpkg -r ecr-login
nothing_left "dpkg -r"

step "deb: enabled units are disabled"
dpkg -i "$DIST"/ecr-login_*_amd64.deb
systemctl --quiet enable ecr-login-refresh.timer
systemctl --quiet --global enable ecr-login-watch.service
dpkg -r ecr-login
[ -z "$(find /etc/systemd -name 'ecr-login-*')" ] || fail "links to removed units stay"

step "rpm: install, upgrade, remove"
without_advice rpm -i --force-debian --nodeps --dbpath /mnt/rpmdb "$DIST"/ecr-login-*.x86_64.rpm
try_installed
without_advice rpm -U --force-debian --force --nodeps --dbpath /mnt/rpmdb "$DIST"/ecr-login-*.x86_64.rpm
try_installed
with_advice rpm -e --force-debian --nodeps --dbpath /mnt/rpmdb ecr-login
nothing_left "rpm -e"

step "archlinux: install, upgrade, remove"
ln -sf bash /usr/bin/sh # as on Arch Linux
pacman=(pacman --noconfirm --nodeps --nodeps --dbpath /mnt/pacman --config /dev/null --cachedir /mnt --logfile /mnt/log)
without_advice "${pacman[@]}" -U "$DIST"/ecr-login-*-x86_64.pkg.tar.zst
try_installed
without_advice "${pacman[@]}" -U "$DIST"/ecr-login-*-x86_64.pkg.tar.zst
with_advice "${pacman[@]}" -Rn ecr-login
nothing_left "pacman -Rn"

step "apk: unpack, run the script of a removal"
mkdir /mnt/apk
tar -xzf "$DIST"/ecr-login_*_x86_64.apk -C /mnt/apk 2>/dev/null
/mnt/apk/usr/bin/ecr-login version >/dev/null
grep -qx 'depend = !docker-credential-ecr-login' /mnt/apk/.PKGINFO
test -e /mnt/apk/etc/ecr-login/config.toml
test ! -e /mnt/apk/usr/lib/systemd
with_advice /mnt/apk/.pre-deinstall 0.1.0-r1

step "archive: unpack below a prefix"
mkdir /mnt/prefix
tar -xzf "$DIST"/ecr-login_*_linux_amd64.tar.gz -C /mnt/prefix --strip-components 1
/mnt/prefix/bin/ecr-login version >/dev/null
grep -q '^ExecStart=/usr/local/bin/' /mnt/prefix/lib/systemd/system/ecr-login-refresh.service
