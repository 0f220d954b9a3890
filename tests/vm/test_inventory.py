# SPDX-License-Identifier: GPL-2.0-or-later
"""The snapshot beside what cxl, ndctl, sysfs and /proc/iomem show of the same machine: a mixed expander with several regions, a window of which
a part is Soft Reserved, capacity that a decoder holds without a region, memory that is online behind a device without a driver.
"""
import re

import pytest

from . import figures, kmemd
from .guest import Expander, Nvdimm
from .kmemd import BLOCK, MIB, kmemctl, see

SERIAL, SECOND = 0x1234, 0x5678
WINDOW = 0x2290000000           # where this guest's firmware puts it
RESERVED = WINDOW + 3072 * MIB  # Soft Reserved: 512 MiB of the window


def snapshot(guest, user=""):
    """kmemctl inventory."""
    return guest.run(f"{user} kmemctl inventory --json", timeout=120).json()


def by(key, entries):
    """Entries of the snapshot by one of their members."""
    return {entry[key]: entry for entry in entries}


def cxl(guest, options):
    """`cxl list -vvv`, flat: every object that has a member of that name, wherever it is."""
    found = {}

    def walk(value):
        if isinstance(value, list):
            for one in value:
                walk(one)
        elif isinstance(value, dict):
            for key in ("decoder", "memdev", "port", "region", "root", "bus", "endpoint"):
                if isinstance(value.get(key), str):
                    found.setdefault(value[key], {}).update(value)
                    break
            for one in value.values():
                walk(one)

    walk(guest.run(f"cxl list {options}", timeout=120).json())
    return found


@pytest.fixture(scope="module")
def guest(boot_guest):
    """Nothing is done to the devices but by the tests."""
    guest = boot_guest(**kmemd.options(
        service=False, cmdline=f"memhp_default_state=offline memmap=512M%{RESERVED:#x}+0xefffffff", expanders=[
            Expander("1G", serial=SERIAL, persistent="512M"), Expander("512M", serial=SECOND)], nvdimms=[Nvdimm("640M")]))
    guest.run("udevadm settle")
    memdev = see(guest).memdevs[SERIAL]
    for size in ("512M", "256M"):
        guest.run(f"cxl create-region -m -t ram -d decoder0.0 -s {size} -w 1 {memdev}", timeout=120)
    guest.run("udevadm settle")
    return guest


# -- CXL ------------------------------------------------------------------------------------------------------------------

def same(ours, theirs, names):
    """Members of ours and of cxl's under their names; what cxl leaves out is 0 or "" here."""
    for name, other in names.items():
        assert (ours.get(name) or 0) == (theirs.get(other) or 0), f"{name} of {ours}, {other} of {theirs}"


def targets(entries):
    return [(entry["host"], entry["id"]) for entry in entries]


def test_ports_are_those_of_cxl(guest):
    shown, machine = cxl(guest, "-vvv"), snapshot(guest)
    assert {port["port"] for port in machine["ports"]} == {name for name in shown if re.match("root|port", name)}
    for port in machine["ports"]:
        theirs = shown[port["port"]]
        same(port, theirs, {"depth": "depth"})
        assert sorted(targets(port["dports"])) == sorted((entry["dport"], entry["id"]) for entry in theirs["dports"])
        for decoder in port["decoders"]:
            same(decoder, shown[decoder["decoder"]], {"size": "size", "start": "resource", "ways": "interleave_ways", "region": "region"})
            assert targets(decoder["targets"]) == [(entry["target"], entry["id"]) for entry in sorted(
                shown[decoder["decoder"]]["targets"], key=lambda entry: entry["position"])]
            assert "locked" not in decoder
    assert [decoder["id"] for decoder in machine["ports"][1]["decoders"]] == [0, 1, 2, 3]


def test_memdevs_are_those_of_cxl(guest):
    shown, machine = cxl(guest, "-vvv"), snapshot(guest)
    memdevs = by("memdev", machine["memdevs"])
    assert set(memdevs) == {name for name in shown if name.startswith("mem")}
    for name, memdev in memdevs.items():
        same(memdev, shown[name], {"serial": "serial", "host": "host", "ram_size": "ram_size", "pmem_size": "pmem_size",
                                   "firmware": "firmware_version"})
        pci = f"/sys/bus/pci/devices/{memdev['host']}"
        assert [memdev["vendor"], memdev["model"]] == guest.run(f"cat {pci}/vendor {pci}/device").out.split()
        assert "restricted" not in memdev and "accelerator" not in memdev
        for decoder in memdev["decoders"]:
            theirs = shown[decoder["decoder"]]
            same(decoder, theirs, {"size": "size", "start": "resource", "dpa_start": "dpa_resource", "dpa_size": "dpa_size",
                                   "region": "region"})
            assert decoder["mode"] == theirs.get("mode", "none")
        # The endpoint's parent_dport is the last step of the way.
        endpoint, = [entry for entry in shown.values() if entry.get("endpoint") and entry["host"] == name]
        assert memdev["path"][-1]["dport"] == endpoint["parent_dport"]
        assert [hop["port"] for hop in memdev["path"]] == ["root0", "port1"]
    first = memdevs[see(guest).memdevs[SERIAL]]
    assert [decoder["dpa_size"] // MIB for decoder in first["decoders"]] == [512, 256, 0, 0]
    assert first["ram_allocated"] == 768 * MIB


def test_the_window_is_that_of_cxl_and_firmware(guest):
    shown, (window,) = cxl(guest, "-vvv"), snapshot(guest)["root_decoders"]
    theirs = shown["decoder0.0"]
    same(window, theirs, {"start": "resource", "size": "size", "ways": "interleave_ways", "qos_class": "qos_class",
                          "persistent_capable": "pmem_capable", "volatile_capable": "volatile_capable",
                          "type2_capable": "accelmem_capable"})
    assert targets(window["targets"]) == [(entry["target"], entry["id"]) for entry in theirs["targets"]]
    assert window["arithmetic"] == "modulo"     # QEMU's only one
    assert window["start"] == WINDOW


def window_lines(guest):
    """The lines of /proc/iomem right below the window: (start, size, name)."""
    text = guest.run("awk '/CXL Window 0/ { on = 1; next } /^[^ ]/ { on = 0 } on && /^  [^ ]/' /proc/iomem").out
    found = re.findall(r"^  (\w+)-(\w+) : (.*)$", text, re.MULTILINE)
    return [(int(start, 16), int(end, 16) - int(start, 16) + 1, name) for start, end, name in found]


def test_free_is_what_the_kernels_tree_leaves(guest):
    window, = snapshot(guest)["root_decoders"]
    lines = window_lines(guest)
    assert [(one["start"], one["size"], one["name"]) for one in window["occupants"]] == lines
    assert (RESERVED, 512 * MIB, "Soft Reserved") in lines and len(lines) == 3
    whole = sorted([(start, size) for start, size, _ in lines] + [(one["start"], one["size"]) for one in window["free"]])
    at = window["start"]
    for start, size in whole:
        assert start == at
        at += size
    assert at == window["start"] + window["size"]
    assert window["largest_free"] == max(one["size"] for one in window["free"])
    # libcxl counts the regions only.
    assert cxl(guest, "-D -d decoder0.0")["decoder0.0"]["max_available_extent"] > window["largest_free"]


def test_without_the_right_to_see_it_the_tree_is_not_known(guest):
    limited = "systemd-run --quiet --wait --pipe -p CapabilityBoundingSet=CAP_NET_ADMIN"
    window, = guest.run(f"{limited} kmemctl inventory --json", timeout=120).json()["root_decoders"]
    assert "free" not in window and "occupants" not in window
    # What the regions leave.
    assert window["largest_free"] == window["size"] - 768 * MIB
    # The service manager opened it.
    run = "systemd-run --quiet --wait -p CapabilityBoundingSet=CAP_NET_ADMIN"
    guest.run(f"{run} -p StandardInput=file:/proc/iomem -p StandardOutput=truncate:/run/seen kmemctl inventory --json", timeout=120)
    window, = guest.run("cat /run/seen").json()["root_decoders"]
    assert len(window["occupants"]) == 3


def test_stranded_capacity_is_seen(guest):
    memdev = see(guest).memdevs[SERIAL]
    before = by("memdev", snapshot(guest)["memdevs"])[memdev]
    decoder = before["free_decoder"]
    guest.run(f"cd /sys/bus/cxl/devices/{decoder} && echo ram >mode && echo 0x10000000 >dpa_size")
    after = by("memdev", snapshot(guest)["memdevs"])[memdev]
    stranded, = [one for one in after["decoders"] if one["dpa_size"] and "region" not in one]
    assert (stranded["decoder"], stranded["mode"], stranded["dpa_start"], stranded["dpa_size"]) == (
        decoder, "ram", 768 * MIB, 256 * MIB)
    assert (stranded["size"], after["ram_allocated"]) == (0, 1024 * MIB)
    assert after["free_decoder"] == f"{decoder[:-1]}3"
    guest.run(f"echo 0 >/sys/bus/cxl/devices/{decoder}/dpa_size")
    after = by("memdev", snapshot(guest)["memdevs"])[memdev]
    assert after["decoders"][2].pop("mode") == "ram"    # which the kernel keeps
    del before["decoders"][2]["mode"]
    assert after == before


# -- NVDIMM ---------------------------------------------------------------------------------------------------------------

def test_dimms_are_those_of_ndctl(guest):
    machine, shown = snapshot(guest), guest.run("ndctl list -DRv").json()
    theirs = by("dev", shown["dimms"])
    assert set(theirs) == {dimm["dimm"] for dimm in machine["dimms"]} and len(theirs) == 2
    for dimm in machine["dimms"]:
        assert dimm["unique_id"] == theirs[dimm["dimm"]]["id"] and dimm["flags"] == [] and dimm["enabled"]
        assert dimm["regions"] == [region["dev"] for region in shown["regions"]
                                   if dimm["dimm"] in [mapping["dimm"] for mapping in region["mappings"]]]
    namespace, = machine["namespaces"]
    region, = [region for region in shown["regions"] if region["dev"] == namespace["region"]]
    assert [dimm["dimm"] for dimm in machine["dimms"] if namespace["region"] in dimm["regions"]] == [
        mapping["dimm"] for mapping in region["mappings"]]


# -- dax devices and their blocks -------------------------------------------------------------------------------------------

def unbind(guest, name):
    guest.run(f"echo {name} >/sys/bus/dax/devices/{name}/driver/unbind", timeout=120)


def bind(guest, name, driver):
    guest.run(f"cd /sys/bus/dax/drivers/{driver}; echo {name} >new_id; [ -e {name} ] || echo {name} >bind; [ -e {name} ]", timeout=120)


def test_blocks_are_told_whatever_is_bound(guest):
    """Unbound by force, and then without the region's driver, too: what is online is told by address."""
    region, = [one for one in snapshot(guest)["regions"] if one["size"] == 512 * MIB]
    dax, = [one for one in snapshot(guest)["dax"] if one["origin"] == region["region"]]
    assert dax["driver"] == "kmem" and "online_blocks" not in region
    second = region["start"] // BLOCK + 1
    state = f"/sys/devices/system/memory/memory{second}/state"
    guest.run(f"echo online_movable >{state}")

    def look():
        machine = snapshot(guest)
        return by("region", machine["regions"])[region["region"]], by("dax", machine["dax"]).get(dax["dax"])

    unbind(guest, dax["dax"])
    online, unbound = look()
    assert (online["online_blocks"], online["first_online"]) == (1, second)
    assert unbound["driver"] == ""
    assert {one["index"]: one["state"] for one in unbound["blocks"]}[second] == "movable"
    listed, = kmemctl(guest, f"list -d {dax['dax']}").json()
    assert listed["blocks"]["movable"] == 1 and listed["state"] == "disabled"
    guest.run(f"echo {region['region']} >/sys/bus/cxl/drivers/cxl_region/unbind", timeout=120)
    online, gone = look()
    assert (online["online_blocks"], online["first_online"], gone) == (1, second, None)
    assert "enabled" in online and not online["enabled"]
    # With System RAM in it, the kernel makes no dax device of a region (cxl_region_probe()).
    guest.run(f"echo offline >{state}")
    assert "online_blocks" not in look()[0]
    guest.run(f"echo {region['region']} >/sys/bus/cxl/drivers/cxl_region/bind; udevadm settle", timeout=120)
    guest.wait_until(f"[ -e /sys/bus/dax/drivers/kmem/{dax['dax']} ]")
    online, back = look()
    assert "online_blocks" not in online and back["driver"] == "kmem"


def test_a_device_that_gave_all_back_is_idle(guest):
    region, = [one for one in snapshot(guest)["regions"] if one["size"] == 256 * MIB]
    dax, = [one for one in snapshot(guest)["dax"] if one["origin"] == region["region"]]
    unbind(guest, dax["dax"])
    guest.run(f"echo 0 >/sys/bus/dax/devices/{dax['dax']}/size")
    idle = by("dax", snapshot(guest)["dax"])[dax["dax"]]
    assert (idle["size"], idle["ranges"], idle["blocks"], idle["driver"]) == (0, [], [], "")
    status = kmemctl(guest, "status --json").json()
    assert dax["dax"] not in [one["chardev"] for device in status["devices"] for one in device["daxdevs"]]
    guest.run(f"echo {256 * MIB} >/sys/bus/dax/devices/{dax['dax']}/size")
    assert by("dax", snapshot(guest)["dax"])[dax["dax"]]["size"] == 256 * MIB
    bind(guest, dax["dax"], "device_dax")


def test_a_device_without_blocks_costs_one_look(guest):
    dax, = [one["dax"] for one in snapshot(guest)["dax"] if one["driver"] == "device_dax"]

    def calls(command):
        guest.run(f"strace -f -c -o /run/calls {command} >/dev/null", timeout=120)
        return int(guest.run("awk '$NF == \"total\" { print $4 }' /run/calls").out)

    one, every, whole = calls(f"kmemctl list -d {dax}"), calls("kmemctl list"), calls("kmemctl inventory --json")
    figures.say(f"kmemctl list on {guest.release}: {one} system calls for a devdax device, {every} for all; kmemctl inventory {whole}, "
                f"daxctl list {calls('daxctl list')}")
    blocks = sum(len(device["blocks"]) for device in snapshot(guest)["dax"])
    assert one <= 300 and every <= 3 * blocks + 300
