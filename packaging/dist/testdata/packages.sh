#!/bin/bash
# Installs, tries and removes the packages of a release. Runs as root in a mount namespace, in which
# changes to /usr, /etc and /var are lost.
#
#	packages.sh DIST ECRTEST
set -euo pipefail
dist=$1 ecrtest=$2
program=docker-credential-ecr-login

fail() { echo "packages.sh: $*" >&2; exit 1; }
step() { echo "--- $*"; }

mount -t tmpfs tmpfs /mnt
for dir in usr etc var; do
	mkdir -p "/mnt/lower/$dir" "/mnt/upper/$dir" "/mnt/work/$dir"
	mount --bind "/$dir" "/mnt/lower/$dir"
	mount -t overlay overlay -o "lowerdir=/$dir,upperdir=/mnt/upper/$dir,workdir=/mnt/work/$dir" "/$dir"
done
# Debian's containers leave out documentation, and a helper of the machine is not the one to test.
rm -f /etc/dpkg/dpkg.cfg.d/* /usr/local/bin/$program /usr/local/bin/ecr-login
# Updating the index of all manual pages takes longer than all that is tested.
rm -f /var/lib/man-db/auto-update
mkdir -p /mnt/home /mnt/rpmdb /mnt/pacman
export HOME=/mnt/home PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# nothing_left looks for files that the machine does not have, apart from the records of the package
# managers and the empty directories of systemctl.
nothing_left() {
	local name
	(cd /mnt/upper && find usr etc var \( -path var/lib/dpkg -o -path var/log -o -path var/cache \
		-o -path etc/systemd -o -path var/lib/systemd \) -prune -o ! -type c -print) |
		while read -r name; do
			test -e "/mnt/lower/$name" -o -L "/mnt/lower/$name" || echo "$name"
		done >/mnt/left
	[ ! -s /mnt/left ] || fail "$1 leaves: $(cat /mnt/left)"
}

# try_installed checks what a package installs.
try_installed() {
	[ "$(command -v $program)" = /usr/bin/$program ] || fail "$program is not in PATH"
	$program version | grep -F "$linked" >/dev/null || fail "version: $($program version)"
	ecr-login version >/dev/null
	grep -qF "ecr\\-credential\\-helper $linked" /usr/share/man/man1/$program.1 || fail "the manual page has another version"
	test -e /usr/share/man/man1/ecr-login.1
	bash -n /usr/share/bash-completion/completions/$program
	bash -n /usr/share/bash-completion/completions/ecr-login
	test -s /usr/share/fish/vendor_completions.d/ecr-login.fish
	test -s /usr/share/zsh/site-functions/_ecr-login -o -s /usr/share/zsh/vendor-completions/_ecr-login
	cmp /usr/share/doc/ecr-login/config.toml /etc/ecr-login/config.toml
	systemd-analyze verify --man=no /usr/lib/systemd/system/ecr-login-*
	[ -z "$(find /etc/systemd -name 'ecr-login-*')" ] || fail "a unit is enabled"
	"$ecrtest" sh -c 'printf %s "$ECRTEST_HOST" | docker-credential-ecr-login get' | grep -q '"Username":"AWS"' || fail "get returned no credentials"
}

# shellcheck disable=SC2211 # the pattern matches one file
linked=$("$dist"/ecr-login_*_linux_amd64 version | sed 's/.* //')

step "deb: install, remove"
dpkg -i "$dist"/ecr-login_*_amd64.deb
try_installed
dpkg -r ecr-login
nothing_left "dpkg -r"
[ -z "$(dpkg-query -W -f '${Status}' ecr-login 2>/dev/null)" ] || fail "dpkg still lists ecr-login"

step "deb: changed settings stay, also when the package is upgraded"
dpkg -i "$dist"/ecr-login_*_amd64.deb
echo 'timeout = "20s"' >/etc/ecr-login/config.toml
dpkg -i "$dist"/ecr-login_*_amd64.deb
dpkg -r ecr-login
grep -qx 'timeout = "20s"' /etc/ecr-login/config.toml || fail "dpkg changed the settings of the administrator"
rm -r /etc/ecr-login

step "deb: replaces Debian's amazon-ecr-credential-helper"
mkdir -p /mnt/other/DEBIAN /mnt/other/usr/bin
printf 'Package: amazon-ecr-credential-helper\nVersion: 9\nArchitecture: amd64\nMaintainer: test\nDescription: test\n' >/mnt/other/DEBIAN/control
touch /mnt/other/usr/bin/$program
dpkg-deb -b /mnt/other /mnt/other.deb >/dev/null
dpkg -i /mnt/other.deb
dpkg -i "$dist"/ecr-login_*_amd64.deb
$program version | grep -qF "$linked" || fail "the other program is still installed"
dpkg -r ecr-login
nothing_left "dpkg -r"

step "deb: enabled units are disabled"
dpkg -i "$dist"/ecr-login_*_amd64.deb
systemctl --quiet enable ecr-login-refresh.timer
systemctl --quiet --global enable ecr-login-watch.service
dpkg -r ecr-login
[ -z "$(find /etc/systemd -name 'ecr-login-*')" ] || fail "links to removed units stay"

step "rpm: install, upgrade, remove"
rpm -i --force-debian --nodeps --dbpath /mnt/rpmdb "$dist"/ecr-login-*.x86_64.rpm
try_installed
rpm -U --force-debian --force --nodeps --dbpath /mnt/rpmdb "$dist"/ecr-login-*.x86_64.rpm
try_installed
rpm -e --force-debian --nodeps --dbpath /mnt/rpmdb ecr-login
nothing_left "rpm -e"

step "archlinux: install, remove"
ln -sf bash /usr/bin/sh # as on Arch Linux
pacman=(pacman --noconfirm --nodeps --nodeps --dbpath /mnt/pacman --config /dev/null --cachedir /mnt --logfile /mnt/log)
"${pacman[@]}" -U "$dist"/ecr-login-*-x86_64.pkg.tar.zst
try_installed
"${pacman[@]}" -Rn ecr-login
nothing_left "pacman -Rn"

step "apk: unpack"
mkdir /mnt/apk
tar -xzf "$dist"/ecr-login_*_x86_64.apk -C /mnt/apk 2>/dev/null
/mnt/apk/usr/bin/ecr-login version >/dev/null
grep -qx 'depend = !docker-credential-ecr-login' /mnt/apk/.PKGINFO
test -e /mnt/apk/etc/ecr-login/config.toml
test ! -e /mnt/apk/usr/lib/systemd

step "archive: unpack below a prefix"
mkdir /mnt/prefix
tar -xzf "$dist"/ecr-login_*_linux_amd64.tar.gz -C /mnt/prefix --strip-components 1
/mnt/prefix/bin/ecr-login version >/dev/null
grep -q '^ExecStart=/usr/local/bin/' /mnt/prefix/lib/systemd/system/ecr-login-refresh.service
