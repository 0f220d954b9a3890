# SPDX-License-Identifier: GPL-2.0-or-later
"""The driver's `state` and its counters of online blocks, without the daemon: every word, wrong words, blocks that others change one by one,
and a device that is unplugged as a whole or not at all. What they say is compared with the memory blocks themselves.

Runs on 7.2 and 7.3, too, when `tests/vm/prepare 7.2 7.3` has built the driver for them.
"""
import io
import pathlib
import re
import time

import pytest

from . import figures, kernel_log, kmemd, lab
from .guest import Nvdimm
from .initrd import CpioWriter, Executable
from .kmemd import BLOCK, see

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


def second_initrd():
    """An initramfs with nothing but a program that prints /proc/iomem."""
    archive = io.BytesIO()
    writer = CpioWriter(archive)
    writer.add("init", Executable(pathlib.Path(kmemd.overlay("programs"), "usr/local/bin/print-iomem").read_bytes()))
    writer.finish()
    return archive.getvalue()


@pytest.fixture(scope="module", params=SERIES)
def device(request, boot_guest):
    """The device on one kernel after the other. 3 GiB, so that a block in a kernel zone is not the only memory there."""
    options = kmemd.options(request.param, service=False, cmdline="memhp_default_state=offline", memory="3G",
                            nvdimms=[Nvdimm("1152M")],
                            files={"/boot/vmlinuz": lab.Kernel(request.param).image.read_bytes(), "/boot/second": second_initrd()})
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


DEFAULTS = ("offline", "online", "online_movable", "online_kernel")


@pytest.mark.parametrize("memmap_on_memory", [0, 1])
def test_online_words(guest, device, memmap_on_memory):
    """A device goes online from `unplugged` only, as the word says and whatever the kernel does with new memory by itself. In a kernel
    zone, blocks may stay for good: that comes last in this file."""
    device.bind(memmap_on_memory)
    for word in ONLINE:
        assert device.write(word) == "Device or resource busy"
    device.expect("offline")
    assert device.write("unplugged") == ""
    for default in DEFAULTS:
        guest.run(f"echo {default} >/sys/devices/system/memory/auto_online_blocks")
        assert device.write("online_movable") == device.write("online_movable\n") == ""
        before = device.expect("online_movable")
        assert before.counters["blocks_self_hosted"] == len(device.numbers) * memmap_on_memory
        for word in ("online", "online_kernel"):
            assert device.write(word) == "Device or resource busy"
        assert device.expect("online_movable").blocks == before.blocks
        assert device.write("unplugged") == device.write("unplugged") == ""
        device.expect("unplugged")
    guest.run("echo offline >/sys/devices/system/memory/auto_online_blocks")


def test_bound_with_a_default(guest, device):
    """What the kernel does with new memory is asked when the device is bound, and `state` has its word."""
    device.bind()
    assert device.write("unplugged") == ""
    device.unbind()
    guest.run("echo online_movable >/sys/devices/system/memory/auto_online_blocks; "
              f"echo {device.name} >/sys/bus/dax/drivers/kmem/bind; echo offline >/sys/devices/system/memory/auto_online_blocks")
    device.expect("online_movable")
    assert device.write("unplugged") == ""


def test_unplugged_when_others_took_blocks_offline(device):
    device.bind()
    device.put("online_movable")
    device.put("offline", device.numbers[1:3])
    device.expect("online")
    # With blocks offline it is neither online nor unplugged.
    for word in ONLINE:
        assert device.write(word) == "Device or resource busy"
    assert device.write("unplugged") == ""
    device.expect("unplugged")


def test_online_that_fails_is_unplugged_again(guest, device):
    """A block that is refused, by a notifier that comes after ours, or a signal: no block is left."""
    device.bind()
    assert device.write("unplugged") == ""
    before = device.look()
    guest.run("modprobe memory-notifier-error-inject priority=-100; "
              "echo -12 >/sys/kernel/debug/notifier-error-inject/memory/actions/MEM_GOING_ONLINE/error")
    try:
        for default in ("offline", "online_movable"):
            guest.run(f"echo {default} >/sys/devices/system/memory/auto_online_blocks")
            assert device.write("online_movable") == "Cannot allocate memory"
            after = device.expect("unplugged")
            assert (after.blocks, after.system) == (before.blocks, before.system)
    finally:
        guest.run("rmmod memory-notifier-error-inject; echo offline >/sys/devices/system/memory/auto_online_blocks")
    assert device.write("online_movable") == ""
    assert device.write("unplugged") == ""


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


def test_unloaded_meanwhile(guest, device):
    """The module comes and goes, and is refused to go while a block is online, while somebody else puts blocks online and offline, and a
    third one binds and unbinds the device."""
    device.bind()
    first, last = device.numbers[0], device.numbers[-1]
    guest.run("systemd-run --quiet --unit=unloader bash -c 'while :; do rmmod kmem && echo gone || echo stays; modprobe kmem; "
              f"echo {device.name} >/sys/bus/dax/drivers/kmem/new_id; done >/run/unloader 2>/dev/null'; "
              "systemd-run --quiet --unit=binder bash -c 'while :; do for verb in unbind bind; do "
              f"echo {device.name} >/sys/bus/dax/drivers/kmem/$verb && echo $verb; done; done >/run/binder 2>/dev/null'")
    try:
        guest.run(f"end=$((SECONDS + 8)); while [ $SECONDS -lt $end ]; do for block in {{{first}..{last}}}; do "
                  f"echo online_movable >{BLOCKS}$block/state; done; sleep 0.1; for block in {{{first}..{last}}}; do "
                  f"echo offline >{BLOCKS}$block/state; done; sleep 0.1; done 2>/dev/null; true", timeout=90)
    finally:
        guest.run("systemctl stop unloader binder")
    counts = {word: int(guest.run(f"cat /run/unloader /run/binder | grep -cx {word} || true").out)
              for word in ("gone", "stays", "bind", "unbind")}
    print(f"{guest.release}: the module was unloaded {counts['gone']} times, and {counts['stays']} times it was in use; beside it the device "
          f"was bound {counts['bind']} times and unbound {counts['unbind']} times")
    assert counts["gone"] and counts["bind"] and counts["unbind"]
    guest.run(f"modprobe kmem; for block in {{{first}..{last}}}; do echo offline >{BLOCKS}$block/state; done 2>/dev/null; "
              f"[ -e {device.path}/driver ] || echo {device.name} >/sys/bus/dax/drivers/kmem/new_id")
    device.bind()


# What a signal may come into: how to get there, the write, and which states it may end in: as after the whole of it, or as before.
SIGNALLED = {
    "bind": ("echo {name} >driver/unbind", "/sys/bus/dax/drivers/kmem/bind {name}", ("online_movable",), ("unbound",)),
    "online": ("echo unplugged >state", "{path}/state online_movable", ("online_movable",), ("unplugged",)),
    "unplug": ("", "{path}/state unplugged", ("unplugged",), ("online_movable",)),
}
SIGNALS = {"SIGINT": 2, "SIGALRM": 14, "SIGKILL": 9}
# One run of a line: back online, there, the write with its signal, and what the device and its blocks say then.
SIGNAL_RUN = """
run() {{
	echo unplugged >state || return
	echo online_movable >state || return
	{prepare}
	out=$(signal-write $1 $2 {write}) || return
	[ -e driver ] || {{ echo "$1 $2|$out|unbound|0 0 0 0"; echo {name} >/sys/bus/dax/drivers/kmem/bind; return; }}
	online=$(cat /sys/devices/system/memory/memory{blocks}/state 2>/dev/null | grep -c '^online')
	echo "$1 $2|$out|$(cat state)|$(cat kmem/blocks_added) $(cat kmem/blocks_online_movable) $(awk '$1 == "kmem" {{ print $3 }}' /proc/modules) $online"
}}
cd {path}
echo online_movable >/sys/devices/system/memory/auto_online_blocks
"""


@pytest.mark.parametrize("what", SIGNALLED)
def test_signals(guest, device, what):
    """A signal at any moment of a write: the write is done or as if it had not been; the numbers are true; and the signal is handled,
    once. Only SIGKILL may leave a part done (README), which `state` tells and `unplugged` cures."""
    prepare, write, done, undone = SIGNALLED[what]
    device.bind(1)
    device.write("unplugged")
    before = device.look()
    first, last = device.numbers[0], device.numbers[-1]
    script = SIGNAL_RUN.format(prepare=prepare.format(name=device.name), write=write.format(name=device.name, path=device.path),
                               name=device.name, path=device.path, blocks=f"{{{first}..{last}}}")

    def runs(pairs):
        out = guest.run(script + "".join(f"run {number} {after}\n" for number, after in pairs), timeout=240).out
        found = [line.split("|") for line in out.splitlines()]
        assert len(found) == len(pairs), out
        return found
    try:
        whole = sorted(int(line[1].split()[-2]) for line in runs([(0, 0)] * 3))[1]
        steps = 5 if guest.release.startswith("6.12") else 3
        pairs = [(number, whole * step // (steps - 1)) for number in SIGNALS.values() for step in range(steps)]
        outcomes = {}
        for run, said, state, *numbers in runs(pairs):
            error, _, handled = said.rsplit(" ", 2)
            killed = run.startswith("9 ")
            assert killed or handled == "1", (run, said)
            added, movable, holders, online = map(int, numbers[0].split())
            assert movable == holders == online, (run, said, state, numbers)
            assert added in (0, len(device.numbers)), (run, said, state, numbers)
            allowed = done if error == "Success" else undone
            assert state in (allowed if not killed else {*done, *undone, "online", "offline"}), (run, said, state, numbers)
            assert error in ("Success", "Interrupted system call", "killed"), (run, said)
            outcomes[error, state] = outcomes.get((error, state), 0) + 1
        figures.say(f"Linux {guest.release}: {what} ({whole / 1000:.0f} ms), SIGINT, SIGALRM and SIGKILL at {steps} moments each: "
                    + ", ".join(f"{count} times {error}, {state}" for (error, state), count in sorted(outcomes.items())))
    finally:
        guest.run("echo offline >/sys/devices/system/memory/auto_online_blocks")
    assert device.write("unplugged") == ""
    after = device.look()
    assert (after.blocks, after.system, after.holders) == (before.blocks, before.system, 0)
    assert device.write("online_movable") == device.write("unplugged") == ""


def test_poisoned_block(guest, device):
    """A block with a poisoned page is counted, is not put online by the kernel (6.2 and later), and is not added again after it was
    removed, so that nobody gets the page, until that is asked for."""
    if guest.release.startswith("6.1."):
        return    # its kernel does not count them
    kmem = f"{device.path}/kmem"
    parameter = "/sys/module/kmem/parameters/poisoned"
    device.bind()
    device.put("online_movable")
    assert guest.read(f"{kmem}/blocks_poisoned").strip() == "0"
    # The one that went online last is used last: nothing is on it.
    block = device.numbers[-1]
    guest.run(f"echo {hex((block << 27) + (5 << 20))} >/sys/devices/system/memory/hard_offline_page")
    assert guest.read(f"{kmem}/blocks_poisoned").strip() == "1"
    device.put("offline", [block])
    result = guest.run(f"echo online_movable >{BLOCKS}{block}/state", check=False)
    assert "Memory page has hardware error" in result.err
    assert device.write("unplugged") == ""
    assert guest.read(f"{kmem}/blocks_poisoned").strip() == "1"
    for word in ("online_movable", "unplugged", "online_movable"):
        assert device.write(word) == ""
    look = device.look()
    assert look.blocks == ["Movable"] * (len(device.numbers) - 1) + ["absent"]
    assert (look.state, look.counters["blocks_failed"], look.counters["blocks_poisoned"]) == ("online_movable", 1, 1)
    guest.run(f"dmesg | tail -20 | grep 'kmem {device.name}: 1 of {len(device.numbers)} memory blocks could not be added: "
              f"{hex(block << 27)}-{hex(((block + 1) << 27) - 1)} (error -133)'")
    guest.run(f"echo unplugged >{device.path}/state; echo Y >{parameter}; echo online_movable >{device.path}/state; echo N >{parameter}")
    device.expect("online_movable")
    assert guest.read(f"{kmem}/blocks_poisoned").strip() == "0"
    assert device.write("unplugged") == ""
    # What is remembered of it goes with the module.
    device.unbind()
    guest.run(f"rmmod kmem; modprobe kmem; dmesg | tail -20 | grep 'memory{block} has 1 poisoned pages, which are forgotten'; "
              f"[ -e {device.path}/driver ] || echo {device.name} >/sys/bus/dax/drivers/kmem/new_id")


def test_every_zone_is_restored(guest, device):
    """In a kernel zone a block may be in use by the kernel for good: what follows goes as far as it can."""
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


@pytest.mark.parametrize("default", ["offline", "online"])
def test_left_to_the_kernel(guest, device, default):
    """`online` is what is read after `online` was written, or was the kernel's default when the device was bound, in whatever zones."""
    guest.run(f"echo unplugged >{device.path}/state", check=False)
    if guest.read(f"{device.path}/state").strip() != "unplugged":
        pytest.skip("a block is in use by the kernel for good")
    guest.run(f"echo {default} >/sys/devices/system/memory/auto_online_blocks")
    if default == "online":
        device.unbind()
        guest.run(f"echo {device.name} >/sys/bus/dax/drivers/kmem/bind")
    else:
        assert device.write("online") == ""
    device.expect("online")
    assert device.write("online") == ""
    for word in ("online_movable", "online_kernel"):
        assert device.write(word) == "Device or resource busy"
    device.expect("online")
    # Until somebody changes a block.
    first, last = device.numbers[0], device.numbers[-1]
    guest.run(f"echo offline >{BLOCKS}{last}/state || echo offline >{BLOCKS}{first}/state", check=False)
    guest.run(f"echo online >{BLOCKS}{last}/state; echo online >{BLOCKS}{first}/state", check=False)
    assert device.look().state == "online_kernel"


def test_online_kernel(guest, device):
    guest.run(f"echo offline >/sys/devices/system/memory/auto_online_blocks; echo unplugged >{device.path}/state", check=False)
    if guest.read(f"{device.path}/state").strip() != "unplugged":
        pytest.skip("a block is in use by the kernel for good")
    assert device.write("online_kernel") == device.write("online_kernel") == ""
    device.expect("online_kernel")
    assert device.write("online") == device.write("online_movable") == "Device or resource busy"


def test_kexec_with_memory_online(guest, device):
    """Last: a kernel that takes the place of the running one finds itself outside of the device's memory, all of which is online, and does
    not take that memory for RAM: it goes online again only by the driver."""
    if not device.look().state.startswith("online"):
        device.bind()
        device.put("online_movable")
    assert device.look().state.startswith("online")
    first, last = device.numbers[0] * BLOCK, (device.numbers[-1] + 1) * BLOCK - 1
    problems = guest.kernel_problems()
    guest.run("(sleep 1; kexec-into /boot/vmlinuz /boot/second 'console=ttyS0,115200 panic=-1') >/run/kexec 2>&1 &")
    deadline = time.monotonic() + 180
    while "iomem: end" not in guest.console():
        assert time.monotonic() < deadline, guest.console_tail(30)
        time.sleep(1)
    console = guest.console()
    guest.kill("PASS")
    assert problems + kernel_log.problems(console) == []
    lines = [(int(start, 16), int(end, 16), name) for start, end, name in re.findall(r"iomem: *([0-9a-f]+)-([0-9a-f]+) : (.*)", console)]
    ram = [line for line in lines if line[2].startswith("System RAM")]
    assert ram and lines[-1][0]
    assert [line for line in ram if line[0] <= last and line[1] >= first] == []
