# SPDX-License-Identifier: GPL-2.0-or-later
"""kmemctl doctor: a healthy machine has nothing to find, a planted fault is found and cured by the command that is printed with it, and
a machine with many faults from its boot on shows them all. kmemctl monitor tells meanwhile what happens."""
import json
import time

import pytest

from . import kmemd
from .guest import Expander, Nvdimm
from .kmemd import BLOCK, MEMMAP, MIB, POLICY, kmemctl, see, wait_idle, wait_online

SERIAL, SIZE = 0x1234, 256 * MIB
BLOCKS = SIZE // BLOCK
AUTO_ONLINE = "/sys/devices/system/memory/auto_online_blocks"
RULE = """# As distributions have it.
SUBSYSTEM!="memory", GOTO="end"
ACTION!="add", GOTO="end"
ATTR{[dmi/id]sys_vendor}=="Somebody Else", GOTO="end"
ATTR{state}=="offline", \\
  ATTR{state}="online"
LABEL="end"
"""
DAXCTL = "[reconfigure-device one]\nnvdimm.uuid = ed93e918-e165-49d8-921d-383d7b9660c5\nmode = system-ram\n"


@pytest.fixture(scope="module")
def healthy(boot_guest):
    """Everything as it should be: our driver, memmap_on_memory, an expander online, and an NVDIMM that nobody speaks for."""
    guest = boot_guest("healthy", **kmemd.options(expanders=[Expander("256M", serial=SERIAL)], nvdimms=[Nvdimm("768M")],
                                                  cmdline="memhp_default_state=offline"))
    wait_online(guest, SERIAL, SIZE)
    wait_idle(guest)
    return guest


@pytest.fixture(scope="module")
def spoiled(boot_guest):
    """The kernel's own driver, Debian's defaults, a CPU that tells of a hypervisor, and others who put memory online."""
    options = kmemd.options(driver=False, memmap=False, expanders=[Expander("256M", serial=SERIAL)], files={
        "/usr/lib/udev/rules.d/80-hotplug-cpu-mem.rules": RULE, "/etc/daxctl.conf.d/a.conf": DAXCTL,
        f"{POLICY}/10-mistake.conf": "[Match]\nKind=cxl-ram\nSerial=1\n[Memory]\nMode=ram\n"})
    return boot_guest("spoiled", memory="1G", qemu_args=["-cpu", "max"], **options)


def examine(guest):
    """Run doctor; returns its exit code and the findings by id."""
    result = kmemctl(guest, "doctor --json")
    report = result.json()
    assert report["healthy"] == (result.rc == 0) == (not report["errors"] and not report["warnings"])
    assert all(finding["what"] and finding["why"] and finding["cure"] for finding in report["findings"])
    return result.rc, {finding["id"]: finding for finding in report["findings"]}


def test_healthy(healthy):
    rc, findings = examine(healthy)
    assert rc == 0, findings
    assert not findings
    result = kmemctl(healthy, "doctor")
    assert (result.rc, result.out) == (0, "All is well.\n")


@pytest.mark.parametrize("plant, found, severity", [
    (f"cat >/usr/lib/udev/rules.d/80-hotplug-cpu-mem.rules <<'END'\n{RULE}END", "udev-onlines", "warning"),
    (f"printf '{DAXCTL}' >/etc/daxctl.conf.d/a.conf", "daxctl-reconfigures", "warning"),
    ("systemctl stop kmemd", "service-not-running", "warning"),
    (f"echo online >{AUTO_ONLINE}", "auto-online", "note"),
], ids=["udev-rule", "daxctl", "service", "auto-online"])
def test_fault_and_its_cure(healthy, plant, found, severity):
    try:
        healthy.run(plant, timeout=120)
        rc, findings = examine(healthy)
        assert findings[found]["severity"] == severity and rc == (0 if severity == "note" else 1), findings
        # What stands behind the first bracket is for people.
        healthy.run(findings[found]["cure"].split(" (")[0], timeout=120)
        wait_idle(healthy)
        rc, findings = examine(healthy)
        assert (rc, findings) == (0, {})
    finally:
        healthy.run("rm -f /usr/lib/udev/rules.d/80-hotplug-cpu-mem.rules /etc/udev/rules.d/*.rules /etc/daxctl.conf.d/a.conf "
                    f"{POLICY}/40-daxctl-*; udevadm control --reload; echo offline >{AUTO_ONLINE}; systemctl start kmemd", timeout=120)


def test_rule_is_named_with_its_line(healthy):
    path = "/run/udev/rules.d/80-x.rules"
    healthy.write(path, RULE)
    try:
        finding = examine(healthy)[1]["udev-onlines"]
        assert finding["subject"] == f"{path}:5" and "'5,6s/^/#/'" in finding["cure"]
        healthy.run("ln -s /dev/null /etc/udev/rules.d/80-x.rules")
        assert examine(healthy) == (0, {})
    finally:
        healthy.run(f"rm -f {path} /etc/udev/rules.d/80-x.rules")


def test_blocks_in_the_wrong_zone(healthy):
    block = see(healthy).dax_of(SERIAL).blocks[0]
    state = f"/sys/devices/system/memory/memory{block}/state"
    try:
        healthy.run("systemctl stop kmemd")    # or it puts that right at once
        healthy.run(f"echo offline >{state}; echo online_kernel >{state}", timeout=60)
        rc, findings = examine(healthy)
        assert rc == 1 and "1 kernel" in findings["zones-mixed"]["what"]
        result = kmemctl(healthy, f"memmap {SERIAL:#x} off --rebind")
        assert result.rc == 3 and "not all online in one zone" in result.err
        healthy.run(findings["zones-mixed"]["cure"], timeout=120)
    finally:
        healthy.run("systemctl start kmemd", timeout=60)
    wait_online(healthy, SERIAL, SIZE)
    wait_idle(healthy)
    assert examine(healthy) == (0, {})


def test_memmap_moved_while_in_use(healthy):
    before = see(healthy)
    plan = kmemctl(healthy, f"memmap {SERIAL:#x} off --rebind --dry-run --json").json()["devices"][0]
    assert [step["type"] for step in plan["steps"]] == ["offline", "bind", "online"]
    assert kmemctl(healthy, f"memmap {SERIAL:#x} off").rc == 3
    assert see(healthy).states == before.states
    for word, size in (("off", BLOCK), ("on", BLOCK - MEMMAP)):
        result = kmemctl(healthy, f"memmap {SERIAL:#x} {word} --rebind")
        assert result.rc == 0, result.err
        machine = see(healthy)
        dax = machine.dax_of(SERIAL)
        assert machine.blocks(dax) == ["Movable"] * BLOCKS and machine.auto_online == "offline"
        assert machine.nodes[dax.node]["MemTotal"] == BLOCKS * size
        assert (dax.memmap_on_memory, dax.kmem["blocks_self_hosted"]) == (("1", str(BLOCKS)) if word == "on" else ("0", "0"))
        wait_idle(healthy)      # and policy leaves it so
        assert see(healthy).dax_of(SERIAL).memmap_on_memory == dax.memmap_on_memory
    assert see(healthy).total == before.total
    healthy.write(f"{POLICY}/10-no.conf", f"[Match]\nSerial={SERIAL:#x}\n\n[Region]\nCreate=yes\n\n[Memory]\nMode=system-ram\n"
                                          "MemmapOnMemory=yes\n")
    try:
        result = kmemctl(healthy, f"memmap {SERIAL:#x} off --rebind")
        assert result.rc == 3 and f"{POLICY}/10-no.conf:9 says MemmapOnMemory=yes" in result.err
    finally:
        healthy.run(f"rm {POLICY}/10-no.conf")
    assert see(healthy).states == before.states


def test_memmap_tells_what_the_kernel_shows(healthy):
    dax = see(healthy).dax_of(SERIAL)
    memory, = kmemctl(healthy, f"memmap {SERIAL:#x} --json").json()["devices"][0]["daxdevs"]
    assert (memory["chardev"], memory["mode"], memory["memmap"]["in_force"]) == (dax.name, "system-ram", "device")
    assert memory["memmap"]["device_bytes"] == int(dax.kmem["memmap_device_bytes"]) == BLOCKS * MEMMAP
    ways = {(way["mode"], way["memmap"], way.get("align", 0)): way for way in memory["alternatives"]}
    assert ways["system-ram", "dram", 0]["dram_bytes"] == BLOCKS * MEMMAP
    assert [way for way in ways if ways[way]["in_force"]] == [("system-ram", "device", 0)]
    assert not ways["devdax", "device", 2 * MIB]["possible"]


def test_memmap_of_devdax_as_ndctl_makes_it(healthy):
    """The sizes that are foretold are those that come out, and so is what the kernel takes of DRAM."""
    namespace, = healthy.run("ndctl list -N").json()
    for place, word in (("mem", "dram"), ("dev", "device")):
        made = healthy.run(f"ndctl create-namespace -f -e {namespace['dev']} -m devdax -a 2M -M {place}", timeout=90).json()
        memory, = kmemctl(healthy, f"memmap {made['uuid']} --json").json()["devices"][0]["daxdevs"]
        way, = [way for way in memory["alternatives"] if way["in_force"]]
        assert (memory["memmap"]["in_force"], way["memmap"], way["align"]) == (word, word, 2 * MIB)
        assert way["usable_bytes"] == memory["size"] == see(healthy).dax[memory["chardev"]].size
    wait_idle(healthy)
    assert examine(healthy)[0] == 0


def test_monitor_tells_of_a_job(healthy):
    healthy.run("systemd-run --quiet --unit=watcher -p StandardOutput=truncate:/run/watched kmemctl monitor --json")
    healthy.wait_until("grep -q start /run/watched")
    assert kmemctl(healthy, f"drain {SERIAL:#x}").rc == 0
    rc, findings = examine(healthy)
    assert rc == 0 and findings["held"]["severity"] == findings["cxl-uncommitted"]["severity"] == "note"
    healthy.run(findings["held"]["cure"], timeout=120)      # kmemctl apply
    wait_idle(healthy)
    healthy.wait_until("tail -n1 /run/watched | grep -q . && sleep 0.5")
    healthy.run("systemctl kill --signal=INT watcher")
    healthy.wait_until("systemctl show watcher -P ActiveState | grep -q inactive")
    assert healthy.failed_units() == []
    events = [json.loads(line) for line in healthy.run("cat /run/watched").out.splitlines()]
    jobs = [(event["action"], event["job"]) for event in events if event["type"] == "job" and "action" in event]
    assert jobs == [("began", "drain"), ("ended", "drain"), ("began", "apply"), ("ended", "apply")]
    blocks = {}
    for event in events:
        if event["type"] == "blocks":
            blocks[event["action"]] = blocks.get(event["action"], 0) + event["count"]
    assert blocks == dict.fromkeys(("offline", "removed", "added", "online"), BLOCKS)
    assert len([event for event in events if event["type"] == "blocks"]) < 12
    states = [event["state"] for event in events if event["type"] == "record"]
    assert states == ["held", "none"]
    assert {event["device"] for event in events if event["type"] == "device" and event["subsystem"] == "dax"}
    # Nobody reads any more: it ends by itself and does not wait for the next event.
    began = time.monotonic()
    assert healthy.run("kmemctl monitor | head -n1", timeout=20).out.strip()
    assert time.monotonic() - began < 10


def test_spoiled_from_the_boot_on(spoiled):
    # kmemd has tried to use the expander, which is how the kernel's sentence gets into its log.
    spoiled.allow_kernel_problem(r"drivers/cxl/core/region\.c|Failed to synchronize CPU cache state")
    spoiled.run("modprobe kmem")
    spoiled.wait_until("ls /run/kmemd/devices | grep -q .", timeout=90)
    rc, findings = examine(spoiled)
    assert rc == 1
    assert "could not commit" in findings["cxl-hypervisor"]["what"] and findings["failed"]["severity"] == "error"
    assert findings["cxl-hypervisor"]["severity"] == "error" and "hypervisor=off" in findings["cxl-hypervisor"]["cure"]
    assert findings["udev-onlines"]["subject"].endswith("80-hotplug-cpu-mem.rules:5")
    assert "1 namespace" in findings["daxctl-reconfigures"]["what"]
    assert findings["policy-mistake"]["subject"] == f"{POLICY}/10-mistake.conf:5"
    assert findings["kmem-stock"]["severity"] == "note"
    assert findings["memmap-parameter"]["severity"] == "warning"
    assert "memory_hotplug.memmap_on_memory=on" in findings["memmap-parameter"]["cure"]
    assert findings["auto-online"]["what"].endswith("(online)")
    severities = [finding["severity"] for finding in findings.values()]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)
    lines = kmemctl(spoiled, "doctor").out.splitlines()
    assert lines[0].startswith("error ") and "warnings" in lines[-1]
