# SPDX-License-Identifier: GPL-2.0-or-later
"""How long the kernel's own events say that a thing took: a recording of its uevents, with their timestamps."""
import re

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
