# SPDX-License-Identifier: GPL-2.0-or-later
"""Our driver where the kernel command line says otherwise: no memmap on memory (Debian's default) although the module is told that it is
the default for devices, memory that stays offline, and a crash kernel.
"""
import pytest

from . import dax_region, kmemd
from .dax_region import NODE, SERIES, Region

OFFLINE = "offline"
OFF = "memory_hotplug.memmap_on_memory is off"
SWITCH = "/sys/bus/dax/devices/dax0.0/memmap_on_memory"


def boot(boot_guest, series, name, cmdline):
    """A guest with the region and our driver."""
    return boot_guest(f"{series}-{name}", kernel=series, cmdline=f"{cmdline} {dax_region.cmdline()}",
                      overlays=[kmemd.overlay(f"kmem-{series}")], **dax_region.options())


@pytest.fixture(scope="module", params=SERIES)
def series(request):
    """One kernel after the other."""
    return request.param


@pytest.fixture(scope="module")
def region(series, boot_guest):
    """The region where no memmap goes on memory; memory stays offline."""
    guest = boot(boot_guest, series, "off", "memhp_default_state=offline kmem.memmap_on_memory=on")
    return Region(guest, "device_dax" if series == "6.1" else "kmem", OFFLINE)


def write_switch(region, value):
    """Write memmap_on_memory; returns what the shell says, "" when it was taken."""
    return region.guest.run(f"echo {value} >{SWITCH}", check=False).err.rpartition("write error: ")[2].strip()


def test_wanted_by_default_and_not_given(region):
    """Memory is there with an ordinary memmap, and memmap_reason says why; offline, as the command line says."""
    device, = region.devices
    assert region.guest.read("/sys/module/memory_hotplug/parameters/memmap_on_memory").strip() == "N"
    assert region.guest.read(SWITCH).strip() == "1"
    device.reason = OFF
    if not device.blocks:
        region.bind(device, OFFLINE)
    region.check()
    region.set(device, "online_movable", [0, 1920])
    region.check()
    region.set(device, "offline")
    region.unbind(device)
    region.check()


def test_asked_for_and_refused(region):
    device, = region.devices
    assert write_switch(region, 1) == "Operation not supported"
    assert write_switch(region, "maybe") == "Invalid argument"
    assert region.guest.read(SWITCH).strip() == "1"
    # Written off, nothing is missing.
    assert write_switch(region, 0) == ""
    assert write_switch(region, 1) == "Operation not supported"
    device.reason = "none"
    region.bind(device, OFFLINE)
    region.check()
    assert region.guest.read(SWITCH).strip() == "0"


def test_parameter_of_the_module(region):
    """A value that is none is refused by name, and the other ones are the defaults of devices."""
    device, = region.devices
    region.unbind(device)
    guest = region.guest
    guest.run("rmmod kmem")
    result = guest.run("modprobe kmem memmap_on_memory=perhaps", check=False)
    assert result.rc == 1 and "Invalid argument" in result.err
    guest.run("dmesg | tail -3 | grep 'kmem: memmap_on_memory=perhaps: must be auto, on or off'")
    guest.run("modprobe kmem memmap_on_memory=auto")
    assert guest.read("/sys/module/kmem/parameters/memmap_on_memory").strip() == "auto"
    assert guest.read(SWITCH).strip() == "0"


def test_crash_kernel(series, boot_guest):
    """The memory of dax devices belongs to the crashed kernel and its dump: no block, nothing reserved, whatever asks for it."""
    # Where a dump's headers would be is in the region, where the kernel finds none: all that matters here is that it is a crash kernel.
    headers = hex(dax_region.BASE + (1 << 20))
    guest = boot(boot_guest, series, "crash", f"elfcorehdr={headers} memhp_default_state=online {kmemd.MEMMAP_PARAMETER}")
    region = Region(guest, "device_dax" if series == "6.1" else "", "")
    region.check()
    device, = region.devices
    result = region.try_bind(device)
    assert result.rc == 1 and "No such device" in result.err
    guest.run("dmesg | tail -20 | grep 'kmem dax0.0: not adding memory in a crash kernel'")
    assert not guest.read("/sys/devices/system/node/has_memory").strip().endswith(str(NODE))
    region.check()
    guest.shutdown()
