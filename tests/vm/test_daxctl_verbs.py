# SPDX-License-Identifier: GPL-2.0-or-later
"""daxctl's verbs that change something, by kmemctl: what the kernel shows afterwards, what daxctl itself says of it, and what is
told of wrong use. The same on every kernel, with our driver and with the kernel's own."""
import json

import pytest

from . import kmemd, lab
from .guest import Nvdimm
from .kmemd import BLOCK, MIB, POLICY, kmemctl, records, see, wait_idle

SIZE = 512 * MIB        # of the Soft Reserved range: four blocks
BLOCKS = SIZE // BLOCK
MACHINES = [("6.12", True), ("6.12", False), ("6.1", True), ("7.3", True)]
# A node of its own, so that the kernel does not take it for itself when it is in its zone.
NODES = ["-object", "memory-backend-ram,id=near,size=2G", "-object", "memory-backend-ram,id=far,size=1G",
         "-numa", "node,nodeid=0,cpus=0-1,memdev=near", "-numa", "node,nodeid=1,memdev=far"]
FAIL_OFFLINE = "/sys/kernel/debug/notifier-error-inject/memory/actions/MEM_GOING_OFFLINE/error"


def _name(machine):
    return f"{machine[0]}-{'ours' if machine[1] else 'stock'}"


def pytest_generate_tests(metafunc):
    """What depends on the kernel or the driver is tried on every machine, the rest on the first."""
    machines = MACHINES if getattr(metafunc.function, "everywhere", False) else MACHINES[:1]
    metafunc.parametrize("guest", machines, indirect=True, ids=_name, scope="module")


def everywhere(test):
    """Marks a test for every machine."""
    test.everywhere = True
    return test


@pytest.fixture(scope="module")
def guest(request, boot_guest):
    """A machine with dax0.0 in system RAM (Soft Reserved) and dax1.0 in devdax mode (a namespace); one at a time."""
    kernel, driver = request.param
    if not (lab.LAB / "kernels" / kernel).is_dir():
        pytest.skip(f"there is no kernel {kernel} in the lab")
    guest = boot_guest(_name(request.param), **kmemd.options(
        kernel, driver=driver, memory="3G", nvdimms=[Nvdimm("640M")], qemu_args=NODES,
        cmdline="memmap=512M%4G-1+0xefffffff memhp_default_state=offline"))
    guest.run("modprobe kmem; modprobe device_dax")
    works(guest, "reconfigure-device -m system-ram dax0.0")     # whichever of the two drivers was quicker
    space, = guest.run("ndctl list -N").json()
    guest.uuid = guest.run(f"ndctl create-namespace -f -e {space['dev']} -m devdax -a 2M -M dev", timeout=60).json()["uuid"]
    wait_idle(guest)
    yield guest
    guest.shutdown()


@pytest.fixture(autouse=True)
def machine_as_before(guest):
    """Every test begins with dax0.0 whole and online in the movable zone, dax1.0 in devdax mode, and leaves no setting changed."""
    before = see(guest).auto_online
    yield
    guest.run(f"[ ! -e {FAIL_OFFLINE} ] || echo 0 >{FAIL_OFFLINE}; rm -f {POLICY}/10-test.conf", check=False)
    machine = see(guest)
    whole, = [dax for dax in machine.dax.values() if dax.name == "dax0.0"]
    if (whole.size, machine.blocks(whole)) != (SIZE, ["Movable"] * BLOCKS):
        kmemctl(guest, "destroy-device -f -r 0 all")
        works(guest, "create-device -r 0 -m system-ram")
    if machine.dax["dax1.0"].driver != "device_dax":
        works(guest, "reconfigure-device -f -m devdax dax1.0")
    assert see(guest).auto_online == before


def blocks(guest, name="dax0.0"):
    """The states of a device's blocks, as a set."""
    machine = see(guest)
    return set(machine.blocks(machine.dax[name]))


def driver(guest, name="dax0.0"):
    return see(guest).dax[name].driver


def works(guest, arguments):
    """Run kmemctl, which must succeed; what it says on standard error."""
    result = kmemctl(guest, arguments)
    assert result.rc == 0, f"kmemctl {arguments}: {result.rc}\n{result.err}"
    return result.err


def fails(guest, arguments, rc, *parts):
    """Run kmemctl, which must fail with this code and these words."""
    result = kmemctl(guest, arguments)
    assert result.rc == rc, f"kmemctl {arguments}: {result.rc}\n{result.err}"
    for part in parts:
        assert part in result.err
    return result


@everywhere
def test_memory_goes_offline_and_online(guest):
    works(guest, "online-memory dax0.0")
    assert works(guest, "offline-memory dax0.0").endswith("offlined memory for 1 device\n")
    assert blocks(guest) == {"offline"}
    assert "nothing to change" in works(guest, "offline-memory dax0.0")
    # By hand: the daemon leaves it alone until it is brought back by hand.
    guest.write(f"{POLICY}/10-test.conf", "[Match]\nKind=hmem\n\n[Memory]\nMode=system-ram\n")
    guest.run("systemctl reload kmemd; udevadm trigger --settle --subsystem-match=memory")
    wait_idle(guest)
    assert blocks(guest) == {"offline"}
    assert "held" in records(guest).values()
    assert works(guest, "online-memory dax0.0").endswith("onlined memory for 1 device\n")
    assert blocks(guest) == {"Movable"} and "held" not in records(guest).values()
    assert "nothing to change" in works(guest, "online-memory dax0.0")
    works(guest, "online-memory --no-movable dax0.0")
    assert blocks(guest) == {"Normal"}
    wait_idle(guest)
    assert blocks(guest) == {"Normal"}      # which is not what the policy says, and held against it
    works(guest, "online-memory dax0.0")
    assert blocks(guest) == {"Movable"}


@everywhere
def test_unplugged_by_state_and_plugged_in_again(guest):
    """Somebody writes "unplugged" to the device's state (our driver; in-tree from 7.3 on): it is bound and has no block."""
    state = "/sys/bus/dax/devices/dax0.0/state"
    if guest.run(f"[ -e {state} ]", check=False).rc:
        assert "stock" in guest.name
        return
    before = see(guest)
    guest.run(f"echo unplugged >{state}")
    assert blocks(guest) == {"absent"} and driver(guest) == "kmem"
    unplugged = see(guest)
    assert "nothing to change" in works(guest, "offline-memory dax0.0")
    assert "nothing to change" in works(guest, "reconfigure-device -m system-ram --no-online --json=off dax0.0")
    assert "plug the 4 memory blocks of dax0.0 in again, online in the movable zone" in kmemctl(guest, "online-memory -n dax0.0").out
    assert blocks(guest) == {"absent"}
    assert works(guest, "online-memory dax0.0").endswith("onlined memory for 1 device\n")
    assert see(guest).total == before.total and blocks(guest) == {"Movable"}
    assert "nothing to change" in works(guest, "online-memory dax0.0")
    guest.run(f"echo unplugged >{state}")
    works(guest, "reconfigure-device -m system-ram --no-movable --json=off dax0.0")
    assert blocks(guest) == {"Normal"} and guest.read(state).strip() == "online_kernel"
    guest.run(f"echo unplugged >{state}")
    assert (see(guest).states, see(guest).total) == (unplugged.states, unplugged.total)
    # What stands in its way is told, and it stays as it was.
    guest.run(f"modprobe memory-notifier-error-inject; echo -12 >{FAIL_OFFLINE.replace('OFFLINE', 'ONLINE')}")
    try:
        fails(guest, "online-memory dax0.0", 1, "dax0.0 is unplugged, and its blocks could not be added or put online")
    finally:
        guest.run(f"echo 0 >{FAIL_OFFLINE.replace('OFFLINE', 'ONLINE')}")
    assert (see(guest).states, see(guest).total) == (unplugged.states, unplugged.total)
    works(guest, "online-memory dax0.0")


@everywhere
def test_modes_and_json_as_daxctl_has_them(guest):
    refused = fails(guest, "reconfigure-device -m devdax dax0.0", 3, f"{BLOCKS} of {BLOCKS} memory blocks of dax0.0 are online")
    assert refused.err.endswith("reconfigured 0 devices\n")
    assert blocks(guest) == {"Movable"}
    for arguments, wanted, states in (
            ("-f -m devdax", "device_dax", {"absent"}), ("-m devdax", "device_dax", {"absent"}),
            ("-N -m system-ram", "kmem", {"offline"}), ("-m system-ram", "kmem", {"Movable"}),
            ("-m system-ram --no-movable", "kmem", {"Normal"}), ("-f -m devdax", "device_dax", {"absent"}),
            ("-m system-ram --no-movable", "kmem", {"Normal"}), ("-m system-ram", "kmem", {"Movable"})):
        result = kmemctl(guest, f"reconfigure-device {arguments} dax0.0")
        assert result.rc == 0, result.err
        assert (driver(guest), blocks(guest)) == (wanted, states)
        ours, theirs = result.json(), guest.run("daxctl list -d dax0.0").json()
        assert len(ours) == len(theirs) == 1
        assert {key: ours[0].get(key) for key in theirs[0]} == theirs[0]
        assert ours[0]["result"] in ("done", "unchanged")
        assert result.err.endswith("reconfigured 1 device\n")


def test_the_kernels_own_onlining_is_no_obstacle(guest):
    before = see(guest).auto_online
    try:
        for word in ("online_kernel", "online_movable"):    # unit tests try all
            guest.run(f"echo {word} >/sys/devices/system/memory/auto_online_blocks")
            for options, states in (("", {"Movable"}), ("--no-movable", {"Normal"}), ("-N", {"offline"})):
                works(guest, "reconfigure-device -f -m devdax dax0.0")
                works(guest, f"reconfigure-device -m system-ram {options} dax0.0")
                assert blocks(guest) == states
            assert see(guest).auto_online == word
    finally:
        guest.run(f"echo {before} >/sys/devices/system/memory/auto_online_blocks")


@everywhere
def test_devices_are_cut_and_destroyed(guest):
    fails(guest, "destroy-device dax0.0", 3, "dax0.0 is active (system-ram)")
    works(guest, "destroy-device -f dax0.0")
    assert "dax0.0" not in {dax.name for dax in see(guest).dax.values() if dax.size}
    result = kmemctl(guest, "create-device -r 0 -s 128M")
    assert result.rc == 0, result.err
    first, = result.json()
    assert (first["size"], first["mode"]) == (128 * MIB, "devdax")
    second, = kmemctl(guest, "create-device -s 128M -a 4K -m system-ram -N").json()
    assert (second["align"], second["mode"], second["online_memblocks"]) == (4096, "system-ram", 0)
    # The second one lies behind the first, which grows around it: two ranges.
    fails(guest, f"reconfigure-device -s 256M {first['chardev']}", 3, "is in use by device_dax")
    works(guest, f"disable-device {first['chardev']}")
    assert driver(guest, first["chardev"]) == ""
    works(guest, f"reconfigure-device -s 256M {first['chardev']}")
    shape = guest.run(f"daxctl list -M -d {first['chardev']}").json()[0]
    assert len(shape["mappings"]) == 2
    works(guest, f"reconfigure-device -m system-ram {first['chardev']}")
    machine = see(guest)
    assert machine.blocks(machine.dax[first["chardev"]]) == ["Movable"] * 2
    assert blocks(guest, second["chardev"]) == {"offline"}      # a neighbour that lies between them
    works(guest, f"offline-memory {first['chardev']}")
    works(guest, f"online-memory {second['chardev']}")
    assert (blocks(guest, first["chardev"]), blocks(guest, second["chardev"])) == ({"offline"}, {"Movable"})

    guest.write("/tmp/shape.json", json.dumps(shape))
    works(guest, f"destroy-device -f {first['chardev']}")
    result = kmemctl(guest, "create-device --input /tmp/shape.json")
    assert result.rc == 0, result.err
    again, = guest.run(f"daxctl list -M -d {result.json()[0]['chardev']}").json()
    assert sorted(again["mappings"], key=str) == sorted(shape["mappings"], key=str)
    fails(guest, "create-device -s 1T", 3, "1 TiB are not there")
    assert "destroyed 2 devices" in works(guest, "destroy-device -f -r 0 all")
    available, = guest.run("daxctl list -R -r 0").json()
    assert available["available_size"] == SIZE


def test_enable_and_disable(guest):
    fails(guest, "disable-device dax0.0", 3, "memory blocks of dax0.0 are online")
    fails(guest, "enable-device dax0.0", 3, "enabled as system RAM")
    works(guest, "offline-memory dax0.0")
    works(guest, "disable-device dax0.0 dax1.0")
    assert (driver(guest), driver(guest, "dax1.0")) == ("", "")
    assert "disabled 2 devices" in works(guest, "disable-device all")
    # Binding one that is no system RAM by nature does not sweep up the other.
    works(guest, "enable-device dax1.0")
    assert (driver(guest), driver(guest, "dax1.0")) == ("", "device_dax")
    works(guest, "enable-device dax0.0")
    assert driver(guest) == "device_dax"


def test_persistent_memory_has_to_be_named(guest):
    assert "left alone, as nobody has named it" in works(guest, "reconfigure-device -m system-ram all")
    assert driver(guest, "dax1.0") == "device_dax"
    fails(guest, "reconfigure-device -f -s 128M dax1.0", 3, "ndctl create-namespace")
    fails(guest, "destroy-device -f dax1.0", 3, "ndctl destroy-namespace")
    guest.run("mkdir -p /etc/daxctl.conf.d")
    assert "no section of daxctl's configuration" in works(guest, "reconfigure-device -C dax1.0")
    guest.write("/etc/daxctl.conf.d/test.conf",
                f"[reconfigure-device it]\nnvdimm.uuid = {guest.uuid}\nmode = system-ram\nonline = true\nmovable = true\n")
    assert "what is on it is overwritten" in works(guest, "reconfigure-device -C dax0.0 dax1.0")
    guest.run("rm /etc/daxctl.conf.d/test.conf")
    assert (driver(guest, "dax1.0"), blocks(guest, "dax1.0")) == ("kmem", {"Movable"})


def test_wrong_use(guest):
    for arguments, rc, part in (
            ("online-memory", 2, "DEVICE...|all is missing"), ("online-memory dax7.7", 5, "no dax device is called 'dax7.7'"),
            ("online-memory -r 9 all", 5, "no dax device in the dax region 9"), ("online-memory dax1.0", 3, "devdax mode"),
            ("reconfigure-device dax0.0", 2, "a mode, a size or an alignment is needed"),
            ("reconfigure-device -m ram dax0.0", 2, "--mode=ram: allowed are system-ram and devdax"),
            ("reconfigure-device -m devdax -N dax0.0", 2, "devdax mode"), ("reconfigure-device -s 3M dax0.0", 2, "2 MiB"),
            ("reconfigure-device -s big dax0.0", 2, "--size=big"), ("reconfigure-device -a 3M dax0.0", 2, "4K, 2M or 1G"),
            ("create-device -r 1", 3, "nothing can be cut"), ("create-device -r 9", 5, "dax region called 9"),
            ("create-device --input /etc/hostname", 2, "it is not JSON"), ("online-memory --keeep dax0.0", 2, "did you mean --keep"),
            ("reconfigure-devcie -m devdax dax0.0", 2, "did you mean reconfigure-device"), ("split-acpi -d x", 3, "daxctl split-acpi"),
            ("migrate-device-model", 3, "nothing to migrate")):
        fails(guest, arguments, rc, part)
    result = kmemctl(guest, "offline-memory dax7.7 dax0.0 dax1.0 --json")
    assert result.rc == 4
    assert {device["chardev"]: device["result"] for device in result.json()} == {
        "dax7.7": "failed", "dax0.0": "done", "dax1.0": "refused"}
    assert blocks(guest) == {"offline"}
    assert guest.run("! kmemctl online-memory all --dry-run --json=short", check=False).json()["devices"][0]["refused"]
    assert blocks(guest) == {"offline"}


def test_blocks_that_cannot_go_and_cancelling(guest):
    if guest.run("modprobe memory-notifier-error-inject", check=False).rc:
        pytest.skip("this kernel cannot inject errors")
    works(guest, "online-memory dax0.0")
    guest.run(f"echo -16 >{FAIL_OFFLINE}")
    result = fails(guest, "offline-memory -t 2 dax0.0", 1, "stays movable", f"after 0 of {BLOCKS} blocks", "node 1",
                   f"dax0.0 is now system-ram, {BLOCKS} of {BLOCKS} memory blocks online")
    assert "memory" in result.err and blocks(guest) == {"Movable"}
    # Interrupted, it ends at once, says what is, and leaves no process behind.
    result = guest.run("kmemctl offline-memory dax0.0 & sleep 2; kill -INT $!; wait $!", check=False, timeout=60)
    assert result.rc == 1 and "cancelled after 0" in result.err and "dax0.0 is now system-ram" in result.err
    # Killed, it takes the process that writes along.
    guest.run("kmemctl offline-memory dax0.0 >/dev/null 2>&1 & sleep 2; pgrep -c -x kmemctl | grep -qx 2; kill -KILL $!")
    guest.wait_until("! pgrep -x kmemctl", timeout=10)
    guest.run(f"echo 0 >{FAIL_OFFLINE}")
    works(guest, "offline-memory dax0.0")
    assert blocks(guest) == {"offline"}


def test_two_at_once(guest):
    guest.run("kmemctl offline-memory dax0.0 & first=$!; kmemctl online-memory dax0.0 --no-movable & second=$!; "
              "kmemctl reconfigure-device -f -m devdax dax0.0 >/dev/null & third=$!; wait $first; wait $second; wait $third", check=False)
    states = blocks(guest)
    assert len(states) == 1 and states <= {"offline", "Normal", "absent"}
    works(guest, "reconfigure-device -m system-ram dax0.0")
    assert blocks(guest) == {"Movable"}
