# SPDX-License-Identifier: GPL-2.0-or-later
"""The main job on Debian's 6.12 with our driver: expanders come online by themselves and carry their own memmap, are drained,
unplugged and plugged again; and whichever process is killed on the way, the machine ends as policy says.

The kernel of this guest onlines new memory by itself, into a zone of its own choice: Debian's default.
"""
import re
import time

import pytest

from . import cxl_verbs, kmemd
from .guest import Expander
from .kmemd import BLOCK, MEMMAP, MIB, POLICY, Plugged, has_log, kmemctl, log, log_cursor, records, see, wait_for, wait_idle, wait_online

GIB = 1024 * MIB
AT_BOOT, SECOND, THIRD, IGNORED = 0x1234, 0x5678, 0x9abc, 0x6666


@pytest.fixture(scope="module")
def guest(boot_guest):
    """One expander at boot, two empty ports, and a policy file that ignores one serial number."""
    ignore = f"[Match]\nKind=cxl-ram\nSerial={IGNORED:#x}\n\n[Memory]\nMode=ignore\n"
    options = kmemd.options(expanders=[Expander("1G", serial=AT_BOOT)], ports=2, files={f"{POLICY}/10-ignore.conf": ignore})
    options["overlays"].append(kmemd.overlay("programs"))
    guest = boot_guest(**options)
    wait_online(guest, AT_BOOT, GIB)
    wait_idle(guest)
    return guest


@pytest.fixture(autouse=True)
def in_order(guest):
    """After every test: the machine's setting is as it was, nothing of a job is left, no unit has failed."""
    yield
    wait_idle(guest)
    assert see(guest).auto_online == "online"
    assert guest.run("ls /run/kmemd").out.split() == ["devices", "lock", "status.json"]
    assert guest.failed_units() == []


def test_expander_present_at_boot_is_online_with_its_memmap_on_itself(guest):
    machine = see(guest)
    region, = machine.regions_of(AT_BOOT)
    assert (region.size, region.commit) == (GIB, "1")
    dax = machine.dax_of(AT_BOOT)
    assert (dax.driver, dax.size, dax.memmap_on_memory) == ("kmem", GIB, "1")
    assert machine.blocks(dax) == ["Movable"] * 8
    assert machine.nodes[dax.node]["MemTotal"] == 8 * (BLOCK - MEMMAP)
    assert (dax.kmem["blocks_self_hosted"], dax.kmem["memmap_dram_bytes"]) == ("8", "0")
    # What Debian's tools make of it.
    shown, = guest.run("daxctl list").json()
    assert (shown["chardev"], shown["mode"], shown["movable"], shown["online_memblocks"]) == (dax.name, "system-ram", True, 8)
    assert [entry["region"] for entry in guest.run("cxl list -R").json()] == [region.name]
    assert "50-cxl-ram.conf" in log(guest)


def test_hotplug_drain_unplug_and_again(guest):
    before, dram_before = see(guest), kmemd.kernel_dram(guest)
    cursor = log_cursor(guest)
    began = time.monotonic()
    with Plugged(guest, 1, SECOND, GIB) as expander:
        machine = wait_online(guest, SECOND, GIB)
        seconds = time.monotonic() - began
        wait_idle(guest)
        assert machine.total - before.total == 8 * (BLOCK - MEMMAP)
        # Beside the arithmetic of MemTotal: 16 MiB would be missing from DRAM if the memmap were there.
        dram = kmemd.kernel_dram(guest) - dram_before
        print(f"plugged to seen online {seconds:.1f} s; DRAM used by the kernel {dram / MIB:+.2f} MiB for 1 GiB")
        assert dram < 4 * MIB
        assert sum("System RAM (kmem)" in line for line in machine.reserved) == 2   # one line a device, not one a block
        has_log(guest, cursor, r"^mem\d: system-ram by /usr/lib/kmemd/policy.d/50-cxl-ram.conf")

        result = kmemctl(guest, f"drain {SECOND:#x}")
        assert result.rc == 0, result.err
        drained = see(guest)
        assert (drained.states, drained.regions, drained.dax.keys(), drained.decoders, drained.reserved, drained.total) == (
            before.states, before.regions, before.dax.keys(), before.decoders, before.reserved, before.total)
        memdev = drained.memdevs[SECOND]
        assert [entry["region"] for entry in guest.run("cxl list -R").json()] == list(before.regions)
        decoders = guest.run("cxl list -D -d endpoint").json() or []
        assert {entry["decoder"] for entry in decoders if "region" in entry or entry.get("dpa_size")} == before.decoders.keys()
        entry, = guest.run(f"cxl list -M -m {memdev}").json()
        assert entry["ram_size"] == GIB

        assert list(records(guest).values()) == ["held"]
        for disturbance in ("udevadm trigger --settle --subsystem-match=cxl --subsystem-match=dax --subsystem-match=memory",
                            "systemctl restart kmemd", "systemctl reload kmemd"):
            guest.run(disturbance)
            time.sleep(1)
            wait_idle(guest)
            held = see(guest)
            assert (held.regions, held.states) == (before.regions, before.states), disturbance

        expander.unplug()
        guest.wait_until("! grep -q held /run/kmemd/devices/*.json")
        gone = see(guest)
        assert SECOND not in gone.memdevs and gone.nodes.keys() == before.nodes.keys()
        assert (gone.states, gone.regions, gone.reserved, gone.total) == (
            before.states, before.regions, before.reserved, before.total)

        expander.plug()
        again = wait_online(guest, SECOND, GIB)
        assert again.total == machine.total


def test_apply_lifts_the_hold_of_a_drain(guest):
    with Plugged(guest, 1, SECOND) as expander:
        wait_online(guest, SECOND, expander.size)
        wait_idle(guest)
        assert kmemctl(guest, f"drain {SECOND:#x}").rc == 0
        explained = kmemctl(guest, f"explain {SECOND:#x}")
        assert explained.rc == 0 and "held" in explained.out and "kmemctl apply" in explained.out
        result = kmemctl(guest, f"apply {SECOND:#x}")
        assert result.rc == 0, result.err
        assert see(guest).blocks_of(SECOND) == ["Movable"] * 4
        assert records(guest) == {}


def test_two_expanders_plugged_at_the_same_moment(guest):
    # They are of one size: what is there when the daemon looks makes one region together, what comes a moment later one of its own.
    def online(machine):
        devices = [machine.dax_of(serial) for serial in (SECOND, THIRD)]
        states = {block: machine.states.get(block) for dax in devices if dax for block in dax.blocks}
        return all(devices) and list(states.values()) == ["Movable"] * 8

    with Plugged(guest, 1, SECOND), Plugged(guest, 2, THIRD):
        machine = wait_for(guest, online, "both expanders online", 90)
        wait_idle(guest)
        assert machine.nodes[machine.dax_of(SECOND).node]["MemTotal"] == 16 * (BLOCK - MEMMAP)


def test_two_are_drained_and_ejected_at_once(guest):
    """Their slots lose power, which QEMU answers by letting go of the cards; what is left is as it was before."""
    before = see(guest)
    with Plugged(guest, 1, SECOND) as second:
        wait_online(guest, SECOND, second.size)
        wait_idle(guest)
        third = Plugged(guest, 2, THIRD)
        third.plug()
        wait_online(guest, THIRD, third.size)
        wait_idle(guest)
        slots = {entry["serial"]: entry.get("slot") for entry in kmemctl(guest, "inventory").json()["memdevs"]}
        planned = kmemctl(guest, f"drain -n --eject {SECOND:#x}")
        assert f"power off PCI slot {slots[SECOND]}" in planned.out and SECOND in see(guest).memdevs
        wrong = kmemctl(guest, f"drain --eject {SECOND:#x} mem77")
        assert wrong.rc == 5 and "mem77" in wrong.err and see(guest).blocks_of(SECOND) == ["Movable"] * 4

        result = kmemctl(guest, f"drain --eject {SECOND:#x} {THIRD:#x}")
        assert result.rc == 0, result.err
        for expander, serial in ((second, SECOND), (third, THIRD)):
            assert guest.run(f"cat /sys/bus/pci/slots/{slots[serial]}/power").out == "0\n"
            expander.ejected()
        wait_idle(guest)
        gone = see(guest)
        assert gone.memdevs.keys() == before.memdevs.keys()
        assert (gone.states, gone.regions, gone.reserved, gone.total) == (before.states, before.regions, before.reserved, before.total)
        assert records(guest) == {}
        # What is plugged in again begins a new life.
        second.plug()
        wait_online(guest, SECOND, second.size)
        wait_idle(guest)


def test_others_are_brought_online_while_a_drain_waits(guest):
    """Its memory is held in place: the drain tries again and again, and gives the lock away in between."""
    # Then the node has no other memory that the process could get.
    assert kmemctl(guest, f"drain {AT_BOOT:#x}").rc == 0
    with Plugged(guest, 1, SECOND) as second:
        machine = wait_online(guest, SECOND, second.size)
        wait_idle(guest)
        try:
            guest.run("systemd-run --quiet --unit=locker -p LimitMEMLOCK=infinity -p StandardOutput=truncate:/run/locker "
                      f"lock-memory {machine.dax_of(SECOND).node} 64")
            guest.wait_until("grep -q locked /run/locker", timeout=60)
            guest.run(f"systemd-run --quiet --unit=drainer -p StandardError=truncate:/run/drained kmemctl drain {SECOND:#x} --timeout=300")
            guest.wait_until("[ -e /run/kmemd/waiting-*.json ]", timeout=60)
            with Plugged(guest, 2, THIRD) as third:
                wait_online(guest, THIRD, third.size)
                assert guest.run("systemctl is-active drainer").out == "active\n"
        finally:
            guest.run("systemctl stop locker", check=False)
        guest.wait_until("! systemctl is-active -q drainer", timeout=60)
        assert "done and verified" in guest.run("cat /run/drained").out
        assert SECOND in see(guest).memdevs and not see(guest).regions_of(SECOND)
    assert kmemctl(guest, f"apply {AT_BOOT:#x}").rc == 0
    wait_idle(guest)


def test_through_every_state_by_daxctls_verbs(guest):
    cxl_verbs.through_every_state(guest, AT_BOOT)


def test_policy_says_ignore(guest):
    before = see(guest)
    with Plugged(guest, 1, IGNORED):
        wait_for(guest, lambda machine: IGNORED in machine.memdevs, "the memdev")
        time.sleep(1)
        wait_idle(guest)
        machine = see(guest)
        assert (machine.regions, machine.states, machine.decoders) == (before.regions, before.states, before.decoders)
        explained = kmemctl(guest, f"explain {IGNORED:#x} --json").json()["devices"][0]
        assert (explained["mode"], explained["policy"], explained["steps"]) == ("ignore", f"{POLICY}/10-ignore.conf", [])
        assert {"key": "Memory.Mode", "value": "ignore", "source": f"{POLICY}/10-ignore.conf:6"} in explained["keys"]


KILL = {"the daemon": "kill -KILL $(systemctl show kmemd -P MainPID)",
        "the daemon and its worker": "echo 1 >/sys/fs/cgroup/system.slice/kmemd.service/cgroup.kill"}
# How far the worker has come: it has noted what it changes, or the first memory block is there.
MOMENT = {"while the region is made": """grep -q '"was": *"online"' /run/kmemd/journal.json 2>/dev/null""",
          "during onlining": "set -- /sys/devices/system/memory/memory*; (( $# > blocks ))"}


@pytest.mark.parametrize("whom, moment", [("the daemon", "during onlining"), ("the daemon and its worker", "while the region is made"),
                                          ("the daemon and its worker", "during onlining")])
def test_killed_while_bringing_an_expander_online(guest, whom, moment):
    cursor = log_cursor(guest)
    restarts = int(guest.run("systemctl show kmemd -P NRestarts").out)
    guest.write("/run/kill-it", f"set -- /sys/devices/system/memory/memory*; blocks=$#; rm -f /run/at-kill\nuntil {MOMENT[moment]}; do :; done\n"
                                f"cat /run/kmemd/journal.json >/run/at-kill\n{KILL[whom]}\n")
    guest.run("systemd-run --quiet --unit=kill-it bash /run/kill-it")
    with Plugged(guest, 1, SECOND, GIB):
        guest.wait_until(f"(( $(systemctl show kmemd -P NRestarts) == {restarts + 1} ))", timeout=60)
        print(f"journal when it was killed: {' '.join(guest.read('/run/at-kill').split())}")
        assert "auto_online_blocks" in guest.read("/run/at-kill")    # it had begun
        machine = wait_online(guest, SECOND, GIB)
        wait_idle(guest)
        assert len(machine.regions) == len(machine.decoders) == 2
        # Without its daemon the worker undoes what it has done; killed itself, the next one puts things right.
        said = r"cut short: .*auto_online_blocks is 'online' again" if "worker" in whom else r"cut short|cancelled"
        print(has_log(guest, cursor, rf"^.*({said}).*$")[0])
    guest.run("systemctl reset-failed kill-it", check=False)


def test_stopped_while_bringing_an_expander_online(guest):
    """A clean stop undoes the job under way; the next start does it again."""
    before = see(guest)
    guest.write("/run/stop-it", "set -- /sys/devices/system/memory/memory*; blocks=$#\n"
                                f"until {MOMENT['during onlining']}; do :; done\nsystemctl stop kmemd\n")
    guest.run("systemd-run --quiet --collect --unit=stop-it bash /run/stop-it")
    cursor = log_cursor(guest)
    with Plugged(guest, 1, SECOND, GIB):
        guest.wait_until("! systemctl is-active --quiet stop-it", timeout=120)
        after = see(guest)
        assert (after.states, after.regions, after.decoders, after.total, after.auto_online) == (
            before.states, before.regions, before.decoders, before.total, before.auto_online)
        has_log(guest, cursor, "^mem1: .*cancelled")
        guest.run("systemctl start kmemd")
        wait_online(guest, SECOND, GIB)
        wait_idle(guest)


def test_drain_killed_in_the_middle(guest):
    with Plugged(guest, 1, SECOND, GIB):
        machine = wait_online(guest, SECOND, GIB)
        wait_idle(guest)
        cursor = log_cursor(guest)
        last = machine.dax_of(SECOND).blocks[-1]
        killed = guest.run(f"kmemctl drain {SECOND:#x} >/run/drain.log 2>&1 & drain=$!\n"
                           f"until [ $(</sys/devices/system/memory/memory{last}/state) = offline ]; do :; done\n"
                           "kill -KILL $drain; wait $drain; echo $?; cat /run/kmemd/journal.json").out
        assert killed.splitlines()[0] == "137" and '"drain"' in killed
        # It was not drained, so policy has the last word.
        wait_online(guest, SECOND, GIB)
        has_log(guest, cursor, r"^job 'drain' of \S+ by \S+ \(pid \d+\) was cut short")
        assert records(guest) == {}
        assert kmemctl(guest, f"drain {SECOND:#x}").rc == 0
        assert see(guest).regions_of(SECOND) == []


def test_kmemctl_works_without_the_daemon(guest):
    before = see(guest)
    # Masked, because a new dax device starts it otherwise.
    guest.run("systemctl mask --runtime --now kmemd", timeout=120)
    try:
        assert kmemctl(guest, f"drain {AT_BOOT:#x}").rc == 0
        machine = see(guest)
        assert (machine.regions, machine.decoders, machine.dax) == ({}, {}, {})
        assert before.total - machine.total == 8 * (BLOCK - MEMMAP)
        assert "inactive" in kmemctl(guest, "status").out
        assert kmemctl(guest, "apply").rc == 0  # all devices: what is held stays so
        assert see(guest).regions == {}
        result = kmemctl(guest, f"apply {AT_BOOT:#x}")
        assert result.rc == 0, result.err
        machine = see(guest)
        assert machine.blocks_of(AT_BOOT) == ["Movable"] * 8
        assert (machine.total, machine.auto_online) == (before.total, "online")
    finally:
        guest.run("systemctl unmask --runtime kmemd; systemctl start kmemd", timeout=120)


def test_daemon_at_rest_sleeps_and_is_small(guest):
    wait_idle(guest)
    look = ("pid=$(systemctl show kmemd -P MainPID); cat /proc/$pid/task/*/status; echo children: $(cat /proc/$pid/task/*/children); "
            "ls /proc/$pid/task | wc -l")

    def switches(text):
        return sum(map(int, re.findall(r"ctxt_switches:\s+(\d+)", text)))
    first = guest.run(look).out
    time.sleep(20)
    second = guest.run(look).out
    resident = int(re.search(r"VmRSS:\s+(\d+) kB", second)[1])
    woken = switches(second) - switches(first)
    print(f"resident {resident} KiB, woken {woken} times in 20 s")
    assert resident < 8 * 1024
    # The watchdog is fed every 90 seconds or so.
    assert woken <= 1
    assert re.search(r"children:\s*$", second, re.MULTILINE)
