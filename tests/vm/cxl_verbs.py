# SPDX-License-Identifier: GPL-2.0-or-later
"""daxctl's verbs on the memory of an expander, by kmemctl: through every state and back, for scenarios that have one online."""
from .kmemd import kmemctl, records, see, wait_idle


class _Walk:
    """A dax device of an expander, and what kmemctl does with it."""

    def __init__(self, guest, serial):
        self.guest, self.serial = guest, serial
        self.dax = see(guest).dax_of(serial)
        self.region = self.dax.name[3:].partition(".")[0]      # of daxctl's: "0" of dax0.1

    def run(self, arguments, rc=0):
        """Run kmemctl, which ends with this code."""
        result = kmemctl(self.guest, arguments)
        assert result.rc == rc, f"kmemctl {arguments}: {result.rc}\n{result.err}"
        return result

    def assert_is(self, driver, state):
        """The device as the kernel and daxctl show it, and the daemon leaves it so."""
        for _ in range(2):
            machine = see(self.guest)
            dax = machine.dax[self.dax.name]
            assert (dax.driver, machine.blocks(dax)) == (driver, [state] * len(self.dax.blocks))
            wait_idle(self.guest)
        theirs, = self.guest.run(f"daxctl list -d {dax.name}").json()
        ours, = self.run(f"list -d {dax.name}").json()
        assert {key: ours.get(key) for key in theirs} == theirs


def through_every_state(guest, serial):
    """Everything that can be done to a dax device; in the end the machine is as before."""
    before, walk = see(guest), _Walk(guest, serial)
    name = walk.dax.name

    walk.run(f"offline-memory {name}")
    walk.assert_is("kmem", "offline")
    assert set(records(guest).values()) == {"held"}
    walk.run(f"online-memory {serial:#x}")      # by the expander's serial number, too
    walk.assert_is("kmem", "Movable")

    refused = walk.run(f"reconfigure-device -m devdax {name}", rc=3)
    assert f"memory blocks of {name} are online" in refused.err
    walk.run(f"reconfigure-device -f -m devdax {name}")
    walk.assert_is("device_dax", "absent")
    walk.run(f"disable-device {name}")
    walk.assert_is("", "absent")
    walk.run(f"enable-device {name}")
    walk.run(f"reconfigure-device -N -m system-ram {name}")
    walk.assert_is("kmem", "offline")
    walk.run(f"reconfigure-device -m system-ram {name}")
    walk.assert_is("kmem", "Movable")

    assert f"{name} is active" in walk.run(f"destroy-device {name}", rc=3).err
    walk.run(f"destroy-device -f {name}")
    wait_idle(guest)
    empty = see(guest)
    assert [dax for dax in empty.dax.values() if dax.size and dax.node == walk.dax.node] == []
    assert empty.regions == before.regions
    made, = walk.run(f"create-device -r {walk.region} -m system-ram").json()
    assert made["size"] == walk.dax.size

    walk.run(f"apply {serial:#x}")
    wait_idle(guest)
    after = see(guest)
    assert (after.regions, after.states, after.total, records(guest)) == (before.regions, before.states, before.total, {})
    assert guest.kernel_problems() == []
