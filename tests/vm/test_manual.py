# SPDX-License-Identifier: GPL-2.0-or-later
"""The examples of kmemctl's manual pages, run in a guest: each has to end with the code and print what its page shows.

An example is a literal display behind a comment line `.\\" example` in the source of a page. In it a line that begins with "# " is a
command, typed on a terminal, and what follows is what it prints, standard error included. Numbers and UUIDs may be others, and so
may the widths of columns; a line of three dots stands for any lines. Comment lines between `.\\" example` and the display say more:

    .\\" before: COMMAND       is run first; after: last, whatever happened
    .\\" exit: 3 0             how the commands end; without it all with 0
    .\\" meanwhile: COMMAND    is run while the example is; seconds: N ends it, by SIGINT, after that time

The machine is the same for all: an expander (0x1234) that kmemd has put online, which the pages call mem0 and dax0.0, an NVDIMM, and
2 GiB of Soft Reserved memory, dax1.0, in kmem with its blocks offline. Every page finds it so.
"""
import dataclasses
import re
import shlex

import pytest

from . import dax_region, kmemd, lab
from .guest import Expander, Nvdimm
from .kmemd import see, wait_idle, wait_online

SERIAL, EXPANDER = 0x1234, 512 * kmemd.MIB
PAGES = sorted((lab.TOP / "man").glob("kmemctl*.1"))
# A page is worked through in this folder of the guest.
_FOLDER = "/run/manual"
# Not an example's doing: the daemon looks at every event, and may be at it.
_NOISE = re.compile(r"^waiting for .*, which holds the lock$")


@dataclasses.dataclass
class Command:
    """A command of an example, what the page shows behind it, and how it ends."""
    text: str
    shown: list = dataclasses.field(default_factory=list)
    code: int = 0


@dataclasses.dataclass
class Example:
    """The commands of one display and what its comments say."""
    line: int
    notes: dict = dataclasses.field(default_factory=dict)
    commands: list = dataclasses.field(default_factory=list)


def unescape(line):
    """The text that a line of a literal display stands for."""
    return line.removeprefix(r"\&").replace(r"\e", "\\").replace(r"\-", "-")


def read_examples(path):
    """The examples of a page."""
    examples, example, inside = [], None, False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        comment = re.fullmatch(r'\.\\" (\w+)(?:: (.*))?', line)
        if comment and comment[1] == "example":
            example = Example(number)
            examples.append(example)
        elif comment and example and not inside:
            example.notes[comment[1]] = comment[2]
        elif line.startswith(".Bd -literal") and example:
            inside = True
        elif line == ".Ed":
            example, inside = None, False
        elif inside and line.startswith("# "):
            example.commands.append(Command(unescape(line[2:])))
        elif inside:
            example.commands[-1].shown.append(unescape(line))
    for example in examples:
        codes = [int(code) for code in example.notes.get("exit", "").split()]
        for command, code in zip(example.commands, codes, strict=bool(codes)):
            command.code = code
    return examples


def mask(line):
    """A line without what may be another on the next day."""
    line = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", line)
    line = re.sub(r"0x[0-9a-f]+|\d+(\.\d+)?", "N", line)
    return re.sub(r"  +", " ", line).rstrip()


def on_screen(text):
    """What stands on the terminal in the end: progress bars are drawn over, and gone."""
    lines = [re.split(r"\r\x1b\[K", line)[-1] for line in text.replace("\r\n", "\n").removesuffix("\n").split("\n")]
    return [line for line in lines if text and not _NOISE.match(line)]


def same(shown, printed):
    """Whether the lines of a page say what was printed."""
    wanted = [".*" if line == "..." else re.escape(mask(line) + "\n") for line in shown]
    return re.fullmatch("".join(wanted), "".join(mask(line) + "\n" for line in printed), re.DOTALL) is not None


def test_a_page_that_shows_something_else_is_found():
    assert same(["3 blocks", "...", "end"], ["12 blocks", "what", "ever", "end"])
    assert same(["3 blocks", "..."], ["4 blocks"])
    for printed in (["3 blocks"], ["3 block", "end"], ["3 blocks", "end", "more"], []):
        assert not same(["3 blocks", "...", "end"], printed)
    assert on_screen("a\r\n\r\x1b[K[### ] 1 of 4\r\x1b[K  b\r\nwaiting for kmemd-worker (pid 7), which holds the lock\r\n") == ["a", "  b"]


def test_every_page_has_an_example():
    assert {path.stem for path in PAGES if not read_examples(path) and ".so " not in path.read_text()} == set()


class Machine:
    """The guest, and how its dax devices are called in the pages."""

    def __init__(self, guest):
        self.guest = guest
        self.names = {}
        self.home()

    def home(self):
        """Bring everything back to where each page finds it."""
        machine = see(self.guest)
        soft = sorted((dax for dax in machine.dax.values() if "/hmem." in dax.path and dax.size), key=lambda dax: dax.name)
        commands = [f"kmemctl destroy-device -f {dax.name}" for dax in soft[1:]]
        if (soft[0].size, soft[0].driver) != (dax_region.SIZE << 20, "kmem"):
            commands.append(f"kmemctl reconfigure-device -f -s {dax_region.SIZE}M -m system-ram -N --json=off {soft[0].name}")
        if commands or set(machine.blocks(soft[0])) != {"offline"}:
            commands.append(f"kmemctl offline-memory {soft[0].name}")
        if soft[0].memmap_on_memory != "0":
            commands.append(f"kmemctl memmap {soft[0].name} off")
        if commands or kmemd.records(self.guest):   # no policy is about it: this lifts the record and does nothing else
            commands.append(f"kmemctl apply {soft[0].name}")
        if machine.blocks_of(SERIAL) != ["Movable"] * (EXPANDER // kmemd.BLOCK):
            commands.append(f"kmemctl apply {SERIAL:#x}")
        if commands:
            self.guest.run(" && ".join(commands), timeout=120)
            wait_idle(self.guest)
            machine = see(self.guest)
        self.names = {called: dax.name.partition(".")[0] + "." for called, dax in (("dax0.", machine.dax_of(SERIAL)), ("dax1.", soft[0]))}

    def called_here(self, command):
        """A command with the names of this machine: which region comes first is the kernel's affair."""
        region = self.names["dax1."].strip("dax.")
        command = re.sub(r"\bregion0\b", f"region{self.names['dax0.'].strip('dax.')}", command)
        command = re.sub(r"\bdax[01]\.", lambda match: self.names[match[0]], command)
        return re.sub(r"(?<=-r )1\b", region, command)

    def run(self, command, code=0, timeout=120):
        """Run a command as if it was typed; what stands on the screen."""
        typed = f"cd {_FOLDER}; script -qefc {shlex.quote(self.called_here(command))} /dev/null </dev/null"
        result = self.guest.run(typed, timeout=timeout, check=False)
        printed = on_screen(result.out + result.err)
        assert result.rc == code, f"{command}: ended with {result.rc} and not with {code}:\n" + "\n".join(printed)
        return printed

    def run_for(self, command, seconds, meanwhile):
        """Run a command that goes on for ever, for a time, and another one a second later."""
        return on_screen(self.guest.run(
            f"cd {_FOLDER}; (sleep 2; {self.called_here(meanwhile)}) >/dev/null 2>&1 & "
            f"timeout --preserve-status -s INT {seconds} {self.called_here(command)} 2>&1; code=$?; wait; exit $code", timeout=120).out)


@pytest.fixture(scope="module")
def machine(boot_guest):
    """The machine of the pages."""
    options = kmemd.options(expanders=[Expander("512M", serial=SERIAL)], nvdimms=[Nvdimm("768M")],
                            cmdline=f"{dax_region.cmdline()} memhp_default_state=offline")
    guest = boot_guest(**{**dax_region.options(), **options})
    guest.run(f"mkdir {_FOLDER}; mkdir -p /etc/daxctl.conf.d")
    wait_online(guest, SERIAL, EXPANDER)
    return Machine(guest)


@pytest.mark.parametrize("path", PAGES, ids=[path.stem for path in PAGES])
def test_page(machine, path):
    machine.home()
    for example in read_examples(path):
        where = f"{path.name}:{example.line}"
        notes = example.notes
        try:
            if "before" in notes:
                machine.guest.run(f"cd {_FOLDER}; {machine.called_here(notes['before'])}", timeout=120)
            for command in example.commands:
                if "seconds" in notes:
                    printed = machine.run_for(command.text, notes["seconds"], notes["meanwhile"])
                else:
                    printed = machine.run(command.text, command.code)
                assert same(command.shown, printed), (f"{where}: # {command.text}\n--- the page shows\n" + "\n".join(command.shown) +
                                                      "\n--- printed was\n" + "\n".join(printed))
        finally:
            if "after" in notes:
                machine.guest.run(f"cd {_FOLDER}; {machine.called_here(notes['after'])}", timeout=120)


def test_nothing_failed_on_the_way(machine):
    assert machine.guest.failed_units() == []
