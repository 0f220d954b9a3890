# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab itself, with nothing of kmemd in it: a real kernel, real hot-plug, Debian's own tools.

When one of these fails, the lab is at fault and not kmemd.
"""
import time

import pytest

from .guest import CommandFailed, CommandTimeout, Expander, GuestError, Nvdimm

FIRST, SECOND = 0x1234, 0x5678


@pytest.fixture(scope="module")
def guest(boot_guest):
    """One expander at boot, one empty port, one NVDIMM of 1 GiB; memory stays offline until a test says otherwise."""
    return boot_guest(expanders=[Expander("512M", serial=FIRST)], ports=1, nvdimms=[Nvdimm("1152M", label_size="128M")],
                      cmdline="memhp_default_state=offline", files={"/etc/planted": "by the test\n"})


def memdevs(guest):
    """serial -> name of the CXL memory devices that the guest sees."""
    return {entry["serial"]: entry["memdev"] for entry in guest.run("cxl list -M").json() or []}


def online_bytes(guest):
    """MemTotal, in bytes."""
    return int(guest.run("awk '/MemTotal/ { print $2 }' /proc/meminfo").out) * 1024


def test_boots_debian_with_all_units_up(guest):
    assert guest.release == guest.run("uname -r").out.strip()
    assert guest.release.startswith("6.12")
    assert guest.failed_units() == []
    assert guest.read("/etc/planted") == "by the test\n"
    assert guest.run("cat /sys/devices/system/memory/auto_online_blocks").out.strip() == "offline"
    print(f"boot to the first answer {guest.boot_seconds:.1f} s, initramfs {guest.initrd_bytes >> 20} MiB")


def test_commands_report_code_output_and_timeout(guest):
    result = guest.run("echo out; echo err >&2; exit 3", check=False)
    assert (result.rc, result.out, result.err) == (3, "out\n", "err\n")
    with pytest.raises(CommandFailed, match="exit code 3"):
        guest.run("exit 3")
    with pytest.raises(CommandTimeout):
        guest.run("sleep 60", timeout=2)
    guest.write("/run/lab/file", "content\n", mode="0600")
    assert guest.run("stat -c %a /run/lab/file; cat /run/lab/file").out == "600\ncontent\n"
    assert len(guest.run("head -c 3000000 /dev/zero | tr '\\0' x").out) == 3000000
    with pytest.raises(GuestError, match="did not come true"):
        guest.wait_until("false", timeout=1)


def test_expander_present_at_boot_is_seen(guest):
    assert set(memdevs(guest)) == {FIRST}


def test_region_of_a_hotplugged_expander_goes_online_and_away(guest):
    began = time.monotonic()
    device = guest.plug_expander(port=1, size="512M", serial=SECOND)
    guest.wait_until(f"cxl list -M | jq -e 'any(.[]; .serial == {SECOND})'", timeout=20)
    print(f"hot-plug to memdev {time.monotonic() - began:.2f} s")
    with pytest.raises(ValueError, match="port 1"):
        guest.plug_expander(port=1)

    before = online_bytes(guest)
    memdev = memdevs(guest)[SECOND]
    region = guest.run(f"cxl create-region -t ram -d decoder0.0 -m {memdev}", timeout=120).json()["region"]
    guest.wait_until("daxctl list | jq -e 'any(.[]; .mode == \"system-ram\")'", timeout=30)
    dax = guest.run("daxctl list").json()[0]
    assert dax["size"] == 512 << 20
    guest.run(f"daxctl online-memory {dax['chardev']}", timeout=120)
    added = online_bytes(guest) - before
    assert 0.95 * (512 << 20) < added <= 512 << 20

    guest.run(f"daxctl offline-memory {dax['chardev']}", timeout=120)
    assert online_bytes(guest) == before
    guest.run(f"daxctl disable-device {dax['chardev']}; cxl disable-region {region} && cxl destroy-region {region}", timeout=60)
    assert guest.run("cxl list -R").json() in (None, [])
    began = time.monotonic()
    guest.unplug(device)
    print(f"unplug {time.monotonic() - began:.2f} s")
    guest.wait_until(f"! cxl list -M | jq -e 'any(.[]; .serial == {SECOND})'", timeout=10)
    assert set(memdevs(guest)) == {FIRST}


def test_surprise_removal_is_noticed_and_the_port_can_be_used_again(guest):
    for _ in range(2):
        device = guest.plug_expander(port=1, size="256M", serial=SECOND)
        guest.wait_until(f"cxl list -M | jq -e 'any(.[]; .serial == {SECOND})'", timeout=20)
        guest.surprise_unplug(device)
        guest.wait_until(f"! cxl list -M | jq -e 'any(.[]; .serial == {SECOND})'", timeout=10)
    assert "Card not present" in guest.console()
    with pytest.raises(ValueError, match="not plugged"):
        guest.unplug(device)


def test_nvdimm_namespace_becomes_a_dax_device(guest):
    region = guest.run("ndctl list -R").json()[0]
    assert region["size"] == 1 << 30
    # A new NVDIMM is one raw namespace over its whole size: it is changed in place.
    raw = guest.run("ndctl list -N").json()[0]["dev"]
    namespace = guest.run(f"ndctl create-namespace -f -e {raw} -m devdax -a 2M -M dev", timeout=60).json()
    assert namespace["mode"] == "devdax" and namespace["uuid"]
    dax = namespace["daxregion"]["devices"][0]["chardev"]
    guest.run(f"daxctl reconfigure-device -m system-ram -N {dax}", timeout=60)
    guest.run(f"daxctl reconfigure-device -m devdax {dax}", timeout=60)
    guest.run(f"ndctl destroy-namespace -f {namespace['dev']}", timeout=60)


def test_planted_warning_is_found_in_the_running_kernel(guest):
    assert guest.kernel_problems() == []
    guest.run("echo '<4>WARNING: planted by the test' >/dev/kmsg")
    assert len(guest.kernel_problems()) == 1
    guest.allow_kernel_problem("planted by the test")
    assert guest.kernel_problems() == []


def test_result_is_a_failure_while_the_guest_runs(guest):
    assert (guest.folder / "result").read_text().startswith("FAIL")


def test_name_in_use_is_refused(guest, boot_guest):
    with pytest.raises(GuestError, match="running already"):
        boot_guest()
    assert guest.run("true").rc == 0
