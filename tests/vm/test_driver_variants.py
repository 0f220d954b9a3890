# SPDX-License-Identifier: GPL-2.0-or-later
"""Our driver where it should not be, or cannot do everything: built for a kernel of the same release whose dax core has other structures, and
for one without CONFIG_MEMORY_HOTREMOVE.
"""
import subprocess

import pytest

from . import driver_wear, lab
from .driver_wear import DEVICE, FIRST

SERIES = ["6.12", "7.3"]
BLOCKS = 3
_MODULES = "/usr/lib/kmem-variants"
_DRIVER = "/sys/bus/dax/drivers/kmem"
_PATH = f"/sys/bus/dax/devices/{DEVICE}"


@pytest.fixture(scope="module", params=SERIES)
def guest(request, boot_guest):
    """The guest with the device unbound, on one kernel after the other; no driver is loaded."""
    driver_wear.prepare(request.param)
    subprocess.run([lab.TOP / "tests" / "vm" / "prepare-driver", "--variants", request.param], check=True)
    options = driver_wear.options(request.param, BLOCKS)
    options["overlays"].append(lab.TOP / "build" / "guest" / f"kmem-variants-{request.param}")
    guest = boot_guest(request.param, **options)
    driver_wear.start(guest)
    guest.run("rmmod kmem")
    return guest


def test_other_structures(guest):
    """Refused before it has touched anything, with a sentence; the right one can be loaded then."""
    before = guest.run("cat /proc/iomem; ls /sys/bus/dax/drivers").out
    result = guest.run(f"insmod {_MODULES}/other-structures.ko", check=False)
    assert result.rc == 1 and "Invalid module format" in result.err
    guest.run(f"dmesg | tail -n 3 | grep 'kmem: struct dev_dax of this kernel is not the one of {guest.release} that the module was built for'")
    assert guest.run("cat /proc/iomem; ls /sys/bus/dax/drivers").out == before
    guest.run("modprobe kmem && rmmod kmem")


def blocks(guest):
    """The states of the blocks."""
    return guest.run(f"for block in {{{FIRST}..{FIRST + BLOCKS - 1}}}; do cat /sys/devices/system/memory/memory$block/state; done",
                     check=False).out.split()


def test_without_removal(guest):
    """Last: nothing that was added can be given back. It is used, taken offline, left alone by unbinding, and adopted."""
    guest.run(f"insmod {_MODULES}/without-removal.ko; [ -e {_PATH}/driver ] || echo {DEVICE} >{_DRIVER}/bind")
    assert blocks(guest) == ["offline"] * BLOCKS
    for block in range(BLOCKS):
        guest.run(f"echo online_movable >/sys/devices/system/memory/memory{FIRST + block}/state")
    result = guest.run(f"echo unplugged >{_PATH}/state", check=False)
    assert result.rc == 1 and "Device or resource busy" in result.err
    assert guest.read(f"{_PATH}/state").strip() == "online_movable"
    guest.run(f"echo {DEVICE} >{_DRIVER}/unbind")
    assert blocks(guest) == ["online"] * BLOCKS
    guest.run(f"dmesg | tail -n 5 | grep '{BLOCKS} of {BLOCKS} memory blocks are still added'")
    guest.run(f"echo {DEVICE} >{_DRIVER}/bind")
    assert guest.read(f"{_PATH}/state").strip() == "online_movable"
    assert guest.read(f"{_PATH}/kmem/blocks_failed").strip() == "0"
    for block in range(BLOCKS):
        guest.run(f"echo offline >/sys/devices/system/memory/memory{FIRST + block}/state")
    assert guest.read(f"{_PATH}/state").strip() == "offline"
    guest.run(f"echo {DEVICE} >{_DRIVER}/unbind; rmmod kmem")
    assert blocks(guest) == ["offline"] * BLOCKS
    guest.run("dmesg | tail -n 5 | grep 'kmem: memory could not be removed and stays until reboot'")
