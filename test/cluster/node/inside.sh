#!/bin/sh
# inside.sh FOLDER COMMAND...: first process of the namespaces that namespaces.ts makes. It hides from the machine what the daemons of a node
# write, brings up the network, and runs the command. FOLDER is for what lasts as long as the namespaces.
set -eu
folder=$1
shift

# What they write outside their folders ends here.
for covered in /var/lib /var/log /opt; do
  [ -d "$covered" ] || continue
  over=$folder/over$covered
  mkdir -p "$over/upper" "$over/work"
  mount -t overlay overlay -o "lowerdir=$covered,upperdir=$over/upper,workdir=$over/work" "$covered"
done
mount -t tmpfs tmpfs /run

# The kubelet sets these for the whole machine: it gets to see files instead.
mkdir "$folder/sysctl"
for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
  kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  file=$folder/sysctl/$(basename "${setting%=*}")
  echo "${setting#*=}" > "$file"
  mount --bind "$file" "/proc/sys/${setting%=*}"
done

ip link set lo up
ip addr add 10.99.0.1/32 dev lo
# Addresses of Services need a route before kube-proxy's rules see them.
ip route add default dev lo
echo 1 > /proc/sys/net/ipv4/ip_forward
# Interfaces made for Pods would take link-local addresses, seconds after a Pod runs; Chromium drops what it is connecting to
# whenever an address comes or changes. A kernel may be without IPv6.
if [ -d /proc/sys/net/ipv6 ]; then echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6; fi

# Not exec: the first process of a namespace has to wait for orphans, which shells do.
"$@"
