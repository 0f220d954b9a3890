#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What kmemd is measured against, run in a guest: a script that waits for a memdev in a tight loop, makes a region
# of it and writes the state of its blocks. It knows the window, trusts the order of names and undoes nothing.
#
#   online-by-hand.sh MEMDEV
set -eu
memdev=$1
until [ -e "/sys/bus/cxl/devices/$memdev" ] && cxl list -M -m "$memdev" -E 2>/dev/null | grep -q endpoint; do :; done
region=$(cxl create-region -m -t ram -d decoder0.0 "$memdev" 2>/dev/null | jq -r .region)
dax=$(echo "/sys/bus/cxl/devices/$region/dax_region${region#region}"/dax*.*)
until [ -e "$dax/driver" ]; do :; done
block_size=$((16#$(cat /sys/devices/system/memory/block_size_bytes)))
start=$(($(cat "$dax/mapping0/start") / block_size))
end=$((($(cat "$dax/mapping0/end") + 1) / block_size))
for ((block = start; block < end; block++)); do
	echo online_movable >"/sys/devices/system/memory/memory$block/state"
done
