# SPDX-License-Identifier: GPL-2.0-or-later
"""Regions that firmware made: the kernel finds them committed, and its memory map says something about the window, or nothing.

One guest boots one kernel after the other in place of the one before (firmware.py). Two expanders in two root ports: with one port, Linux
6.12 does not find the decoders' way through the host bridge.
"""
import pytest

from vm import figures, kmemd
from vm.guest import Expander
from vm.kmemd import BLOCK, MIB, kmemctl, see, wait_for, wait_idle, wait_online

from . import firmware

SIZE = 512 * MIB
FIRST, SECOND = 0x1234, 0x5678
BLOCKS = ["Movable"] * (SIZE // BLOCK)


@pytest.fixture(scope="module")
def second(tmp_path_factory):
    """The system with kmemd that boots on what is there already."""
    system = kmemd.options()
    system["overlays"].append(kmemd.overlay("programs"))
    return firmware.Second(tmp_path_factory.mktemp("second"), overlays=system["overlays"], files=system["files"])


@pytest.fixture(scope="module")
def guest(boot_guest, second):
    """The machine on which the first kernel has committed a region on each expander, and none of its memory is in use."""
    expanders = [Expander("512M", serial=FIRST), Expander("512M", serial=SECOND)]
    guest = boot_guest(**firmware.options(memory="3G", expanders=expanders, nvdimms=[second.nvdimm],
                                          cmdline="memhp_default_state=offline"))
    commit_regions(guest)
    return guest


def commit_regions(guest):
    """A region on each expander, from the lowest address up."""
    for serial in (FIRST, SECOND):
        guest.run(f"cxl create-region -t ram -d decoder0.0 -m {see(guest).memdevs[serial]}")
    wait_for(guest, lambda machine: [region.commit for region in machine.regions.values()] == ["1", "1"], "two committed regions")


def window(guest):
    """Start and size of the CXL window."""
    folder = "/sys/bus/cxl/devices/decoder0.0"
    return (int(guest.read(f"{folder}/{name}"), 0) for name in ("start", "size"))


def reserved(guest, name):
    """The ranges of that name in /proc/iomem, as (start, end)."""
    lines = [line.split(" : ") for line in guest.read("/proc/iomem").splitlines()]
    return [tuple(int(number, 16) for number in where.strip().split("-")) for where, what in lines if what == name]


def planned(guest, serial):
    """The steps of the plan for an expander and why it is refused, if it is."""
    device = kmemctl(guest, f"plan {serial:#x} --json").json()["devices"][0]
    return [step["type"] for step in device["steps"]], device["refused"]


# -- the memory map says nothing of the window -----------------------------------------------------------------------------

@pytest.fixture(scope="module")
def assembled(guest, second):
    """The guest after the second kernel has found the regions."""
    second.boot(guest)
    wait_idle(guest)
    return guest


def test_assembled_regions_are_used_as_they_are(assembled):
    guest = assembled
    for serial in (FIRST, SECOND):
        machine = wait_online(guest, serial, SIZE)
        assert [(region.size, region.commit) for region in machine.regions_of(serial)] == [(SIZE, "1")]
    assert len(see(guest).regions) == 2
    # Nobody made them here.
    said = kmemd.log(guest)
    assert "create a region" not in said and "destroy" not in said, said
    assert planned(guest, FIRST) == planned(guest, SECOND) == ([], "")


def test_one_of_two_is_drained_and_brought_back(assembled):
    guest = assembled
    result = kmemctl(guest, f"drain {FIRST:#x}")
    assert result.rc == 0, result.err
    machine = see(guest)
    assert machine.blocks_of(FIRST) == [] and machine.blocks_of(SECOND) == BLOCKS
    # The kernel gives the lowest hole, and a port takes decoders from the lowest address up: the first decoder of the port is free again, and
    # so is the hole below the second region.
    result = kmemctl(guest, f"apply {FIRST:#x}")
    machine = see(guest)
    figures.say(f"firmware's regions: the lower of two brought back after a drain: exit code {result.rc}, {result.err.splitlines()[-1]}")
    assert machine.blocks_of(SECOND) == BLOCKS
    if result.rc == 0:
        assert machine.blocks_of(FIRST) == BLOCKS and len(machine.regions) == 2
    else:
        assert result.err and len(machine.regions) == 1 and len(machine.decoders) == 1, result.err


def test_all_of_them_are_drained_and_made_again(assembled):
    guest = assembled
    for serial in (FIRST, SECOND):
        assert kmemctl(guest, f"drain {serial:#x}").rc in (0, 5)
    machine = see(guest)
    assert (machine.regions, machine.decoders, machine.dax) == ({}, {}, {})
    for serial in (FIRST, SECOND):
        assert kmemctl(guest, f"apply {serial:#x}").rc == 0
        assert see(guest).blocks_of(serial) == BLOCKS


# -- Soft Reserved over the window --------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def soft_reserved(assembled, second):
    """The guest after a kernel has booted whose memory map has all of the window as memory for a purpose."""
    guest = assembled
    start, size = window(guest)
    second.boot(guest, f"memmap={size // MIB}M%{start:#x}+0xefffffff")
    wait_idle(guest)
    return guest


def test_regions_below_soft_reserved_are_used(soft_reserved):
    guest = soft_reserved
    start, size = window(guest)
    assert sum(end - begin + 1 for begin, end in reserved(guest, "Soft Reserved")) == size
    assert all(start <= begin for begin, _ in reserved(guest, "Soft Reserved"))
    for serial in (FIRST, SECOND):
        assert wait_online(guest, serial, SIZE).regions_of(serial)[0].commit == "1"


def drain_below_soft_reserved(guest):
    """Drains the second expander; what was Soft Reserved below its region is now what holds that part of the window."""
    result = kmemctl(guest, f"drain {SECOND:#x}")
    assert result.rc in (0, 5), result.err
    machine = see(guest)
    assert machine.blocks_of(SECOND) == [] and machine.blocks_of(FIRST) == BLOCKS
    assert reserved(guest, "Soft Reserved")


def test_what_is_soft_reserved_is_not_free(soft_reserved):
    guest = soft_reserved
    drain_below_soft_reserved(guest)
    result = guest.run(f"cxl create-region -t ram -d decoder0.0 -m {see(guest).memdevs[SECOND]}", check=False)
    machine = see(guest)
    figures.say(f"Soft Reserved over the window: cxl create-region ends with {result.rc}: {' | '.join(result.err.splitlines())}")
    assert result.rc != 0 and machine.blocks_of(FIRST) == BLOCKS
    # What cxl leaves of it (a region without targets, or DPA that nobody uses) is not what is looked at here.
    for region in machine.regions.values():
        if region not in machine.regions_of(FIRST):
            guest.run(f"cxl destroy-region -f {region.name}", check=False)
    guest.run(f"cxl free-dpa -t ram {see(guest).memdevs[SECOND]}", check=False)


def test_plan_promises_no_region_where_it_is_soft_reserved(soft_reserved):
    guest = soft_reserved
    drain_below_soft_reserved(guest)
    steps, refused = planned(guest, SECOND)
    assert "create-region" not in steps and refused
