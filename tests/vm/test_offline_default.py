# SPDX-License-Identifier: GPL-2.0-or-later
"""A kernel that leaves new memory offline and may not put memmaps on the device, a CXL window that is soon full, and everything that can
go wrong: mistakes in policy files, an expander that vanishes, no room for a region, wrong commands. (Memory that cannot be moved
away is in test_nvdimm.py: writing to CXL memory is slow under emulation.)

Each of it gives one clear message and leaves the device as it was.
"""
import pytest

from . import kmemd
from .guest import Expander
from .kmemd import BLOCK, MEMMAP, MIB, POLICY, Plugged, has_log, kmemctl, log_cursor, see, wait_for, wait_idle, wait_online

AT_BOOT, SECOND, LARGE = 0x1234, 0x5678, 0x9abc
HALF = 512 * MIB


@pytest.fixture(scope="module")
def guest(boot_guest):
    """An expander of 512 MiB at boot, one more fits into the window of 1 GiB."""
    guest = boot_guest(**kmemd.options(expanders=[Expander("512M", serial=AT_BOOT)], ports=2, window="1G", memory="1G", memmap=False,
                                       cmdline="memhp_default_state=offline"))
    wait_online(guest, AT_BOOT, HALF)
    wait_idle(guest)
    return guest


@pytest.fixture(autouse=True)
def in_order(guest):
    """Every test begins and ends with the expander of the boot online, and nothing else."""
    before = see(guest)
    yield
    wait_idle(guest)
    machine = see(guest)
    assert machine.blocks_of(AT_BOOT) == ["Movable"] * 4
    assert (machine.states, machine.regions, machine.decoders, machine.reserved, machine.total, machine.auto_online) == (
        before.states, before.regions, before.decoders, before.reserved, before.total, "offline")
    assert guest.run("ls /run/kmemd").out.split() == ["devices", "lock", "status.json"]
    assert guest.failed_units() == []


@pytest.fixture
def without_daemon(guest):
    """No daemon takes part; a new dax device would start it otherwise."""
    guest.run("systemctl mask --runtime --now kmemd", timeout=120)
    yield
    guest.run("systemctl unmask --runtime kmemd; systemctl start kmemd", timeout=120)


def test_online_at_boot_with_the_memmap_in_dram(guest):
    machine = see(guest)
    dax = machine.dax_of(AT_BOOT)
    assert (dax.driver, machine.nodes[dax.node]["MemTotal"]) == ("kmem", 4 * BLOCK)
    shown, = guest.run("daxctl list").json()
    assert (shown["mode"], shown["movable"], shown["online_memblocks"]) == ("system-ram", True, 4)


def test_hotplug_plan_cost_drain_unplug(guest):
    before, dram = see(guest), kmemd.kernel_dram(guest)
    with Plugged(guest, 1, SECOND) as expander:
        machine = wait_online(guest, SECOND, HALF)
        wait_idle(guest)
        assert machine.total - before.total == 4 * BLOCK
        dram = kmemd.kernel_dram(guest) - dram
        print(f"DRAM used by the kernel {dram / MIB:+.2f} MiB for 512 MiB")
        assert 4 * MEMMAP - MIB < dram < 4 * MEMMAP + 3 * MIB
        assert kmemctl(guest, f"drain {SECOND:#x}").rc == 0
        plan = kmemctl(guest, f"plan {SECOND:#x} --json").json()["devices"][0]
        assert sum(step["memmap_dram_bytes"] for step in plan["steps"]) == 4 * MEMMAP
        assert "memory_hotplug.memmap_on_memory=on" in plan["note"]
        expander.unplug()


@pytest.mark.parametrize("text, line, named", [
    ("[Match]\nKind=cxl-ram\n[Memmory]\nMode=ignore\n", 3, ["Memmory", "[Memory]"]),
    ("[Match]\nKind=cxl-ram\n\n[Memory]\nMod=ignore\n", 5, ["Mod", "Mode"]),
    ("[Match]\nKind=cxl-ram\n\n[Memory]\nMode=sysram\n", 5, ["Mode=sysram", "system-ram"]),
    ("[Match]\nKind=cxl-ram\nSize=>=12Q\n\n[Memory]\nMode=ignore\n", 3, ["12Q", "K, M, G"]),
], ids=["section", "key", "value", "size"])
def test_mistake_in_a_policy_file_is_named_and_keeps_its_devices(guest, text, line, named):
    path = f"{POLICY}/05-mistake.conf"
    cursor = log_cursor(guest)
    guest.write(path, text)
    try:
        result = kmemctl(guest, "policy check")
        assert result.rc == 1
        told, = [one for one in (result.out + result.err).splitlines() if one.startswith(f"{path}:{line}: ")]
        assert all(word in told for word in named), told
        guest.run("systemctl reload kmemd")
        wait_idle(guest)
        has_log(guest, cursor, rf"^{path}:{line}: .*devices that the file may be about are left alone")
        explained = kmemctl(guest, f"explain {AT_BOOT:#x} --json").json()["devices"][0]
        # It is in use and stays so: no file that is tried later may change it.
        assert explained["policy"] == path and not explained["steps"] and not explained["refused"]
    finally:
        guest.run(f"rm {path}; systemctl reload kmemd")


def test_expander_waits_until_the_file_that_may_be_about_it_is_corrected(guest):
    path = f"{POLICY}/05-mistake.conf"
    cursor = log_cursor(guest)
    guest.write(path, "[Match]\nKind=cxl-ram\n\n[Memory]\nMode=sysram\n")
    try:
        with Plugged(guest, 1, SECOND) as expander:
            has_log(guest, cursor, rf"{path}:5 has a mistake and may be about it", timeout=90)
            wait_idle(guest)
            machine = see(guest)
            assert (machine.blocks_of(SECOND), machine.blocks_of(AT_BOOT)) == ([], ["Movable"] * 4)
            assert kmemctl(guest, f"apply {SECOND:#x}").rc == 3
            guest.run(f"rm {path}; systemctl reload kmemd")
            wait_online(guest, SECOND, HALF)
            wait_idle(guest)
            assert kmemctl(guest, f"drain {SECOND:#x}").rc == 0
            expander.unplug()
    finally:
        guest.run(f"rm -f {path}; systemctl reload kmemd")


def test_drop_in_that_leaves_memory_offline(guest):
    folder = f"{POLICY}/50-cxl-ram.conf.d"
    guest.write(f"{folder}/10-offline.conf", "[Memory]\nOnline=no\n")
    try:
        with Plugged(guest, 1, SECOND) as expander:
            wait_for(guest, lambda machine: machine.blocks_of(SECOND) and "absent" not in machine.blocks_of(SECOND), "its blocks", 90)
            wait_idle(guest)
            machine = see(guest)
            assert machine.dax_of(SECOND).driver == "kmem"
            assert (machine.blocks_of(SECOND), machine.blocks_of(AT_BOOT)) == (["offline"] * 4, ["Movable"] * 4)
            assert kmemctl(guest, f"plan {SECOND:#x} --json").json()["devices"][0]["steps"] == []
            assert kmemctl(guest, f"drain {SECOND:#x}").rc == 0
            expander.unplug()
    finally:
        guest.run(f"rm -r {folder}; systemctl reload kmemd")


def test_policy_directory_that_cannot_be_read(guest):
    cursor = log_cursor(guest)
    # root may read any directory; one that is none cannot be read by anybody.
    guest.run(f"mkdir -p {POLICY}; mv {POLICY} {POLICY}.away; echo no directory >{POLICY}")
    try:
        result = kmemctl(guest, f"apply {AT_BOOT:#x}")
        assert result.rc == 1 and f"cannot read the policy directory {POLICY}" in result.err
        guest.run("systemctl reload kmemd")
        has_log(guest, cursor, rf"^cannot read the policy directory {POLICY}")
        assert see(guest).blocks_of(AT_BOOT) == ["Movable"] * 4
    finally:
        guest.run(f"rm {POLICY}; mv {POLICY}.away {POLICY}; systemctl reload kmemd")


def test_no_room_in_the_window(guest):
    cursor = log_cursor(guest)
    before = see(guest)
    with Plugged(guest, 1, LARGE, 1024 * MIB) as expander:
        wait_for(guest, lambda machine: LARGE in machine.memdevs, "the memdev")
        told = has_log(guest, cursor, r"^mem\d+: no free HPA for a region of 1 GiB: .*$")[0]
        assert "decoder0.0" in told and "512 MiB" in told
        wait_idle(guest)
        guest.run("systemctl reload kmemd")
        result = kmemctl(guest, f"apply {LARGE:#x}")
        assert result.rc == 3 and "no free HPA" in result.err
        assert kmemctl(guest, f"plan {LARGE:#x}").rc == 3
        machine = see(guest)
        assert (machine.regions, machine.decoders, machine.reserved) == (before.regions, before.decoders, before.reserved)
        expander.pull()


# Where kmemctl is slowed down with strace, and what shows that it is there.
VANISHES = {
    "before its region is committed": ("-P /sys/bus/cxl/devices/region1/commit -e inject=openat:delay_enter=6s",
                                       "[ -e /sys/bus/cxl/devices/region1/dev ] || [ -s /sys/bus/cxl/devices/region1/target0 ]"),
    "before its blocks are online": ("-P /sys/devices/system/memory -e inject=openat:delay_enter=1500ms",
                                     "grep -qx offline /sys/devices/system/memory/memory*/state"),
}


@pytest.mark.parametrize("moment", VANISHES)
def test_expander_vanishes_between_planning_and_onlining(guest, without_daemon, moment):
    before = see(guest)
    delay, there = VANISHES[moment]
    with Plugged(guest, 1, SECOND) as expander:
        wait_for(guest, lambda machine: SECOND in machine.memdevs, "the memdev")
        guest.run("udevadm settle")
        guest.run(f"systemd-run --quiet --unit=slow -p StandardError=truncate:/run/slow -p RemainAfterExit=yes "
                  f"strace -o /dev/null -f -e trace=openat {delay} kmemctl apply {SECOND:#x}")
        guest.wait_until(there, timeout=40, interval=0.05)
        expander.pull()
        guest.wait_until("[ $(systemctl show slow -P SubState) != running ]", timeout=90)
        said, code = guest.read("/run/slow"), guest.run("systemctl show slow -P ExecMainStatus").out.strip()
        print(said)
        guest.run("systemctl stop slow; systemctl reset-failed slow", check=False)
        assert code in ("1", "5")
        assert said.splitlines()[-1].startswith("kmemctl: mem")
        machine = see(guest)
        assert (machine.regions, machine.states, machine.reserved) == (before.regions, before.states, before.reserved)


def test_exit_codes(guest):
    for arguments, code, words in (("drain nosuch", 5, "nosuch"), ("explain 0xdead", 5, "0xdead"), ("drian mem0", 2, "drian"),
                                   ("drain", 2, "DEVICE"), ("status mem0 mem1", 2, "mem1"), ("drain mem0 --timeout=soon", 2, "soon"),
                                   ("memmap mem0 perhaps", 2, "perhaps"), ("memmap mem0 off", 3, "in use")):
        result = kmemctl(guest, arguments)
        assert result.rc == code and words in result.err, (arguments, result)
    for arguments in ("drain mem0", "apply"):
        result = guest.run(f"su nobody -s /bin/sh -c 'kmemctl {arguments}'", check=False)
        assert result.rc == 6 and "only root" in result.err, (arguments, result)


def test_waits_for_the_lock_and_says_who_holds_it(guest):
    guest.run("systemd-run --quiet --unit=holder flock /run/kmemd/lock sleep 300")
    guest.wait_until("! flock -n /run/kmemd/lock true")
    guest.run("systemd-run --quiet --unit=waiter -p StandardError=truncate:/run/waiter -p RemainAfterExit=yes kmemctl apply mem0")
    told = guest.wait_until("grep 'waiting for .*lock' /run/waiter").out
    assert guest.run("systemctl show waiter -P SubState").out.strip() == "running", told
    guest.run("systemctl stop holder")
    guest.wait_until("[ $(systemctl show waiter -P SubState) = exited ]")
    guest.run("systemctl stop waiter")


def test_pulled_out_while_online(guest):
    before = see(guest)
    cursor = log_cursor(guest)
    with Plugged(guest, 1, SECOND) as expander:
        machine = wait_online(guest, SECOND, HALF)
        wait_idle(guest)
        lost, region = machine.dax_of(SECOND).blocks, machine.regions_of(SECOND)[0].name
        expander.pull()
        wait_for(guest, lambda machine: SECOND not in machine.memdevs, "the memdev gone")
        wait_idle(guest)
        assert kmemctl(guest, "status").rc == 0 and kmemctl(guest, "list").rc == 0
        assert guest.kernel_problems() == []
        # The kernel keeps the memory, whose contents are lost, and the region; it can be put right by hand. Our driver, whose device
        # is gone, remembers the blocks, says so, and cannot be unloaded while one is online.
        assert [machine.states[block] for block in lost] == ["Movable"] * 4
        assert guest.run("cat /sys/module/kmem/refcnt").out.strip() == "8"      # with those of the other expander
        assert guest.run("rmmod kmem", check=False).err.strip().endswith("Module kmem is in use")
        guest.run("dmesg | grep '4 of 4 memory blocks are still online; they are removed when they go offline'")
        for block in reversed(lost):
            guest.run(f"echo offline >/sys/devices/system/memory/memory{block}/state")
        guest.wait_until("[ $(cat /sys/module/kmem/refcnt) = 4 ]")
        wait_for(guest, lambda machine: machine.states == before.states, "the blocks gone")
        guest.run(f"echo {region} >/sys/bus/cxl/devices/decoder0.0/delete_region")
        expander.plug()
        wait_online(guest, SECOND, HALF)
    has_log(guest, cursor, rf"{region}: its memdev was pulled out while 4 of its memory blocks were online", timeout=1)
