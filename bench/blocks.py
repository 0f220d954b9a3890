# SPDX-License-Identifier: GPL-2.0-or-later
"""kmemctl list on a sysfs of files with a dax device of 1,024 to 32,768 memory blocks, on this machine and not in a guest: system calls,
and CPU time, which has to grow in proportion to the blocks; with the drop-in driver's counters it must not grow at all.

The program is the one that users run: in a mount namespace of its own the files lie over /sys.
"""
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[1]
BLOCK = 128 << 20
START = 1 << 40
DEVICE = "devices/platform/hmem.0/dax0.0"
COUNTS = (1024, 2048, 4096, 8192, 16384, 32768)


def write(path, text):
    """A file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n", encoding="ascii")


def make_tree(root, blocks):
    """A machine with one dax device in the kernel's own kmem, online and movable."""
    attributes = {"size": blocks * BLOCK, "align": 2 << 20, "target_node": 1, "memmap_on_memory": 0, "mapping0/start": hex(START),
                  "mapping0/end": hex(START + blocks * BLOCK - 1), "mapping0/page_offset": 0}
    for name, value in attributes.items():
        write(root / DEVICE / name, value)
    (root / DEVICE / "driver").symlink_to("../../../../bus/dax/drivers/kmem")
    bus = root / "bus/dax/devices"
    bus.mkdir(parents=True)
    (bus / "dax0.0").symlink_to(f"../../../{DEVICE}")
    memory = root / "devices/system/memory"
    write(memory / "block_size_bytes", f"{BLOCK:x}")
    node = root / "devices/system/node/node1"
    node.mkdir(parents=True)
    for index in range(START // BLOCK, START // BLOCK + blocks):
        write(memory / f"memory{index}/valid_zones", "Movable")
        (node / f"memory{index}").symlink_to(f"../../memory/memory{index}")


def count(root, blocks):
    """What our driver shows on top."""
    values = {"memmap_dram_bytes": blocks << 21, "memmap_device_bytes": 0, "blocks_self_hosted": 0, "blocks_failed": 0,
              "blocks_total": blocks, "blocks_added": blocks, "blocks_online_movable": blocks, "blocks_online_kernel": 0}
    for name, value in values.items():
        write(root / DEVICE / "kmem" / name, value)


def run(root, command):
    """A command that has the folder at /sys; returns the seconds of CPU time that it took."""
    script = f'mount --bind {root} /sys && exec python3 -c "$0" {command}'
    # What the shell ran before counts among the children, too.
    timer = ("import resource, subprocess, sys; cpu = lambda: sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]); begin = cpu(); "
             "r = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, check=True); print(cpu() - begin); assert b'total_memblocks' in r.stdout")
    result = subprocess.run(["unshare", "--mount", "bash", "-ec", script, timer], capture_output=True, text=True, check=True)
    return float(result.stdout.split()[0])


def calls(root, command):
    """System calls, process start included."""
    with tempfile.NamedTemporaryFile() as summary:
        run(root, f"strace -f -c -o {summary.name} {command}")
        return int(re.search(r"^\S+ +\S+ +(?:\S+ +)?(\d+) .*total$", pathlib.Path(summary.name).read_text(encoding="ascii"), re.M)[1])


def add_arguments(parser):
    """Options."""
    parser.add_argument("--rounds", type=int, default=9)


def main(arguments):
    """Measure and print."""
    program = TOP / "build/kmemctl"
    if not shutil.which("strace") or not program.exists():
        sys.exit("bench: strace and build/kmemctl are needed")
    print(f"{'blocks':>8} {'calls':>8} {'ms':>8} {'us a block':>11}   with counters: {'calls':>6} {'ms':>6}")
    per_block = []
    for blocks in COUNTS:
        with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
            root = pathlib.Path(folder)
            make_tree(root, blocks)
            plain = statistics.median(run(root, f"{program} list") for _ in range(arguments.rounds))
            plain_calls = calls(root, f"{program} list")
            count(root, blocks)
            counted = statistics.median(run(root, f"{program} list") for _ in range(arguments.rounds))
            per_block.append(plain / blocks)
            print(f"{blocks:8} {plain_calls:8} {plain * 1000:8.2f} {plain / blocks * 1e6:11.3f}                  "
                  f"{calls(root, f'{program} list'):6} {counted * 1000:6.2f}", flush=True)
    spread = max(per_block[1:]) / min(per_block[1:])
    print(f"time a block differs by {spread:.2f} times from {COUNTS[1]} to {COUNTS[-1]} blocks (1 is linear)")
