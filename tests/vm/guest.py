# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest: a real kernel with systemd and udev in QEMU, driven from Python.

    with Guest("example", expanders=[Expander("1G", serial=0x1234)], ports=1) as guest:
        guest.run("cxl list -M")
        second = guest.plug_expander(port=1, size="1G", serial=0x5678)
        guest.unplug(second)

README.md lists everything.
"""
import atexit
import contextlib
import dataclasses
import fcntl
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import time
import tty

from . import initrd, kernel_log, lab, machine, qmp
from .machine import Expander, Nvdimm

BOOT_TIMEOUT = 180
RETRIED = []    # what was said about each boot that had to be tried again, in this process
_ENVIRONMENT = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "HOME=/root", "LC_ALL=C.UTF-8", "TERM=dumb",
                "NO_COLOR=1")
_RELAXED = "console=ttyS0,115200 loglevel=8 log_buf_len=4M panic=-1 printk.devkmsg=on mitigations=off"
_SYSTEMD = "systemd.show_status=no systemd.log_color=no"


class GuestError(Exception):
    """The guest did not do what it was asked for."""


class CommandFailed(GuestError):
    """run() got an exit code that is not 0; `result` has everything."""

    def __init__(self, command, result):
        super().__init__(f"in the guest: {command}\nexit code {result.rc}\n--- stdout\n{result.out}--- stderr\n{result.err}")
        self.result = result


class CommandTimeout(GuestError):
    """run() had to end a command."""


class KernelProblems(GuestError):
    """The kernel log has warnings or worse; `problems` is the list."""

    def __init__(self, name, problems):
        super().__init__(f"guest {name}: its kernel says:\n" + "\n".join(f"  {line}" for line in problems))
        self.problems = problems


@dataclasses.dataclass
class Result:
    """What a command in the guest gave."""
    rc: int
    out: str
    err: str

    def json(self):
        """The standard output, read as JSON (None when there is none)."""
        return json.loads(self.out) if self.out.strip() else None


@dataclasses.dataclass
class _Plugged:
    """An expander and the port it is in."""
    expander: Expander
    port: int


class Guest:
    """One guest, from its start to its end; also a context manager that starts it and shuts it down.

    name        its folder is build/vm/<name>; one guest of a name at a time
    kernel      series of the kernel: "6.12", "6.1", ...
    memory      RAM at the start; memory_max and slots leave room for what is plugged
    cpus        number of CPUs
    cmdline     added to the kernel's command line
    expanders   list of Expander that are there at boot, in ports 0, 1, ...; their ids are x0, x1, ...
    ports       number of further, empty CXL ports for hot-plug; they follow those of the expanders
    bridges     number of CXL host bridges; ports go to them in turn, and the window is interleaved over them
    window      size of the CXL fixed memory window: the room for all expanders together
    nvdimms     list of Nvdimm; their ids are nv0, nv1, ...
    overlays    folders whose contents are laid over the guest's file system (`make install DESTDIR=` makes one)
    files       path in the guest -> contents: str, bytes, Executable or Symlink
    qemu_args   more arguments for QEMU
    """

    def __init__(self, name, *, kernel="6.12", memory="2G", memory_max="128G", slots=8, cpus=2, cmdline="", expanders=(),
                 ports=0, bridges=1, window="4G", nvdimms=(), overlays=(), files=None, qemu_args=()):
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
            raise ValueError(f"guest name '{name}': letters, digits, '_', '.' and '-' are allowed")
        self.name = name
        self.folder = lab.VM / name
        self.cxl = bool(expanders) or ports > 0
        self.boot_retries = 0       # how often the boot had to be tried again
        self.boot_seconds = None    # from the start of QEMU to the agent's first answer
        self.initrd_bytes = None
        self._kernel = lab.Kernel(kernel)
        self.release = self._kernel.release
        self._config = {"memory": memory, "memory_max": memory_max, "slots": slots, "cpus": cpus, "cxl": self.cxl}
        self._bridges = bridges
        self._cmdline, self._window, self._qemu_args = cmdline, window, list(qemu_args)
        self._expanders, self._nvdimms = list(expanders), list(nvdimms)
        self._ports = len(self._expanders) + ports
        self._overlays, self._files = list(overlays), dict(files or {})
        self._allowed = []
        self._plugged = {f"x{number}": _Plugged(expander, number) for number, expander in enumerate(self._expanders)}
        self._serial_number = len(self._expanders)
        self._process = self._qmp = self._agent = self._sockets = self._lock = None

    # -- start and end -------------------------------------------------------------------------------------------

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, error, trace):
        if kind is None:
            self.shutdown()
        else:
            self.kill()

    @property
    def running(self):
        """Whether QEMU runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def crashed(self):
        """Whether QEMU itself has crashed, which is not the guest's doing."""
        return self._process is not None and self._process.poll() in (-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGABRT)

    @property
    def pid(self):
        """The process id of QEMU; None before the start."""
        return self._process.pid if self._process else None

    def start(self):
        """Boot, and wait until udev and systemd have settled. A boot that hangs is tried once more; that is said on
        stderr and kept in `boot_retries`. Returns the guest."""
        self._claim_folder()
        self._write_result("FAIL: not finished")
        self.initrd_bytes = initrd.build(self.folder / "initrd", lab.userland(), self._kernel.modules,
                                         self._kernel.release, self._overlays, self._files)
        try:
            try:
                self._boot()
            except TimeoutError as error:
                self.boot_retries = 1
                shutil.copy(self.folder / "console.log", self.folder / "console.first-boot.log")
                RETRIED.append(f"guest {self.name}: {error}; its console is kept in "
                               f"{self.folder}/console.first-boot.log; trying once more")
                print(RETRIED[-1], file=sys.stderr, flush=True)
                self._stop_qemu()
                try:
                    self._boot()
                except TimeoutError as again:
                    raise GuestError(f"guest {self.name}: twice in a row {again}\n{self.console_tail(25)}") from again
            self._settle()
        except BaseException as error:
            self.kill(f"boot: {error}")
            raise
        return self

    def _settle(self):
        self.run("udevadm settle --timeout=60", timeout=90)
        # "degraded" only says that a unit failed; failed_units() tells which.
        self.run("systemctl is-system-running --wait", timeout=120, check=False)

    def boot_other(self, command, timeout=2 * BOOT_TIMEOUT):
        """Run a command that has the guest boot another kernel without a reset of the machine (kexec), and wait until that one
        has settled. QEMU and its devices stay as they are; the console's log goes on. There is no second try, but twice the time."""
        before = self._boot_id()
        self.run(command, timeout=120)
        deadline = time.monotonic() + timeout
        while not self._agent.sync(6) or self._boot_id() in ("", before):
            if time.monotonic() > deadline:
                raise GuestError(f"guest {self.name}: the other kernel did not boot within {timeout} s\n{self.console_tail(25)}")
        self._settle()

    def _boot_id(self):
        """Another one after every boot; "" when the guest went away over the question. (run() would look for what is stuck.)"""
        try:
            return self._agent.run(["/usr/bin/cat", "/proc/sys/kernel/random/boot_id"], 10, _ENVIRONMENT)[1].decode().strip()
        except (TimeoutError, qmp.ProtocolError):
            return ""
        except qmp.ConnectionLost as error:
            raise GuestError(f"guest {self.name} ended while it booted another kernel\n{self.console_tail(25)}") from error

    def shutdown(self, allow=()):
        """Power off in good order, then judge: KernelProblems when the complete kernel log, up to the last line of
        the power-off, has a problem that neither `allow` nor allow_kernel_problem() excuses."""
        problems, log = [], ""
        try:
            log = self.run("dmesg", timeout=60).out
            (self.folder / "dmesg.log").write_text(log)
            self._agent.send_only("guest-shutdown", mode="powerdown")
            self._process.wait(timeout=120)
        except subprocess.TimeoutExpired:
            problems.append("the guest did not power off within 120 s")
        except (GuestError, qmp.ConnectionLost, qmp.ProtocolError, OSError) as error:
            problems.append(f"the guest was not there any more at shutdown: {error}")
        problems += kernel_log.problems(self.console(), log, allow=[*self._allowed, *allow])
        self.kill("FAIL: " + "; ".join(problems) if problems else "PASS")
        if problems:
            raise KernelProblems(self.name, problems)

    def kill(self, result=None):
        """End QEMU at once. The result file stays a failure unless `result` says otherwise."""
        self._stop_qemu()
        if self._lock:
            if result:
                self._write_result(result if result == "PASS" else f"FAIL: {result.removeprefix('FAIL: ')}")
            for name in ("initrd", *(f"nv{number}.img" for number in range(len(self._nvdimms)))):
                (self.folder / name).unlink(missing_ok=True)
            self._lock.close()
            self._lock = None

    def _claim_folder(self):
        if self._lock:
            raise GuestError(f"guest {self.name} was started already")
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = open(self.folder / "lock", "w", encoding="ascii")  # pylint: disable=consider-using-with
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise GuestError(f"a guest named {self.name} is running already (its folder is {self.folder})") from error
        self._lock = lock
        for old in self.folder.iterdir():
            if old.name != "lock":
                old.unlink()

    def _write_result(self, text):
        (self.folder / "result").write_text(text + "\n")

    def _command_line(self):
        command = ["qemu-system-x86_64", *machine.base_arguments(
            lab.accelerator(self._kernel, self.cxl), **self._config)]
        command += machine.channel_arguments(self._sockets, self.folder / "console.log")
        if self.cxl:
            command += machine.cxl_arguments(self._expanders, self._ports, self._window, self._bridges)
        for number, nvdimm in enumerate(self._nvdimms):
            path = pathlib.Path(nvdimm.file or self.folder / f"nv{number}.img")
            if not path.exists():
                path.touch()
                os.truncate(path, machine.parse_size(nvdimm.size))
            command += machine.nvdimm_arguments(number, nvdimm, path)
        command += ["-kernel", str(self._kernel.image), "-initrd", str(self.folder / "initrd"),
                    "-append", f"{_RELAXED} {_SYSTEMD} {self._cmdline}".rstrip()]
        return command + self._qemu_args

    def _boot(self):
        # Not in the guest's folder: the path of a unix socket may have no more than 107 bytes.
        self._sockets = tempfile.mkdtemp(prefix="kmemd-vm-")
        command = self._command_line()
        (self.folder / "command").write_text("\n".join(command) + "\n")
        began = time.monotonic()
        with open(self.folder / "qemu.log", "wb") as log:
            # The kernel ends QEMU when this process ends, however it ends.
            self._process = subprocess.Popen(  # pylint: disable=consider-using-with
                ["setpriv", "--pdeathsig", "KILL", *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        atexit.register(self._stop_qemu)
        # A kernel that looks at every access to memory starts three times as slowly.
        limit = BOOT_TIMEOUT * (3 if self._kernel.series == "debug" else 1)
        try:
            self._qmp = qmp.Qmp(f"{self._sockets}/qmp", alive=lambda: self.running)
            self._agent = qmp.Agent(f"{self._sockets}/agent", alive=lambda: self.running)
            # Not more often: the channel holds less than a hundred questions until the guest reads them.
            while not self._agent.sync(6):
                if time.monotonic() - began > limit:
                    raise TimeoutError(f"the boot did not finish within {limit} s")
        except (qmp.ConnectionLost, qmp.ProtocolError, OSError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise GuestError(f"guest {self.name} ended while it booted: {error}\n"
                             f"{(self.folder / 'qemu.log').read_text(errors='replace')}{self.console_tail(25)}") from error
        self.boot_seconds = time.monotonic() - began

    def _stop_qemu(self):
        atexit.unregister(self._stop_qemu)
        for client in (self._qmp, self._agent):
            if client:
                client.close()
        self._qmp = self._agent = None
        if self._process:
            if self._process.poll() is None:
                self._process.kill()
            self._process.wait()
        if self._sockets:
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._sockets = None

    # -- commands in the guest -----------------------------------------------------------------------------------

    def run(self, command, timeout=60, check=True, stdin=None):
        """Run a bash command as root and return its Result. CommandFailed for an exit code that is not 0 (unless
        check=False); CommandTimeout when it takes longer than `timeout` seconds (it is killed then).

        What the command leaves running in the background must not hold stdout or stderr (`>/dev/null 2>&1 &`).
        """
        argv = ["/usr/bin/timeout", "-k", "5", str(timeout), "/usr/bin/bash", "-c", command]
        data = stdin.encode() if isinstance(stdin, str) else stdin
        if not self.running:
            raise GuestError(f"guest {self.name} does not run (asked for: {command})\n{self.console_tail(15)}")
        try:
            code, out, err = self._agent.run(argv, timeout + 30, _ENVIRONMENT, data)
        except TimeoutError as error:
            raise CommandTimeout(f"in the guest: {command}\nit did not end within {timeout} s and cannot be killed "
                                 f"({error})\n{self._blocked_tasks()}\n{self.console_tail(15)}") from error
        except qmp.ConnectionLost as error:
            raise GuestError(f"guest {self.name} ended during: {command}\n{self.console_tail(25)}") from error
        result = Result(code, out.decode(errors="replace"), err.decode(errors="replace"))
        if code == 124 or code == 137:
            raise CommandTimeout(f"in the guest: {command}\nit did not end within {timeout} s\n--- stdout\n{result.out}"
                                 f"--- stderr\n{result.err}")
        if check and code:
            raise CommandFailed(command, result)
        return result

    def _blocked_tasks(self):
        """Where the tasks are that wait in the kernel or run there, as the kernel tells it."""
        script = ("dmesg -n 1; dmesg -C; echo w >/proc/sysrq-trigger; echo l >/proc/sysrq-trigger; "
                  "for task in /proc/[0-9]*; do [ \"$(cut -d' ' -f3 $task/stat)\" = R ] || continue; "
                  "echo \"$task $(tr '\\0' ' ' <$task/cmdline)\"; cat $task/stack; done; dmesg")
        try:
            code, out, err = self._agent.run(["/usr/bin/timeout", "-k", "5", "20", "/usr/bin/bash", "-c", script], 30, _ENVIRONMENT)
        except (TimeoutError, qmp.ConnectionLost) as error:
            return f"where it is cannot be told: {error}"
        return out.decode(errors="replace") + err.decode(errors="replace") if code == 0 else f"where it is cannot be told: {code}"

    def wait_until(self, command, timeout=30, interval=0.1):
        """Run a bash command again and again until it succeeds; returns the Result and takes at most `timeout`
        seconds, then raises GuestError with the last one."""
        deadline = time.monotonic() + timeout
        while True:
            result = self.run(command, timeout=max(timeout, 10), check=False)
            if result.rc == 0:
                return result
            if time.monotonic() > deadline:
                raise GuestError(f"in the guest this did not come true within {timeout} s: {command}\n"
                                 f"exit code {result.rc}\n--- stdout\n{result.out}--- stderr\n{result.err}")
            time.sleep(interval)

    def read(self, path):
        """The text of a file in the guest."""
        return self.run(f"cat -- '{path}'").out

    def write(self, path, text, mode="0644"):
        """Write a file in the guest; its folder is made when missing."""
        self.run(f"install -D -m {mode} /dev/stdin '{path}'", stdin=text)

    def copy_in(self, source, path, mode="0644"):
        """Copy a file of this machine into the guest."""
        self.write(path, pathlib.Path(source).read_bytes(), mode)

    def failed_units(self):
        """Names of the systemd units that failed."""
        return self.run("systemctl list-units --failed --plain --no-legend | cut -d' ' -f1").out.split()

    # -- hot-plug --------------------------------------------------------------------------------------------------

    def plug_expander(self, port, size="1G", serial=None, persistent=""):
        """Plug a CXL expander into an empty port; returns its id (x1, x2, ...). It is in the slot when this returns;
        the kernel finds it a moment later. Without `serial` it gets one of its own."""
        if not 0 <= port < self._ports:
            raise ValueError(f"port {port}: this guest has ports 0 to {self._ports - 1}" if self._ports else
                             f"port {port}: this guest was started without CXL ports")
        device = f"x{self._serial_number}"
        expander = Expander(size, 0xabc0 + self._serial_number if serial is None else serial, persistent)
        backends = expander.backends(device)
        self._wait_slot_off(port)
        added = []
        try:
            for backend in backends:
                self._qmp.execute("object-add", **backend)
                added.append(backend["id"])
            self._qmp.execute("device_add", **expander.device(device, port))
        except qmp.ProtocolError as error:
            for name in added:
                self._qmp.execute("object-del", id=name)
            raise GuestError(f"plugging {expander} into port {port}: {error}") from error
        self._serial_number += 1
        self._plugged[device] = _Plugged(expander, port)
        return device

    def _wait_slot_off(self, port):
        """Wait until the kernel has switched an empty slot off: after a removal it does so a second later, and what was
        plugged by then would be thrown out by it."""
        if any(plugged.port == port for plugged in self._plugged.values()):
            raise ValueError(f"port {port}: an expander is in it already")
        self.wait_until(f"(( (0x$(setpci -s {machine.port_address(port, self._bridges)} CAP_EXP+18.w) & 0x700) == 0x700 ))", timeout=10)

    def unplug(self, device, wait=True, timeout=60):
        """Ask the guest to let a device go (as a press on the slot's attention button does) and, with `wait`, wait
        until it has: the kernel gives the person five seconds to think again, then unbinds the driver."""
        self._require_plugged(device)
        self._qmp.execute("device_del", id=device)
        if wait:
            self.wait_unplugged(device, timeout)

    def wait_unplugged(self, device, timeout=60):
        """Wait until a device that unplug(wait=False) asked for is out of the machine."""
        deadline = time.monotonic() + timeout
        # Not by QEMU's event DEVICE_DELETED: QEMU 10 never frees a cxl-type3 and so never sends it.
        while device in self._devices():
            if time.monotonic() > deadline:
                raise GuestError(f"the guest did not let {device} go within {timeout} s\n{self.console_tail(15)}")
            time.sleep(0.05)
        self._forget(device)

    def surprise_unplug(self, device):
        """Pull an expander out without asking: it is gone when this returns, and the kernel learns of it by the slot's
        presence and link changing, as when somebody pulls a card."""
        port = self._require_plugged(device).port
        # QEMU has no command for this; but a slot whose power controller (bit 10 of Slot Control, at 0x18 of the PCI
        # Express capability) and indicator (bits 9:8) are switched off lets go at once. So switch them off behind the
        # back of the kernel's driver, with the slot's interrupt (bit 5) masked, and on again: with the interrupt, the
        # kernel then finds a powered slot that is empty. Bit 3 lets a change of presence interrupt; Linux leaves that
        # to the change of the link in slots with an attention button, but for the link QEMU raises no interrupt.
        self.run(f"setpci -s {machine.port_address(port, self._bridges)} CAP_EXP+18.w=0700:0720 CAP_EXP+18.w=0128:0728")
        if device in self._devices():
            raise GuestError(f"{device} is still in port {port} after its slot lost power")
        self._forget(device)

    def _devices(self):
        return {child["name"] for child in self._qmp.execute("qom-list", path="/machine/peripheral")}

    def _require_plugged(self, device):
        if device not in self._plugged:
            raise ValueError(f"'{device}' is not plugged; there are: {', '.join(self._plugged) or 'none'}")
        return self._plugged[device]

    def _forget(self, device):
        """The device is gone: free its memory as far as QEMU lets us. QEMU 10 keeps a device that it never frees, and
        with it the memory; names are never used twice, so that this harms nobody."""
        for backend in self._plugged.pop(device).expander.backends(device):
            with contextlib.suppress(qmp.ProtocolError):
                self._qmp.execute("object-del", id=backend["id"])

    @property
    def qmp(self):
        """The QMP client, for what has no method here."""
        return self._qmp

    # -- logs ------------------------------------------------------------------------------------------------------

    def console(self):
        """Everything the serial console has shown, without terminal escapes."""
        with contextlib.suppress(FileNotFoundError):
            return kernel_log.clean((self.folder / "console.log").read_text(errors="replace"))
        return ""

    def console_tail(self, lines):
        """The last lines of the console, under a heading."""
        return "--- console\n" + "\n".join(self.console().splitlines()[-lines:]) + "\n"

    def kernel_problems(self, allow=()):
        """The problems (warnings, oopses, lockdep reports, stalls, ...) in the complete kernel log so far: the
        console's and, when the guest answers, dmesg's. `allow` and allow_kernel_problem() excuse by regular expression."""
        log = self.run("dmesg", timeout=60).out if self.running else ""
        return kernel_log.problems(self.console(), log, allow=[*self._allowed, *allow])

    def allow_kernel_problem(self, pattern):
        """Excuse problems that match from now on, at shutdown too. Say in the test why that is right."""
        self._allowed.append(pattern)

    def mark(self, text):
        """Write a line into the kernel log, so that a reader knows what was going on."""
        self.run("cat >/dev/kmsg", stdin=f"<6>kmemd-test: {text}\n")

    # -- for a person ------------------------------------------------------------------------------------------------

    def interactive(self):
        """Connect this terminal to the root shell on the guest's serial console, until Ctrl-] or the guest's end."""
        print("This is the guest's console, with a root shell. 'poweroff' ends it, Ctrl-] leaves it.", flush=True)
        self.run("dmesg -n 4", check=False)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as console:
            console.connect(f"{self._sockets}/console")
            console.sendall(b"\r")
            old = termios.tcgetattr(sys.stdin) if sys.stdin.isatty() else None
            try:
                if old:
                    tty.setraw(sys.stdin)
                self._bridge(console)
            finally:
                if old:
                    termios.tcsetattr(sys.stdin, termios.TCSADRAIN, old)
        print()

    @staticmethod
    def _bridge(console):
        while True:
            for ready in select.select([sys.stdin, console], [], [])[0]:
                source = os.read(sys.stdin.fileno(), 1024) if ready is sys.stdin else console.recv(65536)
                if not source or (ready is sys.stdin and b"\x1d" in source):
                    return
                if ready is sys.stdin:
                    console.sendall(source)
                else:
                    os.write(sys.stdout.fileno(), source)


__all__ = ["Guest", "Expander", "Nvdimm", "Result", "GuestError", "CommandFailed", "CommandTimeout", "KernelProblems"]
