#!/usr/bin/env bash
# Installs docker-credential-ecr-login for the rest of the job, and adds the registries to Docker's
# config.json. action.yml sets REGISTRIES, PROFILE and VERSION.
set -euo pipefail

# install_ecr_login VERSION DIRECTORY downloads a release, verifies its checksum and unpacks it.
# ECR_LOGIN_RELEASES is the URL of a mirror, or empty. It runs in a subshell, so that the caller's
# variables and functions stay as they are.
install_ecr_login() (
  # download URL FILE
  download() {
    if command -v curl >/dev/null; then
      curl -fsSL --retry 3 --connect-timeout 20 --max-time 300 -o "$2" "$1"
    else
      timeout 300 wget -q -O "$2" "$1" # -T of Debian 12's busybox crashes
    fi || {
      echo "ecr-login: cannot download $1" >&2
      exit 1
    }
  }

  url=${ECR_LOGIN_RELEASES:-https://github.com/4e881efc/ecr-credential-helper/releases}
  case $1 in
    latest) url=$url/latest/download ;;
    v*) url=$url/download/$1 ;;
    *) url=$url/download/v$1 ;;
  esac
  case $(uname -m) in
    x86_64) machine=amd64 ;;
    aarch64) machine=arm64 ;;
    armv7l) machine=armv7 ;;
    i?86) machine=386 ;;
    *) machine=$(uname -m) ;;
  esac
  target=$(uname -s | tr '[:upper:]' '[:lower:]')_$machine
  mkdir -p "$2"
  download "$url/checksums.txt" "$2/checksums.txt"
  if ! line=$(grep "_$target.tar.gz\$" "$2/checksums.txt"); then
    echo "ecr-login: release $1 has no archive for $target" >&2
    echo "ecr-login: hint: install it on the runner: https://github.com/4e881efc/ecr-credential-helper/blob/main/docs/install.md" >&2
    exit 1
  fi
  download "$url/${line##* }" "$2/archive.tar.gz"
  if command -v sha256sum >/dev/null; then sum=sha256sum; else sum="shasum -a 256"; fi
  if ! echo "${line%% *}  $2/archive.tar.gz" | $sum -c - >/dev/null; then
    echo "ecr-login: $url/${line##* } does not have the checksum in checksums.txt" >&2
    exit 1
  fi
  tar -xzf "$2/archive.tar.gz" -C "$2" --strip-components 1
)

# shellcheck disable=SC2153 # action.yml sets it
read -r -d '' -a registries <<<"$REGISTRIES" || true # read reports the end of the text
if [ "${#registries[@]}" -eq 0 ]; then
  echo "::error::the input registries is empty: set it to a host, such as 123456789012.dkr.ecr.eu-west-1.amazonaws.com"
  exit 1
fi

directory=$RUNNER_TEMP/ecr-login
if ! error=$(install_ecr_login "$VERSION" "$directory" 2>&1); then
  echo "::error::${error//$'\n'/%0A}"
  exit 1
fi
export PATH="$directory/bin:$PATH"
echo "$directory/bin" >>"$GITHUB_PATH"

if [ "$(id -u)" = 0 ] && [ ! -O "$HOME" ]; then
  # In a container, another user owns HOME. configure does not edit files there as root.
  config=/root/.docker state=/root/.local/state
elif [ "${RUNNER_ENVIRONMENT:-}" = self-hosted ]; then
  # The program is deleted with the job, so the runner's own files must not name it.
  config=$directory/docker state=$directory/state
fi
if [ -n "${state:-}" ]; then
  export XDG_STATE_HOME=$state
  echo "XDG_STATE_HOME=$state" >>"$GITHUB_ENV"
  if [ -z "${DOCKER_CONFIG:-}" ]; then
    mkdir -p "$config"
    if [ -d "$HOME/.docker" ]; then
      cp -RP "$HOME/.docker/." "$config" # the logins of earlier steps
    fi
    export DOCKER_CONFIG=$config
    echo "DOCKER_CONFIG=$config" >>"$GITHUB_ENV"
  fi
fi

docker-credential-ecr-login version
docker-credential-ecr-login configure ${PROFILE:+--profile "$PROFILE"} -- "${registries[@]}"

host=${registries[0]#*://}
echo "registry=${host%%/*}" >>"$GITHUB_OUTPUT"
