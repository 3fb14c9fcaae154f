#!/bin/sh
# Runs in the booted system as root, and writes a line to /results for each check.
exec 2>/inside.log
set -x
export HOME=/root
program=/usr/local/bin/docker-credential-ecr-login

check() {
  name=$1
  shift
  if output=$("$@" 2>&1); then
    echo "ok $name" >>/results
  else
    echo "FAIL $name: $(echo "$output" | tr '\n' ' ')" >>/results
  fi
}

# as_user runs a command as the user dev, with the user's own systemd.
as_user() { setpriv --reuid dev --regid dev --init-groups env HOME=/home/dev XDG_RUNTIME_DIR=/run/user/"$(id -u dev)" "$@"; }

get() { "$@" $program get </etc/host; }

# forget removes the entries. The names of the registries stay, for which a refresh gets a token.
forget() { rm -r "$1"/.cache/ecr-login/entries; }

aws_files() { mkdir -p "$1/.aws" && cp /etc/aws/* "$1/.aws/"; }

check "the system is up" aws_files /root
check "get as root" get env
forget /root
check "ecr-login-refresh.service refreshes" systemctl start ecr-login-refresh.service
check "get as root after it" get env
check "ecr-login-refresh.timer" systemctl enable --now ecr-login-refresh.timer
check "ecr-login-refresh.timer waits" systemctl is-active ecr-login-refresh.timer
check "ecr-login-watch.service" systemctl enable --now ecr-login-watch.service
check "ecr-login-watch.service runs" systemctl is-active ecr-login-watch.service
check "ecr-login-watch.service stops" systemctl stop ecr-login-watch.service
check "ecr-login-watch.service stopped without an error" sh -c '! systemctl is-failed ecr-login-watch.service'

useradd --create-home dev
check "a user without a session" loginctl enable-linger dev
check "systemd of the user" systemctl start "user@$(id -u dev).service"
aws_files /home/dev
chown -R dev:dev /home/dev/.aws
check "get as the user" get as_user
forget /home/dev
check "the user's ecr-login-refresh.service refreshes" as_user systemctl --user start ecr-login-refresh.service
check "get as the user after it" get as_user
check "the user's ecr-login-refresh.timer" as_user systemctl --user enable --now ecr-login-refresh.timer
check "the user's ecr-login-watch.service" as_user systemctl --user enable --now ecr-login-watch.service
check "the user's ecr-login-watch.service runs" as_user systemctl --user is-active ecr-login-watch.service
check "the user's ecr-login-watch.service stops" as_user systemctl --user stop ecr-login-watch.service
echo "ok end" >>/results
