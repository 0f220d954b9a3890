# SPDX-License-Identifier: GPL-2.0-or-later
"""Our driver bound, unbound, its blocks onlined and offlined a thousand times in random order, while a second process writes to single blocks:
what is shown fits together after every round, and nothing is left at the end. A third one reads all the time, and finds nothing that cannot be.

KMEMD_SOAK_SEED=N takes up a seed that a run has printed, KMEMD_SOAK_ROUNDS=N makes another number of rounds.
"""
import os
import random

import pytest

from . import driver_wear, figures

SEED = int(os.environ.get("KMEMD_SOAK_SEED") or random.randrange(1, 1 << 31))
BLOCKS = 3
# Rounds on each kernel. The debug one takes ten times as long for them.
ROUNDS = {"6.12": 1000, "6.1": 1000, "7.3": 1000, "debug": 250}
# The second process has only what is left of the time.
LEAST = {"bind": 4, "unbind": 4, "online": 4, "offline": 4, "other": 20}


@pytest.fixture(scope="module", params=list(ROUNDS))
def guest(request, boot_guest):
    """The guest, one kernel after the other; it has its series in `series`."""
    driver_wear.prepare(request.param)
    guest = boot_guest(request.param, **driver_wear.options(request.param, BLOCKS))
    guest.series = request.param
    driver_wear.start(guest)
    return guest


def numbers(line):
    """{"bind": (done, refused), ...} of the last line of soak."""
    words = line.split()
    found = {words[at]: int(words[at + 1]) for at in range(0, 6, 2)}
    for at in range(6, len(words), 4):
        found[words[at]] = int(words[at + 1]), int(words[at + 3])
    return found


def test_rounds(guest):
    driver_wear.assert_trace_shows_a_binding(guest)
    rounds = int(os.environ.get("KMEMD_SOAK_ROUNDS") or ROUNDS[guest.series])
    before = driver_wear.trace(guest)
    print(f"{guest.release}: KMEMD_SOAK_SEED={SEED}")
    result = guest.run(f"soak {driver_wear.DEVICE} {rounds} {SEED}", timeout=3600, check=False)
    print(result.out, result.err)
    assert result.rc == 0, f"KMEMD_SOAK_SEED={SEED}: {result.out}{result.err}"
    done = numbers(result.out.splitlines()[-1])
    assert done["rounds"] == rounds and done["reads"] >= rounds
    # Neither process ran idle, and both ways of binding came up.
    assert all(done[name][0] >= rounds // share for name, share in LEAST.items()), done
    adopted = int(guest.run("dmesg | grep -c 'adopting .* memory blocks' || true").out)
    assert adopted >= rounds // 20 and done["bind"][0] - adopted >= rounds // 20
    driver_wear.assert_trace(guest, before)
    if guest.series == "debug":
        assert driver_wear.leaks(guest) == ""
    figures.say(f"Linux {guest.release}: {rounds} rounds in {done['seconds']} s (KMEMD_SOAK_SEED={SEED}): "
                f"{done['bind'][0]} times bound ({adopted} with blocks that were there), "
                f"{done['online'][0] + done['offline'][0]} changes of blocks, {done['other'][0]} by a second process, everything read {done['reads']} times by a third")


def test_unload(guest):
    driver_wear.unload(guest)
