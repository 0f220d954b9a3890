# SPDX-License-Identifier: GPL-2.0-or-later
"""For tests that wear our driver out: a guest with one soft-reserved dax device, and what a driver that loses nothing
must leave as it was: /proc/iomem, MemTotal, memory groups, and on the debug kernel the objects that it has allocated, and kmemleak.
"""
import dataclasses
import re
import subprocess
import time

from . import kmemd, lab
from .initrd import Executable
from .kmemd import BLOCK, MIB

DEVICE = "dax0.0"
START = 4 << 30
FIRST = START // BLOCK      # number of its first memory block
_DRAM = 1024
# Debian's 6.1 has neither KASAN nor allocation traces; "debug" has.
_DEBUG = "kmemleak=on slab_debug=U,kmalloc-*"
_WITH_MODULES = ("6.1", "6.12", "debug")
# In systemd's place: udev for the modules, and the agent. Under KASAN that saves half of the boot, and nobody else looks at memory.
_INIT = Executable.of("""#!/bin/bash
export PATH=/usr/sbin:/usr/bin LC_ALL=C.UTF-8
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
ln -s /proc/self/fd /dev/fd
mount -t tmpfs tmpfs /run
mount -t debugfs debugfs /sys/kernel/debug
/usr/lib/systemd/systemd-udevd --daemon
udevadm trigger --action=add
udevadm settle
while :; do
	qemu-ga --method=virtio-serial --path=/dev/virtio-ports/org.qemu.guest_agent.0
	sleep 1
done
""")
_SHUTDOWN = Executable.of("#!/bin/bash\nexec systemctl poweroff --force --force\n")


def prepare(series):
    """Build the driver and, where this machine's compiler can, the modules for tests for a kernel; the debug kernel itself is built, too,
    if it is not there."""
    modules = ["--modules"] if series in _WITH_MODULES else []
    subprocess.run([lab.TOP / "tests" / "vm" / "prepare-driver", *modules, series], check=True)


def options(series, blocks, own_node=True):
    """Options of Guest for a device of so many memory blocks, on a node that comes and goes with them or on that of the DRAM."""
    size = blocks * BLOCK // MIB
    modules = [f"modules-{series}"] if series in _WITH_MODULES else []
    overlays = [kmemd.overlay(name) for name in (f"kmem-{series}", "programs", *modules)]
    cmdline = f"memmap={size}M%{START // MIB}M-1+0xefffffff memhp_default_state=offline {kmemd.MEMMAP_PARAMETER}"
    return {"kernel": series, "overlays": overlays, "cmdline": f"{cmdline} {_DEBUG if series == 'debug' else ''}".strip(),
            "files": {"/init": _INIT, "/usr/sbin/shutdown": _SHUTDOWN},
            "memory": f"{_DRAM + size}M", "memory_max": "16G", "qemu_args": [
                "-M", f"max-ram-below-4g={_DRAM}M", *(_nodes(size) if own_node else ())]}


def _nodes(size):
    return ["-object", f"memory-backend-ram,id=dram,size={_DRAM}M", "-object", f"memory-backend-ram,id=soft,size={size}M",
            "-numa", "node,nodeid=0,memdev=dram,cpus=0-1", "-numa", "node,nodeid=1,memdev=soft"]


def start(guest):
    """Nothing of the guest's own has to do with the device any more, and it is unbound. The driver's lines go to the log alone.
    Before 6.3, the driver takes the devices only that it has been told of (dax_match_id() in drivers/dax/bus.c)."""
    unbind = f"if [ -e $driver ]; then echo {DEVICE} >$driver/unbind; fi"
    guest.run(f"modprobe dax_hmem; modprobe kmem; udevadm settle; udevadm control --exit; dmesg -n 3; cd /sys/bus/dax; "
              f"driver=devices/{DEVICE}/driver; {unbind}; echo {DEVICE} >drivers/kmem/new_id; {unbind}")
    assert guest.run("modinfo -F version kmem").out.strip().endswith("-kmemd")


def memory_groups(guest):
    """How many of the lowest numbers of memory groups are taken; -1 without the module that tells."""
    if not guest.run("modinfo memory-groups", check=False).out:
        return -1
    log = guest.run("modprobe memory-groups && rmmod memory-groups && dmesg | grep memory_groups: | tail -n 1").out
    return int(re.search(r"(\d+) taken", log)[1])


def slab_objects(guest):
    """Where our driver has allocated objects that are still there -> their number, on the debug kernel; {} on others. An object counts
    when a function of the driver is anywhere in the stack of its allocation, so that the core's on its behalf do, too. Dropping the
    dentries lets go of the names of memory blocks that somebody has looked at in sysfs; shrinking the caches frees what KASAN keeps in
    quarantine."""
    objects = {}
    guest.run("echo 2 >/proc/sys/vm/drop_caches")
    guest.run("for cache in /sys/kernel/slab/kmalloc-*; do echo 1 >$cache/shrink; done 2>/dev/null || true", timeout=120)
    for record in guest.run("cat /sys/kernel/debug/slab/kmalloc-*/alloc_traces 2>/dev/null || true", timeout=120).out.split("\n\n"):
        match = re.match(r"\s*(\d+) (\S+)", record)
        places = re.findall(r"(\w+)\+0x\S+ \[kmem\]", record)
        if match and places:
            place = f"{match[2].split('+')[0]} for {' < '.join(dict.fromkeys(places))}"
            objects[place] = objects.get(place, 0) + int(match[1])
    return objects


@dataclasses.dataclass
class Trace:
    """What there is of the driver's doings, or nothing at all, while the device is unbound and none of its blocks there."""
    iomem: str
    total: int
    groups: int
    objects: dict
    references: str
    blocks: str


def trace(guest):
    """The present Trace."""
    machine = kmemd.see(guest)
    return Trace(guest.run("cat /proc/iomem").out, machine.total, memory_groups(guest), slab_objects(guest),
                 guest.run("cat /sys/module/kmem/refcnt").out.strip(), str(sorted(machine.states)))


def assert_trace(guest, before, seconds=60):
    """The Trace is, or soon becomes, what it was before, or what differs is said. What is in sysfs, for one, is freed only after an RCU
    grace period (kernfs_put() in fs/kernfs/dir.c)."""
    deadline = time.monotonic() + seconds
    while True:
        now = trace(guest)
        differ = [f"{field.name}: {getattr(before, field.name)!r} has become {getattr(now, field.name)!r}"
                  for field in dataclasses.fields(Trace) if getattr(now, field.name) != getattr(before, field.name)]
        if not differ:
            return
        assert time.monotonic() < deadline, "\n".join(differ)


def assert_trace_shows_a_binding(guest):
    """Everything that a Trace has to show shows something: a check of the checks."""
    before = trace(guest)
    guest.run(f"echo {DEVICE} >/sys/bus/dax/drivers/kmem/bind; echo online_movable >/sys/devices/system/memory/memory{FIRST}/state")
    bound = trace(guest)
    assert bound.iomem != before.iomem and bound.total > before.total and bound.blocks != before.blocks
    assert bound.references == "1" and (bound.groups == before.groups + 1 or bound.groups == before.groups == -1)
    if before.objects:
        assert sum(bound.objects.values()) > sum(before.objects.values())
    guest.run(f"echo offline >/sys/devices/system/memory/memory{FIRST}/state; echo {DEVICE} >/sys/bus/dax/drivers/kmem/unbind")
    assert_trace(guest, before)


def leaks(guest):
    """What kmemleak finds, of anybody. What is young or on its way somewhere looks like a leak at first, so it is asked three times."""
    reports = []
    for _ in range(3):
        guest.run("echo scan >/sys/kernel/debug/kmemleak", timeout=300)
        reports = guest.run("cat /sys/kernel/debug/kmemleak", timeout=120).out
        if not reports:
            break
        guest.run("sleep 6")    # kmemleak takes nothing younger than 5 s for a leak
    return reports


def unload(guest):
    """The driver can be unloaded, and loaded and used again."""
    guest.run("rmmod kmem && ! grep -q '^kmem ' /proc/modules")
    assert "kmem" not in guest.run("cat /proc/iomem").out
    guest.run("modprobe kmem")
    device = f"/sys/bus/dax/devices/{DEVICE}"
    guest.run(f"[ -e {device}/driver ] || echo {DEVICE} >/sys/bus/dax/drivers/kmem/new_id; "
              f"cmp {device}/kmem/blocks_added {device}/kmem/blocks_total; echo {DEVICE} >/sys/bus/dax/drivers/kmem/unbind")
