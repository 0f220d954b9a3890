# SPDX-License-Identifier: GPL-2.0-or-later
"""daxctl and cxl do with our driver what they do with the kernel's own: the same commands in two guests, one with each driver, have the
same output and exit code and do the same to the memory. daxctl and cxl 81 (of the guest's Debian) on 6.12 and 7.3, daxctl 76 (of
Debian 12, like the kernel) on 6.1.
"""
import subprocess

import pytest

from . import dax_region, kmemd, lab, tool_traces
from .guest import Expander

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
SIZE = 1024     # MiB of the soft-reserved region
BOOKWORM = lab.LAB / "tools" / "bookworm"
TOOLS = {"6.12": ("81", PATH), "7.3": ("81", PATH), "6.1": ("76", f"/opt/bookworm/bin:{PATH}")}   # version and PATH for each kernel

# Every command succeeds, but for those behind "!", which fail, and "?", where the versions of the tools do not agree.
DAXCTL = {
    "list": """
        daxctl list
        daxctl list -RD
        daxctl list -DMi
        daxctl list -Diu
        daxctl list -d $D
    """,
    "online and offline": """
        daxctl reconfigure-device -m system-ram --no-online $D
        daxctl list -d $D
        daxctl online-memory $D
        daxctl list -d $D
        ! daxctl online-memory $D
        daxctl offline-memory $D
        ! daxctl offline-memory $D
        echo online_movable >/sys/devices/system/memory/memory33/state
        daxctl list -d $D
        daxctl online-memory $D
        daxctl list -d $D
        daxctl offline-memory -r $R $D
    """,
    "online in a kernel zone": """
        daxctl online-memory --no-movable $D
        daxctl list -d $D
        daxctl offline-memory $D
        echo online_movable >/sys/devices/system/memory/memory33/state
        daxctl list -d $D
        daxctl online-memory --no-movable $D
        daxctl list -d $D
        daxctl offline-memory -r $R $D
        daxctl reconfigure-device -m devdax $D
        daxctl reconfigure-device -m system-ram --no-movable $D
        daxctl reconfigure-device -m devdax -f $D
        daxctl reconfigure-device -m system-ram --no-online $D
    """,
    "reconfigure": """
        daxctl reconfigure-device -m devdax $D
        daxctl reconfigure-device -m devdax $D
        daxctl reconfigure-device -m system-ram $D
        ! daxctl reconfigure-device -m devdax $D
        daxctl reconfigure-device -m devdax -f $D
        daxctl reconfigure-device -m system-ram --no-online $D
        daxctl reconfigure-device -m system-ram $D
        daxctl reconfigure-device -m devdax -f -r $R all
    """,
    "a kernel that onlines memory": """
        echo online_movable >/sys/devices/system/memory/auto_online_blocks
        ! daxctl reconfigure-device -m system-ram $D
        daxctl reconfigure-device -m system-ram -f $D
        daxctl list -d $D
        daxctl reconfigure-device -m devdax -f $D
        daxctl reconfigure-device -m system-ram --no-online -f $D
        daxctl offline-memory $D
        daxctl reconfigure-device -m devdax $D
        echo offline >/sys/devices/system/memory/auto_online_blocks
    """,
    "enable and disable": """
        daxctl disable-device $D
        daxctl list -Di
        daxctl disable-device $D
        daxctl enable-device $D
        daxctl enable-device $D
        daxctl reconfigure-device -m system-ram --no-online $D
        ! daxctl disable-device $D
        ! daxctl enable-device $D
        daxctl reconfigure-device -m devdax $D
    """,
    "wrong use": """
        ? daxctl online-memory dax99.0
        ! daxctl online-memory $D
        ! daxctl offline-memory $D
        ! daxctl reconfigure-device -m ram $D
        daxctl list -d dax99.0
    """,
    "create and destroy": """
        ! daxctl destroy-device $D
        ! daxctl create-device -r $R -s 256M
        ? daxctl disable-device $D; daxctl destroy-device $D
        daxctl create-device -r $R -s 192M -a 2M
        daxctl create-device -r $R -s 320M -a 2M
        daxctl create-device -r $R -s 256M
        daxctl disable-device dax$R.2; daxctl destroy-device dax$R.2
        daxctl create-device -r $R -s 512M
        daxctl reconfigure-device -m system-ram dax$R.2
        daxctl reconfigure-device -m system-ram --no-online dax$R.1
        daxctl list -DM
        daxctl offline-memory dax$R.2
        ! daxctl destroy-device dax$R.2
        daxctl reconfigure-device -m devdax dax$R.2
        daxctl reconfigure-device -m devdax dax$R.1
        daxctl disable-device -r $R all
        daxctl destroy-device -r $R all
        daxctl create-device -r $R
        daxctl list
    """,
    "a kernel that onlines memory into a kernel zone": """
        echo online >/sys/devices/system/memory/auto_online_blocks
        ! daxctl reconfigure-device -m system-ram $D
        daxctl reconfigure-device -m system-ram --no-online -f $D
        daxctl list -d $D
        daxctl offline-memory $D
        daxctl reconfigure-device -m devdax $D
        echo offline >/sys/devices/system/memory/auto_online_blocks
    """,
}
# 7.3 puts a kernel zone to use at once, and its blocks do not go offline any more, whatever the driver.
KERNEL_ZONE = ("online in a kernel zone", "a kernel that onlines memory into a kernel zone")
# Never in a kernel zone: the memory is soon in use there, cxl -f disables the region all the same, and the kernel dies.
CXL = {
    "region": """
        cxl create-region -t ram -d decoder0.0 -m mem0
        cxl list -RX
        daxctl online-memory $C
        daxctl list -d $C
        daxctl offline-memory $C
        cxl disable-region region0
        cxl enable-region region0
        daxctl reconfigure-device -m devdax $C
        daxctl reconfigure-device -m system-ram $C
    """,
    "region with memory online": """
        ! cxl destroy-region region0
        cxl disable-region region0
        cxl list -Ri
        cxl enable-region region0
        daxctl online-memory $C
        cxl disable-region -f region0
        daxctl list
        cxl enable-region region0
        daxctl online-memory $C
        cxl destroy-region -f region0
        cxl list -Ri
    """,
    "region cut in two": """
        cxl create-region -t ram -d decoder0.0 -m mem0
        daxctl reconfigure-device -m devdax $C
        daxctl disable-device $C; daxctl destroy-device $C
        daxctl create-device -r 0 -s 256M
        daxctl create-device -r 0 -s 256M
        ! daxctl reconfigure-device -m system-ram -r 0 all
        daxctl list -DM
        cxl disable-region -f region0
        cxl destroy-region region0
        daxctl list
    """,
}


def sections(series):
    """What is run on a series."""
    return ({name: text for name, text in DAXCTL.items() if series != "7.3" or name not in KERNEL_ZONE} |
            ({} if series == "6.1" else CXL))


def commands(text):
    """(the exit codes that are right, command) for each line."""
    right = {"!": range(1, 256), "?": range(256)}
    return [(right[line[0]], line[2:]) if line[0] in right else (range(1), line) for line in map(str.strip, text.splitlines()) if line]


def trace(boot_guest, series, driver):
    """Boot a guest with our driver or the kernel's, run every section of its series; returns section -> steps."""
    version, path = TOOLS[series]
    subprocess.run([lab.TOP / "tests" / "lab" / "fetch-tools"], check=True)
    overlays = [BOOKWORM / "overlay"] + ([kmemd.overlay(f"kmem-{series}")] if driver == "ours" else [])
    expanders = [Expander("512M", serial=0x1234)] if series != "6.1" else []
    guest = boot_guest(f"{series}-{driver}", kernel=series, overlays=overlays, expanders=expanders, **dax_region.options(SIZE),
                       cmdline=f"{kmemd.MEMMAP_PARAMETER} memhp_default_state=offline {dax_region.cmdline(SIZE)}")
    guest.run("modprobe kmem")
    assert guest.run("modinfo -F version kmem").out.endswith("-kmemd\n") == (driver == "ours")
    assert guest.run(f"PATH={path}; daxctl --version").out.startswith(version)
    traced = {name: tool_traces.run(guest, [command for _, command in commands(text)], path)
              for name, text in sections(series).items()}
    guest.shutdown()
    return traced


@pytest.fixture(scope="module")
def traces(request, boot_guest):
    """What happened on a series with the kernel's driver, and with ours; the guests are gone again."""
    return [trace(boot_guest, request.param, driver) for driver in ("stock", "ours")]


def compare(traces, section, text):
    """Fail when a command did not end as it should with the kernel's driver, or did anything else with ours."""
    problems = []
    for (right, command), theirs, ours in zip(commands(text), *(traced[section] for traced in traces), strict=True):
        print(f"$ {command}\n{ours.rc} {ours.out}\n{ours.err}")
        if theirs.rc not in right:
            problems.append(f"{command}: exit code {theirs.rc} with the kernel's own driver: {theirs.err}")
        difference = theirs.differences(ours)
        if difference:
            problems.append(f"{command}: the kernel's own driver and ours differ in {difference}")
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("traces, section", [(series, section) for series in TOOLS for section in sections(series)],
                         indirect=["traces"], scope="module")
def test_the_same_as_with_the_own_driver(traces, section):
    compare(traces, section, {**DAXCTL, **CXL}[section])
