# SPDX-License-Identifier: GPL-2.0-or-later
"""kmemd is not alone: daxctl, cxl, chmem and a loop that writes to blocks act at the same time, with our driver and with the kernel's own.

What counts is what the kernel has in the end: no memory is lost, nobody's wish is undone, no block is in a zone that nobody asked for,
and no warning is in the log.
"""
import pytest

from . import neighbours
from .kmemd import has_log, kmemctl, log_cursor, records, see, wait_for, wait_idle
from .neighbours import SECOND, SERIAL, back_online, rounds


@pytest.fixture(scope="module", params=["ours", "in-tree"])
def guest(request, boot_guest):
    """See neighbours.boot()."""
    return neighbours.boot(boot_guest, "6.12", request.param)


def test_daxctl_takes_memory_out_of_use(guest):
    """Block by block, and then the driver: who puts a block back in between loses the range until the next boot."""
    rounds(guest, """
        daxctl reconfigure-device -m devdax -f $dax >/dev/null 2>/run/daxctl.err || { echo "round $round: $(cat /run/daxctl.err)"; exit 1; }
        settle
        [ $(basename $(readlink /sys/bus/dax/devices/$dax/driver)) = device_dax ] || { echo "round $round: not devdax any more"; exit 1; }
        bring_back""")
    cursor = log_cursor(guest)
    guest.run(f"daxctl reconfigure-device -m devdax -f {see(guest).dax_of(SERIAL).name}", timeout=120)
    guest.run("systemctl restart kmemd")        # a change is no reason for it to look, a start is
    has_log(guest, cursor, "left alone from now on, as somebody")
    wait_idle(guest)
    assert list(records(guest).values()) == ["manual"]
    back_online(guest)


def test_a_person_takes_blocks_offline(guest):
    """By the files of the kernel, as chmem does; kmemd, restarted or not, leaves them so, and says so."""
    first, second = see(guest).dax_of(SERIAL).blocks
    rounds(guest, f"""
        echo offline >/sys/devices/system/memory/memory{first}/state || {{ echo "round $round: cannot offline"; exit 1; }}
        [ $((round % 4)) != 0 ] || systemctl restart kmemd
        settle
        [ $(cat /sys/devices/system/memory/memory{first}/state) = offline ] || {{ echo "round $round: online again"; exit 1; }}
        [ $(cat /sys/devices/system/memory/memory{second}/state) = online ] || {{ echo "round $round: the other one went"; exit 1; }}
        bring_back""")
    guest.run(f"echo offline >/sys/devices/system/memory/memory{first}/state; systemctl restart kmemd")
    wait_idle(guest)
    assert list(records(guest).values()) == ["manual"]
    assert "manual" in kmemctl(guest, "status").out
    back_online(guest)


def test_cxl_destroys_the_region(guest):
    """It is not made again before somebody says so."""
    rounds(guest, """
        cxl disable-region $region >/dev/null 2>&1 || daxctl offline-memory $dax >/dev/null 2>&1
        cxl destroy-region -f $region >/dev/null 2>/run/cxl.err || { echo "round $round: $(cat /run/cxl.err)"; exit 1; }
        settle
        ! ls -d /sys/bus/cxl/devices/region[0-9]* >/dev/null 2>&1 || { echo "round $round: a region is there again"; exit 1; }
        bring_back""")
    back_online(guest)


def test_driver_taken_away_with_memory_online(guest):
    """Whatever driver is bound or none: what is online is found by address, and nothing is destroyed."""
    if not guest.ours:
        pytest.skip("the kernel's own driver gives the range back only after a boot: it would spoil the guest")
    dax = see(guest).dax_of(SERIAL).name
    guest.run(f"echo {dax} >/sys/bus/dax/drivers/kmem/unbind")
    before = see(guest)
    refused = kmemctl(guest, f"drain {SERIAL:#x}")
    assert refused.rc == 3 and f"2 memory blocks of {dax} are online although it is bound to no driver" in refused.err
    after = see(guest)
    assert (after.regions, after.states, after.decoders) == (before.regions, before.states, before.decoders)
    guest.run(f"echo {dax} >/sys/bus/dax/drivers/kmem/bind")
    back_online(guest)
    assert guest.kernel_problems() == []


@pytest.fixture(scope="module")
def second(guest):
    """The memdev of an expander of 512 MiB that no policy wants anything of: what is made of it is made by hand, with its blocks offline."""
    guest.plug_expander(1, "512M", SECOND)
    machine = wait_for(guest, lambda machine: SECOND in machine.memdevs, "the second expander")
    guest.run("udevadm settle")
    wait_idle(guest)
    guest.run("echo offline >/sys/devices/system/memory/auto_online_blocks")
    return machine.memdevs[SECOND]


def make_region(guest, memdev, size):
    """A region by cxl; returns the number of its dax region."""
    region = guest.run(f"cxl create-region -m -t ram -d decoder0.0 -s {size} -w 1 {memdev}", timeout=120).json()["region"]
    guest.run("udevadm settle")
    return region.removeprefix("region")


def test_drain_frees_two_regions_from_the_last_decoder_down(guest, second):
    before = see(guest)
    numbers = [make_region(guest, second, "256M") for _ in range(2)]
    for number in numbers:
        assert kmemctl(guest, f"online-memory dax{number}.0").rc == 0
    machine = see(guest)
    assert [machine.blocks(machine.dax[f"dax{number}.0"]) for number in numbers] == [["Movable"] * 2] * 2
    drained = kmemctl(guest, f"drain {SECOND:#x}")
    assert drained.rc == 0, drained.err
    after = see(guest)
    assert (after.regions, after.decoders, after.states, after.total) == (before.regions, before.decoders, before.states, before.total)
    assert guest.kernel_problems() == []


def test_nothing_is_drained_while_a_process_has_a_part_mapped(guest, second):
    """A region that is cut in two: memory in kmem, and a devdax device that an application uses."""
    before = see(guest)
    number = make_region(guest, second, "512M")
    assert kmemctl(guest, f"reconfigure-device -f -s 256M -m system-ram dax{number}.0").rc == 0
    made, = kmemctl(guest, f"create-device -r {number} -m devdax --json").json()
    guest.run(f"systemd-run --quiet --unit=mapper -p StandardOutput=truncate:/run/mapper map-dax /dev/{made['chardev']}")
    guest.wait_until("grep -q mapped /run/mapper", timeout=30)
    here = see(guest)
    refused = kmemctl(guest, f"drain {SECOND:#x}")
    assert refused.rc == 3 and f"(map-dax) has /dev/{made['chardev']} mapped" in refused.err
    there = see(guest)
    assert (there.states, there.regions, {name: dax.driver for name, dax in there.dax.items()}) == (
        here.states, here.regions, {name: dax.driver for name, dax in here.dax.items()})
    assert guest.run("systemctl is-active mapper", check=False).out.strip() == "active"
    guest.run("systemctl stop mapper")
    drained = kmemctl(guest, f"drain {SECOND:#x}")
    assert drained.rc == 0, drained.err
    after = see(guest)
    assert (after.regions, after.decoders, after.states) == (before.regions, before.decoders, before.states)


def test_drain_beside_a_loop_that_puts_blocks_online(guest):
    """A region is never destroyed with a block of it online, whatever kmemctl drain says in the end. The last test: see drain_to_the_end()."""
    # The tests before it have left another word there, and the second expander held.
    guest.run(f"echo online >/sys/devices/system/memory/auto_online_blocks; kmemctl apply {SECOND:#x} || true")
    neighbours.drain_to_the_end(guest)
