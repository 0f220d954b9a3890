# SPDX-License-Identifier: GPL-2.0-or-later
"""How the time that our driver takes grows with the number of memory blocks: bound where the kernel puts new memory online, and by `state`.
Beside it the same blocks put online by hand, upwards, and in the order that leaves the zone a hole until the last one.

Times are those of the writes, under software emulation: their ratios, and how they grow, are printed. What is tested is the order.
"""
import math
import os
import pathlib

import pytest

from . import figures, kmemd, lab
from .guest import Nvdimm
from .kmemd import see
from .measure import Recording

# GiB of the device; on the second kernel what shows whether it is the same there.
GIB = {"6.12": (8, 16, 32, 64), "7.3": (8, 64)}
_FEW, _ALL = 8, 64
_ROOM = 8 << 30     # of the NVDIMM is used what holds memmap
_DRIVERS = "/sys/bus/dax/drivers"
_BLOCKS = "/sys/devices/system/memory"
# Seconds of a command, with the least of the shell in between.
_TIMED = "begin=$EPOCHREALTIME; {} ; end=$EPOCHREALTIME; echo $begin $end"


def exponent(times):
    """The slope of a straight line through the logarithms of (blocks, seconds), by least squares: 1 is linear, 2 quadratic."""
    points = [(math.log(blocks), math.log(seconds)) for blocks, seconds in times]
    mean_x, mean_y = (sum(values) / len(points) for values in zip(*points))
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)


class Bench:
    """A guest with one large NVDIMM, and the dax device that is made of a part of it."""

    def __init__(self, guest, sizes):
        self.guest, self.sizes, self.name, self.numbers = guest, sizes, "", []
        # Nobody else looks at blocks that come and go: udev with its thousands of events takes longer than the kernel.
        guest.run("modprobe -a nd_pmem dax_pmem device_dax kmem; udevadm settle; systemctl stop systemd-udevd-kernel.socket "
                  "systemd-udevd-control.socket systemd-udevd", timeout=90)
        # Only with labels can a part of it be a namespace.
        guest.run("ndctl disable-region region0 && ndctl init-labels -f nmem0 && ndctl enable-region region0", timeout=90)

    def size(self, gib):
        """Make a device of so many GiB; it is not bound."""
        self.guest.run(f"for space in $(ndctl list -N | jq -r '.[]?.dev'); do ndctl destroy-namespace -f $space || exit; done; "
                       f"ndctl create-namespace -f -r region0 -s {gib}G -m devdax -a 2M -M dev", timeout=120)
        self.name, = self.guest.run("ls /sys/bus/dax/devices").out.split()
        self.guest.run(f"echo {self.name} >{_DRIVERS}/device_dax/unbind; echo 1 >/sys/bus/dax/devices/{self.name}/memmap_on_memory")
        self.numbers = see(self.guest).dax[self.name].blocks

    def timed(self, command):
        """Seconds that a command in the guest takes."""
        begin, end = self.guest.run(_TIMED.format(command), timeout=300).out.split()
        return float(end) - float(begin)

    def policy(self, word):
        """What the kernel does with new memory."""
        self.guest.run(f"echo {word} >{_BLOCKS}/auto_online_blocks")

    def bind(self, word):
        """Seconds of binding the device where new memory goes into this state."""
        self.policy(word)
        seconds = self.timed(f"echo {self.name} >{_DRIVERS}/kmem/new_id")
        self.expect(word)
        return seconds

    def write(self, word):
        """Seconds of writing the state."""
        seconds = self.timed(f"echo {word} >/sys/bus/dax/devices/{self.name}/state")
        self.expect(word)
        return seconds

    def expect(self, word):
        """The device says this, and has all of its blocks unless it is unplugged."""
        kmem = f"/sys/bus/dax/devices/{self.name}"
        assert self.guest.read(f"{kmem}/state").strip() == word
        if word != "unplugged":
            assert int(self.guest.read(f"{kmem}/kmem/blocks_self_hosted")) == len(self.numbers)

    def by_hand(self, numbers):
        """Seconds of writing the state of each block in this order."""
        return self.timed(f"cd {_BLOCKS}; for block in {' '.join(map(str, numbers))}; do echo online_movable >memory$block/state; done")

    def unplug(self):
        """Seconds of writing `unplugged`; the device is not bound afterwards."""
        seconds = self.write("unplugged")
        self.guest.run(f"echo {self.name} >{_DRIVERS}/kmem/unbind; echo {self.name} >{_DRIVERS}/kmem/remove_id")
        return seconds


def backing(series):
    """The file behind the NVDIMM: in memory, where the disk has no part in the times, unless there is too little of it."""
    in_memory = os.statvfs("/dev/shm")
    folder = pathlib.Path("/dev/shm") if in_memory.f_bavail * in_memory.f_frsize >= _ROOM else lab.VM
    return folder / f"kmemd-linear-{series}-{os.getpid()}.img"


@pytest.fixture(scope="module", params=list(GIB))
def bench(request, boot_guest):
    """The guest of one kernel after the other."""
    file = backing(request.param)
    try:
        guest = boot_guest(request.param, **kmemd.options(request.param, service=False, cmdline="memhp_default_state=offline", memory="3G",
                                                          nvdimms=[Nvdimm(f"{(_ALL + 1) * 1024 + 128}M", file=str(file))]))
        yield Bench(guest, GIB[request.param])
        guest.shutdown()
    finally:
        file.unlink(missing_ok=True)


def good_order(numbers):
    """The second lowest last."""
    return [numbers[0], *numbers[2:], numbers[1]]


@pytest.mark.parametrize("way", ["bound where new memory goes online", "by state"])
def test_order(bench, way):
    """The second lowest block is the last one that goes online, and the first that goes offline."""
    bench.size(_FEW)
    if way == "by state":
        bench.bind("offline")
        bench.write("unplugged")
    recording = Recording(bench.guest).start()
    if way == "by state":
        bench.write("online_movable")
    else:
        bench.bind("online_movable")
    recording.stop()
    online = [int(path.rsplit("memory", 1)[-1]) for _, action, path in recording.events if action == "online" and "/memory" in path]
    assert online == good_order(bench.numbers)
    recording.start()
    bench.unplug()
    recording.stop()
    offline = [int(path.rsplit("memory", 1)[-1]) for _, action, path in recording.events if action == "offline" and "/memory" in path]
    assert offline == [*bench.numbers[1:], bench.numbers[0]]


def test_figures(bench):
    """From no block to all of them online, and back."""
    columns = {"bound": [], "by state": [], "unplugged": [], "by hand, good order": [], "by hand, upwards": []}
    rows = []
    bench.size(_ALL)
    bench.bind("online_movable")    # the first use of the guest's RAM is QEMU's time
    bench.unplug()
    for gib in bench.sizes:
        bench.size(gib)
        blocks = len(bench.numbers)
        seconds = {"bound": bench.bind("online_movable"), "unplugged": bench.write("unplugged"), "by state": bench.write("online_movable")}
        bench.unplug()
        seconds["by hand, good order"] = bench.bind("offline") + bench.by_hand(good_order(bench.numbers))
        bench.unplug()
        # What the kernel does by itself, and what anybody does who does not know better. Once, it takes its time.
        if gib in bench.sizes[-2:]:
            seconds["by hand, upwards"] = bench.bind("offline") + bench.by_hand(bench.numbers)
            bench.unplug()
        for way, times in columns.items():
            if way in seconds:
                times.append((blocks, seconds[way]))
        rows.append([blocks, *(seconds.get(way, "-") for way in columns)])
    rows.append(["exponent", *(exponent(times) for times in columns.values())])
    figures.table(f"Linux {bench.guest.release}: seconds for all memory blocks of an NVDIMM with their memmap on them",
                  ["blocks", *columns], rows)
