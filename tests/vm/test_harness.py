# SPDX-License-Identifier: GPL-2.0-or-later
"""The parts of the harness that need no guest."""
import json
import socket
import subprocess
import threading
import time

import pytest

from . import figures, initrd, kernel_log, machine, qmp

CLEAN = """[    0.000000] Linux version 6.12
[    1.204000] ACPI: Interpreter enabled
[    2.000000] cxl_mem mem0: memory error injection disabled
[    3.100000] kmemd[300]: warning: a lower-case warning of a program
"""
WARNING = """[   10.000001] ------------[ cut here ]------------
[   10.000002] WARNING: CPU: 1 PID: 77 at mm/memory_hotplug.c:2292 try_remove_memory+0x1/0x2
[   10.000003] Modules linked in: kmem
"""


def test_clean_log_has_no_problems():
    assert kernel_log.problems(CLEAN) == []


@pytest.mark.parametrize("line", [
    "[    1.0] WARNING: CPU: 0 PID: 1 at arch/x86/mm/init_64.c:1030 add_pages+0x1",
    "[    1.0] BUG: kernel NULL pointer dereference, address: 0000000000000008",
    "[    1.0] Oops: Oops: 0002 [#1] PREEMPT SMP NOPTI",
    "[    1.0] Oops: general protection fault, probably for non-canonical address 0xdead000000000122",
    "[    1.0] WARNING: possible circular locking dependency detected",
    "[    1.0] ------------[ cut here ]------------",
    "[  250.0] INFO: task kworker/0:1:9 blocked for more than 120 seconds.",
    "[   60.0] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
    "[   60.0] rcu: INFO: rcu_preempt self-detected stall on CPU",
    "[    1.0] watchdog: BUG: soft lockup - CPU#0 stuck for 22s!",
    "[    1.0] kmem dax0.0: mapping0: 0x190000000-0x1afffffff cannot be hotremoved until the next reboot",
    "[    1.0] Kernel panic - not syncing: Fatal exception",
    "[    1.0] Bad page state in process kworker  pfn:190000",
    "[    1.0] kmemd[311]: segfault at 0 ip 000055 sp 00007f error 4 in kmemd[5555+1000]",
    "[    1.0] Out of memory: Killed process 300 (dd) total-vm:1kB",
])
def test_each_kind_of_problem_is_found(line):
    assert kernel_log.problems(CLEAN + line + "\n") == [line]


def test_warning_is_reported_once_though_it_stands_in_both_logs():
    found = kernel_log.problems(CLEAN + WARNING, WARNING.replace("   10.0", "   10.1"))
    assert len(found) == 1 and "memory_hotplug.c" in found[0]


def test_allowed_problem_is_excused_and_no_other():
    other = "[   11.0] BUG: something else\n"
    assert kernel_log.problems(WARNING, allow=[r"mm/memory_hotplug\.c:\d+"]) == []
    assert kernel_log.problems(WARNING + other, allow=[r"mm/memory_hotplug\.c:\d+"]) == [other.strip()]


def test_terminal_escapes_do_not_hide_a_problem():
    assert kernel_log.problems("\x1b[31m\x1b[!p[    1.0] \x1b[1mWARNING:\x1b[0m CPU: 0\r\n") == ["[    1.0] WARNING: CPU: 0"]


@pytest.mark.parametrize("text, size", [("512M", 512 << 20), ("4G", 4 << 30), ("7", 7), (9, 9)])
def test_sizes(text, size):
    assert machine.parse_size(text) == size


@pytest.mark.parametrize("text", ["12Q", "", "-1G", "1.5G"])
def test_bad_sizes_are_named(text):
    with pytest.raises(ValueError, match="allowed"):
        machine.parse_size(text)


def test_expander_of_odd_size_is_refused():
    with pytest.raises(ValueError, match="256M"):
        machine.Expander("300M").backends("x0")


def test_initrd_rewrites_merged_folders_and_keeps_later_over_earlier(tmp_path):
    overlay = tmp_path / "overlay"
    (overlay / "lib/modules/9.9/updates").mkdir(parents=True)
    (overlay / "sbin").mkdir()
    (overlay / "sbin/tool").write_text("#!/bin/sh\n")
    (overlay / "sbin/tool").chmod(0o755)
    (overlay / "etc").mkdir()
    (overlay / "etc/link").symlink_to("/usr/sbin/tool")
    modules = tmp_path / "modules"
    (modules / "lib/modules/9.9/kernel").mkdir(parents=True)
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        (modules / "lib/modules/9.9" / name).touch()
    userland = tmp_path / "userland.cpio"
    userland.write_bytes(b"")
    target = tmp_path / "initrd"
    size = initrd.build(target, userland, modules, "9.9", [overlay], {"/etc/x.conf": "hello\n"})
    assert size == target.stat().st_size and size % 4 == 0
    with open(target, "rb") as archive:
        listing = subprocess.run(["cpio", "-itv", "--quiet"], stdin=archive, capture_output=True, text=True, check=True).stdout
    names = {line.split()[8]: line.split()[0] for line in listing.splitlines()}
    assert names["usr/sbin/tool"] == "-rwxr-xr-x"
    assert names["etc/link"].startswith("l")
    assert "usr/lib/modules/9.9/modules.dep" in names
    assert not {"lib", "sbin", "bin"} & set(names)
    with open(target, "rb") as archive:
        subprocess.run(["cpio", "-id", "--quiet", "--no-absolute-filenames"], stdin=archive, cwd=modules, check=True)
    assert (modules / "etc/x.conf").read_text() == "hello\n"


def test_missing_overlay_is_named(tmp_path):
    with pytest.raises(ValueError, match="no-such"):
        initrd.build(tmp_path / "initrd", "/dev/null", tmp_path, "9.9", [tmp_path / "no-such"])


def _qmp_server(path, script):
    """A QMP server that greets and then answers each request with the next entry of the script."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def serve():
        connection, _ = listener.accept()
        with connection, connection.makefile("rw") as stream:
            stream.write('{"QMP": {}}\n')
            stream.flush()
            for answers in script:
                stream.readline()
                for answer in answers:
                    stream.write(json.dumps(answer) + "\n")
                stream.flush()
    threading.Thread(target=serve, daemon=True).start()


def test_qmp_keeps_events_and_reports_errors_and_loss(tmp_path):
    event = {"event": "DEVICE_DELETED", "data": {"device": "x1", "path": "/p"}}
    _qmp_server(tmp_path / "s", [[{"return": {}}], [event, {"return": 5}],
                                 [{"error": {"class": "GenericError", "desc": "no such device"}}]])
    client = qmp.Qmp(tmp_path / "s", timeout=5)
    assert client.execute("first") == 5
    with pytest.raises(TimeoutError, match="DEVICE_DELETED"):
        client.wait_event("DEVICE_DELETED", timeout=0.1, device="x2")
    assert client.wait_event("DEVICE_DELETED", timeout=0.1, device="x1")["data"]["path"] == "/p"
    with pytest.raises(qmp.ProtocolError, match="no such device"):
        client.execute("second")
    time.sleep(0.1)
    with pytest.raises(qmp.ConnectionLost):
        client.execute("third")


def test_a_table_of_figures_is_aligned(monkeypatch):
    monkeypatch.setattr(figures, "LINES", [])
    figures.table("title", ["name", "MiB", "said"], [["a", 1.5, "x"], ["long", 120, "y z"], ["b", "-", ""]])
    assert figures.LINES == ["title", "  name   MiB  said", "  a     1.50  x", "  long   120  y z", "  b        -"]
