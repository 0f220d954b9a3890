# SPDX-License-Identifier: GPL-2.0-or-later
"""The main job on Debian's 6.12 with our driver: expanders come online by themselves with their memmap on themselves, are drained,
unplugged and plugged again, and whoever is killed on the way, the machine ends as policy says.

The kernel's default here is to online new memory by itself, into a zone of its own choice.
"""
import re
import time

import pytest

from . import kmemd
from .guest import Expander
from .kmemd import BLOCK, MEMMAP, MIB, POLICY, kmemctl, log, log_cursor, records, see, wait_for, wait_idle, wait_online

AT_BOOT, SECOND, THIRD, IGNORED = 0x1234, 0x5678, 0x9abc, 0x6666
SIZE = 512 * MIB


@pytest.fixture(scope="module")
def guest(boot_guest):
    """One expander of 1 GiB at boot, two empty ports, the daemon enabled, one serial number that policy ignores."""
    ignore = f"[Match]\nKind=cxl-ram\nSerial={IGNORED:#x}\n\n[Memory]\nMode=ignore\n"
    return boot_guest(**kmemd.options(expanders=[Expander("1G", serial=AT_BOOT)], ports=2,
                                      files={f"{POLICY}/10-ignore.conf": ignore}))


@pytest.fixture(autouse=True)
def as_found(guest):
    """Each test leaves the expander of the boot online, the ports empty and the daemon in good health."""
    yield
    for device in [name for name in ("x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14")
                   if name in guest.plugged]:
        guest.run("systemctl unmask --runtime kmemd; systemctl start kmemd; for s in $(cat /sys/bus/cxl/devices/mem*/serial); do "
                  f"[ $s = {AT_BOOT:#x} ] || kmemctl drain $s; done", timeout=200)
        guest.unplug(device)
