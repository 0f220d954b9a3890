# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory blocks of 2 GiB, as machines with 64 GiB of RAM and more have them. The window of the expanders does not begin on the
boundary of one, where the kernel would put a region.

Sixteen times the blocks of the other guests, and their memmap on themselves is sixteen times as long, too.
"""
import pytest

from vm import figures, kmemd
from vm.kmemd import MIB, kmemctl, records, see, wait_for, wait_idle

GIB = 1024 * MIB
LARGE = 2 * GIB
SERIAL, SMALL = 0x4000, 0x2000


@pytest.fixture(scope="module", autouse=True)
def large_blocks():
    """The helpers count in blocks of this guest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kmemd, "BLOCK", LARGE)
        yield


@pytest.fixture(scope="module")
def guest(boot_guest, large_blocks):  # pylint: disable=unused-argument
    """A machine with 72 GiB of RAM, of which nothing is taken from this one before the guest writes to it."""
    ram = ["-object", "memory-backend-ram,id=ram,size=72G,reserve=off", "-machine", "memory-backend=ram"]
    guest = boot_guest(**kmemd.options(memory="72G", ports=2, window="8G", qemu_args=ram))
    assert int(guest.read("/sys/devices/system/memory/block_size_bytes"), 16) == LARGE
    wait_idle(guest)
    return guest


def whole_blocks(guest, serial):
    """How many blocks are wholly inside the region of an expander, by the kernel's own addresses, and what is in none."""
    machine = see(guest)
    start = int(guest.read(f"/sys/bus/cxl/devices/{machine.regions_of(serial)[0].name}/resource"), 16)
    size = machine.regions_of(serial)[0].size
    blocks = (start + size) // LARGE - -(-start // LARGE)
    return blocks, size - blocks * LARGE


def planned(guest, serial):
    """The one device of the plan for an expander, whatever the exit code."""
    return kmemctl(guest, f"plan {serial:#x} --json").json()["devices"][0]


def test_a_region_begins_where_a_block_does(guest):
    free = see(guest).total
    guest.plug_expander(0, "4G", SERIAL)
    machine = wait_for(guest, lambda machine: "Movable" in machine.blocks_of(SERIAL), "a block of the expander online", timeout=150)
    wait_idle(guest)
    blocks, lost = whole_blocks(guest, SERIAL)
    # The window does not begin there: the kernel's own choice would lose a block.
    assert (blocks, lost) == (2, 0)
    machine = see(guest)
    assert machine.blocks_of(SERIAL) == ["Movable"] * blocks
    dax = machine.dax_of(SERIAL)
    # 64 bytes a page: the memmap of such a block has 32 MiB, and the block is that much smaller.
    assert (dax.memmap_on_memory, dax.kmem["memmap_dram_bytes"], dax.kmem["memmap_device_bytes"]) == ("1", "0", str(blocks * LARGE // 64))
    assert machine.total - free == blocks * (LARGE - LARGE // 64)
    figures.say(f"blocks of 2 GiB: of an expander of 4 GiB {blocks * LARGE // MIB} MiB are in blocks, {lost // MIB} MiB are in none")


def test_list_counts_these_blocks(guest):
    blocks, _ = whole_blocks(guest, SERIAL)
    listed = guest.run("kmemctl list --json").json()[0]
    assert (listed["total_memblocks"], listed["online_memblocks"], listed["blocks"]["movable"]) == (blocks, blocks, blocks)
    assert listed["memmap"]["device_bytes"] == blocks * LARGE // 64
    shown = guest.run("daxctl list").json()[0]
    assert {key: listed[key] for key in shown} == shown


def test_drain_takes_them_offline_and_plan_says_what_is_lost(guest):
    blocks, lost = whole_blocks(guest, SERIAL)
    assert kmemctl(guest, f"drain {SERIAL:#x}").rc == 0
    machine = see(guest)
    assert (machine.regions, machine.decoders, machine.dax) == ({}, {}, {})
    plan = planned(guest, SERIAL)
    assert plan["steps"], plan
    figures.say(f"blocks of 2 GiB: plan says {[step['text'] for step in plan['steps']]}, {sum(step['lost_bytes'] for step in plan['steps']) // MIB} "
                "MiB lost to alignment")
    assert kmemctl(guest, f"apply {SERIAL:#x}").rc == 0
    assert see(guest).blocks_of(SERIAL) == ["Movable"] * blocks
    assert whole_blocks(guest, SERIAL) == (blocks, lost)


def test_a_second_one_begins_at_a_block_as_well(guest):
    """Where the region of the first one ends."""
    before = see(guest)
    guest.plug_expander(1, "2G", SMALL)
    machine = wait_for(guest, lambda machine: "Movable" in machine.blocks_of(SMALL), "the block of the second expander online", timeout=150)
    wait_idle(guest)
    assert machine.blocks_of(SMALL) == ["Movable"] and whole_blocks(guest, SMALL) == (1, 0)
    # What held the place until then is gone.
    machine = see(guest)
    assert len(machine.regions) == len(before.regions) + 1 and len(machine.decoders) == len(before.decoders) + 1
    assert records(guest) == {}


def test_plan_promises_as_many_blocks_as_there_will_be(guest):
    """The first one, alone again: what lies above it decides where it may be."""
    assert kmemctl(guest, f"drain {SMALL:#x}").rc == 0
    blocks, lost = whole_blocks(guest, SERIAL)
    assert kmemctl(guest, f"drain {SERIAL:#x}").rc == 0
    plan = planned(guest, SERIAL)
    assert sum(step["lost_bytes"] for step in plan["steps"]) == lost
    online = [step["text"] for step in plan["steps"] if step["type"] == "online"]
    assert any(f" {blocks} memory block" in text for text in online), online
