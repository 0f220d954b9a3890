# SPDX-License-Identifier: GPL-2.0-or-later
"""The launcher tests/vm/run: what it counts, what it says, and that it cannot be talked into success."""
import pathlib
import re
import subprocess

import pytest

RUN = pathlib.Path(__file__).with_name("run")
CMOCKA = """<?xml version="1.0"?><testsuites><testsuite name="policy" tests="3" failures="1" errors="0" skipped="1">
<testcase name="good" time="0.1"></testcase><testcase name="bad"><failure><![CDATA[policy.c:7: 1 != 2]]></failure></testcase>
<testcase name="left"><skipped/></testcase></testsuite></testsuites>"""


@pytest.fixture
def launch(tmp_path):
    """launch({file name: text}, *arguments) runs the launcher on these test files: (exit code, output lines)."""
    def run(files, *arguments):
        paths = []
        for name, text in files.items():
            paths.append(tmp_path / name)
            paths[-1].write_text(text)
        done = subprocess.run([RUN, "--results", tmp_path / "results", *arguments, *paths], capture_output=True, text=True,
                              check=False, timeout=60)
        return done.returncode, done.stdout.splitlines()
    return run


def test_success(launch):
    assert launch({"test_a.py": "def test_1(): pass\n", "test_b.py": "def test_2(): pass\n"})[1][-1] == "2 passed, 0 failed"


def test_failures_skips_and_errors_are_counted_once_each(launch):
    code, lines = launch({"test_a.py": """
import pytest
@pytest.fixture
def late():
    yield
    raise RuntimeError("at the end")
@pytest.fixture
def early():
    raise RuntimeError("at the start")
def test_good(): pass
def test_bad(): assert 1 == 2
def test_late(late): pass
def test_bad_and_late(late): assert 3 == 4
def test_early(early): pass
def test_left(): pytest.skip("no reason")
"""})
    assert code == 1
    assert lines[-1] == "1 passed, 4 failed, 1 skipped"
    assert any("at the end" in line for line in lines)


@pytest.mark.parametrize("text", [
    "",                                 # no test
    "import no_such_module\n",          # cannot be collected
    "import os\ndef test_1(): os._exit(0)\n",   # ends without results
])
def test_a_file_without_results_is_a_failure(launch, text):
    code, lines = launch({"test_a.py": text, "test_b.py": "def test_1(): pass\n"})
    assert (code, lines[-1]) == (1, "1 passed, 1 failed")


def test_a_file_that_hangs_is_ended_and_failed(launch):
    code, lines = launch({"test_a.py": "import time\ndef test_1(): time.sleep(50)\n"}, "--timeout", "3")
    assert (code, lines[-1]) == (1, "0 passed, 1 failed")
    assert any("not finished" in line for line in lines)


def test_nothing_run_is_a_failure(launch):
    assert launch({"test_a.py": "def test_1(): pass\n"}, "-k", "no_such_test")[0] == 1
    assert launch({}, "--no-files") == (1, ["no test was run", "0 passed, 0 failed"])


def test_figures_and_times_stand_before_the_count(launch, tmp_path):
    says = "import sys\ndef test_1(capfd):\n    with capfd.disabled(): print('\\nfigure: {0} is 1\\nfigure:   {0} is 2')\n"
    code, lines = launch({"test_b.py": says.format("b"), "test_a.py": says.format("a")})
    assert (code, lines[-1]) == (0, "2 passed, 0 failed")
    assert lines[-7:-1] == ["a is 1", "  a is 2", "", "b is 1", "  b is 2", ""]
    assert (tmp_path / "results" / "figures.txt").read_text() == "\n".join(lines[-7:-2]) + "\n"
    assert sorted(line.split()[1] for line in lines if re.fullmatch(r" +\d+  test_.", line)) == ["test_a", "test_b"]


def test_junit_of_cmocka_is_added(launch, tmp_path):
    (tmp_path / "unit.xml").write_text(CMOCKA)
    code, lines = launch({"test_a.py": "def test_1(): pass\n"}, "--add-junit", tmp_path / "unit.xml")
    assert (code, lines[-1]) == (1, "2 passed, 1 failed, 1 skipped")
    assert "policy.c:7: 1 != 2" in lines


@pytest.mark.parametrize("tap, last", [
    ("1..3\nok 1 - a\nnot ok 2 - b\nok 3 - c # SKIP no reason\n", "1 passed, 1 failed, 1 skipped"),
    ("1..3\nok 1 - a\n", "1 passed, 2 failed"),
    ("ok 1 - a\n", "1 passed, 1 failed"),
    ("1..1\nBail out! broken\n", "0 passed, 1 failed"),
    ("1..1\nok 1 - fine\n", "1 passed, 0 failed"),
])
def test_tap_is_added(launch, tmp_path, tap, last):
    (tmp_path / "unit.tap").write_text(tap)
    code, lines = launch({}, "--no-files", "--add-tap", tmp_path / "unit.tap")
    assert (code, lines[-1]) == (0 if " 0 failed" in last else 1, last)


@pytest.mark.parametrize("option", ["--add-junit", "--add-tap"])
def test_missing_results_are_a_failure(launch, tmp_path, option):
    code, lines = launch({}, "--no-files", option, tmp_path / "missing")
    assert (code, lines[-1]) == (1, "0 passed, 1 failed")
