# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests/lab makes: kernels, the userland, and whether this machine can run a guest with KVM."""
import functools
import json
import os
import pathlib
import subprocess
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
LAB = TOP / "build" / "lab"
VM = TOP / "build" / "vm"


def _make(program, *arguments):
    """Run a script of tests/lab; it does nothing when its result is there."""
    subprocess.run([TOP / "tests" / "lab" / program, *arguments], check=True)


class Kernel:
    """A kernel of the lab, fetched when it is missing; "debug" is the one that is built here. KMEMD_KERNEL in the environment names a
    folder with another kernel that takes the place of 6.12: vmlinuz, release and modules/, as in build/lab/kernels/6.12."""

    def __init__(self, series):
        self.series = series
        self.folder = LAB / "kernels" / series
        own = os.environ.get("KMEMD_KERNEL")
        if own and series == "6.12":
            self.folder = pathlib.Path(own).resolve()
        elif series == "debug":
            _make("build-debug-kernel")
        else:
            _make("fetch-kernel", series)
        self.image = self.folder / "vmlinuz"
        self.modules = self.folder / "modules"
        self.release = (self.folder / "release").read_text().strip()


def userland():
    """The cpio archive of the guest's userland, built when it is missing."""
    _make("build-userland")
    return LAB / "userland" / "rootfs.cpio"


def _kvm_boots(kernel):
    """Whether a guest under KVM really gets through the kernel's start, up to the panic that no root is there.
    /dev/kvm may be there and still not run a guest."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    with tempfile.NamedTemporaryFile(prefix="kmemd-kvm-") as log:
        command = ["timeout", "-k", "2", "20", "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none",
                   "-no-reboot", "-machine", "q35", "-accel", "kvm", "-cpu", "host", "-m", "512M",
                   "-kernel", str(kernel.image), "-append", "console=ttyS0 panic=-1", "-serial", f"file:{log.name}"]
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return b"Unable to mount root fs" in log.read()


@functools.cache
def _kvm_works(kernel):
    """The answer of _kvm_boots(), kept in build/lab/kvm for this machine start and QEMU."""
    version = subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, text=True, check=True).stdout
    boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    question = f"{boot} {version.splitlines()[0]}"
    answer = LAB / "kvm"
    try:
        known = json.loads(answer.read_text())
        if known["question"] == question:
            return known["works"]
    except (OSError, ValueError, KeyError):
        pass
    works = _kvm_boots(kernel)
    answer.write_text(json.dumps({"question": question, "works": works}))
    return works


def accelerator(kernel, cxl):
    """"kvm" or "tcg". KMEMD_ACCEL in the environment decides; else KVM where it works and the guest has no CXL.

    With KVM, CXL memory is I/O memory whose accesses are emulated one instruction at a time, and QEMU stops with "KVM
    internal error" as soon as the guest uses it as ordinary RAM. TCG runs it.
    """
    wanted = os.environ.get("KMEMD_ACCEL", "")
    if wanted not in ("", "kvm", "tcg"):
        raise ValueError(f"KMEMD_ACCEL={wanted}: kvm or tcg is allowed")
    if wanted:
        return wanted
    return "kvm" if not cxl and _kvm_works(kernel) else "tcg"


def newest():
    """The series that stands for the newest kernels: KMEMD_NEWEST in the environment, 7.3 without. One that tests/vm/prepare does not
    make by default has to be named to it, too."""
    return os.environ.get("KMEMD_NEWEST") or "7.3"
