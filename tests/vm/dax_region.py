# SPDX-License-Identifier: GPL-2.0-or-later
"""A dax region in a guest that is cut into devices, and everything that the machine must show of it.

The region is RAM that the kernel command line turns into soft-reserved memory, on a NUMA node of its own that has no other
memory: as fast as the guest's RAM, with any number of devices and ranges. A scenario changes it through Region, which keeps its
own account of the memory blocks; check() compares the account with sysfs, /proc/iomem and the counters of our driver.

All offsets and sizes are in MiB; offset 0 is the beginning of the region, which is the beginning of a memory block.
"""
import dataclasses
import re

from . import lab
from .kmemd import MEMMAP, MIB, see
from .kmemd import BLOCK as BLOCK_BYTES

# 7.3 as soon as `tests/vm/prepare 7.3` has built the driver for it.
SERIES = ["6.12", "6.1"] + [series for series in ("7.3",) if (lab.TOP / "build" / "guest" / f"kmem-{series}").is_dir()]

BASE = 4 << 30              # the physical address of offset 0
SIZE = 2048                 # 16 memory blocks
NODE = 1
BLOCK = BLOCK_BYTES // MIB
_FIRST = BASE // BLOCK_BYTES
_BUS = "/sys/bus/dax"


def cmdline(size=SIZE):
    """What makes so many MiB of the guest's RAM the region: RAM (1) becomes soft reserved (0xefffffff)."""
    return f"memmap={size}M%{BASE // MIB}M-1+0xefffffff"


def options(size=SIZE):
    """Options of Guest: 1 GiB of DRAM on node 0, and behind the hole below 4 GiB the region's RAM on node 1."""
    return {"memory": f"{1024 + size}M", "memory_max": "16G", "qemu_args": [
        "-M", "max-ram-below-4g=1G",
        "-object", "memory-backend-ram,id=dram,size=1G", "-object", f"memory-backend-ram,id=soft,size={size}M",
        "-numa", "node,nodeid=0,memdev=dram,cpus=0-1", "-numa", f"node,nodeid={NODE},memdev=soft",
        "-numa", f"dist,src=0,dst={NODE},val=20"]}


def whole_blocks(start, end):
    """Offsets of the whole memory blocks in a range."""
    return list(range(-(-start // BLOCK) * BLOCK, end // BLOCK * BLOCK, BLOCK))


def _same(what, shown, wanted):
    if shown != wanted:
        raise AssertionError(f"{what}:\n  shown  {shown}\n  wanted {wanted}")


@dataclasses.dataclass
class Device:
    """A dax device: its ranges [(start, end)], what is bound to it, and its blocks that are added: offset -> state."""
    name: str
    ranges: list
    driver: str = "device_dax"
    blocks: dict = dataclasses.field(default_factory=dict)
    self_hosted: bool = False
    reason: str = "none"
    kernel_chose: bool = False      # the zones were left to the kernel, and no block has changed since

    @property
    def whole(self):
        """Offsets of the whole memory blocks in its ranges."""
        return [block for bounds in self.ranges for block in whole_blocks(*bounds)]

    def counters(self):
        """What the driver has to show in kmem/."""
        added, hosted = len(self.blocks), len(self.blocks) * self.self_hosted
        movable, kernel = self.online()
        truncated = sum(end - start for start, end in self.ranges) - len(self.whole) * BLOCK
        return {"block_size": BLOCK_BYTES, "blocks_total": len(self.whole), "blocks_added": added,
                "blocks_failed": len(self.whole) - added, "blocks_poisoned": 0, "blocks_self_hosted": hosted,
                "memmap_dram_bytes": (added - hosted) * MEMMAP, "memmap_device_bytes": hosted * MEMMAP,
                "truncated_bytes": truncated * MIB, "memmap_reason": self.reason,
                "blocks_online_movable": movable, "blocks_online_kernel": kernel}

    def online(self):
        """How many blocks are in the Movable zone, and in others."""
        states = list(self.blocks.values())
        return states.count("Movable"), len(states) - states.count("Movable") - states.count("offline")

    def state(self):
        """What the driver has to show in `state`."""
        movable, kernel = self.online()
        if movable + kernel == 0:
            return "offline" if self.blocks else "unplugged"
        if self.kernel_chose:
            return "online"
        return {movable: "online_movable", kernel: "online_kernel"}.get(len(self.blocks), "online")

    def resources(self):
        """What it has in /proc/iomem: (depth, start, end, name). System RAM in one line a range, unless blocks are missing in between."""
        if self.driver == "device_dax":
            return [(0, start, end, self.name) for start, end in self.ranges]
        lines = []
        for bounds in self.ranges:
            whole = whole_blocks(*bounds)
            runs = []
            for block in sorted(set(whole) & set(self.blocks)):
                if runs and runs[-1][1] == block:
                    runs[-1][1] += BLOCK
                else:
                    runs.append([block, block + BLOCK])
            if runs:
                lines.append((0, whole[0], whole[-1] + BLOCK, self.name))
                lines += [(1, *run, "System RAM (kmem)") for run in runs]
        return lines


class Region:
    """The region of a guest that was started with cmdline() and options(); at first all of it is dax0.0, as the kernel left it."""

    def __init__(self, guest, driver, zone):
        self.guest = guest
        self.default = ""       # what policy() has said
        self.devices = [Device("dax0.0", [(0, SIZE)], driver)]
        self.remembered = []    # devices whose blocks outlived their binding
        if driver == "kmem":
            self.devices[0].blocks = dict.fromkeys(self.devices[0].whole, zone)
        machine = see(guest)
        self._others = {block: state for block, state in machine.states.items() if block < _FIRST}
        self._dram = machine.nodes[0]["MemTotal"]

    # -- changes -----------------------------------------------------------------------------------------------

    def policy(self, word):
        """What the kernel does with memory that is added: offline, online, online_kernel or online_movable."""
        self.guest.run(f"echo {word} >/sys/devices/system/memory/auto_online_blocks")
        self.default = word

    def create(self, ranges, driver="device_dax"):
        """A device of a size of which the kernel is expected to make these ranges; daxctl binds it to device_dax, driver="" leaves it
        unbound."""
        size = sum(end - start for start, end in ranges)
        if driver:
            made, = self.guest.run(f"daxctl create-device -r 0 -s {size}M -a 2M").json()
            device = Device(made["chardev"], ranges)
        else:
            name = self.guest.run(f"cd {_BUS}/devices/dax0.0/../dax_region && echo 1 >create && cat seed").out.strip()
            self.guest.run(f"echo $(({size} << 20)) >{_BUS}/devices/{name}/size")
            device = Device(name, ranges, driver)
        self.devices.append(device)
        assert self.mappings(device) == sorted(ranges)
        return device

    def mappings(self, device):
        """The ranges that the kernel shows of a device."""
        shown = self.guest.run(f"cd {_BUS}/devices/{device.name} && for mapping in mapping[0-9]*; do "
                               "echo $(cat $mapping/start $mapping/end); done").out
        return sorted(((int(start, 16) - BASE) // MIB, (int(end, 16) + 1 - BASE) // MIB)
                      for start, end in map(str.split, shown.splitlines()))

    def destroy(self, device):
        """Give the ranges of a device that is not bound to kmem back to the region."""
        assert device.driver != "kmem"
        self.guest.run(f"daxctl disable-device {device.name}; daxctl destroy-device {device.name}")
        self.devices.remove(device)

    def resize(self, device, size, ranges):
        """Change the size of a device that is not bound."""
        self.guest.run(f"echo $(({size} << 20)) >{_BUS}/devices/{device.name}/size")
        device.ranges = ranges
        assert self.mappings(device) == sorted(ranges)

    def memmap_on_memory(self, device, value):
        """Write the switch of a device."""
        self.guest.run(f"echo {value} >{_BUS}/devices/{device.name}/memmap_on_memory")
        device.self_hosted = value == 1

    def try_bind(self, device):
        """Take a device from its driver and bind it to kmem; returns the Result of the write to bind."""
        self.guest.run(f"cd {_BUS}/devices/{device.name} && [ ! -e driver ] || echo {device.name} >driver/unbind")
        device.driver = ""
        # A driver that does not look after this kind of device by itself wants its name first, and binds it then.
        return self.guest.run(f"cd {_BUS}/drivers/kmem; echo {device.name} >remove_id; echo {device.name} >bind && exit; "
                              f"[ $? = 1 ] && [ -e {device.name} ] || {{ echo {device.name} >new_id; "
                              f"[ -e {device.name} ] || echo {device.name} >bind; }}", check=False)

    def bind(self, device, state):
        """Make memory of a device: all of its blocks are added, and in this state, unless it adopts some that were there."""
        result = self.try_bind(device)
        assert result.rc == 0, result.err
        device.driver = "kmem"
        device.blocks = dict.fromkeys(device.whole, state)
        device.kernel_chose = self.default == "online"
        for old in [old for old in self.remembered if old.ranges == device.ranges]:
            self.remembered.remove(old)
            device.blocks.update(old.blocks)

    def unbind(self, device):
        """Unbind a device from kmem: what is offline is removed, the rest is remembered."""
        # Out of the driver's list of names too, or it takes the device again as soon as it is given another name.
        self.guest.run(f"cd {_BUS}/drivers/kmem; echo {device.name} >unbind && echo {device.name} >remove_id")
        left = {block: state for block, state in device.blocks.items() if state != "offline"}
        if left:
            self.remembered.append(dataclasses.replace(device, blocks=left))
        device.blocks, device.driver, device.kernel_chose = {}, "", False

    def set(self, device, word, blocks=None):
        """Write a word to those of the memory blocks at these offsets (default: all of the device) that are not online or offline yet."""
        offsets = [offset for offset in (blocks or device.blocks) if (device.blocks[offset] == "offline") != (word == "offline")]
        self.guest.run("cd /sys/devices/system/memory; for block in "
                       f"{' '.join(str(_FIRST + offset // BLOCK) for offset in offsets)}; do echo {word} >memory$block/state || exit; done")
        state = {"offline": "offline", "online_movable": "Movable", "online_kernel": "Normal"}[word]
        device.kernel_chose = device.kernel_chose and not offsets
        for offset in offsets:
            device.blocks[offset] = state
        if device in self.remembered and state == "offline":
            for offset in offsets:
                del device.blocks[offset]
            if not device.blocks:
                self.remembered.remove(device)
            self.guest.wait_until("! ls -d " + " ".join(f"/sys/devices/system/memory/memory{_FIRST + offset // BLOCK}"
                                                        for offset in offsets) + " 2>/dev/null")

    def clear(self):
        """Take everything out of use and give it back to the region, whatever a test has left or a failed one has spoilt."""
        last = _FIRST + SIZE // BLOCK - 1
        self.guest.run(f"""
            for block in $(seq {_FIRST} {last}); do
                cd /sys/devices/system/memory/memory$block 2>/dev/null || continue
                grep -q offline state || echo offline >state
            done
            cd {_BUS}/drivers/kmem && for device in dax*; do [ -e $device ] && echo $device >unbind; done
            for device in $(daxctl list -D -r 0 | jq -r '.[] | select(.size > 0).chardev'); do
                daxctl disable-device $device; daxctl destroy-device $device
            done
            daxctl list -Di >/run/listed; jq -e 'all(.[]; .size == 0)' /run/listed""")
        self.devices, self.remembered = [], []
        self.check()

    # -- the comparison -----------------------------------------------------------------------------------------

    def resources(self):
        """The region in /proc/iomem, like Device.resources()."""
        shown, depth = [], None
        for line in self.guest.read("/proc/iomem").splitlines():
            indent, start, end, name = re.fullmatch(r"( *)([0-9a-f]+)-([0-9a-f]+) : (.*)", line).groups()
            start, end = (int(start, 16) - BASE) / MIB, (int(end, 16) + 1 - BASE) / MIB
            # What the kernel or its driver for the region has reserved of all of it is the same all the time, and no business of kmem.
            if start < 0 or end > SIZE or not name.startswith(("dax", "System RAM")):
                continue
            depth = len(indent) if depth is None else depth
            shown.append(((len(indent) - depth) // 2, start, end, name))
        return shown

    def check(self):
        """Everything that the machine shows of this region and of the memory beside it is as the account says."""
        machine = see(self.guest)
        known = [*self.devices, *self.remembered]
        blocks = {block: state for device in known for block, state in device.blocks.items()}
        _same("memory blocks", {(number - _FIRST) * BLOCK: state for number, state in machine.states.items() if number >= _FIRST},
              blocks)
        _same("memory blocks outside of the region", {number: state for number, state in machine.states.items() if number < _FIRST},
              self._others)
        _same("/proc/iomem", self.resources(), sorted((line for device in known for line in device.resources()),
                                                      key=lambda line: (line[1], line[0])))
        total = sum(BLOCK_BYTES - MEMMAP * device.self_hosted
                    for device in known for state in device.blocks.values() if state != "offline")
        _same("MemTotal of the node", machine.nodes.get(NODE, {"MemTotal": 0})["MemTotal"], total)
        _same("MemTotal beyond that of DRAM", machine.total - self._dram, total)
        states = dict(line.split() for line in self.guest.run(f"cd {_BUS}/drivers/kmem; for device in dax*; do [ ! -e $device ] || "
                                                              "echo $device $(<$device/state); done").out.splitlines())
        _same("state", states, {device.name: device.state() for device in self.devices if device.driver == "kmem"})
        for device in self.devices:
            shown = machine.dax[device.name]
            _same(f"driver of {device.name}", shown.driver, device.driver)
            counters = device.counters() if device.driver == "kmem" else {}
            _same(f"kmem/ of {device.name}", shown.kmem, {name: str(value) for name, value in counters.items()})
        _same("users of the module", int(self.guest.read("/sys/module/kmem/refcnt")), sum(state != "offline" for state in blocks.values()))
