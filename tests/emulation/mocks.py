# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests on the kernel's own emulations of CXL and NVDIMM hardware, cxl_test and nfit_test, which tests/lab/build-mocks builds."""
import subprocess

from vm import kmemd, lab

MOCKS = lab.LAB / "mocks"
# cxl_test takes the highest 64 GiB of the physical address space for its windows. With 37 bits of it they are from 64 to 128 GiB: so RAM of
# the guest lies behind them, each window on a NUMA node of its own. The kernel does not see it, because of mem= below. Nothing is taken
# from the machine until the guest writes there (reserve=off).
_DRAM = 63744
_WINDOWS = (1024, 8192, 1024, 2048, 1024, 256, 2560)   # MiB, in the order of cxl_test's windows
_CPU = "max,la57=off,phys-bits=37,host-phys-bits=off,hypervisor=off"


def overlay(name):
    """The folder with the modules of cxl_test or nfit_test, built when it is missing."""
    subprocess.run([lab.TOP / "tests" / "lab" / "build-mocks"], check=True)
    return str(MOCKS / name)


def _memory_behind_windows():
    sizes = (_DRAM, *_WINDOWS)
    arguments = ["-cpu", _CPU]
    for number, size in enumerate(sizes):
        arguments += ["-object", f"memory-backend-ram,id=node{number},size={size}M,reserve=off",
                      "-numa", f"node,nodeid={number},memdev=node{number}" + (",cpus=0-1" if number == 0 else "")]
    return f"{sum(sizes)}M", arguments


def cxl_options(*, cmdline="", **options):
    """Options of Guest for a machine on which cxl_test can be loaded; options are those of kmemd.options()."""
    folder = overlay("cxl_test")
    memory, arguments = _memory_behind_windows()
    left_out = (MOCKS / "cmdline").read_text(encoding="ascii").strip()
    made = kmemd.options(memory=memory, memory_max=memory, slots=0, qemu_args=arguments,
                         cmdline=f"{left_out} mem=5G memhp_default_state=offline {cmdline}".strip(), **options)
    made["overlays"].append(folder)
    return made


def load(guest, name, parameters=""):
    """Load a mock; returns when udev has seen all of it."""
    guest.run(f"modprobe {name} {parameters}", timeout=120)
    guest.run("udevadm settle --timeout=60", timeout=90)


def unload(guest, name):
    """Take a mock away; its memory has to be offline."""
    guest.run(f"modprobe -r {name}", timeout=120)
    guest.run("udevadm settle --timeout=60", timeout=90)


def nfit_options(**options):
    """Options of Guest for a machine on which nfit_test can be loaded; options are those of kmemd.options()."""
    made = kmemd.options(**options)
    made["overlays"].append(overlay("nfit_test"))
    return made
