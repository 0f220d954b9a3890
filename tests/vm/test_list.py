# SPDX-License-Identifier: GPL-2.0-or-later
"""kmemctl list in daxctl list's place: the same bytes for every option and state of the devices (without the members that are ours), and the
budgets of system calls, with our driver and with the kernel's own. daxctl is Debian's, version 81, in the same guest.
"""
import json

import pytest

from . import figures, kmemd
from .guest import Expander, Nvdimm
from .kmemd import kmemctl, see

OURS = {"driver", "hotplug_state", "kind", "origin", "identities", "memdevs", "blocks", "memmap"}
OPTIONS = ["", "-R", "-D", "-i", "-M", "-u", "-RDMiu", "-d {large}", "-d {tuple} -u", "-d all -M", "-r {id}", "-r region{id} -D -u",
           "--regions --devices --mappings --idle", "-d {small} -R -D", "--dev={small} --human"]
# Both programs with one set of options after the other; the outputs in JSON strings, because their bytes count.
_BOTH = """while read -r -a options; do for program in daxctl kmemctl; do
	$program list "${options[@]}" >/run/out 2>/run/err; rc=$?
	jq -n -c --rawfile out /run/out --rawfile err /run/err --arg rc $rc '[$out, $err, ($rc | tonumber)]'
done; done"""
UNPRIVILEGED = "setpriv --reuid=65534 --regid=65534 --clear-groups"
FIXED_CALLS = 300       # what a command that shows something may take besides its blocks
# One that changes something reads and writes its lock, journal and record, too, and tells the system's journal.
CHANGING_CALLS = 500
RULE_CALLS = 5          # stat, open, read twice, close
# A block is looked at for the plan (open, read, close), written by a child that keeps what it has opened (open and write the state, open and read
# the zones), and looked at again afterwards: by the same child when it goes online; by everybody's address, with a new open, when it goes offline.
BLOCK_CALLS = {"online-memory": 7, "offline-memory": 10}
PROGRESS_CALLS = 40     # the child tells its parent how far it is; how often depends on how fast the blocks are
_RULES = "find /etc/udev/rules.d /run/udev/rules.d /usr/lib/udev/rules.d -name '*.rules' 2>/dev/null | wc -l"


def layout(value):
    """As json-c prints it for daxctl."""
    return json.dumps(value, indent=2, separators=(",", ":")).replace("/", "\\/") + "\n"


def without_ours(value):
    """What is left for somebody who knows daxctl's members."""
    if isinstance(value, list):
        return [without_ours(item) for item in value]
    if isinstance(value, dict):
        return {key: without_ours(item) for key, item in value.items() if key not in OURS}
    return value


class Devices:
    """A guest with a large and a small devdax namespace, and on 6.12 two expanders that are free."""

    def __init__(self, guest):
        self.guest = guest
        guest.run("udevadm settle")
        entries = sorted(guest.run("ndctl list -N").json(), key=lambda entry: -entry["size"])
        made = [guest.run(f"ndctl create-namespace -f -e {entry['dev']} -m devdax -a 2M -M dev", timeout=90).json() for entry in entries]
        self.uuids = [entry["uuid"] for entry in made]
        self.large, self.small = (entry["daxregion"]["devices"][0]["chardev"] for entry in made)
        self.blocks = {name: see(guest).dax[name].blocks for name in (self.large, self.small)}

    def driver(self, name, driver, memmap=False):
        """Bind a dax device, by hand, to a driver or to none."""
        path = f"/sys/bus/dax/devices/{name}"
        self.guest.run(f"[ ! -e {path}/driver ] || echo {name} >{path}/driver/unbind")
        if driver == "kmem" and memmap:
            self.guest.run(f"echo 1 >{path}/memmap_on_memory")
        if driver:
            self.guest.run(f"modprobe {driver} 2>&1; cd /sys/bus/dax/drivers/{driver}; echo {name} >new_id; [ -e {path}/driver ] || "
                           f"echo {name} >bind; [ -e {path}/driver ]", timeout=120)

    def write(self, name, word, which=slice(None)):
        """Write to the states of some blocks."""
        blocks = " ".join(map(str, self.blocks[name][which]))
        self.guest.run(f"cd /sys/devices/system/memory; for block in {blocks}; do echo {word} >memory$block/state || exit 1; done", timeout=120)

    def both(self, options=tuple(OPTIONS)):
        """Lists by both programs: (options, daxctl's (out, err, rc), kmemctl's)."""
        names = {"large": self.large, "small": self.small, "tuple": self.large[3:], "id": self.large[3:].split(".")[0]}
        options = [option.format(**names) for option in options]
        lines = [json.loads(line) for line in self.guest.run(_BOTH, stdin="\n".join(options) + "\n", timeout=240).out.splitlines()]
        return list(zip(options, lines[0::2], lines[1::2]))

    def assert_same(self):
        """The same bytes for all options."""
        for options, (wanted, _, rc), (got, err, our_rc) in self.both():
            assert (rc, our_rc, err) == (0, 0, ""), (options, err)
            assert got == layout(json.loads(got)), f"list {options} is not in json-c's layout"
            assert layout(without_ours(json.loads(got))) == wanted, f"list {options}"

    def calls(self, command):
        """System calls of a command, process start included."""
        self.guest.run(f"strace -f -c -o /run/calls {command} >/dev/null", timeout=120)
        return int(self.guest.run("awk '$NF == \"total\" { print $4 }' /run/calls").out)

    def assert_told(self, name):
        """The blocks by state, as sysfs shows them."""
        machine = see(self.guest)
        listed, = kmemctl(self.guest, f"list -d {name}").json()
        states = machine.blocks(machine.dax[name])
        words = {"Movable": "movable", "Normal": "kernel", "offline": "offline", "absent": "absent"}
        wanted = {word: states.count(state) for state, word in words.items()}
        assert {word: listed["blocks"][word] for word in wanted} == wanted and listed["blocks"]["total"] == len(states)


@pytest.fixture(scope="module", params=["6.12", "6.1", "7.3"])
def devices(request, boot_guest):
    """One kernel after the other; nothing is done to devices but by the tests."""
    more = {"expanders": [Expander("512M", serial=0x1234), Expander("512M", serial=0x5678)]} if request.param == "6.12" else {}
    guest = boot_guest(request.param, **kmemd.options(
        request.param, service=False, cmdline="memhp_default_state=offline", nvdimms=[Nvdimm("4224M"), Nvdimm("640M")],
        **more))
    return Devices(guest)


def test_devdax_is_listed_as_by_daxctl(devices):
    devices.assert_same()
    for (_, (wanted, _, rc), (got, err, our_rc)) in devices.both(["-d dax9.9", "-r 77", "-d {large} -r 77"]):
        assert (wanted, rc, got, our_rc) == ("", 0, "", 5) and "is called" in err
    assert kmemctl(devices.guest, f"list dax9.9 {devices.large}").json()[0]["chardev"] == devices.large


def test_system_ram_is_listed_as_by_daxctl(devices):
    devices.driver(devices.large, "kmem")
    devices.driver(devices.small, None)
    devices.assert_same()           # all offline; the small one disabled
    devices.write(devices.large, "online_movable", slice(0, 12))
    devices.assert_told(devices.large)
    devices.assert_same()           # partly online
    devices.write(devices.large, "online_movable", slice(12, None))
    devices.assert_same()           # movable


def test_users_see_what_daxctl_shows_them(devices):
    for options in ("", "-R -D", "-M"):
        wanted = devices.guest.run(f"{UNPRIVILEGED} daxctl list {options} 2>/dev/null").out
        got = devices.guest.run(f"{UNPRIVILEGED} kmemctl list {options}").json()
        # With the driver's counters there is more to tell than without the ranges.
        for entry in got:
            for device in entry.get("devices", [entry]):
                for member in ("online_memblocks", "total_memblocks", "movable"):
                    device.pop(member, None)
        assert layout(without_ours(got)) == wanted


def test_people_get_a_table(devices):
    table = devices.guest.run("script -qec 'kmemctl list' /dev/null").out.replace("\r", "")
    assert table.splitlines()[0].split() == ["DAX", "NODE", "SIZE", "MODE", "BLOCKS", "MEMMAP", "ORIGIN", "IDENTITY", "STATE"]
    row, = [line for line in table.splitlines() if line.startswith(devices.large)]
    assert f"{len(devices.blocks[devices.large])} movable" in row and f"nvdimm:{devices.uuids[0]}" in row and " dram " in row
    assert ("mem0" in table and "kmemctl status" in table) == (devices.guest.release.startswith("6.12"))
    assert devices.guest.run("script -qec 'kmemctl list -D' /dev/null").out.startswith("[")
    assert devices.guest.run("kmemctl list --json=off").out.startswith("DAX ")


def test_status_has_all_devices(devices):
    status = kmemctl(devices.guest, "status --json").json()
    assert {"daemon", "records", "host", "devices"} <= set(status)
    by_name = {entry["identity"]: entry for entry in status["devices"]}
    assert {f"nvdimm:{uuid}" for uuid in devices.uuids} <= set(by_name)
    if devices.guest.release.startswith("6.12"):
        assert by_name["cxl-ram:0x1234"]["daxdevs"] == []
    large = by_name[f"nvdimm:{devices.uuids[0]}"]["daxdevs"][0]
    assert large["blocks"]["movable"] == large["blocks"]["total"] == len(devices.blocks[devices.large])
    text = devices.guest.run("kmemctl status").out
    assert text.startswith("daemon: ") and devices.uuids[0] in text
    assert devices.guest.run(f"{UNPRIVILEGED} kmemctl status").out.startswith("daemon: ")


def test_our_driver_makes_it_independent_of_the_blocks(devices):
    """A device with ten times the blocks is listed with the same system calls."""
    large = devices.calls(f"kmemctl list -d {devices.large}")
    devices.write(devices.large, "offline")
    devices.driver(devices.large, "device_dax")
    devices.driver(devices.small, "kmem")
    small = devices.calls(f"kmemctl list -d {devices.small}")
    figures.say(f"kmemctl list on {devices.guest.release}: {large} system calls for {len(devices.blocks[devices.large])} blocks, "
                f"{small} for {len(devices.blocks[devices.small])}, with our driver")
    assert large == small <= FIXED_CALLS
    devices.driver(devices.small, "device_dax")


def test_the_kernels_driver_takes_three_calls_a_block(devices):
    devices.guest.run("rmmod kmem; insmod $(find /usr/lib/modules/$(uname -r)/kernel/drivers/dax -name 'kmem.ko*') && "
                      "! modinfo -F version kmem | grep -q . || [ ! -e /sys/module/kmem/version ]")
    counts = {}
    for name in (devices.large, devices.small):
        devices.driver(name, "kmem")
        devices.write(name, "online_movable")
        devices.assert_told(name)
        counts[name] = devices.calls(f"kmemctl list -d {name}")
    devices.assert_same()
    many, few = (len(devices.blocks[name]) for name in (devices.large, devices.small))
    every, by_daxctl = devices.calls("kmemctl list"), devices.calls("daxctl list")
    figures.say(f"kmemctl list on {devices.guest.release}: {counts[devices.large]} system calls for {many} blocks, "
                f"{counts[devices.small]} for {few}, with the kernel's driver; {every} for both, daxctl {by_daxctl}")
    assert counts[devices.large] - counts[devices.small] == 3 * (many - few)
    assert counts[devices.large] <= 3 * many + FIXED_CALLS and every <= 3 * (many + few) + FIXED_CALLS < by_daxctl
    for name in (devices.large, devices.small):
        devices.write(name, "offline")
        devices.driver(name, "device_dax")


def test_changing_takes_a_few_calls_a_block(devices):
    """The looks at every block's zone before and afterwards included. What takes memory offline reads udev's rules, for one that puts it back."""
    rules = int(devices.guest.run(_RULES).out)
    allowed = {"online-memory": CHANGING_CALLS, "offline-memory": CHANGING_CALLS + RULE_CALLS * rules}
    names = (devices.large, devices.small)
    many, few = (len(devices.blocks[name]) for name in names)
    for name in names:
        devices.driver(name, "kmem")
    for verb, each in BLOCK_CALLS.items():
        large, small = (devices.calls(f"kmemctl {verb} {name}") for name in names)
        figures.say(f"kmemctl {verb} on {devices.guest.release}: {large} system calls for {many} blocks, {small} for {few}, {rules} udev rules")
        assert large - small <= each * (many - few) + PROGRESS_CALLS
        assert large <= each * many + allowed[verb]
    for name in names:
        devices.driver(name, None)


def test_memory_is_added_meanwhile(devices):
    """Before a block is told its node, the kernel does not survive a look at its valid_zones (lib/inventory/blocks.h)."""
    guest = devices.guest
    guest.run("systemd-run --quiet --unit=looker -p StandardError=truncate:/run/looker bash -c "
              "'while :; do kmemctl list -M >/dev/null || exit; kmemctl status >/run/status || exit; : >/run/looked; done'")
    for _ in range(10):
        devices.driver(devices.large, "kmem", memmap=not guest.release.startswith("6.1."))
        guest.run("rm -f /run/looked")
        guest.wait_until("[ -e /run/looked ]")
        devices.driver(devices.large, None)
    assert guest.run("systemctl is-active looker; cat /run/looker", check=False).out == "active\n"
    guest.run("systemctl stop looker")
    assert guest.kernel_problems() == []


def test_all_zones_are_told(devices):
    """The last test: memory of the kernel zone cannot be relied on to go offline again."""
    devices.driver(devices.large, "kmem")
    devices.write(devices.large, "online_movable", slice(4, 9))
    devices.write(devices.large, "online_kernel", slice(0, 3))
    devices.assert_told(devices.large)
    devices.write(devices.large, "online_movable", slice(9, None))
    devices.write(devices.large, "online_kernel", slice(3, 4))
    devices.assert_told(devices.large)
    devices.assert_same()           # all online, in two zones: movable is false
    row, = [line for line in devices.guest.run("kmemctl list --json=off").out.splitlines() if line.startswith(devices.large)]
    assert f"{len(devices.blocks[devices.large]) - 4} movable, 4 kernel" in row
