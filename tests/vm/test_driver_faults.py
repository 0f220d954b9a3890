# SPDX-License-Identifier: GPL-2.0-or-later
"""Our driver where things fail, on the debug kernel: every memory allocation of binding, unbinding, onlining, offlining and loading, one after
the other, and every block that is refused by a memory notifier. What is shown is right after each, and everything can be given
back and bound again without a reboot.
"""
import dataclasses

import pytest

from . import driver_wear, figures, kmemd
from .driver_wear import DEVICE, FIRST

BLOCKS = 2
KMEM = "/lib/modules/$(uname -r)/updates/kmem.ko"
# name -> allocations that it has at least, and of those the ones that it cannot do without: a walk that lets nothing fail proves nothing
WALKS = {"bind": (100, 1), "bind-self-hosted": (100, 1), "adopt": (50, 0), "unbind": (3, 1), "unbind-online": (3, 1), "online": (5, 1),
         "offline": (1, 1), "unplug": (3, 1), "plug": (50, 1)}

# Every allocation of the walking process, also those that may sleep. Not those of page tables of the direct map: x86 takes their success
# for granted (phys_pud_init() in arch/x86/mm/init_64.c) and dies.
_INJECTION = r"""
cd /sys/kernel/debug
range_of() { sort /proc/kallsyms | awk -v name="$1" '$3 == name { at = $1; next } at { print "0x" at, "0x" $1; exit }'; }
read -r start end < <(range_of alloc_low_pages)
for kind in failslab fail_page_alloc; do
	echo 0 >$kind/verbose
	echo N >$kind/ignore-gfp-wait
done
echo 0 >fail_page_alloc/min-order
echo N >fail_page_alloc/ignore-gfp-highmem
echo $start >fail_page_alloc/reject-start
echo $end >fail_page_alloc/reject-end
"""
# Of loading, only what the driver does itself, which begins in do_init_module().
_ONLY_INIT = r"""
read -r start end < <(range_of do_init_module)
for kind in failslab fail_page_alloc; do
	echo $start >$kind/require-start
	echo $end >$kind/require-end
done
"""
# The core's own word for a memmap that cannot be allocated, which it then copes with: WARN_ON_ONCE(ret) in add_pages().
_EXCUSED = r"arch/x86/mm/init_64\.c:\d+ add_pages\+"


@pytest.fixture(scope="module")
def guest(boot_guest):
    """The guest, with the device unbound."""
    driver_wear.prepare("debug")
    # Not on a node of its own: the core cannot go on when the files of a new node cannot be made (BUG_ON in add_memory_resource()).
    guest = boot_guest(**driver_wear.options("debug", BLOCKS, own_node=False))
    guest.allow_kernel_problem(_EXCUSED)
    driver_wear.start(guest)
    # Loading the driver is to bind nothing by itself.
    guest.run("echo 0 >/sys/bus/dax/drivers_autoprobe")
    guest.run(_INJECTION)
    guest.first = driver_wear.trace(guest)
    return guest


@pytest.fixture
def bound(guest):
    """The guest with the device bound, for a test; afterwards everything is given back, and is as it was at first."""
    guest.run(f"echo {DEVICE} >/sys/bus/dax/drivers/kmem/bind")
    yield guest
    guest.run(f"for block in /sys/devices/system/memory/memory{{{FIRST}..{FIRST + BLOCKS - 1}}}; do echo offline >$block/state; done; "
              f"echo {DEVICE} >/sys/bus/dax/drivers/kmem/unbind", check=False)
    driver_wear.assert_trace(guest, guest.first)


def walk_through(guest, walk, allocations, needed):
    """Let every allocation of a walk fail; there have to be so many at least. Returns how often the device was bound without some of its
    blocks, and how often with blocks that did not carry their memmap."""
    result = guest.run(f"fault-walk {DEVICE} {walk} {KMEM}", timeout=1200, check=False)
    print(result.out, result.err)
    assert result.rc == 0, result.out
    words = result.out.splitlines()[-1].split()
    assert int(words[1]) >= allocations and int(words[3]) >= needed, result.out
    figures.say(f"{walk}: {words[1]} allocations failed one by one, {words[3]} of them made it fail")
    return int(words[7]), int(words[12])


@pytest.mark.parametrize("walk", WALKS)
def test_every_allocation(guest, walk):
    walk_through(guest, walk, *WALKS[walk])
    driver_wear.assert_trace(guest, guest.first)


def kmem(guest):
    """(state, added, online in Movable, states of the blocks) as the driver and sysfs show them."""
    machine = kmemd.see(guest)
    device = machine.dax[DEVICE]
    state = guest.read(f"/sys/bus/dax/devices/{DEVICE}/state").strip()
    return (state, int(device.kmem["blocks_added"]), int(device.kmem["blocks_online_movable"]),
            [machine.states.get(FIRST + block, "absent") for block in range(BLOCKS)])


class Injection:
    """A memory notifier that refuses: with Injection(guest, action, error, priority). Before ours with a high priority, behind it
    with a low one."""

    def __init__(self, guest, action, error, priority):
        self.guest, self.priority = guest, priority
        self.file = f"/sys/kernel/debug/notifier-error-inject/memory/actions/{action}/error"
        self.error = error

    def __enter__(self):
        self.guest.run(f"modprobe memory-notifier-error-inject priority={self.priority}")
        self.guest.run(f"echo {self.error} >{self.file}")

    def __exit__(self, *_):
        self.guest.run("rmmod memory-notifier-error-inject")


def write_block(guest, block, word):
    """The error that writing to a block's state gives, "" when it is done."""
    return guest.run(f"echo {word} >/sys/devices/system/memory/memory{FIRST + block}/state", check=False).err.strip().rsplit(": ", 1)[-1]


@pytest.mark.parametrize("priority", [100, -100])
def test_onlining_refused(bound, priority):
    with Injection(bound, "MEM_GOING_ONLINE", -12, priority):
        assert write_block(bound, 0, "online_movable") == "Cannot allocate memory"
        assert kmem(bound) == ("offline", BLOCKS, 0, ["offline"] * BLOCKS)
        assert bound.read("/sys/module/kmem/refcnt").strip() == "0"
    assert write_block(bound, 0, "online_movable") == ""
    assert kmem(bound) == ("online", BLOCKS, 1, ["Movable", "offline"])


@pytest.mark.parametrize("priority", [100, -100])
def test_onlining_refused_while_adding(guest, priority):
    """The kernel onlines what is added, and is refused: the blocks are there and offline."""
    guest.run("echo online_movable >/sys/devices/system/memory/auto_online_blocks")
    try:
        with Injection(guest, "MEM_GOING_ONLINE", -12, priority):
            guest.run(f"echo {DEVICE} >/sys/bus/dax/drivers/kmem/bind")
            assert kmem(guest) == ("offline", BLOCKS, 0, ["offline"] * BLOCKS)
        guest.run(f"echo {DEVICE} >/sys/bus/dax/drivers/kmem/unbind; echo {DEVICE} >/sys/bus/dax/drivers/kmem/bind")
        assert kmem(guest) == ("online_movable", BLOCKS, BLOCKS, ["Movable"] * BLOCKS)
    finally:
        guest.run("echo offline >/sys/devices/system/memory/auto_online_blocks; "
                  f"echo unplugged >/sys/bus/dax/devices/{DEVICE}/state; echo {DEVICE} >/sys/bus/dax/drivers/kmem/unbind")
    driver_wear.assert_trace(guest, guest.first)


@pytest.mark.parametrize("priority", [100, -100])
def test_offlining_refused(bound, priority):
    for block in range(BLOCKS):
        assert write_block(bound, block, "online_movable") == ""
    online = kmem(bound)
    assert online == ("online_movable", BLOCKS, BLOCKS, ["Movable"] * BLOCKS)
    with Injection(bound, "MEM_GOING_OFFLINE", -16, priority):
        assert write_block(bound, 0, "offline") == "Device or resource busy"
        assert kmem(bound) == online
        state = f"/sys/bus/dax/devices/{DEVICE}/state"
        assert bound.run(f"echo unplugged >{state}", check=False).err.strip().endswith("Device or resource busy")
        assert kmem(bound) == online
        # Unbound, they stay and are remembered; bound again, they are adopted.
        bound.run(f"echo {DEVICE} >/sys/bus/dax/drivers/kmem/unbind")
        assert "2 of 2 memory blocks are still online" in bound.run("dmesg | tail -n 40").out
        bound.run(f"echo {DEVICE} >/sys/bus/dax/drivers/kmem/bind")
        assert kmem(bound) == online
    bound.run(f"echo unplugged >{state}")
    assert kmem(bound) == ("unplugged", 0, 0, ["absent"] * BLOCKS)


def test_a_block_that_cannot_carry_its_memmap(guest):
    """It is left out where that was asked for, and added with an ordinary memmap where it was only the default. With a block that is
    there from before, the others are added one by one."""
    left_out, ordinary = walk_through(guest, "adopt-self-hosted", 50, 0)
    assert left_out and not ordinary
    # What is not the kernel's default would count as asked for.
    guest.run(f"echo 0 >/sys/bus/dax/devices/{DEVICE}/memmap_on_memory; rmmod kmem; modprobe kmem memmap_on_memory=on")
    assert walk_through(guest, "adopt-self-hosted", 50, 0)[1]
    guest.run("rmmod kmem; modprobe kmem")


def test_every_allocation_of_loading(guest):
    """Last, because the addresses in the stacks of what was allocated before then belong to a driver that is gone."""
    guest.run(_INJECTION + _ONLY_INIT)
    walk_through(guest, "load", 10, 5)
    driver_wear.assert_trace(guest, dataclasses.replace(guest.first, objects=driver_wear.trace(guest).objects))


def test_nothing_leaked(guest):
    assert driver_wear.leaks(guest) == ""


def test_unload(guest):
    driver_wear.unload(guest)
