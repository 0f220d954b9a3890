# SPDX-License-Identifier: GPL-2.0-or-later
"""kmemd on the newest kernel beside chmem, daxctl, cxl and a loop that writes to blocks, with our driver and with the kernel's own. What
counts is what the kernel has in the end; test_neighbours.py has the same, each by itself, on 6.12.
"""
import pytest

from . import lab, neighbours
from .kmemd import BLOCK, see
from .neighbours import SERIAL, back_online, rounds


@pytest.fixture(scope="module", params=["ours", "in-tree"])
def guest(request, boot_guest):
    """See neighbours.boot()."""
    return neighbours.boot(boot_guest, lab.newest(), request.param)


def test_neighbours_one_after_the_other(guest):
    """A person takes a block offline with chmem, daxctl the others and the driver, and cxl destroys the region: kmemd, which sees each of
    the changes, undoes none of them, and brings all of it back on a person's word."""
    first, second = see(guest).dax_of(SERIAL).blocks
    before = see(guest)
    rounds(guest, f"""
        state() {{ cat /sys/devices/system/memory/memory$1/state 2>/dev/null; }}
        chmem -d {first * BLOCK:#x}-{(first + 1) * BLOCK - 1:#x} >/run/chmem.err 2>&1 || {{ echo "round $round: $(cat /run/chmem.err)"; exit 1; }}
        [ $((round % 4)) != 0 ] || systemctl restart kmemd
        settle
        [ "$(state {first}) $(state {second})" = "offline online" ] || {{ echo "round $round: $(state {first}) $(state {second})"; exit 1; }}
        daxctl reconfigure-device -m devdax -f $dax >/dev/null 2>/run/daxctl.err || {{ echo "round $round: $(cat /run/daxctl.err)"; exit 1; }}
        settle
        [ $(basename $(readlink /sys/bus/dax/devices/$dax/driver)) = device_dax ] || {{ echo "round $round: not devdax any more"; exit 1; }}
        cxl disable-region $region >/dev/null 2>&1
        cxl destroy-region -f $region >/dev/null 2>/run/cxl.err || {{ echo "round $round: $(cat /run/cxl.err)"; exit 1; }}
        settle
        ! ls -d /sys/bus/cxl/devices/region[0-9]* >/dev/null 2>&1 || {{ echo "round $round: a region is there again"; exit 1; }}
        bring_back
        for block in {first} {second}; do
            zone=$(cat /sys/devices/system/memory/memory$block/valid_zones); [ "$zone" = Movable ] || {{ echo "round $round: $zone"; exit 1; }}
        done""")
    back_online(guest)
    after = see(guest)
    assert (after.states, after.total, after.decoders, after.auto_online) == (before.states, before.total, before.decoders, before.auto_online)


def test_drain_beside_a_loop_that_puts_blocks_online(guest):
    """A region is never destroyed with a block of it online, whatever kmemctl drain says in the end. The last test: see drain_to_the_end()."""
    neighbours.drain_to_the_end(guest)
