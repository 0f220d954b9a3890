# SPDX-License-Identifier: GPL-2.0-or-later
"""daxctl and kmemctl in one guest with an NVDIMM of 64 GiB in system-ram mode, in turn: system calls and seconds of list, online-memory and
offline-memory.

The memmap is on the device, with our driver and then with the kernel's own. System calls are counted by strace in a pass of their own.
"""
import statistics
import tempfile

from vm import kmemd
from vm.guest import Guest, Nvdimm

PROGRAMS = ("daxctl", "kmemctl")
TIMEOUT = 600


class Bench:
    """The guest and its dax device."""

    def __init__(self, guest):
        self.guest = guest
        guest.run("udevadm settle")
        entry, = guest.run("ndctl list -N").json()
        made = guest.run(f"ndctl create-namespace -f -e {entry['dev']} -m devdax -a 2M -M dev", timeout=300).json()
        self.dax = made["daxregion"]["devices"][0]["chardev"]
        self.path = f"/sys/bus/dax/devices/{self.dax}"
        self.count = len(kmemd.see(guest).dax[self.dax].blocks)

    def bind(self):
        """Into kmem, all blocks offline."""
        self.guest.run(f"echo {self.dax} >{self.path}/driver/unbind; echo 1 >{self.path}/memmap_on_memory; "
                       f"echo {self.dax} >/sys/bus/dax/drivers/kmem/new_id; [ -e {self.path}/driver ]", timeout=TIMEOUT)

    def unbind(self):
        """Out of kmem and into device_dax."""
        self.guest.run(f"echo {self.dax} >{self.path}/driver/unbind; echo {self.dax} >/sys/bus/dax/drivers/device_dax/bind", timeout=TIMEOUT)

    def seconds(self, command):
        """How long a command takes."""
        return float(self.guest.run(f"TIMEFORMAT=%R; exec 3>&2; {{ time {command} >/dev/null 2>/run/err || {{ cat /run/err >&3; exit 1; }}; }} 2>&1",
                                    timeout=TIMEOUT).out.split()[-1])

    def calls(self, command):
        """How many system calls, process start included."""
        self.guest.run(f"strace -f -c -o /run/calls {command} >/dev/null", timeout=TIMEOUT)
        return int(self.guest.run("awk '$NF == \"total\" { print $4 }' /run/calls").out)

    def check(self, word):
        """All blocks are as they should be: a benchmark of what does not work is worth nothing."""
        machine = kmemd.see(self.guest)
        states = set(machine.blocks(machine.dax[self.dax]))
        if states != {word}:
            raise RuntimeError(f"the blocks of {self.dax} are {states} and should be {word}")

    def list(self, rounds):
        """Both lists, in turn."""
        times = {program: [] for program in PROGRAMS}
        for _ in range(rounds):
            for program in PROGRAMS:
                times[program].append(self.seconds(f"{program} list"))
        for program in PROGRAMS:
            yield program, self.calls(f"{program} list"), statistics.median(times[program])

    def change(self, rounds):
        """Online and offline by both, in turn; then counted. Every block is an event that udev is still busy with when the command has ended,
        on the same CPUs: that is waited for."""
        times = {}
        for _ in range(rounds):
            for program in PROGRAMS:
                for verb, word in (("online-memory", "Movable"), ("offline-memory", "offline")):
                    self.guest.run("udevadm settle", timeout=TIMEOUT)
                    times.setdefault((verb, program), []).append(self.seconds(f"{program} {verb} {self.dax}"))
                    self.check(word)
        for (verb, program), measured in times.items():
            yield verb, program, self.calls(f"{program} {verb} {self.dax}"), statistics.median(measured)


def show(what, program, calls, seconds):
    """A line of the table."""
    print(f"{what:16} {program:8} {calls:8} {seconds:9.2f} s", flush=True)


def add_arguments(parser):
    """Options."""
    parser.add_argument("--kernel", default="6.12")
    parser.add_argument("--size", default="65664M", help="of the NVDIMM; what is written to it is kept in this machine's memory")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--list-only", action="store_true", help="no onlining and offlining")


def measure_driver(bench, arguments, driver):
    """One driver after the other."""
    print(f"{driver} driver, {bench.count} blocks    system calls", flush=True)
    bench.bind()
    for program, calls, seconds in bench.list(arguments.rounds):
        show("list", program, calls, seconds)
    if not arguments.list_only:
        for verb, program, calls, seconds in bench.change(arguments.rounds):
            show(verb, program, calls, seconds)
    bench.unbind()


def main(arguments):
    """Measure and print."""
    # auto_online_blocks is offline from the start: daxctl works with nothing else.
    # The memory is in the host's: from a disk, what is written first after a writeback would take the time of both.
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder, Guest("bench-daxctl", **kmemd.options(
            arguments.kernel, service=False, cmdline="memhp_default_state=offline",
            nvdimms=[Nvdimm(arguments.size, file=f"{folder}/nvdimm")])) as guest:
        bench = Bench(guest)
        measure_driver(bench, arguments, "our")
        guest.run("rmmod kmem; insmod $(find /usr/lib/modules/$(uname -r)/kernel/drivers/dax -name 'kmem.ko*')")
        measure_driver(bench, arguments, "the kernel's")
