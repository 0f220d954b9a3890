# SPDX-License-Identifier: GPL-2.0-or-later
"""The newest kernel (7.3; KMEMD_NEWEST=7.2 for another), end to end with our driver and with its own: an expander at boot and one that is
plugged come online by kmemd's hand, are drained and pulled; an NVDIMM and soft-reserved memory become system RAM by Debian's tools.
"""
import pytest

from . import cxl_verbs, figures, kmemd, lab
from .guest import Expander, Nvdimm
from .kmemd import BLOCK, MEMMAP, MIB, Plugged, kmemctl, see, wait_for, wait_idle, wait_online

AT_BOOT, SECOND = 0x1234, 0x5678
HALF = 512 * MIB
SOFT = HALF
SOFT_NODE = 1
# 1536 MiB of DRAM on node 0 and, behind the hole below 4 GiB, soft-reserved RAM on a node of its own.
_SOFT_RESERVED = {"memory": f"{1536 + SOFT // MIB}M", "qemu_args": [
    "-M", "max-ram-below-4g=1536M",
    "-object", "memory-backend-ram,id=dram,size=1536M", "-object", f"memory-backend-ram,id=soft,size={SOFT // MIB}M",
    "-numa", "node,nodeid=0,memdev=dram,cpus=0-1", "-numa", f"node,nodeid={SOFT_NODE},memdev=soft"]}


@pytest.fixture(scope="module", params=["ours", "in-tree"])
def guest(request, boot_guest):
    """An expander at boot, an empty port, an NVDIMM of 1 GiB and soft-reserved memory; `ours` says which driver."""
    guest = boot_guest(request.param, **kmemd.options(
        lab.newest(), driver=request.param == "ours", expanders=[Expander("512M", serial=AT_BOOT)], ports=1, nvdimms=[Nvdimm("1152M")],
        cmdline=f"memmap={SOFT // MIB}M%4G-1+0xefffffff", **_SOFT_RESERVED))
    guest.ours = request.param == "ours"
    wait_online(guest, AT_BOOT, HALF)
    wait_idle(guest)
    return guest


def blocks_of(guest, name):
    """States of the memory blocks of a dax device."""
    machine = see(guest)
    return machine.blocks(machine.dax[name])


def test_the_driver_is_the_one_that_is_meant(guest):
    assert guest.release == guest.run("uname -r").out.strip()
    assert guest.release.startswith(f"{lab.newest()}.")
    assert bool(guest.run("cat /sys/module/kmem/version", check=False).out) == guest.ours
    assert guest.failed_units() == []
    folder = f"/sys/bus/dax/devices/{see(guest).dax_of(AT_BOOT).name}"
    attributes = guest.run(f"cd {folder}; ls -d memmap_on_memory state kmem", check=False).out.split()
    assert "memmap_on_memory" in attributes and ("kmem" in attributes) == guest.ours
    state = f"state says '{guest.read(f'{folder}/state').strip()}'" if "state" in attributes else "there is no state attribute"
    figures.say(f"{guest.release}, {'our' if guest.ours else 'its own'} driver, all blocks online in the movable zone by kmemd: {state}")


def test_expander_at_boot_carries_its_memmap(guest):
    machine = see(guest)
    dax = machine.dax_of(AT_BOOT)
    assert (dax.driver, dax.size, dax.memmap_on_memory, machine.blocks(dax)) == ("kmem", HALF, "1", ["Movable"] * 4)
    assert machine.nodes[dax.node]["MemTotal"] == 4 * (BLOCK - MEMMAP)
    if guest.ours:
        assert dax.kmem["blocks_self_hosted"] == "4"
    shown, = [entry for entry in guest.run("daxctl list").json() if entry["chardev"] == dax.name]
    assert (shown["mode"], shown["movable"], shown["online_memblocks"]) == ("system-ram", True, 4)


def test_hotplug_drain_pull_and_again(guest):
    before = see(guest)
    with Plugged(guest, 1, SECOND) as expander:
        machine = wait_online(guest, SECOND, HALF)
        wait_idle(guest)
        assert machine.total - before.total == 4 * (BLOCK - MEMMAP)
        assert see(guest).auto_online == before.auto_online
        result = kmemctl(guest, f"drain {SECOND:#x}")
        assert result.rc == 0, result.err
        drained = see(guest)
        assert (drained.states, drained.regions, drained.decoders, drained.reserved, drained.total) == (
            before.states, before.regions, before.decoders, before.reserved, before.total)
        expander.unplug()
        guest.wait_until("! grep -q held /run/kmemd/devices/*.json")
        expander.plug()
        assert wait_online(guest, SECOND, HALF).total == machine.total
        wait_idle(guest)
    assert guest.failed_units() == []


def test_through_every_state_by_daxctls_verbs(guest):
    cxl_verbs.through_every_state(guest, AT_BOOT)


def test_nvdimm_becomes_system_ram_and_devdax_again(guest):
    before = see(guest)
    raw, = guest.run("ndctl list -N").json()
    made = guest.run(f"ndctl create-namespace -f -e {raw['dev']} -m devdax -a 2M -M dev", timeout=60).json()
    name = made["daxregion"]["devices"][0]["chardev"]
    try:
        # -N: added, and nothing said about onlining. An NVDIMM's memmap is ordinary by default.
        guest.run("echo offline >/sys/devices/system/memory/auto_online_blocks")
        guest.run(f"daxctl reconfigure-device -N -m system-ram {name}", timeout=90)
        states = blocks_of(guest, name)
        assert len(states) >= 6 and set(states) == {"offline"}
        guest.run(f"daxctl online-memory {name}", timeout=90)
        machine = see(guest)
        assert set(machine.blocks(machine.dax[name])) == {"Movable"}
        assert machine.total - before.total == len(states) * BLOCK
        guest.run(f"daxctl reconfigure-device -f -m devdax {name}", timeout=120)
        after = see(guest)
        assert (after.dax[name].driver, after.states, after.total) == ("device_dax", before.states, before.total)
    finally:
        guest.run("echo online >/sys/devices/system/memory/auto_online_blocks")
    guest.run(f"ndctl destroy-namespace -f {made['dev']}", timeout=60)


def test_soft_reserved_memory_is_system_ram_by_itself(guest):
    machine = see(guest)
    name = next(name for name, device in machine.dax.items() if device.node == SOFT_NODE)
    device = machine.dax[name]
    assert (device.driver, device.size) == ("kmem", SOFT)
    # Nobody's policy names it: the kernel has onlined it, where it likes.
    assert len(device.blocks) == SOFT // BLOCK and set(machine.blocks(device)) <= {"Normal", "Movable"}
    assert machine.nodes[SOFT_NODE]["MemTotal"] == SOFT     # its memmap is ordinary by default
    shown, = [entry for entry in guest.run("daxctl list").json() if entry["chardev"] == name]
    assert (shown["mode"], shown["target_node"], shown["online_memblocks"]) == ("system-ram", SOFT_NODE, SOFT // BLOCK)


def test_pulled_out_while_online(guest):
    """Last: what the kernel does when an expander goes with its memory online. Our driver remembers the blocks and gives back what is taken
    offline afterwards; the kernel's own loses the range until the next boot, and says so. The memmap is in DRAM: what goes with the
    expander cannot be taken offline (a warning in offline_pages(), whatever driver it had)."""
    guest.write(f"{kmemd.POLICY}/10-pulled.conf",
                f"[Match]\nKind=cxl-ram\nSerial={SECOND:#x}\n\n[Memory]\nMode=system-ram\nMemmapOnMemory=no\n")
    guest.run("systemctl reload kmemd")
    before = see(guest)
    expander = Plugged(guest, 1, SECOND)
    expander.plug()
    machine = wait_online(guest, SECOND, HALF)
    wait_idle(guest)
    lost, region = machine.dax_of(SECOND).blocks, machine.regions_of(SECOND)[0].name
    if not guest.ours:
        guest.allow_kernel_problem("cannot be hotremoved until the next reboot")
    expander.pull()
    wait_for(guest, lambda machine: SECOND not in machine.memdevs, "the memdev gone")
    wait_idle(guest)
    assert guest.kernel_problems() == []
    assert kmemctl(guest, "status").rc == 0 and kmemctl(guest, "list").rc == 0
    assert [see(guest).states[block] for block in lost] == ["Movable"] * 4
    guest.run(f"journalctl --no-pager -o cat -t kmemd | grep '{region}: its memdev was pulled out while 4 of its memory blocks were online'")
    for block in reversed(lost):
        guest.run(f"echo offline >/sys/devices/system/memory/memory{block}/state")
    if guest.ours:
        wait_for(guest, lambda machine: machine.states == before.states, "the blocks gone")
        guest.run("dmesg | grep '4 of 4 memory blocks are still online; they are removed when they go offline'")
        guest.run(f"echo {region} >/sys/bus/cxl/devices/decoder0.0/delete_region")
        with expander:
            assert wait_online(guest, SECOND, HALF).total == machine.total
            wait_idle(guest)
    else:
        assert [see(guest).states[block] for block in lost] == ["offline"] * 4
