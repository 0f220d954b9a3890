# SPDX-License-Identifier: GPL-2.0-or-later
"""kmemctl doctor: a healthy machine has nothing to find, a planted fault is found and cured by the command that is printed with it, and
a machine with many faults from its boot on shows them all. kmemctl monitor tells meanwhile what happens."""
import json
import time

import pytest

from . import kmemd
from .guest import Expander, Nvdimm
from .initrd import Symlink
from .kmemd import BLOCK, MEMMAP, MIB, POLICY, Plugged, kmemctl, see, wait_idle, wait_online

SERIAL, SIZE = 0x1234, 256 * MIB
BLOCKS = SIZE // BLOCK
OTHER = 0x5678      # an expander that a test plugs in: 512 MiB
AUTO_ONLINE = "/sys/devices/system/memory/auto_online_blocks"
ONLINE_POLICY = "/sys/module/memory_hotplug/parameters/online_policy"
RULES = "/usr/lib/udev/rules.d"
# As distributions have it; the rule at the end is only reached when the one that jumps over it is gone.
RULE = """# As distributions have it.
SUBSYSTEM!="memory", GOTO="end"
ACTION!="add", GOTO="end"
ATTR{[dmi/id]sys_vendor}=="Somebody Else", GOTO="end"
ATTR{state}=="offline", \\
  ATTR{state}="online", GOTO="end"
ATTR{online}=="0", ATTR{online}="1"
LABEL="end"
"""
KDUMP = """SUBSYSTEM=="memory", ACTION=="online", GOTO="reload"
GOTO="end"
LABEL="reload"
RUN+="/bin/sh -c 'systemctl is-active kdump.service || exit 0; systemd-run --no-block /usr/lib/udev/kdump-udev-throttler'"
LABEL="end"
"""
DAXCTL = "[reconfigure-device one]\nnvdimm.uuid = ed93e918-e165-49d8-921d-383d7b9660c5\nmode = system-ram\n"
IDLE_SERVICE = "[Service]\nExecStart=/usr/bin/sleep infinity\n"


@pytest.fixture(scope="module")
def healthy(boot_guest):
    """Everything as it should be: our driver, memmap_on_memory, an expander online, an NVDIMM that nobody speaks for, and an empty port."""
    guest = boot_guest("healthy", **kmemd.options(expanders=[Expander("256M", serial=SERIAL)], ports=1, nvdimms=[Nvdimm("768M")],
                                                  cmdline="memhp_default_state=offline"))
    wait_online(guest, SERIAL, SIZE)
    wait_idle(guest)
    guest.run(f"sha256sum {RULES}/* >/run/rules.sum")
    return guest


@pytest.fixture(scope="module")
def spoiled(boot_guest, healthy):
    """The kernel's own driver, Debian's defaults, a CPU that tells of a hypervisor, others who put memory online, firmware that reserved the
    end of the CXL window, an NVDIMM that is not armed."""
    window = healthy.run("cd /sys/bus/cxl/devices/decoder0.0 && echo $(($(cat start) + $(cat size) - 0x20000000))").out.strip()
    options = kmemd.options(
        driver=False, memmap=False, expanders=[Expander("256M", serial=SERIAL)], ports=1, nvdimms=[Nvdimm("768M")],
        cmdline=f"memmap=512M%{int(window):#x}+0xefffffff", files={
            f"{RULES}/80-hotplug-cpu-mem.rules": RULE, f"{RULES}/98-kexec.rules": KDUMP, "/etc/daxctl.conf.d/a.conf": DAXCTL,
            "/usr/lib/modprobe.d/x.conf": "blacklist kmem\n# and more\nalias dax:t0* off\n",
            "/etc/systemd/system/nvidia-persistenced.service": IDLE_SERVICE,
            "/etc/systemd/system/multi-user.target.wants/nvidia-persistenced.service": Symlink("../nvidia-persistenced.service"),
            f"{POLICY}/10-mistake.conf": "[Match]\nKind=cxl-ram\nSerial=1\n[Memory]\nMode=ram\n"})
    return boot_guest("spoiled", qemu_args=["-cpu", "max", "-object", "memory-backend-ram,id=unarmed,size=512M",
                                            "-device", "nvdimm,id=nvx,memdev=unarmed,unarmed=on"], **options)


def examine(guest):
    """Run doctor; returns its exit code and the findings by id."""
    result = kmemctl(guest, "doctor --json")
    report = result.json()
    assert report["healthy"] == (result.rc == 0) == (not report["errors"] and not report["warnings"])
    for finding in report["findings"]:
        assert finding["what"] and finding["why"] and finding["cure"], finding
        for kind, start in (("none", "none: "), ("by-hand", "by hand: ")):
            assert (finding["cure_type"] == kind) == finding["cure"].startswith(start), finding
    return result.rc, {finding["id"]: finding for finding in report["findings"]}


def cure(guest, name):
    """Run the cure of a finding as it is printed, in a shell of its own, and look again: it is gone."""
    finding = examine(guest)[1][name]
    assert finding["cure_type"] == "command", finding
    assert f"cure: {finding['cure']}\n" in kmemctl(guest, "doctor").out
    guest.run(finding["cure"], timeout=150)
    after = examine(guest)[1]
    assert name not in after, (finding, after[name])
    return after


def test_healthy(healthy):
    rc, findings = examine(healthy)
    assert rc == 0, findings
    assert not findings
    result = kmemctl(healthy, "doctor")
    assert (result.rc, result.out) == (0, "All is well.\n")


DEPENDENCIES = "/lib/modules/$(uname -r)/modules.dep"
# What is planted, the word of what is found, and how grave it is; each lot at once.
FAULTS = {
    "others": [
        (f"cat >{RULES}/80-hotplug-cpu-mem.rules <<'END'\n{RULE}END", "udev-onlines", "warning"),
        (f"cat >{RULES}/98-kexec.rules <<'END'\n{KDUMP}END", "kdump-reloads", "note"),
        (f"printf '{DAXCTL}' >/etc/daxctl.conf.d/a.conf", "daxctl-reconfigures", "warning"),
        ("printf 'install kmem /bin/true\\n#\\nblacklist kmem\\n' >/usr/lib/modprobe.d/x.conf", "kmem-blacklisted", "error"),
        ("systemctl stop kmemd", "service-not-running", "warning"),
        (f"echo online >{AUTO_ONLINE}", "auto-online", "warning"),      # because kmemd does not run
    ],
    "administrator": [
        (f"cat >/etc/udev/rules.d/80-x.rules <<'END'\n{RULE}END", "udev-onlines", "warning"),
        (f"printf '{DAXCTL}' >/etc/daxctl.conf.d/a.conf; ln -s /dev/null /etc/udev/rules.d/90-daxctl-device.rules", "daxctl-unused", "note"),
        ("echo blacklist kmem >/etc/modprobe.d/x.conf", "kmem-blacklisted", "error"),
        ("systemctl mask --runtime --now kmemd", "service-masked", "warning"),
        (f"sed -i '/^updates.*kmem.ko/d' {DEPENDENCIES}; echo kernel/drivers/dax/kmem.ko.xz: >>{DEPENDENCIES}", "kmem-not-chosen", "warning"),
        (f"echo auto-movable >{ONLINE_POLICY}", "online-policy", "note"),
    ],
    "enabled": [
        ("rm /etc/systemd/system/multi-user.target.wants/kmemd.service; systemctl daemon-reload", "service-not-enabled", "note"),
    ],
}


@pytest.mark.parametrize("lot", FAULTS)
def test_faults_and_their_cures(healthy, lot):
    """Each cure takes away what it is for, and all together leave a machine on which all is well."""
    try:
        healthy.run("\n".join(plant for plant, _, _ in FAULTS[lot]), timeout=120)
        rc, findings = examine(healthy)
        assert {name: finding["severity"] for name, finding in findings.items()} == {name: severity for _, name, severity in FAULTS[lot]}
        assert rc == (1 if any(severity != "note" for _, _, severity in FAULTS[lot]) else 0)
        for _, name, _ in FAULTS[lot]:
            cure(healthy, name)
        wait_idle(healthy)
        assert examine(healthy) == (0, {})
        assert healthy.run("sha256sum -c --quiet /run/rules.sum", check=False).rc == 0      # what packages brought is as it was
    finally:
        healthy.run(f"rm -f {RULES}/80-hotplug-cpu-mem.rules {RULES}/98-kexec.rules /etc/udev/rules.d/*.rules /etc/daxctl.conf.d/a.conf "
                    f"/etc/modprobe.d/x.conf /usr/lib/modprobe.d/x.conf {POLICY}/40-daxctl-*; udevadm control --reload; depmod; "
                    f"echo offline >{AUTO_ONLINE}; echo contig-zones >{ONLINE_POLICY}; systemctl unmask --runtime kmemd; "
                    "systemctl enable --now kmemd; systemctl reload kmemd", timeout=120)


def test_who_may_not_look_is_told_so(healthy):
    as_nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups kmemctl doctor"
    result = healthy.run(as_nobody, check=False)
    assert result.rc == 1 and "All is well" not in result.out, result.out
    assert "/proc/iomem" in result.out and "/dev/kmsg" in result.out
    report = healthy.run(f"{as_nobody} --json", check=False).json()
    assert not report["healthy"] and [finding["id"] for finding in report["findings"]] == ["not-all-seen"]


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
        cure(healthy, "zones-mixed")
    finally:
        healthy.run("systemctl start kmemd", timeout=60)
    wait_online(healthy, SERIAL, SIZE)
    wait_idle(healthy)
    assert examine(healthy) == (0, {})


def states(guest):
    """A shell's loop over the state files of the expander's blocks."""
    return "for state in " + " ".join(f"/sys/devices/system/memory/memory{block}/state" for block in see(guest).dax_of(SERIAL).blocks)


@pytest.mark.parametrize("plant, found", [
    (lambda guest: f"{states(guest)}; do echo offline >$state; done", ["blocks-offline"]),
    (lambda guest: f"{states(guest)}; do echo offline >$state; done; {states(guest)}; do echo online_kernel >$state; done", ["zone-differs"]),
    (lambda guest: f"daxctl reconfigure-device -m devdax -f {see(guest).dax_of(SERIAL).name}", ["not-memory"]),
    (lambda guest: f"echo {see(guest).dax_of(SERIAL).name} >/sys/bus/dax/drivers/kmem/unbind", ["stuck-range", "not-memory"]),
    (lambda guest: "kmemctl drain mem0", ["held"]),
    (lambda guest: "kmemctl drain mem0", ["cxl-uncommitted"]),
], ids=["offline", "zone", "devdax", "unbound", "held", "uncommitted"])
def test_what_another_hand_did_and_its_cure(healthy, plant, found):
    """kmemd does not run meanwhile: what it does about it is not what is tried here."""
    try:
        healthy.run("systemctl stop kmemd")
        healthy.run(plant(healthy), timeout=120)
        for name in found:
            assert name in examine(healthy)[1]
            cure(healthy, name)
        assert set(examine(healthy)[1]) <= {"service-not-running"}
    finally:
        healthy.run("systemctl start kmemd", timeout=60)
    wait_online(healthy, SERIAL, SIZE)
    wait_idle(healthy)
    assert examine(healthy) == (0, {})


def test_the_kernels_own_driver_in_place_of_ours(healthy):
    try:
        healthy.run("systemctl stop kmemd; kmemctl drain mem0 && rmmod kmem && insmod /lib/modules/$(uname -r)/kernel/drivers/dax/kmem.ko*",
                    timeout=120)
        cure(healthy, "kmem-stock-loaded")
        assert "-kmemd" in healthy.read("/sys/module/kmem/version")
    finally:
        healthy.run("modprobe kmem; systemctl start kmemd; kmemctl apply mem0", timeout=120)
    wait_online(healthy, SERIAL, SIZE)
    wait_idle(healthy)
    assert examine(healthy) == (0, {})


def test_capacity_that_a_decoder_or_a_half_made_region_holds(healthy):
    window = "/sys/bus/cxl/devices/decoder0.0"
    with Plugged(healthy, 1, serial=OTHER) as expander:
        wait_online(healthy, OTHER, expander.size)
        wait_idle(healthy)
        assert examine(healthy) == (0, {})
        memdev = healthy.run(f"cxl list -M -s {OTHER:#x} | jq -r '.[0].memdev'").out.strip()
        healthy.run(f"systemctl mask --runtime --now kmemd; kmemctl drain {memdev}", timeout=150)
        # What a failed `cxl create-region` leaves: capacity without a region,
        healthy.run(f"cxl reserve-dpa -t ram -s 256M {memdev}")
        finding = examine(healthy)[1]["cxl-stranded"]
        assert finding["subject"] == memdev and "256 MiB" in finding["what"]
        cure(healthy, "cxl-stranded")
        # two decoders, which let go only the last first,
        healthy.run(f"cxl reserve-dpa -t ram -s 256M {memdev} && cxl reserve-dpa -t ram -s 256M {memdev}")
        assert "512 MiB" in examine(healthy)[1]["cxl-stranded"]["what"]
        cure(healthy, "cxl-stranded")
        # a region without a target.
        healthy.run(f"region=$(cat {window}/create_ram_region) && echo $region >{window}/create_ram_region && cd /sys/bus/cxl/devices/$region && "
                    "echo 256 >interleave_granularity && echo 1 >interleave_ways && echo 0x10000000 >size")
        cure(healthy, "cxl-not-committed")
        healthy.run(f"cxl disable-memdev -f {memdev}", timeout=60)
        cure(healthy, "cxl-disabled")
        healthy.run(f"kmemctl apply {memdev}", timeout=150)
    wait_idle(healthy)
    assert examine(healthy) == (0, {})


def test_a_job_at_work_is_no_finding(healthy):
    """Stopped in the middle, with auto_online_blocks held and the region half gone or half made; and then killed."""
    journal = "/run/kmemd/journal.json"
    healthy.run("systemctl mask --runtime --now kmemd")
    try:
        for verb in ("drain mem0", "apply mem0"):
            # In a session of its own: a stopped process whose parent has gone would be hung up.
            healthy.run(f"setsid kmemctl {verb} >/dev/null 2>&1 & job=$!; until [ -s {journal} ]; do :; done; kill -STOP $job; echo $job >/run/job")
            rc, findings = examine(healthy)
            assert set(findings) - {"service-masked"} == {"job-runs"}, findings
            assert findings["job-runs"]["severity"] == "note"
            healthy.run("kill -CONT $(cat /run/job); while [ -e /proc/$(cat /run/job) ]; do sleep 0.1; done", timeout=150)
        healthy.run(f"kmemctl drain mem0 >/dev/null 2>&1 & job=$!; until [ -s {journal} ]; do :; done; kill -KILL $job")
        assert examine(healthy)[1]["cut-short"]["severity"] == "warning"
        cure(healthy, "cut-short")
    finally:
        healthy.run("systemctl unmask --runtime kmemd; systemctl start kmemd; kmemctl apply mem0", timeout=150)
    wait_online(healthy, SERIAL, SIZE)
    wait_idle(healthy)
    assert examine(healthy) == (0, {})


def test_a_broken_page(healthy):
    """What the kernel shows of it, what is said, and that nobody gets its block again until that is asked for, as it is from then on."""
    parameter = "/sys/module/kmem/parameters/poisoned"
    dax = see(healthy).dax_of(SERIAL)
    block = dax.blocks[1]
    address = block * BLOCK + BLOCK // 2
    state = f"/sys/devices/system/memory/memory{block}/state"
    try:
        healthy.run(f"systemctl stop kmemd; echo {address:#x} >/sys/devices/system/memory/hard_offline_page")
        finding = examine(healthy)[1]["poisoned"]
        assert f"4 KiB" in finding["what"] and f"{address:#x} in {dax.name}" in finding["what"] and finding["cure_type"] == "none"
        healthy.run(f"echo offline >{state}")
        refused = healthy.run(f"echo online_movable >{state}", check=False)
        assert refused.rc and "hardware error" in refused.err
        finding = examine(healthy)[1]["blocks-offline"]
        assert finding["cure_type"] == "none" and "EHWPOISON" in finding["cure"]
        healthy.run("kmemctl drain mem0 && kmemctl apply mem0", timeout=150)
        machine = see(healthy)
        dax = machine.dax_of(SERIAL)
        assert machine.blocks(dax)[0] == "Movable" and block not in machine.states
        assert (dax.kmem["blocks_failed"], dax.kmem["blocks_poisoned"]) == ("1", "1")
        finding = examine(healthy)[1]["blocks-missing"]
        assert finding["cure_type"] == "none" and "poisoned" in finding["cure"]
    finally:
        healthy.run(f"echo Y >{parameter}; kmemctl drain mem0; systemctl start kmemd; kmemctl apply mem0", timeout=150)
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
    assert findings["failed"]["cure_type"] == "by-hand"
    assert findings["udev-onlines"]["subject"].endswith("80-hotplug-cpu-mem.rules:5")
    assert findings["kdump-reloads"]["subject"] == f"{RULES}/98-kexec.rules:4"
    assert "1 namespace" in findings["daxctl-reconfigures"]["what"]
    assert findings["policy-mistake"]["subject"] == f"{POLICY}/10-mistake.conf:5"
    assert findings["kmem-stock"]["severity"] == "note"
    assert findings["kmem-blacklisted"]["subject"] == "/usr/lib/modprobe.d/x.conf:1"
    assert findings["nvidia-onlines"]["cure_type"] == "none"
    assert "512 MiB" in findings["cxl-soft-reserved"]["what"] and "memmap=" in findings["cxl-soft-reserved"]["cure"]
    assert "not_armed" in findings["nvdimm-failed"]["what"]
    assert findings["memmap-parameter"]["severity"] == "warning"
    assert "memory_hotplug.memmap_on_memory=on" in findings["memmap-parameter"]["cure"]
    assert findings["auto-online"]["what"].endswith("(online)")
    severities = [finding["severity"] for finding in findings.values()]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)
    lines = kmemctl(spoiled, "doctor").out.splitlines()
    assert lines[0].startswith("error ") and "warnings" in lines[-1]


def test_every_cure_of_the_spoiled_machine(spoiled):
    """One after the other, as they are printed; what is left then is for a person, or has no cure."""
    for _ in range(30):
        commands = [finding["id"] for finding in examine(spoiled)[1].values() if finding["cure_type"] == "command"]
        if not commands:
            break
        cure(spoiled, commands[0])
    assert set(examine(spoiled)[1]) == {"cxl-hypervisor", "failed", "policy-mistake", "kmem-stock", "nvidia-onlines", "cxl-soft-reserved",
                                        "nvdimm-failed", "memmap-parameter", "cxl-uncommitted"}


def test_no_kmem_at_all_is_not_well(spoiled):
    spoiled.run("modprobe -r kmem; cd /lib/modules/$(uname -r)/kernel/drivers/dax && mkdir /run/away && mv kmem.ko* /run/away/")
    try:
        rc, findings = examine(spoiled)
        assert rc == 1 and findings["kmem-missing"]["severity"] == "error", findings
        spoiled.run("depmod")
        assert "kmem-missing" in examine(spoiled)[1]
    finally:
        spoiled.run("mv /run/away/kmem.ko* /lib/modules/$(uname -r)/kernel/drivers/dax/ && depmod && modprobe kmem")
