# SPDX-License-Identifier: GPL-2.0-or-later
"""What the daemon does when its worker cannot, and what it says: status sentences, for whom it waits, what is a reason to act and what is
not, the trace that people leave with kmemctl, and what others than root may see. One guest, Debian's 6.12 with our driver.
"""
import contextlib
import json
import time

import pytest

from . import kmemd
from .kmemd import MIB, Plugged, has_log, kmemctl, log_cursor, records, see, wait_idle, wait_online

SERIAL, SECOND = 0x5678, 0x9abc
WORKER = "/usr/lib/kmemd/kmemd-worker"
ALL_IS_WELL = "Idle; every device is as policy wants"
DONE = "0d9a2c7f6b1e4a86b1d1c5a3f7e40d12"


@pytest.fixture(scope="module")
def guest(boot_guest):
    """A machine with two empty ports, and nothing else that policy is about."""
    guest = boot_guest(**kmemd.options(ports=2))
    guest.run("systemctl start kmemd")
    wait_idle(guest)
    return guest


@pytest.fixture(autouse=True)
def in_order(guest):
    yield
    wait_idle(guest)
    assert guest.failed_units() == []


def status(guest):
    """The sentence in systemctl status."""
    return guest.run("systemctl show kmemd -P StatusText").out.strip()


def wait_status(guest, pattern, timeout=30):
    guest.wait_until(f"systemctl show kmemd -P StatusText | grep -E -- '{pattern}'", timeout=timeout)
    return status(guest)


class Locked:
    """The machine's lock is held by another program for the length of a `with`: every worker that is started is seen waiting."""

    def __init__(self, guest):
        self.guest = guest

    def __enter__(self):
        self.guest.run("systemd-run --quiet --unit=holder flock -x /run/kmemd/lock sleep infinity")
        self.guest.wait_until("! flock -n -x /run/kmemd/lock true")

    def __exit__(self, *_):
        self.guest.run("systemctl stop holder")


def test_sentences_from_plugging_to_unplugging(guest):
    assert status(guest) == ALL_IS_WELL
    with Plugged(guest, 0, SERIAL) as expander:
        wait_online(guest, SERIAL, expander.size)
        wait_idle(guest)
        assert status(guest) == ALL_IS_WELL
        assert kmemctl(guest, f"drain {SERIAL:#x}").rc == 0
        guest.run("systemctl reload kmemd")
        wait_idle(guest)
        assert status(guest) == "Idle; devices as policy wants: 0, held: 1 (see kmemctl status)"
        expander.unplug()
        wait_status(guest, f"^{ALL_IS_WELL}$")
        assert records(guest) == {}


def test_waits_for_another_program_and_says_so(guest):
    with Locked(guest):
        guest.run("systemctl reload kmemd")
        assert "flock (pid " in wait_status(guest, "^Waiting for ")
        shown = kmemctl(guest, "status")
        assert shown.rc == 0 and "\nwaiting: kmemd-worker (pid " in shown.out
        waiting, = kmemctl(guest, "status --json").json()["waiting"]
        assert str(waiting["pid"]) in guest.run("pgrep -x kmemd-worker").out.split()
    wait_idle(guest)
    assert status(guest) == ALL_IS_WELL
    assert kmemctl(guest, "status --json").json()["waiting"] == []


def test_another_worker_follows_one_that_is_killed(guest):
    cursor = log_cursor(guest)
    with Locked(guest):
        guest.run("systemctl reload kmemd")
        first = guest.wait_until("pgrep -ox kmemd-worker").out.strip()     # not the process that waits for the lock
        wait_status(guest, "^Waiting for ")
        guest.run(f"kill -KILL {first}")
        guest.wait_until(f"pgrep -x kmemd-worker | grep -vx {first}")
    has_log(guest, cursor, r"^the worker was ended by signal 9; the next one finishes or undoes what it did")
    wait_idle(guest)
    assert status(guest) == ALL_IS_WELL


def test_a_device_is_not_lost_while_no_worker_can_be_started(guest):
    cursor = log_cursor(guest)
    guest.run(f"mv {WORKER} {WORKER}.aside")
    with Plugged(guest, 0, SERIAL) as expander:
        try:
            has_log(guest, cursor, rf"^cannot start {WORKER}: No such file or directory; it is tried again")
            wait_status(guest, f"^Idle; nothing is done: cannot start {WORKER}")
            assert see(guest).regions_of(SERIAL) == []
        finally:
            guest.run(f"mv {WORKER}.aside {WORKER}")
        wait_online(guest, SERIAL, expander.size)
        wait_idle(guest)
        assert status(guest) == ALL_IS_WELL


def test_sigterm_ends_the_daemon_while_no_worker_can_be_started(guest):
    guest.run(f"mv {WORKER} {WORKER}.aside")
    try:
        guest.run("systemctl restart kmemd")
        wait_status(guest, "^Idle; nothing is done: cannot start")
        began = time.monotonic()
        guest.run("systemctl stop kmemd")
        assert time.monotonic() - began < 10
        assert guest.run("systemctl show kmemd -P Result").out.strip() == "success"
    finally:
        guest.run(f"mv {WORKER}.aside {WORKER}; systemctl start kmemd")


def test_only_what_appears_is_a_reason(guest):
    second = Plugged(guest, 1, SECOND)
    with Plugged(guest, 0, SERIAL) as expander, contextlib.ExitStack() as stack:
        machine = wait_online(guest, SERIAL, expander.size)
        wait_idle(guest)
        dax = machine.dax_of(SERIAL)
        state = f"/sys/devices/system/memory/memory{dax.blocks[-1]}/state"
        with Locked(guest):
            guest.run(f"echo offline >{state} && echo online_movable >{state}", timeout=90)
            guest.run("udevadm trigger --settle --action=add --subsystem-match=cxl --subsystem-match=dax --subsystem-match=memory", timeout=90)
            guest.run("udevadm trigger --settle --subsystem-match=cxl --subsystem-match=dax --subsystem-match=memory", timeout=90)
            time.sleep(3)
            assert guest.run("pgrep -x kmemd-worker", check=False).out == ""
            second.plug()       # and this is one, or the test sees nothing at all
            stack.push(second)
            guest.wait_until("pgrep -x kmemd-worker")
        wait_online(guest, SECOND, second.size)
        wait_idle(guest)
    wait_idle(guest)


def test_what_people_do_leaves_a_trace(guest):
    with Plugged(guest, 0, SERIAL) as expander:
        wait_online(guest, SERIAL, expander.size)
        wait_idle(guest)
        assert kmemctl(guest, f"drain {SERIAL:#x}").rc == 0
        applied = kmemctl(guest, f"apply {SERIAL:#x} --json")
        assert applied.rc == 0 and applied.json()["changed"] is True
        again = kmemctl(guest, f"apply {SERIAL:#x} --json")
        assert (again.rc, again.json()["changed"]) == (0, False) and "Nothing to do" in again.err
        entries = [json.loads(line) for line in kmemd.journal(guest, f"-b -t kmemctl MESSAGE_ID={DONE} -o json").out.splitlines()]
        drain, apply = entries[-2:]
        assert (drain["KMEMD_JOB"], apply["KMEMD_JOB"]) == ("drain", "apply")
        for entry in (drain, apply):
            assert entry["KMEMD_DEVICE"] == f"cxl-ram:{SERIAL:#x}"
            assert (entry["KMEMD_RESULT"], entry["KMEMD_UID"], entry["KMEMD_PROGRAM"]) == ("done", "0", "kmemctl")
        # The catalog explains it.
        guest.run("journalctl --update-catalog")     # a package's hook does that
        assert "who did it" in kmemd.journal(guest, f"-b -t kmemctl MESSAGE_ID={DONE} -x -n1").out


def test_others_than_root_are_told_what_they_may_not_see(guest):
    assert guest.run("stat -c '%a %U' /run/kmemd /run/kmemd/devices /run/kmemd/lock").out.split() == ["711", "root", "700", "root", "600", "root"]
    shown = guest.run("setpriv --reuid=65534 --regid=65534 --clear-groups kmemctl status", check=False)
    assert shown.rc == 0 and shown.out.startswith("daemon: active")
    # What root has published, and nothing of how it is made.
    published = guest.run("setpriv --reuid=65534 --regid=65534 --clear-groups kmemctl status --json", check=False).json()
    assert published["published"] is True and published["records"] == guest.run("kmemctl status --json").json()["records"]
    guest.run("mv /run/kmemd/status.json /run/kmemd/status.away")
    unpublished = guest.run("setpriv --reuid=65534 --regid=65534 --clear-groups kmemctl status", check=False)
    guest.run("mv /run/kmemd/status.away /run/kmemd/status.json")
    assert unpublished.rc == 6 and "only root may" in unpublished.err and "job:" not in unpublished.out
    # Policy files in the run directory are for everybody.
    planned = guest.run("setpriv --reuid=65534 --regid=65534 --clear-groups kmemctl policy show", check=False)
    assert planned.rc == 0 and "50-cxl-ram.conf" in planned.out
    stopped = guest.run("setpriv --reuid=65534 --regid=65534 --clear-groups flock -n -x /run/kmemd/lock true", check=False)
    assert stopped.rc != 0 and "denied" in stopped.err


def test_worker_sees_who_has_a_device_mapped_under_the_shipped_unit(guest):
    """ProtectProc= and the capabilities of the unit let root's processes be looked into, also those with more capabilities."""
    guest.run("systemd-run --quiet --unit=sleeper sleep infinity")
    pid = guest.run("systemctl show sleeper -P MainPID").out.strip()
    main = guest.run("systemctl show kmemd -P MainPID").out.strip()
    # What the worker inherits: the daemon's mounts and capabilities. Without the one it could not.
    looked, blind = (guest.run(f"nsenter -t {main} -m setpriv --bounding-set=-all{more} --inh-caps=-all --no-new-privs "
                               f"grep -c . /proc/{pid}/maps", check=False) for more in (",+sys_ptrace", ""))
    guest.run("systemctl stop sleeper")
    assert looked.rc == 0 and int(looked.out) > 0, looked.err
    assert blind.rc != 0
