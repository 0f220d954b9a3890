# SPDX-License-Identifier: GPL-2.0-or-later
"""What the memmap of added memory costs in DRAM: kernels, values of memmap_on_memory, and drivers (ours, the kernel's own) side by side.

32 GiB of NVDIMM are added and removed again on each kernel, once for every row of the table that stands at the end of the test run. The
memmap is 16 MiB a GiB: in DRAM, or on the memory that it describes. All guests have memory_hotplug.memmap_on_memory=on, and memory
stays offline when it is added. Times are those of the write that binds the device, under software emulation.
"""
import dataclasses
import re

import pytest

from . import figures, kmemd, lab
from .guest import Nvdimm
from .kmemd import BLOCK, MEMMAP, MIB, kernel_dram, see

GIB = 32
BLOCKS = GIB * 1024 * MIB // BLOCK
ONLINE = 32     # blocks; enough to see, and onlining and offlining are what takes the time
# What is promised, 0.1 MiB a GiB. The kernel's account of its memory blocks takes about half of it, and slab and page tables of a
# running system come and go by a MiB, whatever is measured: hence the size.
LIMIT = 0.1 * GIB * MIB
SETTINGS = ("default", "on", "off")
OURS, STOCK = "kmemd", "in-tree"

_HEAD = ["Linux", "memmap_on_memory", "driver", "MiB of DRAM per GiB", "blocks added", "of them self-hosted", "seconds", "MiB left behind", "remark"]
_DRIVERS = "/sys/bus/dax/drivers"


@dataclasses.dataclass
class Row:
    """One line of the table; bytes."""
    added: int = 0
    self_hosted: object = "?"
    seconds: float = 0.0
    dram: int = 0
    left: int = 0
    remark: str = ""


class Bench:
    """A guest with one large devdax namespace, and the driver that is loaded."""

    def __init__(self, guest, series):
        self.guest, self.series = guest, series
        raw, = guest.run("ndctl list -N").json()
        # With 1 GiB alignment a devdax namespace has hardly a memmap of its own, so that all of it is left for kmem.
        made = guest.run(f"ndctl create-namespace -f -e {raw['dev']} -m devdax -a 1G -M mem", timeout=90).json()
        self.namespace, self.driver = made["dev"], ""
        self.blocks_before = len(see(guest).states)
        self.before = None      # DRAM that the kernel uses while nothing is added
        self.load(OURS)
        # What the first time allocates for good is not the memmap's cost, and the first use of the guest's RAM is QEMU's time.
        self.measure("off")

    def load(self, driver):
        """Load one of the drivers in place of the other."""
        path = "$(find /lib/modules/$(uname -r)/updates -name 'kmem.ko*')" if driver == OURS else \
            "/lib/modules/$(uname -r)/kernel/drivers/dax/kmem.ko*"
        self.guest.run(f"modprobe -a device_dax; ! grep -q '^kmem ' /proc/modules || rmmod kmem; insmod {path}")
        assert bool(self.guest.run("cat /sys/module/kmem/version", check=False).out) == (driver == OURS)
        self.driver = driver

    def fresh_device(self):
        """Make the dax device again, so that nobody has written its memmap_on_memory yet; no driver has it then. Returns its name."""
        self.guest.run(f"ndctl disable-namespace {self.namespace} && ndctl enable-namespace {self.namespace} && udevadm settle")
        name, = self.guest.run("ls /sys/bus/dax/devices").out.split()
        self.guest.run(f"echo {name} >{_DRIVERS}/device_dax/unbind")
        return name

    def complaint(self):
        """What the kernel log has to say about kmem since the last call."""
        lines = self.guest.run("dmesg -c").out.splitlines()
        said = [re.sub(r"^\[ *[\d.]+\] ", "", line) for line in lines if "kmem dax" in line]
        return next((line for line in said if "fail" in line or "refus" in line or "error" in line), "")

    def settled_dram(self):
        """The kernel's DRAM, once udev has looked at all blocks."""
        self.guest.run("udevadm settle", timeout=120)
        return kernel_dram(self.guest)

    def measure(self, setting, while_added=None):
        """Add and remove all of the device once. While it is there, while_added(dax device, Row) is called."""
        row, name = Row(), self.fresh_device()
        guest, switch = self.guest, f"/sys/bus/dax/devices/{name}/memmap_on_memory"
        self.complaint()
        if setting != "default":
            # Not `>`: where there is no such attribute, the shell's complaint would be another.
            result = guest.run(f"[ -e {switch} ] || {{ echo no memmap_on_memory attribute >&2; exit 1; }}; "
                               f"echo {int(setting == 'on')} >{switch}", check=False)
            row.remark = result.err.rpartition("write error: ")[2].strip()
        if row.remark:
            return row
        before = self.before or self.settled_dram()
        spent = guest.run(f"begin=$EPOCHREALTIME; echo {name} >{_DRIVERS}/kmem/new_id; end=$EPOCHREALTIME; "
                          "echo $begin $end", timeout=180).out.split()
        row.seconds = float(spent[1]) - float(spent[0])
        row.dram = self.settled_dram() - before
        machine = see(guest)
        row.added = len(machine.states) - self.blocks_before
        row.remark = self.complaint()
        device = machine.dax[name]
        row.self_hosted = device.kmem.get("blocks_self_hosted", "?")
        if while_added:
            while_added(device, before, row)
        if device.driver:
            guest.run(f"echo {name} >{_DRIVERS}/kmem/unbind", timeout=180)
        guest.run(f"echo {name} >{_DRIVERS}/kmem/remove_id")
        self.before = self.settled_dram()
        row.left = self.before - before
        row.remark = row.remark or self.complaint()
        assert len(see(guest).states) == self.blocks_before
        return row


@pytest.fixture(scope="module", params=["6.1", "6.12", lab.newest()])
def bench(request, boot_guest):
    """The guest of one kernel after the other. One CPU: fewer lists of free pages to look through, and a quieter measure."""
    guest = boot_guest(request.param, kernel=request.param, cpus=1, nvdimms=[Nvdimm(f"{GIB * 1024 + 1024 + 128}M")],
                       overlays=[kmemd.overlay(f"kmem-{request.param}")],
                       cmdline=f"{kmemd.MEMMAP_PARAMETER} memhp_default_state=offline")
    return Bench(guest, request.param)


@pytest.fixture(scope="module", autouse=True)
def table():
    """The table, from what the tests have measured."""
    rows = []
    yield rows
    figures.table(f"DRAM that adding {GIB} GiB of NVDIMM takes, by kernel, setting of the device, and driver", _HEAD, rows)


def enter(table, bench, setting, row):
    """Enter a measured row."""
    none = not row.added
    table.append([bench.series, setting, bench.driver, "-" if none else row.dram / MIB / GIB, row.added, "-" if none else row.self_hosted,
                  "-" if none else row.seconds, "-" if none else row.left / MIB, row.remark])


def online_and_offline(bench):
    """For measure(): brings some of it online and offline again, and counts what is used in DRAM while it is online."""
    def check(device, before, row):
        total = see(bench.guest).total
        blocks = " ".join(map(str, device.blocks[:ONLINE]))
        bench.guest.run(f"cd /sys/devices/system/memory; for block in {blocks}; do echo online_movable >memory$block/state; done", timeout=300)
        machine = see(bench.guest)
        assert machine.blocks(device) == ["Movable"] * ONLINE + ["offline"] * (BLOCKS - ONLINE)
        assert machine.total - total == ONLINE * (BLOCK - MEMMAP)
        row.dram = max(row.dram, bench.settled_dram() - before)
        bench.guest.run(f"cd /sys/devices/system/memory; for block in {blocks}; do echo offline >memory$block/state; done", timeout=300)
    return check


@pytest.mark.parametrize("setting", SETTINGS)
def test_ours(bench, table, setting):
    if bench.driver != OURS:
        bench.load(OURS)
    row = bench.measure(setting, online_and_offline(bench) if setting == "on" else None)
    enter(table, bench, setting, row)
    assert (row.remark, row.added) == ("", BLOCKS)
    assert row.left <= LIMIT
    if setting == "on":
        assert row.self_hosted == str(BLOCKS)
        assert row.dram <= LIMIT
    else:
        # An NVDIMM's default is off.
        assert row.self_hosted == "0"
        assert abs(row.dram - BLOCKS * MEMMAP) <= LIMIT


@pytest.mark.parametrize("setting", SETTINGS)
def test_in_tree(bench, table, setting):
    if bench.driver != STOCK:
        bench.load(STOCK)
    row = bench.measure(setting)
    enter(table, bench, setting, row)
    if bench.series == "6.1" and setting != "default":
        assert row.remark == "no memmap_on_memory attribute"
    else:
        assert row.added == BLOCKS or row.remark
