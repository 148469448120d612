#!/bin/sh
# as-installed.sh FOLDER COMMAND...: runs a command to which Debian packages that were unpacked into FOLDER are as if installed.
# Wants a mount namespace of its own: unshare --mount as-installed.sh ...
set -eu
mount -t overlay overlay -o "ro,lowerdir=$1/usr:/usr" /usr
# Beside the controllers of cgroup v1 a hybrid layout shows v2 too, which runc and buildah would take for the only one.
umount /sys/fs/cgroup/unified 2>/dev/null || true
shift
exec "$@"
