# shellcheck shell=bash
# Functions for the scripts that run on the private machine of machine.sh.

PROGRAM=docker-credential-ecr-login
# shellcheck disable=SC2211 # the pattern matches one file
LINKED=$("$DIST"/ecr-login_*_linux_amd64 version | sed 's/.* //')

fail() { echo "$(basename "$0"): $*" >&2; exit 1; }
step() { echo "--- $*"; }

# new_files prints the files that the machine did not have before, apart from the records of the
# package managers and the empty directories of systemctl.
new_files() {
	local name
	(cd /mnt/upper && find usr etc var \( -path var/lib/dpkg -o -path var/log -o -path var/cache \
		-o -path etc/systemd -o -path var/lib/systemd \) -prune -o ! -type c -print) |
		while read -r name; do
			test -e "/mnt/lower/$name" -o -L "/mnt/lower/$name" || echo "$name"
		done
}

# nothing_left checks that there are no new files but those in the list /mnt/before.
nothing_left() { new_files | diff /mnt/before - || fail "$1 leaves files"; }
new_files >/mnt/before

# same_version checks that the program prints this version, sends it to AWS, and finds it in doctor.
same_version() {
	local want=$1 agent
	[ "$($PROGRAM version)" = "$PROGRAM (github.com/4e881efc/ecr-credential-helper) $want" ] || fail "version: $($PROGRAM version)"
	$PROGRAM cache clear >/dev/null
	curl -sf -X DELETE "$ECRTEST_CONTROL_URL/calls"
	printf %s "$ECRTEST_HOST" | $PROGRAM get | grep -q '"Username":"AWS"' || fail "get returned no credentials"
	agent=$(curl -sf "$ECRTEST_CONTROL_URL/requests?op=ecr:GetAuthorizationToken")
	[[ $agent == *" $PROGRAM/$want"[\ \"]* ]] || fail "the user agent has another version than $want: $agent"
	# doctor fails, because no registry is configured here.
	{ $PROGRAM doctor || true; } | grep -F program | grep -qF " $want" || fail "doctor shows another version than $want: $($PROGRAM doctor)"
}

# try_installed checks what a package installs.
try_installed() {
	[ "$(command -v $PROGRAM)" = /usr/bin/$PROGRAM ] || fail "$PROGRAM is not in PATH"
	ecr-login version >/dev/null
	same_version "$LINKED"
	grep -qF "ecr\\-credential\\-helper $LINKED" /usr/share/man/man1/$PROGRAM.1 || fail "the manual page has another version"
	test -e /usr/share/man/man1/ecr-login.1
	bash -n /usr/share/bash-completion/completions/$PROGRAM
	bash -n /usr/share/bash-completion/completions/ecr-login
	test -s /usr/share/fish/vendor_completions.d/ecr-login.fish
	test -s /usr/share/zsh/site-functions/_ecr-login -o -s /usr/share/zsh/vendor-completions/_ecr-login
	cmp /usr/share/doc/ecr-login/config.toml /etc/ecr-login/config.toml
	systemd-analyze verify --man=no /usr/lib/systemd/system/ecr-login-*
	[ -z "$(find /etc/systemd -name 'ecr-login-*')" ] || fail "a unit is enabled"
}
