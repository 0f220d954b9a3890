# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures that tests measure: they end in the output of tests/vm/run, so that nobody has to look for them in logs.

    figures.say("64 GiB added in 0.3 s")
    figures.table("DRAM used", ["Linux", "MiB per GiB"], [["6.12", 0.04], ["6.1", 0.05]])

conftest.py prints them at the end of a file's tests, each line behind the mark; the launcher collects those lines.
"""
MARK = "figure: "
LINES = []      # what was said in this process


def say(*lines):
    """Keep these lines."""
    LINES.extend(lines)


def table(title, head, rows):
    """Keep a table: a title, the names of the columns, and rows of as many cells. Numbers stand to the right; floats get two decimals."""
    def text(cell):
        return f"{cell:.2f}" if isinstance(cell, float) else str(cell)
    lines = [list(map(text, row)) for row in [head, *rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    right = [all(isinstance(row[column], (int, float)) or row[column] in ("", "-") for row in rows) for column in range(len(head))]
    say(title, *("  " + "  ".join(cell.rjust(width) if to_right else cell.ljust(width)
                                  for cell, width, to_right in zip(line, widths, right)).rstrip() for line in lines))
