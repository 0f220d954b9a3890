# SPDX-License-Identifier: GPL-2.0-or-later
"""From a dax device without a driver to its last memory block online, and back: 64 GiB of NVDIMM and parts of it, by kmemd's policy,
by `kmemctl reconfigure-device`, by `state`, by hand, and by the kernel alone; with our driver and the kernel's own.

Each size is measured in turn in one guest, so that its columns can be compared. "good order" is what a person can do at best: bound with
new memory left offline, and every block's state written by a shell loop, the second lowest last.
"""
import pathlib
import statistics

from vm import figures, kmemd
from vm.guest import Guest, Nvdimm
from vm.test_driver_linear import Bench, backing, exponent, good_order

SIZES = (8, 16, 32, 64)     # GiB: 62, 126, 251 and 503 blocks
POLICY = f"{kmemd.POLICY}/10-plug.conf"
WAYS = ("good order", "kernel alone", "policy", "policy, default offline", "reconfigure", "state", "good order back", "drain")


class Plug(Bench):
    """The device in a guest with one of the two drivers."""

    def expect(self, word):
        """All blocks are so, whatever driver is bound."""
        machine = kmemd.see(self.guest)
        found = set(machine.blocks(machine.dax[self.name]))
        wanted = {"online_movable": "Movable", "unplugged": "absent"}.get(word, word)
        if found != {wanted}:
            raise RuntimeError(f"the blocks of {self.name} are {found} and should be {wanted}")

    def release(self):
        """Offline in the good order and unbound; what has taken how long."""
        order = [self.numbers[1], *self.numbers[:1:-1], self.numbers[0]]
        seconds = self.timed(f"cd /sys/devices/system/memory; for block in {' '.join(map(str, order))}; do echo offline >memory$block/state; done")
        self.unbind()
        return seconds

    def unbind(self):
        """No driver, none that takes the device by itself."""
        self.guest.run(f"cd /sys/bus/dax; [ ! -e devices/{self.name}/driver ] || echo {self.name} >devices/{self.name}/driver/unbind; "
                       f"for driver in kmem device_dax; do echo {self.name} >drivers/$driver/remove_id; done 2>/dev/null || true", timeout=120)

    def prepare_policy(self):
        """A policy that wants this device in system RAM, and no record of what came before."""
        uuid, = {entry["uuid"] for entry in self.guest.run("ndctl list -N").json()}
        self.guest.write(POLICY, f"[Match]\nUuid={uuid}\n\n[Memory]\nMode=system-ram\nMemmapOnMemory=yes\n")

    def kmemctl(self, arguments):
        """Seconds of a command that has to succeed."""
        return self.timed(f"kmemctl {arguments} >/run/kmemctl.log 2>&1 || exit 1")

    def drain(self):
        """Offline and out of kmem by kmemctl."""
        seconds = self.kmemctl(f"drain {self.name}")
        self.unbind()
        return seconds

    def by_policy(self, default):
        """By `kmemctl apply`, as a machine is set up."""
        self.policy(default)
        seconds = self.kmemctl(f"apply {self.name}")
        self.expect("online_movable")
        return seconds

    def one_round(self, slow):
        """Seconds of every way; `slow`: also by the kernel alone."""
        seconds = {"good order": self.bind("offline") + self.by_hand(good_order(self.numbers))}
        seconds["good order back"] = self.release()
        if slow:
            seconds["kernel alone"] = self.bind("online_movable")
            self.release()
        self.policy("online")
        self.prepare_policy()
        seconds["policy"] = self.by_policy("online")
        seconds["drain"] = self.drain()
        seconds["policy, default offline"] = self.by_policy("offline")
        self.release()
        self.policy("online")
        seconds["reconfigure"] = self.kmemctl(f"reconfigure-device -m system-ram --json=off {self.name}")
        self.expect("online_movable")
        self.release()
        self.bind("offline")
        if self.guest.run(f"[ -e /sys/bus/dax/devices/{self.name}/state ]", check=False).rc == 0:
            self.write("unplugged")
            self.policy("online")
            seconds["state"] = self.write("online_movable")
            self.release()
        else:
            self.unbind()
        return seconds


def add_arguments(parser):
    """Options."""
    parser.add_argument("--kernel", action="append", help="6.12 and 7.3 by default")
    parser.add_argument("--driver", action="append", choices=("ours", "in-tree"))
    parser.add_argument("--sizes", type=lambda text: tuple(map(int, text.split(","))), default=SIZES, help="GiB, with commas")
    parser.add_argument("--rounds", type=int, default=3)


def show(plug, driver, sizes, rounds):
    """Measure all sizes in one guest; prints the table."""
    times = {}
    for gib in sizes:
        plug.size(gib)
        # The first use of the guest's RAM is QEMU's time.
        plug.bind("offline")
        plug.by_hand(good_order(plug.numbers))
        plug.release()
        measured = [plug.one_round(number == 0 or gib <= sizes[0]) for number in range(rounds)]
        for way in WAYS:
            values = [one[way] for one in measured if way in one]
            if values:
                times.setdefault(way, []).append((len(plug.numbers), statistics.median(values)))
        print(f"{plug.guest.release}, {driver}, {len(plug.numbers)} blocks: "
              + ", ".join(f"{way} {found[-1][1]:.2f}" for way, found in times.items()), flush=True)
    rows = [[way, *(seconds for _, seconds in found), exponent(found) if len(found) > 1 else "-",
             found[-1][1] / times["good order back" if way in ("drain", "good order back") else "good order"][-1][1]]
            for way, found in times.items()]
    figures.LINES.clear()
    figures.table(f"Linux {plug.guest.release}, {driver}: seconds, medians of {rounds} (the kernel alone: once)",
                  ["way", *(f"{blocks} blocks" for blocks, _ in times["good order"]), "exponent", "of good order"], rows)
    print("\n".join(figures.LINES), flush=True)


def main(arguments):
    """Measure and print."""
    for kernel in arguments.kernel or ("6.12", "7.3"):
        for driver in arguments.driver or ("ours", "in-tree"):
            file = backing(f"plug-{kernel}-{driver}")
            try:
                with Guest(f"bench-plug-{kernel}-{driver}", **kmemd.options(
                        kernel, driver=driver == "ours", service=False, cmdline="memhp_default_state=offline", memory="3G",
                        nvdimms=[Nvdimm(f"{65 * 1024 + 128}M", file=str(file))])) as guest:
                    show(Plug(guest, arguments.sizes), driver, arguments.sizes, arguments.rounds)
            finally:
                pathlib.Path(file).unlink(missing_ok=True)
