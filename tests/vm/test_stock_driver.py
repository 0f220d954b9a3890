# SPDX-License-Identifier: GPL-2.0-or-later
"""The same with the kernel's own kmem driver: CXL on 6.12, NVDIMM on 6.1, which has no memmap_on_memory switch."""
import pytest

from . import cxl_verbs, kmemd
from .guest import Expander, Nvdimm
from .kmemd import BLOCK, MEMMAP, MIB, POLICY, Plugged, kmemctl, records, see, wait_for, wait_idle, wait_online

AT_BOOT, SECOND = 0x1234, 0x5678
HALF = 512 * MIB


@pytest.fixture(scope="module")
def cxl(boot_guest):
    """6.12 with one expander at boot and one empty port."""
    guest = boot_guest("cxl", **kmemd.options(driver=False, expanders=[Expander("512M", serial=AT_BOOT)], ports=1))
    wait_online(guest, AT_BOOT, HALF)
    wait_idle(guest)
    return guest


@pytest.fixture(scope="module")
def nvdimm(boot_guest):
    """6.1 with one devdax namespace; the guest has its UUID in `uuid`."""
    guest = boot_guest("nvdimm", **kmemd.options("6.1", driver=False, nvdimms=[Nvdimm("1152M")]))
    entry, = guest.run("ndctl list -N").json()
    guest.uuid = guest.run(f"ndctl create-namespace -f -e {entry['dev']} -m devdax -a 2M -M dev", timeout=60).json()["uuid"]
    wait_idle(guest)
    return guest


def is_stock(guest):
    """The driver that is loaded is the kernel's."""
    guest.run("modprobe kmem")
    return not guest.run("modinfo -F version kmem").out.strip()


def test_cxl_at_boot_hotplug_drain_unplug(cxl):
    assert is_stock(cxl)
    before = see(cxl)
    dax = before.dax_of(AT_BOOT)
    assert (dax.driver, before.blocks(dax), dax.kmem) == ("kmem", ["Movable"] * 4, {})
    assert before.nodes[dax.node]["MemTotal"] == 4 * (BLOCK - MEMMAP)
    with Plugged(cxl, 1, SECOND) as expander:
        machine = wait_online(cxl, SECOND, HALF)
        wait_idle(cxl)
        assert machine.total - before.total == 4 * (BLOCK - MEMMAP)
        assert see(cxl).auto_online == "online"
        listed = kmemctl(cxl, f"status {SECOND:#x} --json").json()["devices"][0]["daxdevs"][0]
        assert (listed["memmap"]["in_force"], listed["memmap"]["known"]) == ("device", "by the size of the node")

        assert kmemctl(cxl, f"drain {SECOND:#x}").rc == 0
        drained = see(cxl)
        assert (drained.states, drained.regions, drained.decoders, drained.reserved, drained.total) == (
            before.states, before.regions, before.decoders, before.reserved, before.total)
        cxl.run("udevadm trigger --settle --subsystem-match=cxl --subsystem-match=memory; systemctl reload kmemd")
        wait_idle(cxl)
        assert see(cxl).regions == before.regions and list(records(cxl).values()) == ["held"]
        expander.unplug()
        cxl.wait_until("! grep -q held /run/kmemd/devices/*.json")
        assert see(cxl).reserved == before.reserved
        expander.plug()
        wait_online(cxl, SECOND, HALF)
    wait_idle(cxl)
    assert cxl.failed_units() == []


def test_cxl_memmap_moved_into_dram_and_back(cxl):
    before = see(cxl)
    path = f"{POLICY}/10-memmap.conf"
    try:
        for word, block in (("no", BLOCK), ("yes", BLOCK - MEMMAP)):
            cxl.write(path, f"[Match]\nSerial={AT_BOOT:#x}\n\n[Region]\nCreate=yes\n\n[Memory]\nMode=system-ram\nMemmapOnMemory={word}\n")
            result = kmemctl(cxl, f"apply {AT_BOOT:#x}")
            assert result.rc == 0, result.err
            machine = see(cxl)
            assert machine.blocks_of(AT_BOOT) == ["Movable"] * 4
            assert machine.nodes[machine.dax_of(AT_BOOT).node]["MemTotal"] == 4 * block
            assert machine.auto_online == "online"
    finally:
        cxl.run(f"rm {path}")
    assert see(cxl).total == before.total


def test_cxl_through_every_state(cxl):
    cxl_verbs.through_every_state(cxl, AT_BOOT)


def test_nvdimm_without_the_switch(nvdimm):
    assert is_stock(nvdimm)
    before = see(nvdimm)
    dax, = before.dax.values()
    assert (dax.driver, dax.memmap_on_memory) == ("device_dax", "")
    path = f"{POLICY}/20-nvdimm.conf"
    policy = f"[Match]\nKind=nvdimm\nUuid={nvdimm.uuid}\n\n[Memory]\nMode=system-ram\n"

    nvdimm.write(path, policy + "MemmapOnMemory=yes\n")
    result = kmemctl(nvdimm, f"apply {nvdimm.uuid}")
    assert result.rc == 3
    message, = result.err.splitlines()
    assert message.startswith("kmemctl: namespace0.0: MemmapOnMemory=yes is not possible: ") and "6.1" in message
    assert see(nvdimm).dax[dax.name].driver == "device_dax"
    result = kmemctl(nvdimm, f"memmap {nvdimm.uuid} on")
    assert result.rc == 3 and "no memmap_on_memory switch" in result.err

    nvdimm.write(path, policy)
    nvdimm.run("systemctl reload kmemd")
    machine = wait_for(nvdimm, lambda machine: set(machine.blocks(machine.dax[dax.name])) == {"Movable"}, "the namespace online")
    wait_idle(nvdimm)
    blocks = len(dax.blocks)
    assert blocks >= 6 and machine.total - before.total == blocks * BLOCK
    assert see(nvdimm).auto_online == before.auto_online

    assert kmemctl(nvdimm, f"drain {nvdimm.uuid}").rc == 0
    after = see(nvdimm)
    assert (after.states, after.total, after.dax[dax.name].driver) == (before.states, before.total, "device_dax")
    assert nvdimm.failed_units() == []
