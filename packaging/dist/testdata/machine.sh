#!/bin/bash
# Makes a private machine and runs a script on it, beside a fake AWS. It runs as root in a mount, a
# network and a PID namespace of its own. Changes to /usr, /etc, /var and /run are lost at the end.
# On the loopback device, the host names of ECR and its APIs lead to the fake.
#
#	machine.sh DIST ECRTEST SCRIPT [ARGUMENT...]
set -euo pipefail
export DIST=$1
ecrtest=$2
shift 2

mount -t tmpfs -o mode=0755 tmpfs /mnt
for dir in usr etc var; do
	mkdir -p "/mnt/lower/$dir" "/mnt/upper/$dir" "/mnt/work/$dir"
	mount --bind "/$dir" "/mnt/lower/$dir"
	mount -t overlay overlay -o "lowerdir=/$dir,upperdir=/mnt/upper/$dir,workdir=/mnt/work/$dir" "/$dir"
done
mount -t tmpfs -o mode=0755 tmpfs /run

# Debian's containers leave out documentation, and a helper of the machine is not the one to test.
rm -f /etc/dpkg/dpkg.cfg.d/* /usr/local/bin/docker-credential-ecr-login /usr/local/bin/ecr-login
# Updating the index of all manual pages takes longer than all that is tested.
rm -f /var/lib/man-db/auto-update

# Docker takes HTTP for a registry on 127.0.0.0/8, so the fake has an address of TEST-NET-1.
ip link set lo up
ip address add 192.0.2.1/32 dev lo
cat >/etc/hosts <<END
127.0.0.1 localhost
192.0.2.1 123456789012.dkr.ecr.us-east-1.amazonaws.com api.ecr.us-east-1.amazonaws.com sts.us-east-1.amazonaws.com
END
rm -f /etc/resolv.conf
echo 'options timeout:1 attempts:1' >/etc/resolv.conf

mkdir -p /mnt/site /mnt/rpmdb /mnt/pacman
mkdir -m 1777 /mnt/tmp
mkdir -m 0700 /mnt/root
# A CI machine may have credentials and proxies.
exec env -i DIST="$DIST" HOME=/mnt/root TMPDIR=/mnt/tmp LANG=C.UTF-8 \
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	"$ecrtest" -dir /mnt/site -tls-addr 192.0.2.1:443 bash "$@"
