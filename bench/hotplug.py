# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures, in one guest, from the kernel's event of a hot-plugged memdev to its last memory block online: a shell script
in a tight loop (online-by-hand.sh) and kmemd, in turn; then the daemon at rest."""
import statistics

from vm import kmemd, measure
from vm.guest import Guest


def one_round(guest, hotplug, size, serial):
    """Plug, measure, take away again."""
    seconds, blocks, device = hotplug(guest, 0, size, serial)
    guest.run(f"kmemctl drain {serial:#x}", timeout=120)
    guest.unplug(device)
    return seconds, blocks


def add_arguments(parser):
    """Options."""
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", default="1G", help="of the expander")


def main(arguments):
    """Measure and print."""
    by_hand, by_kmemd = [], []
    with Guest("bench", **kmemd.options("6.12", cmdline="memhp_default_state=offline", ports=1)) as guest:
        for number in range(arguments.rounds):
            seconds, blocks = one_round(guest, measure.hotplug_by_hand, arguments.size, 0x100 + number)
            by_hand.append(seconds)
            print(f"shell script: {seconds:6.2f} s for {blocks} blocks", flush=True)
            seconds, blocks = one_round(guest, measure.hotplug, arguments.size, 0x200 + number)
            by_kmemd.append(seconds)
            print(f"kmemd:        {seconds:6.2f} s for {blocks} blocks, verified", flush=True)
        resident, switches = measure.at_rest(guest, 20)
    ratio = statistics.median(by_kmemd) / statistics.median(by_hand)
    print(f"median: script {statistics.median(by_hand):.2f} s, kmemd {statistics.median(by_kmemd):.2f} s: "
          f"{ratio:.2f} times the script's time (at most 1.5 is wanted)")
    print(f"kmemd at rest: {resident >> 10} KiB resident (at most 8192 are wanted), {switches} context switches in 20 s")
