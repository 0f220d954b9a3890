# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's mock of NVDIMMs (nfit_test): a bus of DIMMs in interleaved regions, and one of DIMMs with faults. All of it is smaller than a
memory block, and there is no memory behind it that could go online: it is about what is shown, named, refused and left alone.
"""
import pytest

from vm import kmemd
from vm.kmemd import BLOCK, MIB, POLICY, kmemctl, records, see, wait_idle

from . import mocks

GOOD, FAULTY = "nfit_test.0", "nfit_test.1"
FILE = f"{POLICY}/20-nvdimm.conf"
# What the kernel shows of a DIMM (drivers/acpi/nfit/core.c, flags_show()), and ndctl's word for it.
FLAGS = {"save_fail": "flag_failed_save", "restore_fail": "flag_failed_restore", "flush_fail": "flag_failed_flush",
         "not_armed": "flag_failed_arm", "map_fail": "flag_failed_map"}


class Mocks:
    """The guest with both buses, and two namespaces on the good one: one for system RAM, one with data."""

    def __init__(self, guest):
        self.guest = guest
        guest.run(f"ndctl disable-region -b {GOOD} all; ndctl init-labels -f -b {GOOD} all; ndctl enable-region -b {GOOD} all", timeout=120)
        regions = sorted(guest.run(f"ndctl list -b {GOOD} -R").json(), key=lambda region: region["size"])
        self.data, self.dax = (guest.run(f"ndctl create-namespace -r {region['dev']} -m {mode}", timeout=90).json()
                               for region, mode in zip(regions, ("raw", "devdax -a 2M -M mem")))
        self.chardev = self.dax["daxregion"]["devices"][0]["chardev"]
        guest.run(f"udevadm settle; dd if=/dev/urandom of=/dev/{self.data['blockdev']} bs=1M count=16 oflag=direct status=none; "
                  f"sha256sum </dev/{self.data['blockdev']} >/run/sum")

    def check_data(self):
        """What is on the namespace with data is what was written to it."""
        self.guest.run(f"echo 3 >/proc/sys/vm/drop_caches; sha256sum </dev/{self.data['blockdev']} | cmp - /run/sum")


@pytest.fixture(scope="module")
def machine(boot_guest):
    """The machine with kmemd running from the start, and nfit_test loaded after it."""
    guest = boot_guest(**mocks.nfit_options())
    wait_idle(guest)
    mocks.load(guest, "nfit_test")
    made = Mocks(guest)
    wait_idle(guest)
    return made


@pytest.fixture
def guest(machine):
    """The guest."""
    return machine.guest


@pytest.fixture(autouse=True)
def in_order(guest, machine):
    """After every test: no policy of ours, the data untouched, the device as it was made."""
    yield
    if not guest.run("ls /sys/bus/nd/devices", check=False).out:
        return      # the mocks are gone
    guest.run(f"rm -f {FILE}; systemctl reload kmemd")
    wait_idle(guest)
    machine.check_data()
    dax = see(guest).dax[machine.chardev]
    assert dax.driver == "device_dax" and "online" not in see(guest).blocks(dax)
    assert guest.failed_units() == []


def planned(guest, name):
    """The plan for a device by any of its names."""
    return kmemctl(guest, f"plan {name} --json").json()["devices"][0]


# -- what is shown -----------------------------------------------------------------------------------------------------------

def test_namespaces_are_what_ndctl_lists(guest):
    listed = {entry["dev"]: entry for entry in guest.run("ndctl list -N").json()}
    shown = {entry["namespace"]: entry for entry in guest.run("kmemctl inventory").json()["namespaces"]}
    assert set(shown) == set(listed) and len(shown) >= 3
    for name, entry in listed.items():
        # ndctl shows the size of what is inside a namespace, kmemctl that of the namespace.
        expected = {"mode": entry["mode"], "size": int(guest.read(f"/sys/bus/nd/devices/{name}/size")), "uuid": entry.get("uuid", ""),
                    "dax": entry.get("chardev", "")}
        assert {key: shown[name][key] for key in expected} == expected


def test_a_namespace_is_found_by_its_uuid(guest, machine):
    for namespace in (machine.dax, machine.data):
        device = planned(guest, namespace["uuid"])
        assert device["device"] == namespace["dev"] and namespace["uuid"] in device["identity"]
        assert (device["mode"], device["steps"]) == ("ignore", [])
    assert kmemctl(guest, "plan 11111111-2222-3333-4444-555555555555").rc == 5


# -- what is left alone ------------------------------------------------------------------------------------------------------

def test_nothing_is_touched_that_no_policy_names(guest, machine):
    before = guest.run("ndctl list -NDR -v").json()
    assert kmemctl(guest, "apply").rc == 0
    # A policy for somebody else, and one for all of them that names none.
    guest.write(FILE, "[Match]\nUuid=11111111-2222-3333-4444-555555555555\n\n[Memory]\nMode=system-ram\n")
    guest.run("systemctl reload kmemd")
    wait_idle(guest)
    guest.write(FILE, "[Match]\nKind=nvdimm\n\n[Memory]\nMode=system-ram\n")
    guest.run("systemctl reload kmemd")
    wait_idle(guest)
    assert kmemctl(guest, f"apply {machine.dax['uuid']}").rc == 3
    assert guest.run("ndctl list -NDR -v").json() == before


# -- what is refused -----------------------------------------------------------------------------------------------------------

def refused_for_its_size(text):
    """A sentence that names the size of a memory block and one that is smaller."""
    return "memory block" in text and f"{BLOCK // MIB} MiB" in text and " MiB" in text.replace(f"{BLOCK // MIB} MiB", "")


def test_a_device_smaller_than_a_block_is_refused_by_policy_with_the_numbers(guest, machine):
    guest.write(FILE, f"[Match]\nUuid={machine.dax['uuid']}\n\n[Memory]\nMode=system-ram\n")
    device = planned(guest, machine.dax["uuid"])
    assert device["steps"] == [] and refused_for_its_size(device["refused"]), device
    result = kmemctl(guest, f"apply {machine.dax['uuid']}")
    assert result.rc == 3 and refused_for_its_size(result.err), result.err
    # The daemon, too, says so once, and does not try.
    guest.run("systemctl reload kmemd")
    wait_idle(guest)
    assert see(guest).dax[machine.chardev].driver == "device_dax"
    assert list(records(guest).values()) == ["refused"]


def test_a_device_smaller_than_a_block_is_refused_by_hand_with_the_numbers(guest, machine):
    result = kmemctl(guest, f"reconfigure-device -m system-ram {machine.chardev}")
    assert result.rc == 3 and refused_for_its_size(result.err), result.err
    assert see(guest).dax[machine.chardev].driver == "device_dax"
    # To what it is already, it can be reconfigured.
    assert kmemctl(guest, f"reconfigure-device -m devdax {machine.chardev}").rc == 0


def test_a_raw_namespace_is_refused(guest, machine):
    guest.write(FILE, f"[Match]\nUuid={machine.data['uuid']}\n\n[Memory]\nMode=system-ram\n")
    device = planned(guest, machine.data["uuid"])
    assert device["steps"] == [] and device["refused"], device
    assert kmemctl(guest, f"apply {machine.data['uuid']}").rc == 3


# -- faults -----------------------------------------------------------------------------------------------------------------

def kernel_flags(guest):
    """The fault flags of each DIMM, as the kernel shows them."""
    text = guest.run("cd /sys/bus/nd/devices; grep -H '' nmem*/nfit/flags").out
    lines = [line.split(":", 1) for line in text.splitlines()]
    return {path.split("/")[0]: set(flags.split()) & set(FLAGS) for path, flags in lines}


def test_failed_dimms_are_there_and_disturb_nothing(guest, machine):
    flags = kernel_flags(guest)
    assert set(FLAGS) <= set().union(*flags.values())
    for dimm in guest.run("ndctl list -Di").json():
        assert {flag for flag, word in FLAGS.items() if dimm.get(word)} == flags[dimm["dev"]]
    # The snapshot is whole, and what is on the good DIMMs is planned as ever.
    assert kmemctl(guest, "status").rc == 0
    assert planned(guest, machine.dax["uuid"])["mode"] == "ignore"


def test_doctor_names_failed_dimms(guest):
    found = str(kmemctl(guest, "doctor --json").json())
    for dimm, flags in kernel_flags(guest).items():
        assert not flags or dimm in found, (dimm, flags)


def test_a_dimm_without_labels_has_no_namespace(guest, machine):
    # All of the bus: what is on it is made again at the end.
    before = {entry["namespace"] for entry in guest.run("kmemctl inventory").json()["namespaces"]}
    guest.run(f"ndctl disable-region -b {GOOD} all; ndctl zero-labels -b {GOOD} all; ndctl enable-region -b {GOOD} all", timeout=120)
    wait_idle(guest)
    assert kmemctl(guest, f"plan {machine.dax['uuid']}").rc == 5
    after = {entry["namespace"] for entry in guest.run("kmemctl inventory").json()["namespaces"]}
    assert after < before or machine.dax["dev"] not in after
    machine.__init__(guest)     # pylint: disable=unnecessary-dunder-call
    wait_idle(guest)
    assert planned(guest, machine.dax["uuid"])["device"] == machine.dax["dev"]


def test_the_dimms_go_away(guest):
    guest.run("ndctl disable-namespace all; ndctl disable-region all", timeout=120, check=False)
    mocks.unload(guest, "nfit_test")
    wait_idle(guest)
    assert guest.run("kmemctl inventory").json()["namespaces"] == []
    assert guest.kernel_problems() == []
