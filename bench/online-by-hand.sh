#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What kmemd is measured against, run in a guest: a script that waits for a memdev, makes a region of it and writes
# the state of its blocks in a tight loop. It knows the window, trusts the order of names and undoes nothing.
#
#   online-by-hand.sh MEMDEV
set -eu
memdev=$1
# Debian's kernels put new blocks online by themselves, into the wrong zone.
automatic=$(cat /sys/devices/system/memory/auto_online_blocks)
echo offline >/sys/devices/system/memory/auto_online_blocks
trap 'echo "$automatic" >/sys/devices/system/memory/auto_online_blocks' EXIT
ready() {
	local port
	for port in /sys/bus/cxl/devices/endpoint*/uport; do
		[ "$port" -ef "/sys/bus/cxl/devices/$memdev" ] && return
	done
	return 1
}
until ready; do sleep 0.05; done
region=$(cxl create-region -m -t ram -d decoder0.0 "$memdev" 2>/dev/null | jq -r .region)
dax=$(echo "/sys/bus/cxl/devices/$region/dax_region${region#region}"/dax*.*)
until [ -e "$dax/driver" ]; do :; done
block_size=$((16#$(cat /sys/devices/system/memory/block_size_bytes)))
start=$(($(cat "$dax/mapping0/start") / block_size))
end=$((($(cat "$dax/mapping0/end") + 1) / block_size))
for ((block = start; block < end; block++)); do
	echo online_movable >"/sys/devices/system/memory/memory$block/state"
done
