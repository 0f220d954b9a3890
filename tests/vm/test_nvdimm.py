# SPDX-License-Identifier: GPL-2.0-or-later
"""NVDIMM namespaces on 6.12 and 6.1 with our driver: one that a policy file names becomes system RAM with its memmap on itself or in
DRAM and devdax again; the others, with data on them, are never touched.

NVDIMM memory of a guest is as fast as its RAM, so the figures for DRAM are taken here: on 8 GiB, in the same node as the DRAM.
"""
import re
import time

import pytest

from . import kmemd
from .guest import Nvdimm
from .kmemd import BLOCK, MEMMAP, MIB, POLICY, has_log, kernel_dram, kmemctl, log_cursor, see, wait_for, wait_idle

GIB = 1024 * MIB
FILE = f"{POLICY}/20-nvdimm.conf"


class Namespaces:
    """A guest with three namespaces: a large devdax one, a small devdax one, an fsdax one with data."""

    def __init__(self, guest):
        self.guest = guest
        modes = ["devdax -a 2M", "fsdax", "devdax -a 2M"]
        sizes = sorted(guest.run("ndctl list -N").json(), key=lambda entry: -entry["size"])
        made = [guest.run(f"ndctl create-namespace -f -e {entry['dev']} -m {mode} -M dev", timeout=90).json()
                for entry, mode in zip(sizes, modes)]
        self.large, self.data, self.small = made
        self.dax, self.other = (entry["daxregion"]["devices"][0]["chardev"] for entry in (self.large, self.small))
        self.uuid = self.large["uuid"]
        self.blocks = len(see(guest).dax[self.dax].blocks)  # less than 64: the namespace has a memmap of its own in front
        guest.run(f"head -c 64M /dev/urandom >/dev/{self.data['blockdev']}; head -c 64M /dev/{self.data['blockdev']} | sha256sum >/run/sum")

    def checksum(self):
        """Of what is on the fsdax namespace's medium now, against what was written."""
        self.guest.run(f"echo 3 >/proc/sys/vm/drop_caches; head -c 64M /dev/{self.data['blockdev']} | sha256sum | cmp - /run/sum")

    def untouched(self):
        """The namespaces that no policy names are as they were."""
        shown = {entry["uuid"]: entry for entry in self.guest.run("ndctl list -N").json()}
        assert (shown[self.data["uuid"]]["mode"], shown[self.small["uuid"]]["mode"]) == ("fsdax", "devdax")
        assert see(self.guest).dax[self.other].driver == "device_dax"
        self.checksum()

    def policy(self, text, total):
        """Name the large namespace in a policy file; returns when the daemon has acted on it, and MemTotal is what it should be."""
        self.guest.write(FILE, f"[Match]\nKind=nvdimm\nUuid={self.uuid}\n\n[Memory]\nMode=system-ram\n{text}")
        self.guest.run("systemctl reload kmemd")
        def in_force(machine):
            return self.is_online(machine) and machine.total == total

        wait_for(self.guest, in_force, f"the namespace online and MemTotal {total}", timeout=90)
        wait_idle(self.guest)
        # The kernel may online blocks while the driver still binds; what the driver counts is shown after that.
        machine = see(self.guest)
        assert in_force(machine)
        return machine

    def is_online(self, machine):
        """All of the large namespace is in the Movable zone."""
        return set(machine.blocks(machine.dax[self.dax])) == {"Movable"}

    def drain(self):
        """Take the large namespace out of use; it is devdax then."""
        result = kmemctl(self.guest, f"drain {self.uuid}")
        assert result.rc == 0, result.err
        machine = see(self.guest)
        assert machine.dax[self.dax].driver == "device_dax"
        assert set(machine.blocks(machine.dax[self.dax])) == {"absent"}
        return machine


@pytest.fixture(scope="module", params=["6.12", "6.1"])
def namespaces(request, boot_guest):
    """The guest with its namespaces, one kernel after the other."""
    options = kmemd.options(request.param, nvdimms=[Nvdimm("8320M"), Nvdimm("768M"), Nvdimm("640M")])
    options["overlays"].append(kmemd.overlay("programs"))
    guest = boot_guest(request.param, **options)
    wait_idle(guest)
    return Namespaces(guest)


@pytest.fixture
def guest(namespaces):
    """The guest."""
    return namespaces.guest


@pytest.fixture(autouse=True)
def in_order(guest, namespaces):
    """After every test: no policy of ours, everything out of use, the machine's setting as it was."""
    guest.run("[ -e /run/auto-online ] || cp /sys/devices/system/memory/auto_online_blocks /run/auto-online")
    yield
    guest.run(f"rm -f {FILE}; systemctl stop locker; for dax in {namespaces.dax} {namespaces.other}; do "
              "[ -e /sys/bus/dax/drivers/kmem/$dax ] && kmemctl drain $dax; done", timeout=150, check=False)
    wait_idle(guest)
    assert see(guest).auto_online == guest.run("cat /run/auto-online").out.strip()
    assert guest.run("ls /run/kmemd").out.split() == ["devices", "lock", "status.json"]
    assert guest.failed_units() == []


def test_nothing_persistent_is_touched_that_no_policy_names(guest, namespaces):
    machine = see(guest)
    assert machine.dax[namespaces.dax].driver == "device_dax"
    namespaces.untouched()
    explained = kmemctl(guest, f"explain {namespaces.uuid} --json").json()["devices"][0]
    assert (explained["mode"], explained["policy"], explained["steps"]) == ("ignore", "", [])


def test_kind_without_uuid_is_refused(guest, namespaces):
    cursor = log_cursor(guest)
    guest.write(FILE, "[Match]\nKind=nvdimm\n\n[Memory]\nMode=system-ram\n")
    guest.run("systemctl reload kmemd")
    wait_idle(guest)
    result = kmemctl(guest, f"apply {namespaces.uuid}")
    print(result.err)
    assert result.rc == 3 and "Uuid=" in result.err and FILE in result.err
    has_log(guest, cursor, "Uuid")
    assert see(guest).dax[namespaces.dax].driver == "device_dax"
    namespaces.untouched()


def dram_for_a_gib(guest, namespaces, times):
    """DRAM that the kernel uses for 1 GiB of the large namespace, in MiB: the smallest of some times in and out of use. What the kernel
    takes once and keeps (the first memory in the Movable zone) is in the first of them only, and what it
    frees a moment later is in some of them."""
    out, differences = kernel_dram(guest), []
    for _ in range(times):
        assert kmemctl(guest, f"apply {namespaces.uuid}").rc == 0
        wait_idle(guest)
        used = kernel_dram(guest)
        namespaces.drain()
        wait_idle(guest)
        again = kernel_dram(guest)
        differences.append((used - (out + again) / 2) / MIB / (namespaces.blocks * BLOCK / GIB))
        out = again
    print(f"{guest.release}: MiB of DRAM for 1 GiB: {', '.join(f'{difference:.3f}' for difference in differences)}")
    return min(differences)


def test_named_by_uuid_with_the_memmap_on_the_device(guest, namespaces):
    before = see(guest)
    began = time.monotonic()
    machine = namespaces.policy("", before.total + namespaces.blocks * (BLOCK - MEMMAP))
    print(f"{guest.release}: {namespaces.blocks} blocks online after {time.monotonic() - began:.1f} s")
    dax = machine.dax[namespaces.dax]
    assert (dax.driver, dax.memmap_on_memory, dax.kmem["memmap_dram_bytes"]) == ("kmem", "1", "0")
    assert dax.kmem["blocks_self_hosted"] == str(namespaces.blocks)
    shown = next(entry for entry in guest.run("daxctl list").json() if entry["chardev"] == dax.name)
    assert (shown["mode"], shown["movable"]) == ("system-ram", True)
    namespaces.untouched()
    after = namespaces.drain()
    assert (after.total, after.states) == (before.total, before.states)
    assert dram_for_a_gib(guest, namespaces, 3) <= 0.1


def test_named_by_uuid_with_the_memmap_in_dram(guest, namespaces):
    before = see(guest)
    assert kmemctl(guest, f"apply {namespaces.uuid}").rc == 0   # lifts the hold; no policy names it
    machine = namespaces.policy("MemmapOnMemory=no\n", before.total + namespaces.blocks * BLOCK)
    assert machine.dax[namespaces.dax].memmap_on_memory == "0"
    # The other way round while it is in use: policy moves the memmap over, and back.
    namespaces.policy("MemmapOnMemory=yes\n", before.total + namespaces.blocks * (BLOCK - MEMMAP))
    namespaces.policy("MemmapOnMemory=no\n", before.total + namespaces.blocks * BLOCK)
    namespaces.untouched()
    assert namespaces.drain().total == before.total
    assert 15.9 <= dram_for_a_gib(guest, namespaces, 1) <= 16.5


def test_switch_of_a_device(guest, namespaces):
    for word, value in (("on", "1"), ("off", "0"), ("off", "0")):
        assert kmemctl(guest, f"memmap {namespaces.uuid} {word}").rc == 0
        assert see(guest).dax[namespaces.dax].memmap_on_memory == value


def test_memory_that_cannot_be_moved_away(guest, namespaces):
    # User memory goes into the Movable zone first, and that is the small namespace here.
    before = see(guest)
    guest.write(FILE, f"[Match]\nUuid={namespaces.small['uuid']}\n\n[Memory]\nMode=system-ram\n")
    assert kmemctl(guest, f"apply {namespaces.small['uuid']}").rc == 0
    machine = see(guest)
    blocks = machine.blocks(machine.dax[namespaces.other])
    assert blocks == ["Movable"] * len(blocks) and blocks
    try:
        guest.run("systemd-run --quiet --unit=locker -p LimitMEMLOCK=infinity -p StandardOutput=truncate:/run/locker "
                  "lock-memory 0 64")
        guest.wait_until("grep -q locked /run/locker", timeout=60)
        pid = guest.run("systemctl show locker -P MainPID").out.strip()
        began = time.monotonic()
        result = kmemctl(guest, f"drain {namespaces.small['uuid']} --timeout=5")
        seconds = time.monotonic() - began
        print(f"given up after {seconds:.1f} s:\n{result.err}")
        message = result.err.splitlines()[-1]
        assert result.rc == 1 and seconds < 15
        assert namespaces.other in message and re.search(rf"process {pid} \(lock-memory\) has \S+ MiB (there|on node \d+) and locks 64 MiB", message)
        assert any(f"memory{block} " in message for block in machine.dax[namespaces.other].blocks)
        assert see(guest).states == machine.states     # each back in its zone
    finally:
        guest.run("systemctl stop locker", check=False)
    assert kmemctl(guest, f"drain {namespaces.small['uuid']}").rc == 0
    assert see(guest).states == before.states
