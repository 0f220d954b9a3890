# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs commands in a guest one by one and records what each of them said and what it did to the machine's memory, so that two runs with
different drivers can be compared step by step."""
import dataclasses
import json
import re
import shlex

# All steps in one script, because under emulation every process and every question to the guest counts.
#
# The commands may use $D and $R, the device that has the capacity of the soft-reserved region, and the region's number; $C, the device of
# the first CXL region. Their names are the kernel's choice. A memory block may go while its files are read.
_SCRIPT = r"""
names() {
    for path in /sys/devices/platform/{,hmem_platform.*/}hmem.*/dax*.*; do
        [ -e $path ] || continue
        R=${path##*/dax} R=${R%.*} D=${path##*/}
        [ "$(<$path/size)" = 0 ] || break
    done
    for path in /sys/bus/cxl/devices/region0/dax_region0/dax*.*; do C=${path##*/}; done
    export R D C
}
look() {
    udevadm settle --timeout=30
    for device in /sys/bus/dax/devices/*; do
        driver=$(readlink $device/driver)
        echo "${device##*/} driver ${driver##*/} size $(<$device/size)"
    done
    cd /sys/devices/system
    grep -sH '' node/node*/memory*/{state,valid_zones} memory/auto_online_blocks node/{online,has_memory}
    awk '/: Soft Reserved$|: CXL Window/ { on = 1; print; next } /^[^ ]/ { on = 0 } on' /proc/iomem
    awk '$2 > 0 && $3 == "MemTotal:"' node/node*/meminfo
}
step() {
    names
    bash -c "$1" >/run/step.out 2>/run/step.err
    echo "@@ $?"; cat /run/step.out
    echo "@@"; cat /run/step.err
    echo "@@"; (look)
}
"""


@dataclasses.dataclass
class Step:
    """A command with its exit code, standard output (JSON without its layout), standard error, and the machine's memory after it."""
    command: str
    rc: int
    out: str
    err: str
    memory: list

    def differences(self, other):
        """What the same step of another run has otherwise, as text; "" when it is the same."""
        text = ""
        for name in ("command", "rc", "out", "err"):
            here, there = getattr(self, name), getattr(other, name)
            if here != there:
                text += f"{name}:\n  {here}\n  {there}\n"
        if self.memory != other.memory:
            here, there = ("\n  ".join(line for line in one if line not in two)
                           for one, two in ((self.memory, other.memory), (other.memory, self.memory)))
            text += f"memory:\n  {here}\n  instead\n  {there}\n"
        return text


def _normalised(text):
    """The output of a tool: JSON in one line, anything else as it is."""
    try:
        return json.dumps(json.loads(text))
    except ValueError:
        return text.strip()


def run(guest, commands, path):
    """Run commands with a PATH of their own; returns the list of Step."""
    script = f"export PATH={path}\n{_SCRIPT}" + "\n".join(f"step {shlex.quote(command)}" for command in commands)
    parts = re.split(r"^@@(?: (\d+))?\n", guest.run(script, timeout=300).out, flags=re.MULTILINE)[1:]
    steps = []
    for command, number in zip(commands, range(0, len(parts), 6), strict=True):
        rc, out, _, err, _, memory = parts[number:number + 6]
        steps.append(Step(command, int(rc), _normalised(out), err.strip(), memory.splitlines()))
    return steps
