# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds in a kernel log what a healthy kernel never says."""
import re

# Each of these is a failure of a scenario unless it is excused by name.
_PROBLEM = re.compile("|".join((
    r"\bWARNING:",
    r"\bBUG:",
    r"kernel BUG at",
    r"\bOops\b",
    r"Kernel panic",
    r"cut here",
    r"general protection",
    r"unable to handle",
    r"Bad page (state|map)",
    r"\b(KASAN|KFENCE|KCSAN|KMSAN|UBSAN):",
    r"refcount_t:",
    r"list_(add|del) corruption",
    r"kmemleak: \d+ new suspected",
    # lockdep
    r"possible (circular|recursive|irq lock inversion|deadlock)",
    r"inconsistent lock state",
    r"suspicious RCU usage",
    r"INFO: lockdep",
    # hung tasks and stalls
    r"INFO: task .* blocked for more than",
    r"rcu.*(detected stall|self-detected stall|detected expedited stalls|kthread starved)",
    r"INFO: .*rcu.* stall",
    # memory
    r"page allocation failure",
    r"Out of memory:",
    r"cannot be hotremoved until the next reboot",
    # programs
    r"\bsegfault at\b",
    r"\btraps: .* (trap|general protection)",
)))
_STAMP = re.compile(r"\[\s*\d+\.\d+\](\[[^]]*\])? ?")
# Colours and cursor movements of the terminal that stand on the console between the kernel's lines.
_ESCAPES = re.compile(r"\x1b(\[[0-9;?!]*[A-Za-z]|[()][A-Z0-9]|\][^\x07\x1b]*(\x07|\x1b\\)|[78=>Mc])|[\r\x00]")


def clean(text):
    """The text of a console without terminal escapes."""
    return _ESCAPES.sub("", text)


def _message(line):
    """The line without its time stamp, to recognise it in two copies of the log."""
    return _STAMP.sub("", line).strip()


def _problem_lines(text):
    """(line, the lines after it) of each problem. "cut here" only announces what follows it, and is reported
    by itself only when nothing recognisable does."""
    lines = clean(text).splitlines()
    for number, line in enumerate(lines):
        if not _PROBLEM.search(line):
            continue
        following = lines[number + 1:number + 4]
        if "cut here" in line and any(_PROBLEM.search(other) and "cut here" not in other for other in following):
            continue
        yield line.strip(), following


def problems(*logs, allow=()):
    """The problems in one or more copies of a kernel log, each once, in order.

    allow: regular expressions; a problem that one of them matches (in its line or the three lines after it, where a
    warning says its place) is excused.
    """
    allowed = [re.compile(pattern) for pattern in allow]
    seen, found = set(), []
    for text in logs:
        for line, following in _problem_lines(text):
            key = _message(line)
            if key in seen:
                continue
            seen.add(key)
            if not any(pattern.search("\n".join([line, *following])) for pattern in allowed):
                found.append(line)
    return found
