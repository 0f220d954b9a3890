# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures for scenarios: guests that the tests of a file share, what a failed test shows of them, and figures."""
import os

import pytest

from . import figures
from . import guest as guest_module
from . import qmp
from .guest import Guest, GuestError


def _live(request):
    """The running guests that a test uses, directly or through other fixtures."""
    guests = {}
    for name in request.fixturenames:
        value = request.node.funcargs.get(name)
        if isinstance(value, Guest) and value.running:
            guests[value.name] = value
    return list(guests.values())


def _boot_guest_factory(request):
    """Boots guests and, at the end of the scope, shuts every one of them down and fails when a kernel had problems."""
    module = request.path.stem.removeprefix("test_").replace("_", "-") if request.scope != "session" else "session"
    guests = []

    def boot(name="", **options):
        guest = Guest(f"{module}-{name}" if name else module, **options)
        guests.append(guest)
        return guest.start()

    yield boot
    errors = []
    for guest in reversed(guests):
        if not guest.running:
            continue    # a test ended it on purpose, by shutdown() or kill(), and has judged it
        try:
            guest.shutdown()
        except GuestError as error:
            errors.append(str(error))
    if errors:
        pytest.fail("\n".join(errors), pytrace=False)


@pytest.fixture(scope="module")
def boot_guest(request):
    """boot_guest(name="", **options of Guest) boots a guest for the tests of this file; its folder is
    build/vm/<file>[-<name>]. Use it in a fixture of the file with scope="module"."""
    yield from _boot_guest_factory(request)


@pytest.fixture(scope="session")
def boot_session_guest(request):
    """The same for a guest that several files share when they run in one pytest process."""
    yield from _boot_guest_factory(request)


@pytest.fixture(autouse=True)
def _mark_kernel_log(request):
    """Write the name of the test into the kernel logs, so that a problem in them can be placed. With KMEMD_SHELL (tests/vm/shell) a
    person has the guest in the test's place."""
    for guest in _live(request):
        guest.mark(f"begin {request.node.name}")
        if os.environ.get("KMEMD_SHELL"):
            guest.interactive()
            pytest.exit("the shell was left", returncode=0)
    yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Show the end of the consoles with a failed test."""
    outcome = yield
    report = outcome.get_result()
    if not report.failed:
        return
    for name, value in getattr(item, "funcargs", {}).items():
        if not isinstance(value, Guest):
            continue
        report.sections.append((f"guest {value.name} ({name}): end of the console", value.console_tail(40)))
        if value.running:
            try:
                journal = value.run("journalctl -b --no-pager -o short-monotonic -n 40 --identifier=kmemd", check=False)
                report.sections.append((f"guest {value.name}: journal of kmemd", journal.out))
            except (GuestError, qmp.ProtocolError):
                pass


class _Reasons:
    """Shows why a test failed at once, and not only when the whole file has ended: a run may be cut short."""
    MARK = "why: "
    LINES = 150

    def __init__(self, config):
        self._config = config

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report):
        if not report.failed:
            return
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        lines = report.longreprtext.splitlines()
        terminal.ensure_newline()
        for line in ([line[4:] for line in lines if line.startswith("E")] or lines)[:self.LINES]:
            terminal.write_line(self.MARK + line.rstrip())


def pytest_configure(config):
    config.pluginmanager.register(_Reasons(config))


def pytest_terminal_summary(terminalreporter):
    """Say which boots had to be tried again, also when every test has passed, and what was measured."""
    for line in guest_module.RETRIED:
        terminalreporter.write_line(line)
    for line in figures.LINES:
        terminalreporter.write_line(figures.MARK + line)
