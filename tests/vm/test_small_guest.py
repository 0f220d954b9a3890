# SPDX-License-Identifier: GPL-2.0-or-later
"""65 GiB of NVDIMM into a machine with 512 MiB of RAM, where an ordinary memmap alone would take 1 GiB: our driver says so beforehand, and adds
all of it with the memmap on the NVDIMM. The driver of 6.12, with its default, runs the machine out of memory and adds nothing.
"""
import re

import pytest

from . import figures, kmemd
from .guest import Nvdimm
from .kmemd import BLOCK, MEMMAP, MIB, kernel_dram, see

GIB = 65
BLOCKS = GIB * 1024 * MIB // BLOCK
_DRIVERS = "/sys/bus/dax/drivers"
# 66 GiB and the label area: of those a namespace with an alignment of 1 GiB has 65.
_OPTIONS = {"memory": "512M", "cpus": 1, "nvdimms": [Nvdimm(f"{(GIB + 1) * 1024 + 128}M")],
            "cmdline": f"{kmemd.MEMMAP_PARAMETER} memhp_default_state=offline"}


def unbound_device(guest):
    """Make a devdax namespace of all of the NVDIMM, and take its dax device from device_dax; its name."""
    raw, = guest.run("ndctl list -N").json()
    # 1 GiB pages: device_dax's own memmap is shared between them, or there would be no room for that either.
    made = guest.run(f"ndctl create-namespace -f -e {raw['dev']} -m devdax -a 1G -M mem", timeout=90).json()
    name = made["daxregion"]["devices"][0]["chardev"]
    # Who asks must survive, and see what happens to the others.
    guest.run(f"choom -n -1000 -p $(pidof qemu-ga); modprobe kmem; echo {name} >{_DRIVERS}/device_dax/unbind")
    device = see(guest).dax[name]
    assert (device.size, len(device.blocks), device.driver) == (GIB * 1024 * MIB, BLOCKS, "")
    return name


def bind(guest, name):
    """Make memory of the device as daxctl does; its Result, and what the kernel log says of it."""
    guest.run("dmesg -C")
    # A driver takes a device whose name it is told; why it failed tells only the write to bind.
    result = guest.run(f"cd {_DRIVERS}/kmem; echo {name} >new_id; [ -e {name} ] || echo {name} >bind", check=False, timeout=180)
    return result, guest.run("dmesg").out


@pytest.fixture(scope="module")
def guest(boot_guest):
    """The guest with our driver; the name of its dax device is in `dax`."""
    guest = boot_guest("ours", overlays=[kmemd.overlay("kmem-6.12")], **_OPTIONS)
    guest.dax = unbound_device(guest)
    return guest


def free(guest):
    """MemFree, in bytes."""
    guest.run("sync; echo 3 >/proc/sys/vm/drop_caches")
    return int(guest.run("awk '/^MemFree:/ { print $2 }' /proc/meminfo").out) * 1024


def test_ours_refuses_an_ordinary_memmap_with_numbers_and_takes_nothing(guest):
    before, dram = see(guest), kernel_dram(guest)
    result, said = bind(guest, guest.dax)
    assert "Cannot allocate memory" in result.err
    refusal = re.search(r"refusing to add (\d+) MiB: the memmap needs (\d+) MiB of DRAM and (\d+) MiB are available;.*", said)
    assert (int(refusal[1]), int(refusal[2])) == (GIB * 1024, BLOCKS * MEMMAP // MIB) and 0 < int(refusal[3]) < 512
    assert "memmap_on_memory=1" in refusal[0] and "dram_check" in refusal[0]
    after = see(guest)
    assert (after.states, after.reserved, after.total, after.dax[guest.dax].driver) == (before.states, before.reserved, before.total, "")
    assert kernel_dram(guest) - dram < MIB
    figures.say(f"512 MiB of RAM, {GIB} GiB of NVDIMM, 6.12, ours, memmap_on_memory off: {refusal[0].partition(';')[0]}")


def test_ours_adds_all_of_it_with_the_memmap_on_itself(guest):
    before, dram = see(guest), kernel_dram(guest)
    guest.run(f"echo 1 >/sys/bus/dax/devices/{guest.dax}/memmap_on_memory")
    result, said = bind(guest, guest.dax)
    assert result.rc == 0, said
    machine = see(guest)
    device = machine.dax[guest.dax]
    assert (device.driver, machine.blocks(device)) == ("kmem", ["offline"] * BLOCKS)
    assert (device.kmem["blocks_added"], device.kmem["blocks_self_hosted"]) == (str(BLOCKS), str(BLOCKS))
    assert len(machine.states) - len(before.states) == BLOCKS
    guest.run("udevadm settle", timeout=120)
    used = kernel_dram(guest) - dram
    assert used <= 0.1 * GIB * MIB
    figures.say(f"512 MiB of RAM, {GIB} GiB of NVDIMM, 6.12, ours, memmap_on_memory on: {BLOCKS} blocks added, "
                f"{used / MIB:.1f} MiB of DRAM used, {used / MIB / GIB:.2f} a GiB")


def test_all_of_it_goes_online_and_can_be_used(guest):
    before = see(guest)
    device = before.dax[guest.dax]
    guest.run("cd /sys/devices/system/memory; for block in "
              f"{' '.join(map(str, device.blocks))}; do echo online_movable >memory$block/state; done", timeout=300)
    machine = see(guest)
    assert machine.blocks(device) == ["Movable"] * BLOCKS
    assert machine.total - before.total == BLOCKS * (BLOCK - MEMMAP)
    # A buffer that DRAM has no room for.
    guest.run("dd if=/dev/zero of=/dev/null bs=640M count=1", timeout=120)
    assert guest.failed_units() == []


def test_in_tree_default_fails_and_loses_dram(guest, boot_guest):
    """What the refusal spares. The kernel warns, that is the point: the machine is not judged, and ended at once."""
    guest.shutdown()
    stock = boot_guest("in-tree", **_OPTIONS)
    assert not stock.run("modinfo -F version kmem").out.strip()
    name = unbound_device(stock)
    before, had = see(stock), free(stock)
    result, said = bind(stock, name)
    assert "kmem " + name + ": probe with driver kmem failed with error -12" in said
    assert "WARNING:" in said and "add_pages" in said
    after, has = see(stock), free(stock)
    assert (after.states, after.dax[name].driver) == (before.states, "")
    assert had - has > 32 * MIB
    again, _ = bind(stock, name)
    assert again.rc != 0
    figures.say(f"512 MiB of RAM, {GIB} GiB of NVDIMM, 6.12, in-tree, default: 0 blocks added, ENOMEM and a WARN, "
                f"{(had - has) // MIB} of {had // MIB} MiB of free DRAM gone; the next try: {again.err.rpartition(': ')[2].strip()}")
    stock.kill()
