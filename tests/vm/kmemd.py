# SPDX-License-Identifier: GPL-2.0-or-later
"""kmemd in a guest: how it gets there, and what the kernel says of its work.

What memory there is and in which state comes from sysfs and /proc, never from kmemctl or the daemon: they are what is tested.
"""
import dataclasses
import re
import time

from . import lab
from .guest import GuestError
from .initrd import Symlink

MIB = 1 << 20
BLOCK = 128 * MIB           # a memory block of the guests
MEMMAP = BLOCK // 64        # the memmap of a block: 64 bytes a page of 4 KiB

MEMMAP_PARAMETER = "memory_hotplug.memmap_on_memory=on"
POLICY = "/etc/kmemd/policy.d"
_UNITS = "/etc/systemd/system"


def overlay(name):
    """A folder that tests/vm/prepare made."""
    folder = lab.TOP / "build" / "guest" / name
    if not folder.is_dir():
        raise GuestError(f"{folder} is missing: run 'make guest' first")
    return str(folder)


def options(kernel="6.12", *, driver=True, service=True, memmap=True, cmdline="", files=None, **more):
    """Options of Guest for a machine that has the project installed.

    driver: our kmem in place of the kernel's own; service: kmemd.service is enabled, or else masked, because udev would
    start it; memmap: the kernel may put the memmap on the memory that it describes (Debian's default is no).
    """
    overlays = [overlay("root")] + ([overlay(f"kmem-{kernel}")] if driver else [])
    unit = ({f"{_UNITS}/multi-user.target.wants/kmemd.service": Symlink("/usr/lib/systemd/system/kmemd.service")} if service
            else {f"{_UNITS}/kmemd.service": Symlink("/dev/null")})
    return {"kernel": kernel, "overlays": overlays, "files": {**unit, **(files or {})},
            "cmdline": f"{MEMMAP_PARAMETER if memmap else ''} {cmdline}".strip(), **more}


# -- what the kernel shows -----------------------------------------------------------------------------------------------

@dataclasses.dataclass
class Dax:
    """A dax device. `blocks` are the numbers of the whole memory blocks in its ranges."""
    name: str
    driver: str = ""
    size: int = 0
    node: int = -1
    memmap_on_memory: str = ""
    path: str = ""                                        # in /sys/devices
    blocks: list = dataclasses.field(default_factory=list)
    kmem: dict = dataclasses.field(default_factory=dict)  # what our driver counts


@dataclasses.dataclass
class Region:
    """A CXL region and the memdevs it lies on."""
    name: str
    size: int = 0
    commit: str = ""
    memdevs: list = dataclasses.field(default_factory=list)


class Machine:
    """The machine's memory at one moment, as sysfs and /proc show it; sizes in bytes.

    states          number of a memory block -> "Movable", "Normal", "offline", ...: its state and, online, its zone
    dax, regions    by name
    memdevs         serial number -> name
    decoders        endpoint decoder -> capacity that it maps; those that map none are left out
    nodes           number -> {"MemTotal": ..., "MemFree": ..., ...}
    total           MemTotal
    auto_online     auto_online_blocks
    reserved        /proc/iomem below the CXL windows and persistent memory
    """

    def __init__(self, text):
        files = dict(line.split(":", 1) for line in text["files"].splitlines())
        links = dict(line.split(" ", 1) for line in text["links"].splitlines())
        self.auto_online = files["devices/system/memory/auto_online_blocks"]
        self.total = int(re.search(r"MemTotal: *(\d+)", text["meminfo"])[1]) * 1024
        self.reserved = text["iomem"].splitlines()
        self.states = self._read_blocks(files)
        self.dax = self._read_dax(files, links)
        self.decoders = {path.split("/")[3]: int(value, 0) for path, value in files.items()
                         if path.endswith("/dpa_size") and int(value, 0)}
        self.memdevs = {int(value, 0): path.split("/")[3] for path, value in files.items() if path.endswith("/serial")}
        self.regions = self._read_regions(files, links)
        self.nodes = {}
        for number, key, value in re.findall(r"Node (\d+) (\w+): +(\d+)", text["nodes"]):
            self.nodes.setdefault(int(number), {})[key] = int(value) * 1024

    @staticmethod
    def _read_blocks(files):
        states = {}
        for path, value in files.items():
            match = re.fullmatch(r"devices/system/node/node\d+/memory(\d+)/state", path)
            if match:
                zones = files.get(path.replace("/state", "/valid_zones"), "none")
                states[int(match[1])] = zones if value == "online" else value
        return states

    @staticmethod
    def _read_dax(files, links):
        devices = {}
        for path, target in links.items():
            match = re.fullmatch(r"bus/dax/devices/([^/]+)", path)
            if match:
                driver = links.get(f"{path}/driver", "").rsplit("/", 1)[-1]
                devices[match[1]] = Dax(match[1], driver, path=target)
        for device in devices.values():
            folder = f"bus/dax/devices/{device.name}"
            device.size = int(files.get(f"{folder}/size", "0"))
            device.node = int(files.get(f"{folder}/target_node", "-1"))
            device.memmap_on_memory = files.get(f"{folder}/memmap_on_memory", "")
            device.kmem = {path.rsplit("/", 1)[1]: value for path, value in files.items()
                           if path.startswith(f"{folder}/kmem/")}
            for path, value in files.items():
                if re.fullmatch(rf"{folder}/mapping\d+/start", path):
                    start, end = int(value, 0), int(files[path.replace("/start", "/end")], 0) + 1
                    device.blocks += range(-(-start // BLOCK), end // BLOCK)
        return devices

    @staticmethod
    def _read_regions(files, links):
        # .../endpoint2/decoder2.0 belongs to the memdev that endpoint2/uport leads to.
        owners = {path.split("/")[3]: target.split("/")[-2] for path, target in links.items() if "/decoder" in path}
        regions = {}
        for path, value in files.items():
            match = re.fullmatch(r"bus/cxl/devices/(region\d+)/(\w+)", path)
            if not match:
                continue
            region = regions.setdefault(match[1], Region(match[1]))
            if match[2] == "size":
                region.size = int(value, 0)
            elif match[2] == "commit":
                region.commit = value
            elif value:
                region.memdevs.append(links.get(f"bus/cxl/devices/{owners.get(value)}/uport", "").rsplit("/", 1)[-1])
        return regions

    # -- questions --------------------------------------------------------------------------------------------

    def regions_of(self, serial):
        """The regions on the expander with this serial number."""
        memdev = self.memdevs.get(serial)
        return [region for region in self.regions.values() if memdev and memdev in region.memdevs]

    def dax_of(self, serial):
        """The dax device of the expander with this serial number, or None."""
        for region in self.regions_of(serial):
            for device in self.dax.values():
                if f"/{region.name}/" in device.path:
                    return device
        return None

    def blocks(self, device):
        """The states of a dax device's memory blocks, in order; "absent" for one that was not added."""
        return [self.states.get(block, "absent") for block in device.blocks]

    def blocks_of(self, serial):
        """The same for an expander; [] when it has no dax device."""
        device = self.dax_of(serial)
        return self.blocks(device) if device else []


# A DRAM node's pages that are neither free (nor on a CPU's free list) nor a process's or a file's: memmaps, slab, page tables, stacks.
_KERNEL_DRAM = r"""
sync; echo 3 >/proc/sys/vm/drop_caches; sleep 0.5
awk '/^Node 0,/ { on = 1 } /^Node [^0]/ { on = 0 } on && $1 == "count:" { listed += $2 } END { print listed * 4 }' /proc/zoneinfo
awk '$3 == "MemTotal:" { total = $4 } $3 ~ /^(MemFree|FilePages|AnonPages):/ { other += $4 } END { print total - other }' \
	/sys/devices/system/node/node0/meminfo
"""


def kernel_dram(guest):
    """Bytes of DRAM (node 0) that the kernel uses for itself, once three looks in a row agree within 128 KiB: the difference between two
    of these is what adding memory in between has cost. MemFree alone would also count what the log and the CPUs' lists took."""
    samples = []
    while len(samples) < 30:
        listed, used = map(int, guest.run(_KERNEL_DRAM).out.split())
        samples.append((used - listed) * 1024)
        if len(samples) >= 3 and max(samples[-3:]) - min(samples[-3:]) <= MIB // 8:
            return sorted(samples[-3:])[1]
    raise GuestError(f"the kernel's use of DRAM does not settle: {[sample // 1024 for sample in samples]} KiB")


# Blocks through their nodes: valid_zones of one that has no node yet must not be read (lib/inventory/blocks.h).
_SEE = r"""
cd /sys
echo '== files'
grep -sH '' devices/system/memory/auto_online_blocks devices/system/node/node*/memory*/{state,valid_zones} \
	bus/dax/devices/*/{size,target_node,memmap_on_memory} bus/dax/devices/*/mapping*/{start,end} bus/dax/devices/*/kmem/* \
	bus/cxl/devices/region*/{size,commit,target*} bus/cxl/devices/decoder*/dpa_size bus/cxl/devices/mem*/serial
echo '== links'
find bus/dax/devices bus/dax/devices/*/driver bus/cxl/devices bus/cxl/devices/endpoint*/uport -maxdepth 1 -type l -printf '%p %l\n' 2>/dev/null
echo '== iomem'; awk '/CXL Window|Persistent Memory/ { on = 1; print; next } /^[^ ]/ { on = 0 } on' /proc/iomem
echo '== meminfo'; cat /proc/meminfo
echo '== nodes'; cat devices/system/node/node*/meminfo
"""


def see(guest):
    """The machine's memory now."""
    parts = re.split(r"^== (\w+)\n", guest.run(_SEE).out, flags=re.MULTILINE)
    return Machine(dict(zip(parts[1::2], parts[2::2])))


def wait_for(guest, condition, what, timeout=60):
    """Look at the machine until condition(machine) holds; returns that machine."""
    deadline = time.monotonic() + timeout
    while True:
        machine = see(guest)
        if condition(machine):
            return machine
        if time.monotonic() > deadline:
            raise GuestError(f"not seen within {timeout} s: {what}; memory blocks {machine.states}, dax devices {machine.dax}, "
                             f"regions {machine.regions}\n{log(guest)}")
        time.sleep(0.2)


def wait_online(guest, serial, size, zone="Movable", timeout=90):
    """Wait until all of an expander is online in a zone, by itself; returns the Machine."""
    blocks = [zone] * (size // BLOCK)
    return wait_for(guest, lambda machine: machine.blocks_of(serial) == blocks, f"{serial:#x} online in {zone}", timeout)


class Plugged:
    """An expander in a port for the length of a `with`; afterwards the daemon runs and the expander is out, drained before.

    with Plugged(guest, 1, serial=0x5678) as expander:
        wait_online(guest, expander.serial, expander.size)
    """

    def __init__(self, guest, port, serial, size=512 * MIB):
        self.guest, self.port, self.serial, self.size = guest, port, serial, size
        self.device = None

    def __enter__(self):
        self.plug()
        return self

    def plug(self):
        """Put it (back) in."""
        self.device = self.guest.plug_expander(self.port, f"{self.size // MIB}M", self.serial)

    def unplug(self):
        """Press the button and wait until it is out."""
        self.guest.unplug(self.device)
        self.device = None

    def ejected(self):
        """Wait until the guest has let it go by itself."""
        self.guest.wait_unplugged(self.device)
        self.device = None

    def pull(self):
        """Tear it out."""
        self.guest.surprise_unplug(self.device)
        self.device = None

    def __exit__(self, *_):
        if not self.device:
            return
        self.guest.run("systemctl unmask --runtime kmemd; systemctl start kmemd", timeout=120, check=False)
        result = kmemctl(self.guest, f"drain {self.serial:#x}")
        if result.rc not in (0, 5):
            raise GuestError(f"the expander {self.serial:#x} cannot be drained after the test: {result.err}")
        self.pull()


# -- the daemon ----------------------------------------------------------------------------------------------------------

def log(guest, cursor=""):
    """What kmemd and its worker said, since the cursor of log_cursor() or since the boot."""
    since = f"--after-cursor='{cursor}'" if cursor else ""
    return guest.run(f"journalctl --no-pager -o cat -t kmemd {since}", check=False).out


def log_cursor(guest):
    """The present end of the log, for log() and has_log()."""
    guest.run("echo a test looks at the log from here | systemd-cat -t kmemd-test && journalctl --sync")
    return guest.wait_until("journalctl -n1 -o cat -t kmemd-test --show-cursor --no-pager | sed -n 's/^-- cursor: //p' | grep .").out.strip()


def has_log(guest, cursor, pattern, timeout=30):
    """Wait until the log after a cursor has a line that matches; returns the match."""
    deadline = time.monotonic() + timeout
    while True:
        text = log(guest, cursor)
        match = re.search(pattern, text, re.MULTILINE)
        if match or time.monotonic() > deadline:
            assert match, f"no line of the log matches {pattern!r}:\n{text}"
            return match
        time.sleep(0.2)


def wait_idle(guest, timeout=90):
    """Wait until the daemon runs, no worker does, and none is about to be started."""
    guest.wait_until("settled() { systemctl show kmemd -P StatusText | grep -q ^Idle && ! pgrep -x kmemd-worker; }; "
                     "systemctl is-active --quiet kmemd && udevadm settle && settled && sleep 0.3 && settled", timeout=timeout)


def records(guest):
    """Names of the devices of which kmemd keeps a record that says more than that it is as policy wants it."""
    return guest.run("cd /run/kmemd/devices 2>/dev/null && cat -- *.json 2>/dev/null | jq -s 'map(select(.state != \"left\") | {(.device): .state}) | add // {}'",
                     check=False).json() or {}


def kmemctl(guest, arguments, timeout=150):
    """Run kmemctl; returns its Result, whatever its exit code."""
    return guest.run(f"kmemctl {arguments}", timeout=timeout, check=False)
