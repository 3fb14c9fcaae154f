#!/bin/sh
# Installs the example of the settings. dpkg is not given it as a configuration file, because it
# would then stay after "dpkg -r".
set -e
if [ "$1" = configure ] && [ ! -e /etc/ecr-login/config.toml ]; then
	mkdir -p /etc/ecr-login
	cp /usr/share/doc/ecr-login/config.toml /etc/ecr-login/config.toml
fi
