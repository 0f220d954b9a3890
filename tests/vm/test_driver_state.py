# SPDX-License-Identifier: GPL-2.0-or-later
"""The driver's `state` and its counters of online blocks, without the daemon: every word, wrong words, blocks that others change one by one,
and a device that is unplugged as a whole or not at all. What they say is compared with the memory blocks themselves.

Runs on 7.2 and 7.3, too, when `tests/vm/prepare 7.2 7.3` has built the driver for them.
"""
import pytest

from . import kmemd, lab
from .guest import Nvdimm
from .kmemd import see

SERIES = ["6.12", "6.1"] + [series for series in ("7.2", "7.3") if (lab.TOP / "build/guest" / f"kmem-{series}").is_dir()]
ONLINE = ("online", "online_kernel", "online_movable")
BLOCKS = "/sys/devices/system/memory/memory"


LOOK = """
cd {path}
echo "state $(cat state 2>/dev/null)"
grep -s '' kmem/blocks_* | sed 's/^kmem.//; s/:/ /'
for block in {blocks}; do
	at=/sys/devices/system/memory/memory$block
	if ! [ -e $at ]; then echo "block absent"
	elif grep -q offline $at/state; then echo "block offline"
	else echo "block $(cat $at/valid_zones)"; fi
done
awk '$1 == "kmem" {{ print "holders", $3 }}' /proc/modules
awk '/^MemTotal/ {{ print "total", $2 }}' /proc/meminfo
sed 's/^/iomem /' /proc/iomem
"""


class Look:
    """What the kernel shows of the device, its blocks and the memory of the system."""

    def __init__(self, text):
        pairs = [line.split(" ", 1) for line in text.splitlines()]
        single = dict(pairs)
        self.state = single["state"]
        self.blocks = [value for key, value in pairs if key == "block"]
        self.counters = {key: int(value) for key, value in single.items() if key.startswith("blocks_")}
        self.holders = int(single["holders"])
        self.system = (single["total"], [value for key, value in pairs if key == "iomem"])


class Device:
    """The only dax device of the guest, bound to our driver or not."""

    def __init__(self, guest):
        self.guest = guest
        guest.run("ndctl create-namespace -f -e namespace0.0 -m devdax -a 2M -M dev", timeout=90)
        self.name = next(iter(see(guest).dax))
        self.path = f"/sys/bus/dax/devices/{self.name}"
        guest.run(f"modprobe kmem; echo {self.name} >/sys/bus/dax/drivers/device_dax/unbind; "
                  f"echo {self.name} >/sys/bus/dax/drivers/kmem/new_id")
        self.numbers = see(guest).dax[self.name].blocks
        # Before 7.3 the zone is for userspace to choose.
        self.chooses = not guest.release.startswith(("6.", "7.2"))

    def bind(self, memmap_on_memory=0):
        """All blocks are added, and offline."""
        self.guest.run(f"cd {self.path}; if [ -e driver ]; then echo unplugged >state; echo {self.name} >driver/unbind; fi; "
                       f"echo {memmap_on_memory} >memmap_on_memory; echo {self.name} >/sys/bus/dax/drivers/kmem/bind")
        look = self.expect("offline")
        assert look.counters["blocks_self_hosted"] == len(self.numbers) * memmap_on_memory

    def unbind(self):
        self.guest.run(f"echo {self.name} >/sys/bus/dax/drivers/kmem/unbind")

    def write(self, word, timeout=0):
        """Write the state; returns the error message, empty without an error, or None after a timeout in seconds."""
        wait = f"timeout {timeout} " if timeout else ""
        # 124 of a command would be its own timeout to the guest.
        result = self.guest.run(f"{wait}bash -c 'echo -n \"{word}\" >{self.path}/state' || exit $(($? == 124 ? 99 : 1))",
                                check=False)
        return None if result.rc == 99 else result.err.strip().rsplit(": ", 1)[-1]

    def put(self, word, blocks=None):
        """Write the state of single blocks, as others would do it."""
        self.guest.run("; ".join(f"echo {word} >{BLOCKS}{block}/state" for block in self.numbers if blocks is None or block in blocks))

    def look(self):
        """The device, its blocks and the memory of the system at one moment."""
        return Look(self.guest.run(LOOK.format(path=self.path, blocks=" ".join(map(str, self.numbers)))).out)

    def expect(self, word):
        """The device says this word, and it and the counters are true of the blocks; returns what was looked at."""
        look = self.look()
        added = [block for block in look.blocks if block != "absent"]
        movable, offline = added.count("Movable"), added.count("offline")
        kernel = len(added) - movable - offline
        counters = look.counters
        assert (counters["blocks_total"], counters["blocks_added"], counters["blocks_failed"]) == (len(look.blocks), len(added), 0)
        assert (counters["blocks_online_movable"], counters["blocks_online_kernel"]) == (movable, kernel)
        # Every block that is online holds the module.
        assert look.holders == movable + kernel
        true = {"unplugged": not added, "offline": added and offline == len(added), "online": kernel or movable,
                "online_kernel": kernel and kernel == len(added), "online_movable": movable and movable == len(added)}
        assert look.state == word and true[word], f"{look.state}, but {look.blocks}"
        return look

    def locked(self, mebibytes=64):
        """Memory of the Movable zone that cannot be moved away, for the length of a `with`."""
        return Locked(self.guest, mebibytes)


class Locked:
    """A process that holds memory in place."""

    def __init__(self, guest, mebibytes):
        self.guest, self.mebibytes = guest, mebibytes

    def __enter__(self):
        self.guest.run("systemd-run --quiet --unit=locker -p LimitMEMLOCK=infinity -p StandardOutput=truncate:/run/locker "
                       f"lock-memory 0 {self.mebibytes}")
        self.guest.wait_until("grep -q locked /run/locker", timeout=60)

    def __exit__(self, *_):
        self.guest.run("systemctl stop locker")


@pytest.fixture(scope="module", params=SERIES)
def device(request, boot_guest):
    """The device on one kernel after the other. 3 GiB, so that a block in a kernel zone is not the only memory there."""
    options = kmemd.options(request.param, service=False, cmdline="memhp_default_state=offline", memory="3G",
                            nvdimms=[Nvdimm("1152M")])
    options["overlays"].append(kmemd.overlay("programs"))
    return Device(boot_guest(request.param, **options))


@pytest.fixture
def guest(device):
    """The guest."""
    return device.guest


def test_the_module_says_which_driver_it_is(guest, device):
    device.bind()
    assert guest.read("/sys/module/kmem/version").strip().endswith("-kmemd")
    assert guest.read("/sys/module/kmem/parameters/driver").startswith("kmemd ")
    assert guest.run("echo x >/sys/module/kmem/parameters/driver", check=False).rc != 0


def test_wrong_words_are_refused_in_every_state(device):
    for prepare in (lambda: device.put("online_movable"), lambda: device.put("offline"), lambda: device.write("unplugged")):
        prepare()
        before = device.guest.read(f"{device.path}/state").strip()
        for word in ("offline", "bogus", "onlin", "online_", "Online", "online x", "", " "):
            # Nothing at all is not even a write.
            assert device.write(word) == ("Invalid argument" if word else ""), word
        device.expect(before)


def test_online_words(device):
    device.bind()
    for word in ONLINE:
        assert device.write(word) == ("Device or resource busy" if device.chooses else "Operation not supported")
    device.expect("offline")
    assert device.write("unplugged") == ""
    if device.chooses:
        for default in ("offline", "online_movable", "online_kernel"):
            device.guest.run(f"echo {default} >/sys/devices/system/memory/auto_online_blocks")
            assert device.write("online_movable") == ""
            device.expect("online_movable")
            assert device.write("online_kernel") == "Device or resource busy"
            assert device.write("unplugged") == ""
            device.expect("unplugged")
        device.guest.run("echo offline >/sys/devices/system/memory/auto_online_blocks")
    else:
        for word in ONLINE:
            assert device.write(word) == "Operation not supported"
            device.expect("unplugged")
    device.bind()
    device.put("online_movable")
    # Where it is already, there is nothing to choose.
    assert device.write("online_movable") == device.write("online\n") == ""
    assert device.write("online_kernel") != ""
    device.expect("online_movable")


def test_blocks_that_others_change(device):
    device.bind()
    first, *middle, last = device.numbers
    for blocks, word in (([last], "online"), (middle, "online"), ([first], "online_movable")):
        device.put("online_movable", blocks)
        device.expect(word)
    for blocks, word in ((middle, "online"), ([first], "online"), ([last], "offline")):
        device.put("offline", blocks)
        device.expect(word)


@pytest.mark.parametrize("memmap_on_memory", [0, 1])
def test_unplugged_and_back(guest, device, memmap_on_memory):
    device.bind(memmap_on_memory)
    device.unbind()
    before = device.look()
    device.bind(memmap_on_memory)
    device.put("online_movable", device.numbers[1:])
    device.expect("online")
    assert device.write("unplugged") == device.write("unplugged\n") == ""
    assert device.expect("unplugged").system == before.system
    device.unbind()
    assert guest.run(f"cat {device.path}/state", check=False).rc != 0
    device.bind(memmap_on_memory)


@pytest.mark.parametrize("memmap_on_memory", [0, 1])
def test_unplugged_is_all_or_nothing(guest, device, memmap_on_memory):
    device.bind(memmap_on_memory)
    device.put("online_movable", device.numbers[:-1])
    before = device.expect("online")
    with device.locked():
        # What cannot be moved is tried until a signal comes, as with a single block.
        assert device.write("unplugged", timeout=2) is None
        after = device.expect("online")
    assert (after.blocks, after.system) == (before.blocks, before.system)
    assert device.write("unplugged") == ""
    device.expect("unplugged")


def test_blocks_left_online_at_unbind(guest, device):
    device.bind(1)
    device.put("online_movable", device.numbers[2:])
    device.unbind()
    assert device.look().blocks == ["absent"] * 2 + ["Movable"] * (len(device.numbers) - 2)
    device.put("offline", device.numbers[2:3])
    guest.wait_until(f"! [ -e {BLOCKS}{device.numbers[2]} ]")
    guest.run(f"echo {device.name} >/sys/bus/dax/drivers/kmem/bind")
    device.expect("online")
    assert device.write("unplugged") == ""
    device.expect("unplugged")


def test_others_change_blocks_meanwhile(guest, device):
    device.bind(1)
    first, last = device.numbers[0], device.numbers[-1]
    guest.run("systemd-run --quiet --unit=onliner bash -c 'while :; do "
              f"for block in {{{first}..{last}}}; do echo online_movable >{BLOCKS}$block/state; done; done'")
    try:
        for _ in range(3):
            guest.wait_until(f"grep -q online {device.path}/state")
            assert device.write("unplugged", timeout=60) == ""
            device.expect("unplugged")
            device.unbind()
            guest.run(f"echo {device.name} >/sys/bus/dax/drivers/kmem/bind")
    finally:
        guest.run("systemctl stop onliner")
    assert device.write("unplugged") == ""
    device.expect("unplugged")


def test_every_zone_is_restored(guest, device):
    """Last: a block in a kernel zone may be in use by the kernel for good."""
    device.bind(1)
    kernel = device.numbers[0]
    device.put("online_movable", device.numbers[2:])
    with device.locked():
        device.put("online_kernel", [kernel])
        before = device.expect("online")
        answer = device.write("unplugged", timeout=2)
        after = device.expect("online")
    assert answer is None or answer, answer
    assert after.blocks == before.blocks == ["Normal", "offline"] + ["Movable"] * (len(device.numbers) - 2)
    print(f"{guest.release}: {'offline and back' if answer is None else 'in use by the kernel'}")
