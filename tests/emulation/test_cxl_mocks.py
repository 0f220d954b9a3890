# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's mock of a CXL machine (cxl_test): two host bridges with two root ports and a switch below each, one with a single
port, and a CXL 1.1 device; windows for one bridge and interleaved over two. There is real memory behind the windows.

memN, regionN and daxN change from boot to boot: memdevs are chosen by serial number. Even ones are below the first host
bridge, odd ones below the second.
"""
import pytest

from vm import figures, kmemd
from vm.kmemd import BLOCK, MIB, POLICY, kmemctl, log, log_cursor, records, see, wait_for, wait_idle, wait_online

from . import mocks
from .content import Content
from .topology import Comparison, CxlList

GIB = 1024 * MIB
NAMED = 0x2                         # the expander that the policy names, below the first bridge
BY_HAND = (0x6, 0x7)                # the two that the tests make a region of by hand, below the first and the second
# Of the same name as the shipped one, which it replaces: nothing but what it names is kmemd's.
FILE = f"{POLICY}/50-cxl-ram.conf"
NOBODY = 0xdead


def policy(serial):
    """A policy that makes system RAM of one expander."""
    return f"[Match]\nKind=cxl-ram\nSerial={serial:#x}\n\n[Region]\nCreate=yes\n\n[Memory]\nMode=system-ram\nZone=movable\n"


@pytest.fixture(scope="module")
def guest(boot_guest):
    """The machine with kmemd running from the start, and cxl_test loaded after it."""
    guest = boot_guest(**mocks.cxl_options(files={FILE: policy(NOBODY)}))
    wait_idle(guest)
    mocks.load(guest, "cxl_test")
    wait_idle(guest)
    return guest


@pytest.fixture(autouse=True)
def in_order(guest):
    """After every test the daemon is as it was, nothing is kept of a job, and nothing of ours is left in the machine."""
    yield
    wait_idle(guest)
    assert guest.run("ls /run/kmemd").out.split() == ["devices", "lock", "status.json"]
    assert guest.failed_units() == []


def inventory(guest):
    """What kmemctl sees now."""
    return guest.run("kmemctl inventory", timeout=90).json()


def compare(guest):
    """kmemctl's inventory against cxl's list, field by field; returns the Comparison."""
    comparison = Comparison(inventory(guest), CxlList(guest))
    assert not comparison.differences, "\n".join(comparison.differences)
    return comparison


def window(guest, ways):
    """The root decoder of the first volatile window of so many targets."""
    return next(decoder["decoder"] for decoder in CxlList(guest).root_decoders if decoder["volatile_capable"] and decoder["ways"] == ways)


class RegionByHand:
    """A region of two expanders below different bridges, made with cxl and put online with daxctl; undone at the end of the `with`."""

    def __init__(self, guest):
        self.guest = guest
        self.name = self.dax = ""

    def __enter__(self):
        memdevs = " ".join(see(self.guest).memdevs[serial] for serial in BY_HAND)
        self.name = self.guest.run(f"cxl create-region -t ram -d {window(self.guest, 2)} -w 2 -m {memdevs}").json()["region"]
        dax = wait_for(self.guest, self._dax, f"the dax device of {self.name} bound to kmem")
        self.dax = self._dax(dax).name
        self.guest.run(f"daxctl online-memory {self.dax}", timeout=120)
        return self

    def _dax(self, machine):
        return next((dax for dax in machine.dax.values() if f"/{self.name}/" in dax.path and dax.driver == "kmem"), None)

    def states(self):
        """The states of its memory blocks."""
        machine = see(self.guest)
        return machine.blocks(machine.dax[self.dax])

    def node(self):
        """The node of its memory."""
        return see(self.guest).dax[self.dax].node

    def __exit__(self, *_):
        self.guest.run(f"daxctl offline-memory {self.dax}; cxl disable-region {self.name} && cxl destroy-region {self.name}", timeout=120)


def what_there_is(guest):
    """Blocks, regions, decoders and what is reserved: the same at the end of a test as at its start."""
    machine = see(guest)
    return machine.states, machine.regions, machine.decoders, machine.reserved


# -- inventory -------------------------------------------------------------------------------------------------------------

def test_the_inventory_is_what_cxl_lists(guest):
    comparison = compare(guest)
    listed = CxlList(guest)
    assert (len(listed.memdevs), len(listed.root_decoders), len(listed.regions)) == (11, 6, 1)
    assert sorted({decoder["ways"] for decoder in listed.root_decoders}) == [1, 2]
    assert comparison.compared >= 170
    figures.say(f"cxl_test: {comparison.compared} fields of kmemctl's inventory are those of cxl list",
                *(f"  not compared: {member}" for member in sorted(comparison.unknown)))


def test_the_targets_of_a_region_are_in_the_order_of_their_positions(guest):
    ours = {region["region"]: region["targets"] for region in inventory(guest)["regions"]}
    theirs = {region["region"]: region["targets"] for region in CxlList(guest).regions}
    assert ours == theirs and ours


def test_a_dax_device_names_the_expanders_of_its_region_in_their_order(guest):
    region = CxlList(guest).regions[0]
    dax = next(entry for entry in guest.run("kmemctl list --json").json() if entry["origin"] == region["region"])
    assert dax["memdevs"] == [target["memdev"] for target in region["targets"]]


def test_what_no_policy_names_is_left_alone(guest):
    before = what_there_is(guest)
    assert kmemctl(guest, "apply").rc == 0
    assert what_there_is(guest) == before
    for device in guest.run("kmemctl plan --json").json()["devices"]:
        assert device["steps"] == [], device
    assert records(guest) == {}


# -- by hand, beside the daemon ------------------------------------------------------------------------------------------------

def test_what_is_made_by_hand_is_not_disturbed(guest):
    before, cursor = what_there_is(guest), log_cursor(guest)
    with RegionByHand(guest) as region:
        wait_idle(guest)
        blocks = len(region.states())
        assert region.states() == ["Movable"] * blocks and blocks * BLOCK == 2 * GIB
        compare(guest)
        with Content(guest, region.node()) as content:
            halves = see(guest).dax[region.dax].blocks[:blocks // 2]
            guest.run("for block in " + " ".join(map(str, halves)) + "; do echo offline >/sys/devices/system/memory/memory$block/state; done",
                      timeout=120)
            wait_idle(guest)
            # Nobody puts back what a person took away.
            assert region.states() == ["offline"] * len(halves) + ["Movable"] * (blocks - len(halves))
            content.check()
        said = log(guest, cursor)
        assert region.name not in said and region.dax not in said, said
        assert records(guest) == {}
    wait_idle(guest)
    assert what_there_is(guest) == before
    compare(guest)


def test_daxctl_changes_modes_beside_the_daemon(guest):
    before = what_there_is(guest)
    with RegionByHand(guest) as region:
        guest.run(f"daxctl reconfigure-device -m devdax -f {region.dax}", timeout=120)
        wait_idle(guest)
        assert see(guest).dax[region.dax].driver == "device_dax" and set(region.states()) == {"absent"}
        guest.run(f"daxctl reconfigure-device -m system-ram {region.dax}", timeout=120)
        wait_idle(guest)
        assert see(guest).dax[region.dax].driver == "kmem" and set(region.states()) == {"Movable"}
    wait_idle(guest)
    assert what_there_is(guest) == before


# -- by policy -------------------------------------------------------------------------------------------------------------

def destroy_assembled_region(guest):
    """Free the window that a region of the mock's holds from the start."""
    for region in see(guest).regions:
        guest.run(f"cxl disable-region {region} && cxl destroy-region {region}")
    wait_for(guest, lambda machine: not machine.regions, "no region left")


def skip_unless_plan_offers_region(guest, serial):
    """The one reason to skip what follows: kmemctl plan itself says that it cannot build a region on this expander."""
    devices = guest.run(f"kmemctl plan {serial:#x} --json", check=False).json()["devices"]
    if not any(step["type"] == "create-region" for device in devices for step in device["steps"]):
        pytest.skip(f"kmemctl plan offers no region on {serial:#x}: {[device['refused'] for device in devices]}")


@pytest.fixture
def named(guest):
    """The policy names one expander, whose window is free; afterwards it names none, and the expander is out of use."""
    destroy_assembled_region(guest)
    guest.write(FILE, policy(NAMED))
    yield NAMED
    if see(guest).regions_of(NAMED):
        assert kmemctl(guest, f"drain {NAMED:#x}").rc == 0
    guest.write(FILE, policy(NOBODY))
    guest.run("systemctl reload kmemd")
    wait_idle(guest)
    assert see(guest).regions == {} and see(guest).decoders == {}
    compare(guest)


def test_a_region_of_the_named_expander_is_drained_and_built_again(guest, named):
    before = what_there_is(guest)
    skip_unless_plan_offers_region(guest, named)
    guest.run("systemctl reload kmemd")
    machine = wait_online(guest, named, GIB)
    wait_idle(guest)
    compare(guest)
    assert [region.memdevs for region in machine.regions.values()] == [[machine.memdevs[named]]]
    with Content(guest, machine.dax_of(named).node) as content:
        assert kmemctl(guest, f"drain {named:#x}").rc == 0
        content.check()
        assert what_there_is(guest) == before
        assert kmemctl(guest, f"apply {named:#x}").rc == 0
        assert see(guest).blocks_of(named) == ["Movable"] * (GIB // BLOCK)
        content.check()


def test_regions_by_hand_and_by_policy_side_by_side(guest, named):
    skip_unless_plan_offers_region(guest, named)
    assert kmemctl(guest, f"apply {named:#x}").rc == 0      # by name: it is held, since it was drained
    with RegionByHand(guest) as region:
        blocks = region.states()
        with Content(guest, region.node()) as content:
            assert kmemctl(guest, f"drain {named:#x}").rc == 0
            wait_idle(guest)
            assert region.states() == blocks and set(blocks) == {"Movable"}
            content.check()
            # A port takes regions in the order of their addresses only, and the one by hand is higher up in the same port: the kernel
            # may refuse. Then there is an error, and nothing half-made.
            result = kmemctl(guest, f"apply {named:#x}")
            machine = see(guest)
            if result.rc == 0:
                assert machine.blocks_of(named) == ["Movable"] * (GIB // BLOCK)
            else:
                assert result.err and set(machine.regions) == {region.name} and len(machine.decoders) == len(BY_HAND), result.err
            assert region.states() == blocks
            content.check()
        figures.say(f"cxl_test: a region below one that is higher up in the same port: exit code {result.rc}, {result.err.splitlines()[-1]}")


# -- sets ------------------------------------------------------------------------------------------------------------------

ALL = "PciPath=cxl_mem.[0-7]"       # what is below the two bridges with two root ports each; number 0 has no serial number


def policy_of(match, region="", wait="0"):
    """A policy for the expanders that it names, which make sets."""
    return (f"[Match]\nKind=cxl-ram\n{match}\n\n[Region]\nCreate=yes\nWaitSec={wait}\n{region}\n\n"
            "[Memory]\nMode=system-ram\nZone=movable\n")


@pytest.fixture
def sets(guest):
    """A function that puts a policy into force; afterwards it names nobody, and everything is out of use again."""
    destroy_assembled_region(guest)
    before = what_there_is(guest)

    def use(text):
        guest.write(FILE, text)
        guest.run("systemctl reload kmemd")

    yield use
    for region in see(guest).regions.values():
        assert kmemctl(guest, f"drain {region.memdevs[0]}").rc == 0
    guest.write(FILE, policy(NOBODY))
    guest.run("systemctl reload kmemd; rm -f /run/kmemd/devices/*")
    wait_idle(guest)
    assert what_there_is(guest) == before


def members(guest, region):
    """Numbers of the expanders of a region by position, as cxl lists them; with ways and granularity."""
    numbers = {name: serial for serial, name in see(guest).memdevs.items()}
    found = next(entry for entry in CxlList(guest).regions if entry["region"] == region)
    return [numbers[target["memdev"]] for target in found["targets"]], found["ways"], found["granularity"]


def wait_set(guest, serial, size):
    """Wait until the set of an expander is online; returns its region and node."""
    machine = wait_online(guest, serial, size, timeout=180)
    wait_idle(guest)
    region, = machine.regions_of(serial)
    return region.name, machine.dax_of(serial).node


@pytest.mark.parametrize("serials", [[2, 3], [4, 1, 2, 3]])
def test_a_set_over_bridges_and_switches(guest, sets, serials):
    before = what_there_is(guest)
    size = len(serials) * GIB
    sets(policy_of("Serial=" + " ".join(map(str, sorted(serials)))))
    region, node = wait_set(guest, serials[0], size)
    assert members(guest, region) == (serials, len(serials), 4096)
    assert len(see(guest).regions) == 1
    compare(guest)
    with Content(guest, node) as content:
        result = kmemctl(guest, f"drain {serials[1]:#x}")
        assert result.rc == 0 and " along, and " in result.out + result.err, result
        content.check()
        assert what_there_is(guest) == before
        assert set(records(guest).values()) == {"held"} and len(records(guest)) == len(serials)
        # Named is one, which does not speak for the set; those that it took along come back with it.
        assert kmemctl(guest, f"apply {serials[-1]:#x}").rc == 0
        assert see(guest).blocks_of(serials[0]) == ["Movable"] * (size // BLOCK)
        content.check()
    region, = see(guest).regions
    assert members(guest, region) == (serials, len(serials), 4096)
    assert records(guest) == {}


def test_regions_by_hand_are_what_was_asked_for(guest, sets):
    """Of one, two, four and eight expanders, over switches and bridges, whatever order they are named in; online as the policy says
    that makes none by itself."""
    before = what_there_is(guest)
    sets(policy_of(ALL).replace("Create=yes", "Create=no"))
    for serials, options, granularity, size in (([2], "", None, GIB), ([2, 6], "-g 1K -s 1G", 1024, GIB), ([2, 3], "", 4096, 2 * GIB),
                                                ([4, 1, 2, 3], "-s 2G", 4096, 2 * GIB), ([0, 1, 2, 3, 4, 5, 6, 7], "-m -w 8", 4096, 8 * GIB)):
        names = see(guest).memdevs
        result = kmemctl(guest, f"create-region --json {options} {' '.join(names[serial] for serial in sorted(serials, reverse=True))}", 240)
        assert result.rc == 0, (serials, result.err)
        region = result.json()["region"]
        found = members(guest, region)
        assert found == (serials, len(serials), granularity or found[2])
        compare(guest)
        wait_idle(guest)
        machine = see(guest)
        assert set(machine.regions) == {region} and machine.blocks_of(serials[0]) == ["Movable"] * (size // BLOCK)
        # Those of the region before are held on.
        assert not {f"cxl-ram:{serial:#x}" for serial in serials} & set(records(guest))
        assert kmemctl(guest, f"destroy-region -f {region}", 240).rc == 0
        assert what_there_is(guest) == before
    result = kmemctl(guest, f"create-region {see(guest).memdevs[2]} {see(guest).memdevs[4]} {see(guest).memdevs[3]}")
    assert result.rc == 3 and "no region can lie on" in result.err, result


def test_all_expanders_below_two_bridges_are_one_set(guest, sets):
    sets(policy_of(ALL))
    region, node = wait_set(guest, 1, 8 * GIB)
    assert members(guest, region) == ([0, 1, 2, 3, 4, 5, 6, 7], 8, 4096)
    with Content(guest, node) as content:
        assert kmemctl(guest, "drain 0x5").rc == 0
        content.check()
    machine = see(guest)
    assert machine.regions == {} and machine.decoders == {}


def test_expanders_are_taken_in_pairs(guest, sets):
    sets(policy_of(ALL, "Interleave=2"))
    wait_for(guest, lambda machine: len(machine.regions) == 4 and all(machine.dax_of(serial) for serial in range(1, 8)), "four pairs", 180)
    wait_idle(guest)
    pairs = [members(guest, region)[0] for region in see(guest).regions]
    assert sorted(pairs) == [[0, 1], [2, 3], [4, 5], [6, 7]], pairs
    # A port takes regions in the order of their addresses only: of those that are drained, the last one's place is the one that is
    # above all others. The place of the first one is below those that stay: that is refused, and nothing is half-made.
    by_address = sorted(see(guest).regions, key=lambda region: int(guest.run(f"cat /sys/bus/cxl/devices/{region}/resource").out, 0))
    first, last = (members(guest, by_address[index])[0] for index in (0, -1))
    for pair in (last, first):
        assert kmemctl(guest, f"drain {pair[1]:#x}").rc == 0
        result = kmemctl(guest, f"apply {pair[1]:#x}")
        assert result.rc == (0 if pair == last else 3), result.err
    assert "would have to lie above" in result.err or "until that is drained, too" in result.err
    machine = see(guest)
    assert sorted(members(guest, region)[0] for region in machine.regions) == sorted(pair for pair in pairs if pair != first)
    assert len(machine.decoders) == 6


def test_an_incomplete_set_waits_and_then_takes_what_is_there(guest, sets):
    cursor = log_cursor(guest)
    sets(policy_of("Serial=2 3", "Interleave=4", wait="8s"))
    guest.wait_until("systemctl show kmemd -P StatusText | grep -q 'waits up to 8 s'")
    assert set(records(guest).values()) == {"waiting"} and see(guest).regions == {}
    assert guest.run("kmemctl status --json").json()
    region, _ = wait_set(guest, 2, 2 * GIB)
    assert members(guest, region)[0] == [2, 3]
    assert log(guest, cursor).count("waits up to 8 s") >= 2
    assert "Interleave=4 is not possible" in log(guest, cursor)
    assert records(guest) == {}


def test_apply_by_hand_does_not_wait(guest, sets):
    guest.run("systemctl stop kmemd")
    guest.write(FILE, policy_of("Serial=2 3", "Interleave=4", wait="1h"))
    assert kmemctl(guest, "apply").rc == 0
    guest.run("systemctl start kmemd")
    region, _ = wait_set(guest, 2, 2 * GIB)
    assert members(guest, region)[0] == [2, 3]


# -- the end ---------------------------------------------------------------------------------------------------------------

def test_the_machine_goes_away_and_comes_back_with_other_windows(guest):
    destroy_assembled_region(guest)
    mocks.unload(guest, "cxl_test")
    wait_idle(guest)
    assert guest.run("cxl list -vv").json() in (None, [])
    seen = inventory(guest)
    assert (seen["memdevs"], seen["root_decoders"], seen["regions"], seen["dax"]) == ([], [], [], [])
    # The other set of windows: three for persistent memory, whose targets alternate by XOR of address bits; one of four targets.
    mocks.load(guest, "cxl_test", "interleave_arithmetic=1")
    wait_idle(guest)
    assert sorted(decoder["ways"] for decoder in CxlList(guest).root_decoders) == [1, 2, 4]
    compare(guest)
    assert guest.kernel_problems() == []
    mocks.unload(guest, "cxl_test")
