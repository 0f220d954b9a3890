# SPDX-License-Identifier: GPL-2.0-or-later
"""What kmemctl says to scripts and terminals: exit codes of plan --check, no escapes from names, who may not look. Needs no guest."""
import json
import os
import pathlib
import pty
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("KMEMCTL", TOP / "build" / "kmemctl")).resolve()
INVENTORIES = TOP / "tests" / "unit" / "inventories"
NOBODY = 65534


def kmemctl(*arguments, **more):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False, timeout=60, **more)


def plan(inventory, *arguments):
    return kmemctl("plan", *arguments, "--inventory", inventory, "--policy", TOP / "policy")


@pytest.mark.parametrize("name,code", [("two-expanders-online", 0), ("one-expander-stock", 0), ("one-expander-fresh", 10), ("interleaved", 10)])
def test_plan_check(name, code):
    """10 exactly where there are steps; without --check that is 0, and the output is the same."""
    path = INVENTORIES / f"{name}.json"
    checked, plain = plan(path, "--check"), plan(path)
    assert (checked.returncode, plain.returncode) == (code, 0)
    assert checked.stdout == plain.stdout
    steps = sum(len(device["steps"]) for device in json.loads(plan(path, "--json").stdout)["devices"])
    assert (steps > 0) == (code == 10)


def test_plan_check_of_what_is_refused(tmp_path):
    """Persistent capacity by a policy that does not name it: 3."""
    policy = tmp_path / "policy"
    policy.mkdir()
    (policy / "10-x.conf").write_text("[Match]\nKind=nvdimm\n[Memory]\nMode=system-ram\n")
    inventory = json.loads((INVENTORIES / "nvdimm-devdax-fsdax.json").read_text())
    path = tmp_path / "inventory.json"
    path.write_text(json.dumps(inventory))
    refused = kmemctl("plan", "--json", "--inventory", path, "--policy", policy)
    assert any(device["refused"] for device in json.loads(refused.stdout)["devices"])
    assert not any(device["steps"] for device in json.loads(refused.stdout)["devices"])
    assert kmemctl("plan", "--check", "--inventory", path, "--policy", policy).returncode == 3


ESCAPE = "\x1b[2Jmem0\x07\n\u202egnp"


@pytest.fixture(scope="session")
def evil(tmp_path_factory):
    """A snapshot in which names act on a terminal."""
    text = (INVENTORIES / "two-expanders-online.json").read_text()
    inventory = json.loads(text)
    path = tmp_path_factory.mktemp("evil") / "inventory.json"

    def spoil(value):
        if isinstance(value, dict):
            return {key: spoil(item) for key, item in value.items()}
        if isinstance(value, list):
            return [spoil(item) for item in value]
        return ESCAPE if value == "region0" else value

    path.write_text(json.dumps(spoil(inventory)))
    assert "\\u001b" in path.read_text()
    return path


@pytest.mark.parametrize("verb", [("status",), ("plan",), ("memmap",), ("explain", "mem0"), ("policy", "show", "mem0")])
def test_names_do_not_act_on_a_terminal(verb, evil):
    result = kmemctl(*verb, "--inventory", evil)
    for text in (result.stdout, result.stderr):
        assert not set(text) & set("\x1b\x07\u202e"), text
    assert verb[0] != "status" or "\\x1b[2Jmem0\\x07\\x0a" in result.stdout


def test_arguments_do_not_act_on_a_terminal():
    for arguments in ((f"{ESCAPE}",), ("plan", "--inventory", ESCAPE), ("status", f"--{ESCAPE}"), ("drain", ESCAPE, ESCAPE)):
        result = kmemctl(*arguments)
        assert result.returncode in (2, 5, 6)
        assert not set(result.stderr) & set("\x1b\x07\u202e"), result.stderr


def test_json_keeps_names_as_they_are(evil):
    """JSON escapes in its own way, and a reader gets the name back."""
    result = kmemctl("status", "--json", "--inventory", evil)
    assert "\x1b" not in result.stdout
    regions = [region["region"] for device in json.loads(result.stdout)["devices"] for region in device["regions"]]
    assert ESCAPE in regions


def test_records_do_not_act_on_a_terminal(tmp_path):
    """A policy file's name in a message, on a terminal as well as in a pipe."""
    policy = tmp_path / "policy"
    policy.mkdir()
    (policy / f"10-\x1b]0;x\x07.conf").write_text("[Match]\nKind=nonsense\n")
    result = kmemctl("policy", "check", "--policy", policy)
    assert result.returncode == 1 and "\\x1b]0;x\\x07.conf:2: " in result.stdout
    main, other = pty.openpty()
    subprocess.run([PROGRAM, "policy", "check", "--policy", policy], stdout=other, stderr=other, check=False, timeout=60)
    os.close(other)
    assert b"\x1b" not in os.read(main, 65536)
    os.close(main)
