# SPDX-License-Identifier: GPL-2.0-or-later
"""Our driver on dax devices of odd shapes: several ranges, ranges that begin and end inside of memory blocks, ranges and devices without a
whole block, on a node without memory of its own, and what happens to them when they are unbound with memory online.
"""
import re

import pytest

from . import dax_region, kmemd
from .dax_region import SERIES, Region

MOVABLE, KERNEL, OFFLINE = "Movable", "Normal", "offline"


@pytest.fixture(scope="module", params=SERIES)
def region(request, boot_guest):
    """The region on a kernel that onlines memory into the Movable zone as soon as it is there, one kernel after the other."""
    cmdline = f"{kmemd.MEMMAP_PARAMETER} memhp_default_state=online_movable {dax_region.cmdline()}"
    guest = boot_guest(request.param, kernel=request.param, cmdline=cmdline, overlays=[kmemd.overlay(f"kmem-{request.param}")],
                       **dax_region.options())
    # Before 6.3 device_dax takes every device that nobody has asked for.
    return Region(guest, "device_dax" if request.param == "6.1" else "kmem", MOVABLE)


@pytest.fixture(autouse=True)
def in_order(request, region):
    """Every test but the first starts with an empty region, ends in good order, and leaves the region empty."""
    if request.node.originalname != "test_at_boot":
        region.clear()
    region.policy("online_movable")
    yield
    region.check()


def test_at_boot(region):
    """All of it in the Movable zone of a node that had no memory, and none when it is out of use."""
    region.check()
    device, = region.devices
    if not device.blocks:
        region.bind(device, MOVABLE)
    guest = region.guest
    node = f"/sys/devices/system/node/node{dax_region.NODE}"
    assert guest.read(f"{node}/cpulist").strip() == ""
    assert guest.read("/sys/devices/system/node/has_memory").strip() == "0-1"
    region.set(device, "offline")
    assert guest.read("/sys/devices/system/node/has_memory").strip() == "0"
    region.unbind(device)
    assert guest.run(f"[ -e {node} ]", check=False).rc == 1
    region.bind(device, MOVABLE)
    assert guest.read("/sys/devices/system/node/has_memory").strip() == "0-1"


def fragment(region):
    """Devices with holes between them, in the middle of blocks: 128 MiB blocks, 192 MiB devices. The last one takes the
    holes: the blocks 256 and 384 in the first, none in the second, 1024 behind the others."""
    first = region.create([(0, 192)])
    hole = region.create([(192, 512)])
    second = region.create([(512, 704)])
    small_hole = region.create([(704, 800)])
    third = region.create([(800, 1024)])
    region.destroy(hole)
    region.destroy(small_hole)
    last = region.create([(192, 512), (704, 800), (1024, 1184)])
    assert last.whole == [256, 384, 1024]
    region.check()
    return first, second, third, last


@pytest.mark.parametrize("memmap", [0, 1], ids=["dram", "self-hosted"])
def test_several_ranges(region, memmap):
    first, second, third, last = fragment(region)
    region.memmap_on_memory(last, memmap)
    for device in (last, first, second, third):
        region.bind(device, MOVABLE)
    region.check()
    # Out and in again, its neighbours in use: theirs is not touched.
    region.set(last, "offline")
    region.unbind(last)
    region.check()
    region.policy("offline")
    region.bind(last, OFFLINE)
    region.set(last, "online_movable", [256, 1024])
    region.check()
    region.set(second, "offline")
    region.unbind(second)
    region.set(last, "offline", [256])


def test_no_whole_block(region):
    """160 MiB and no memory block: refused with the real error, nothing reserved, and usable once it is larger."""
    region.create([(0, 224)])
    device = region.create([(224, 376)])
    assert device.whole == []
    for _ in range(2):
        result = region.try_bind(device)
        assert result.rc == 1 and "Invalid argument" in result.err
        region.check()
    region.guest.run(f"dmesg | tail -20 | grep 'kmem {device.name}: no memory to add: no range holds a whole memory block'")
    region.resize(device, 320, [(224, 544)])
    region.bind(device, MOVABLE)
    assert list(device.blocks) == [256, 384]


def test_range_without_a_block_beside_one_with(region):
    """The first range is smaller than a block, and does not keep the second from being added."""
    hole = region.create([(0, 64)])
    region.create([(64, 256)])
    region.destroy(hole)
    device = region.create([(0, 64), (256, 512)])
    region.memmap_on_memory(device, 1)
    region.bind(device, MOVABLE)
    assert list(device.blocks) == [256, 384]


def test_unbound_while_online(region):
    """What is online is remembered, block by block removed when it goes offline, or adopted."""
    first, _, _, last = fragment(region)
    region.memmap_on_memory(last, 1)
    region.bind(last, MOVABLE)
    region.set(last, "offline", [384])
    region.unbind(last)                      # removes 384, keeps 256 and 1024
    region.check()
    region.bind(last, MOVABLE)               # adopts them, adds 384 again
    region.check()
    region.unbind(last)
    remembered, = region.remembered
    region.set(remembered, "offline", [256, 384])    # the last of a range: no trace of the range
    region.bind(first, MOVABLE)              # of no concern to it
    region.check()
    region.set(remembered, "offline", [1024])
    assert region.remembered == []
    region.check()
    region.bind(last, MOVABLE)


def test_released_range_of_a_remembered_device(region):
    """A device has given one of its ranges back when it was unbound, and is remembered for the other. A new one of that range is
    its own: its blocks are counted by it and held by the module while they are online, and no longer."""
    region.policy("offline")
    begin = region.create([(0, 512)])
    hole = region.create([(512, 1024)])
    region.destroy(begin)
    former = region.create([(0, 512), (1024, 1536)])
    region.bind(former, OFFLINE)
    region.set(former, "online_movable", [1024])
    region.unbind(former)
    region.destroy(former)
    new = region.create([(0, 512)])
    region.bind(new, OFFLINE)
    region.set(new, "online_movable")
    region.check()
    state = f"/sys/bus/dax/devices/{new.name}/state"
    region.guest.run(f"echo unplugged >{state}; cat {state}; echo online_movable >{state}")
    region.check()
    region.set(new, "offline")
    region.unbind(new)
    region.check()
    region.set(region.remembered[0], "offline", [1024])
    region.check()
    region.destroy(hole)


def test_adopted_with_an_ordinary_memmap(region):
    """memmap_reason says so where a block was left online with an ordinary memmap, and is "none" once all carry theirs."""
    device = region.create([(0, 512)])
    region.policy("offline")
    region.bind(device, OFFLINE)
    region.set(device, "online_movable", [128])
    region.unbind(device)
    path = f"/sys/bus/dax/devices/{device.name}"
    region.memmap_on_memory(device, 1)
    region.bind(device, OFFLINE)
    assert region.guest.read(f"{path}/kmem/blocks_self_hosted").strip() == "3"
    assert region.guest.read(f"{path}/kmem/memmap_dram_bytes").strip() == str(2 << 20)
    assert region.guest.read(f"{path}/kmem/memmap_reason").strip() == "memory blocks were left online with an ordinary memmap"
    region.guest.run(f"echo unplugged >{path}/state; echo online_movable >{path}/state")
    device.blocks = dict.fromkeys(device.whole, MOVABLE)
    region.check()


def test_remembered_memory_of_another_cut(region):
    """Memory that is still online is not taken by a device that is cut otherwise; its former device is named."""
    device = region.create([(0, 512)])
    region.bind(device, MOVABLE)
    region.unbind(device)
    region.destroy(device)
    remembered, = region.remembered
    region.set(remembered, "offline", [0, 128])
    other = region.create([(0, 384)], driver="")
    result = region.try_bind(other)
    assert result.rc == 1 and "Device or resource busy" in result.err
    region.check()
    region.guest.run(f"dmesg | tail -20 | grep 'kmem {other.name}: .* memory blocks of the former {device.name} are still online'")
    region.set(remembered, "offline", [256, 384])
    region.bind(other, MOVABLE)


def test_module_in_use(region):
    """The module stays as long as any of its memory is in use, bound or not; without it, and with it again, everything is as before."""
    guest = region.guest
    bound, unbound = region.create([(0, 256)]), region.create([(256, 512)])
    region.bind(bound, MOVABLE)
    region.bind(unbound, MOVABLE)
    region.unbind(unbound)
    for device in (bound, region.remembered[0]):
        result = guest.run("rmmod kmem", check=False)
        assert result.rc == 1 and "Module kmem is in use" in result.err
        region.set(device, "offline")
        region.check()
    guest.run("rmmod kmem")
    assert region.resources() == []
    assert not re.search(r"^kmem ", guest.read("/proc/modules"), re.MULTILINE)
    for device in region.devices:
        device.driver, device.blocks = "", {}
    # Loaded again, it takes what is its own by type.
    guest.run("modprobe kmem")
    for device in region.devices:
        if guest.run(f"[ -e /sys/bus/dax/drivers/kmem/{device.name} ]", check=False).rc == 0:
            device.driver, device.blocks = "kmem", dict.fromkeys(device.whole, MOVABLE)
    region.check()


def test_policy_of_the_kernel(region):
    """Where memory of a node that has none goes is the kernel's setting; it is the same one as memhp_default_state. Last, because memory in
    a kernel zone may be in use by the kernel for good, such as by threads that it starts for the node."""
    states = {"offline": OFFLINE, "online_movable": MOVABLE, "online_kernel": KERNEL, "online": KERNEL}
    for number, (policy, state) in enumerate(states.items()):
        device = region.create([(256 * number, 256 * number + 256)])
        region.memmap_on_memory(device, 1)
        region.policy(policy)
        region.bind(device, state)
    region.check()
    # Some of each in one device.
    mixed, movable = region.devices[:2]
    region.set(mixed, "online_kernel", [0])
    region.check()
    region.set(mixed, "online_movable", [128])
    region.set(movable, "offline", [256])
