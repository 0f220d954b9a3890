# SPDX-License-Identifier: GPL-2.0-or-later
"""Measurements in a guest that both the demo and the comparison in bench/ show.

Times are those of the kernel's own uevents. Under software emulation only their ratios mean something.
"""
import pathlib
import re

from . import kmemd
from .machine import parse_size

_BY_HAND = pathlib.Path(__file__).resolve().parents[2] / "bench" / "online-by-hand.sh"
_FILE = "/run/uevents"
_UNIT = "uevents-recording"
_LINE = re.compile(r"KERNEL\[([0-9.]+)\] (\S+) +(\S+)")


class Recording:
    """Records the uevents of CXL, DAX and memory blocks in a guest, from start() to stop()."""

    def __init__(self, guest):
        self._guest = guest
        self.events = []    # (seconds, action, path)

    def start(self):
        """Begin; returns once nothing can be missed."""
        self._guest.run(f"systemd-run --quiet --unit={_UNIT} --property=StandardOutput=truncate:{_FILE} udevadm monitor "
                        "--kernel --subsystem-match=cxl --subsystem-match=dax --subsystem-match=memory")
        self._guest.wait_until(f"grep -q 'kernel uevent' {_FILE}")
        return self

    def stop(self):
        """End, and keep what was recorded."""
        self._guest.run(f"systemctl stop {_UNIT}")
        matches = map(_LINE.match, self._guest.read(_FILE).splitlines())
        self.events = [(float(match[1]), match[2], match[3]) for match in matches if match]
        return self

    def times(self, action, pattern):
        """When the events of an action on devices whose name matches the pattern came, in order."""
        return [when for when, what, path in self.events
                if what == action and re.fullmatch(pattern, path.rsplit("/", 1)[-1])]

    def memdev_to_online(self):
        """Seconds from the first memdev to the last memory block online, and the number of blocks."""
        added, online = self.times("add", r"mem\d+"), self.times("online", r"memory\d+")
        if not added or not online:
            raise ValueError(f"no hot-plug recorded: {len(added)} memdevs added, {len(online)} blocks online")
        return online[-1] - added[0], len(online)


def hotplug(guest, port, size, serial):
    """Plug an expander and let kmemd do the rest: seconds from the kernel's first event to the last block online, the number
    of blocks, and the device's id."""
    recording = Recording(guest).start()
    device = guest.plug_expander(port, size, serial)
    kmemd.wait_online(guest, serial, parse_size(size), timeout=120)
    return *recording.stop().memdev_to_online(), device


def hotplug_by_hand(guest, port, size, serial):
    """The same with kmemd stopped and the shell script of bench/ in its place."""
    taken = kmemd.see(guest).memdevs.values()
    memdev = next(f"mem{number}" for number in range(64) if f"mem{number}" not in taken)
    guest.write("/run/online-by-hand.sh", _BY_HAND.read_text(), mode="0755")
    guest.run(f"systemctl stop kmemd; systemd-run --quiet --collect --unit=online-by-hand /run/online-by-hand.sh {memdev}")
    try:
        return hotplug(guest, port, size, serial)
    finally:
        guest.wait_until("! systemctl is-active --quiet online-by-hand", timeout=60)
        guest.run("systemctl start kmemd")
        kmemd.wait_idle(guest)


def at_rest(guest, seconds):
    """Resident bytes of the daemon, and how often it ran in so many seconds."""
    kmemd.wait_idle(guest)
    switches = "grep -h ctxt_switches /proc/$(pidof kmemd)/status | awk '{ sum += $2 } END { print sum }'"
    before = int(guest.run(switches).out)
    guest.run(f"sleep {seconds}", timeout=seconds + 60)
    after = int(guest.run(switches).out)
    return int(guest.run("awk '/VmRSS/ { print $2 }' /proc/$(pidof kmemd)/status").out) * 1024, after - before
