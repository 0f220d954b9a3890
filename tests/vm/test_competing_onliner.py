# SPDX-License-Identifier: GPL-2.0-or-later
"""A distribution's udev rule onlines every memory block as soon as it is there, in no particular zone. The blocks that kmemd looks after
end in the zone that policy says, no matter who is first."""
import time

import pytest

from . import kmemd
from .guest import Expander
from .kmemd import MIB, Plugged, has_log, kmemctl, log, log_cursor, records, see, wait_for, wait_idle, wait_online

AT_BOOT, SECOND = 0x1234, 0x5678
RULE = 'SUBSYSTEM=="memory", ACTION=="add", ATTR{state}=="offline", ATTR{state}="online"\n'


@pytest.fixture(scope="module")
def guest(boot_guest):
    """A kernel that leaves memory offline, the rule, one expander at boot and one empty port."""
    return boot_guest(**kmemd.options(expanders=[Expander("512M", serial=AT_BOOT)], ports=1, cmdline="memhp_default_state=offline",
                                      files={"/etc/udev/rules.d/40-vm-hotadd.rules": RULE}))


def test_hotplugged_against_the_rule(guest):
    wait_online(guest, AT_BOOT, 512 * MIB)
    wait_idle(guest)
    for _ in range(3):
        with Plugged(guest, 1, SECOND):
            wait_online(guest, SECOND, 512 * MIB)
            guest.run("udevadm settle", timeout=90)
            time.sleep(1)
            wait_idle(guest)
            machine = see(guest)
            assert machine.blocks_of(SECOND) == ["Movable"] * 4
            assert machine.auto_online == "offline"
            assert kmemctl(guest, f"plan {SECOND:#x} --json").json()["devices"][0]["steps"] == []
    assert not [line for line in log(guest).splitlines() if "not as it should be" in line or "cannot" in line]


def test_drained_against_the_rule(guest):
    before = see(guest)
    with Plugged(guest, 1, SECOND) as expander:
        wait_online(guest, SECOND, 512 * MIB)
        wait_idle(guest)
        result = kmemctl(guest, f"drain {SECOND:#x}")
        assert result.rc == 0, result.err
        guest.run("udevadm trigger --settle --action=add --subsystem-match=memory", timeout=90)
        wait_idle(guest)
        machine = see(guest)
        assert (machine.states, machine.regions, machine.total) == (before.states, before.regions, before.total)
        expander.unplug()
    assert guest.failed_units() == []


def test_rule_was_there_first(guest):
    """Memory that the rule alone has put into a kernel zone is moved, or stays as it is with a reason: the kernel may use it by then."""
    wait_idle(guest)
    cursor = log_cursor(guest)
    guest.run("systemctl mask --runtime --now kmemd", timeout=120)
    guest.plug_expander(1, "512M", SECOND)
    memdev = wait_for(guest, lambda machine: SECOND in machine.memdevs, "the memdev").memdevs[SECOND]
    guest.run("udevadm settle")
    guest.run(f"cxl create-region -t ram -d decoder0.0 -m {memdev}", timeout=120)
    guest.run("udevadm settle", timeout=90)
    by_rule = see(guest).blocks_of(SECOND)
    assert by_rule == ["Normal"] * 4    # what kmemd is up against
    guest.run("systemctl unmask --runtime kmemd; systemctl start kmemd", timeout=120)
    has_log(guest, cursor, rf"^{memdev}: (done|cannot)", timeout=90)
    wait_idle(guest)
    states = see(guest).blocks_of(SECOND)
    print(states, log(guest, cursor))
    if records(guest):
        has_log(guest, cursor, rf"^{memdev}: cannot online .*: memory\d+ of dax\d+\.\d+ stays kernel")
        # What could be moved is kept there; the rest is named, with what helps at the next boot.
        assert set(states) <= {"Normal", "Movable"} and "Normal" in states
        has_log(guest, cursor, "memhp_default_state=online_movable")
    else:
        assert states == ["Movable"] * 4
