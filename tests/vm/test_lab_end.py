# SPDX-License-Identifier: GPL-2.0-or-later
"""How guests end: a kernel problem fails the guest, a dead guest fails it, and nothing of it is left running."""
import os
import pty
import select
import signal
import subprocess
import sys
import time

import pytest

from . import guest as guest_module
from . import lab
from .guest import Guest, GuestError, KernelProblems


def result_of(guest):
    """The result file of a guest."""
    return (guest.folder / "result").read_text()


def test_kernel_problem_fails_shutdown():
    guest = Guest("lab-end-problem", memory="1G", kernel="6.1").start()
    assert guest.run("uname -r").out.startswith("6.1.")
    guest.run("echo '<4>BUG: planted by the test' >/dev/kmsg")
    with pytest.raises(KernelProblems, match="BUG: planted by the test"):
        guest.shutdown()
    assert result_of(guest).startswith("FAIL") and "planted by the test" in result_of(guest)
    assert not guest.running


def test_clean_guest_passes_and_a_panic_is_a_failure():
    with Guest("lab-end-clean", memory="1G") as guest:
        pass
    assert result_of(guest) == "PASS\n"
    guest.start()
    assert result_of(guest).startswith("FAIL")
    with pytest.raises(GuestError):
        guest.run("echo c >/proc/sysrq-trigger", timeout=20)
    with pytest.raises(GuestError, match="panic"):
        guest.shutdown()
    assert result_of(guest).startswith("FAIL")


def test_boot_that_hangs_is_tried_once_more_and_reported(monkeypatch, capfd):
    # What is provoked here is not to be reported as something that happened.
    monkeypatch.setattr(guest_module, "RETRIED", [])
    boot = Guest._boot
    limits = [1, 180]

    def boot_with_limit(guest):
        monkeypatch.setattr(guest_module, "BOOT_TIMEOUT", limits.pop(0))
        return boot(guest)
    monkeypatch.setattr(Guest, "_boot", boot_with_limit)
    with Guest("lab-end-retry", memory="1G") as guest:
        assert guest.boot_retries == 1 and guest.run("true").rc == 0
    assert "trying once more" in capfd.readouterr().err and len(guest_module.RETRIED) == 1
    limits[:] = [1, 1]
    with pytest.raises(GuestError, match="twice"):
        guest.start()
    assert result_of(guest).startswith("FAIL") and not guest.running


def test_arguments_that_qemu_refuses_are_shown():
    guest = Guest("lab-end-refused", qemu_args=["-device", "no-such-device"])
    with pytest.raises(GuestError, match="no-such-device"):
        guest.start()
    assert "no-such-device" in result_of(guest)


def test_console_can_be_handed_to_a_terminal():
    program = ("import sys; sys.path.insert(0, sys.argv[1])\n"
               "from vm.guest import Guest\n"
               "with Guest('lab-end-console', memory='1G') as guest: guest.interactive()\n")
    master, slave = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", program, str(lab.TOP / "tests")], stdin=slave, stdout=slave) as owner:
        os.close(slave)
        seen, typed, deadline = b"", False, time.monotonic() + 90
        while b"answer=42" not in seen and time.monotonic() < deadline:
            if select.select([master], [], [], 1)[0]:
                seen += os.read(master, 4096)
            if not typed and b"root@guest" in seen:
                os.write(master, b"echo answer=$((6 * 7))\r")
                typed = True
        os.write(master, b"\x1d")
        assert owner.wait(60) == 0, seen
    assert b"answer=42" in seen
    os.close(master)


def test_guest_dies_with_the_program_that_started_it():
    program = ("import sys; sys.path.insert(0, sys.argv[1])\n"
               "from vm.guest import Guest\n"
               "guest = Guest('lab-end-orphan', memory='1G').start()\n"
               "print(guest.pid, flush=True)\n"
               "import time; time.sleep(300)\n")
    with subprocess.Popen([sys.executable, "-c", program, str(lab.TOP / "tests")], stdout=subprocess.PIPE, text=True) as owner:
        pid = int(owner.stdout.readline())
        os.kill(pid, 0)
        owner.send_signal(signal.SIGKILL)
        owner.wait()
    for _ in range(100):
        if not os.path.exists(f"/proc/{pid}"):
            break
        time.sleep(0.05)
    assert not os.path.exists(f"/proc/{pid}")
    assert (lab.VM / "lab-end-orphan" / "result").read_text() == "FAIL: not finished\n"
