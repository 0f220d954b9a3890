# SPDX-License-Identifier: GPL-2.0-or-later
"""Expanders below two host bridges whose window is interleaved over both: sets at boot, by hand, and as they are plugged in."""
import pytest

from vm import kmemd
from vm.kmemd import BLOCK, MIB, POLICY, Plugged, kmemctl, log_cursor, has_log, records, see, wait_for, wait_idle, wait_online
from vm.machine import Expander

AT_BOOT = (0x10, 0x11, 0x12, 0x13)  # in ports 0 to 3: of the first and the second bridge in turn
LATER = (0x24, 0x25)                # for ports 4 and 5
EACH = 256 * MIB
WAIT = "[Region]\nWaitSec=2min\n"


@pytest.fixture(scope="module")
def guest(boot_guest):
    """Four expanders at boot, two empty ports, and a policy that lets a set wait for as long as the machine is slow."""
    guest = boot_guest(**kmemd.options(expanders=[Expander("256M", serial=serial) for serial in AT_BOOT], ports=2, bridges=2,
                                       files={f"{POLICY}/50-cxl-ram.conf.d/wait.conf": WAIT}))
    wait_online(guest, AT_BOOT[0], 4 * EACH, timeout=180)
    wait_idle(guest)
    return guest


@pytest.fixture(autouse=True)
def in_order(guest):
    """After every test the daemon is as it was, and nothing is kept of a job."""
    yield
    wait_idle(guest)
    assert guest.run("ls /run/kmemd").out.split() == ["devices", "lock", "status.json"]
    assert guest.failed_units() == []


def serials(guest, region):
    """Serial numbers of a region's members by position, and its ways."""
    folder = f"/sys/bus/cxl/devices/{region}"
    ways = int(guest.run(f"cat {folder}/interleave_ways").out)
    found = []
    for position in range(ways):
        decoder = guest.run(f"cat {folder}/target{position}").out.strip()
        # decoderN.M is of endpointN, whose uport is the memdev.
        found.append(int(guest.run(f"cat /sys/bus/cxl/devices/endpoint{decoder[7:].split('.')[0]}/uport/serial").out, 0))
    return found, ways


def test_what_is_there_at_boot_is_one_region_over_both_bridges(guest):
    machine = see(guest)
    region, = machine.regions.values()
    assert (region.size, region.commit) == (4 * EACH, "1")
    assert serials(guest, region.name) == (list(AT_BOOT), 4)
    for serial in AT_BOOT:
        assert machine.blocks_of(serial) == ["Movable"] * (4 * EACH // BLOCK)


def test_a_member_takes_the_others_along_and_brings_them_back(guest):
    result = kmemctl(guest, f"drain {AT_BOOT[2]:#x}")
    assert result.rc == 0, result.err
    machine = see(guest)
    assert machine.regions == {} and machine.decoders == {}
    assert set(records(guest).values()) == {"held"} and len(records(guest)) == 4
    wait_idle(guest)
    assert kmemctl(guest, f"apply {AT_BOOT[3]:#x}", timeout=240).rc == 0
    region, = see(guest).regions
    assert serials(guest, region) == (list(AT_BOOT), 4)
    assert records(guest) == {}


def test_regions_are_made_and_destroyed_by_hand(guest):
    four = " ".join(f"{serial:#x}" for serial in AT_BOOT)
    pair = f"{AT_BOOT[3]:#x} {AT_BOOT[0]:#x}"       # of both bridges, and not in their order
    before = see(guest)
    region, = before.regions
    result = kmemctl(guest, f"destroy-region {region}")
    assert result.rc == 3 and "are online: with --force they are taken offline first" in result.err, result
    assert see(guest).states == before.states
    assert kmemctl(guest, f"destroy-region -f {region}").rc == 0
    assert see(guest).regions == {} and see(guest).decoders == {} and len(records(guest)) == 4
    # What cannot be is refused before anything is done.
    for arguments, rc, why in ((f"{AT_BOOT[0]:#x}", 3, "takes 2 of them"), (f"{AT_BOOT[0]:#x} {AT_BOOT[2]:#x}", 3, "not spread evenly"),
                               (f"-s 256M {pair}", 2, "allowed are multiples of 512 MiB up to 512 MiB"), (f"-w 4 {pair}", 2, "allowed is 2"),
                               (f"-d decoder0.9 {pair}", 2, "there is no root decoder 'decoder0.9'"), (f"-t pmem {pair}", 2, "allowed is ram")):
        result = kmemctl(guest, f"create-region {arguments}")
        assert result.rc == rc and why in result.err, result
    assert guest.run(f"runuser -u nobody -- kmemctl create-region {pair}", check=False).rc == 6
    assert kmemctl(guest, f"create-region -n {pair}").rc == 0
    assert see(guest).regions == {}
    # The memory of two comes into use as policy says; the other two are held on.
    result = kmemctl(guest, f"create-region --json {pair}", timeout=240)
    assert result.rc == 0, result.err
    region = result.json()["region"]
    wait_idle(guest)
    machine = see(guest)
    assert set(machine.regions) == {region} and serials(guest, region) == ([AT_BOOT[0], AT_BOOT[3]], 2)
    assert machine.blocks_of(AT_BOOT[3]) == ["Movable"] * (2 * EACH // BLOCK) and len(records(guest)) == 2
    assert kmemctl(guest, f"drain --region {region}").rc == 0
    assert see(guest).regions == {} and len(records(guest)) == 4
    # As it was at boot.
    assert kmemctl(guest, f"create-region {four}", timeout=240).rc == 0
    wait_idle(guest)
    region, = see(guest).regions
    assert serials(guest, region) == (list(AT_BOOT), 4)
    assert see(guest).blocks_of(AT_BOOT[0]) == ["Movable"] * (4 * EACH // BLOCK)
    assert records(guest) == {}


def test_the_first_of_two_waits_for_the_second(guest):
    cursor = log_cursor(guest)
    with Plugged(guest, 4, LATER[0], EACH):
        has_log(guest, cursor, "it waits up to 120 s .* below the other host bridges")
        guest.wait_until("systemctl show kmemd -P StatusText | grep -q 'waits up to'")
        assert see(guest).regions_of(LATER[0]) == []
        with Plugged(guest, 5, LATER[1], EACH):
            machine = wait_online(guest, LATER[0], 2 * EACH, timeout=180)
            wait_idle(guest)
            region, = machine.regions_of(LATER[1])
            assert serials(guest, region.name) == (list(LATER), 2)
            # What was in use was not taken apart.
            assert see(guest).blocks_of(AT_BOOT[0]) == ["Movable"] * (4 * EACH // BLOCK)
    wait_for(guest, lambda machine: len(machine.regions) == 1, "only the region from the boot")
