# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of kmemd beside other programs share: the machine, rounds in its shell, and draining beside a loop that puts blocks online."""
from . import figures, kmemd
from .guest import Expander
from .kmemd import MIB, POLICY, kmemctl, records, see, wait_idle, wait_online

SERIAL, SECOND = 0x1234, 0x5678
SIZE = 256 * MIB
ROUNDS = 20
# A function of the shell for each thing that is done again and again; $dax and $region are what there is now.
TOOLS = f"""
find_dax() {{ dax=$(basename /sys/bus/cxl/devices/region*/dax_region*/dax*); region=$(basename /sys/bus/cxl/devices/region[0-9]*); }}
bring_back() {{ kmemctl apply {SERIAL:#x} >/dev/null || {{ echo "round $round: kmemctl apply failed"; exit 1; }}; find_dax; }}
settle() {{ udevadm settle; sleep 0.5; }}
"""


def boot(boot_guest, kernel, driver):
    """A guest with an expander of two memory blocks, online by the shipped policy, and an empty port; driver: ours or in-tree."""
    options = kmemd.options(
        kernel, driver=driver == "ours", memory="1G", expanders=[Expander("256M", serial=SERIAL)], ports=1,
        files={f"{POLICY}/10-second.conf": f"[Match]\nSerial={SECOND:#x}\n\n[Memory]\nMode=ignore\n"})
    options["overlays"].append(kmemd.overlay("programs"))
    guest = boot_guest(f"{kernel}-{driver}", **options)
    guest.ours = driver == "ours"
    wait_online(guest, SERIAL, SIZE)
    wait_idle(guest)
    return guest


def rounds(guest, body):
    """Runs the shell text so often in the guest, with `round` set; a failure says which."""
    return guest.run(f"{TOOLS}\nfind_dax\nfor round in $(seq {ROUNDS}); do\n{body}\ndone", timeout=600)


def back_online(guest):
    """As policy wants it again, all of it."""
    assert kmemctl(guest, f"apply {SERIAL:#x}").rc == 0
    wait_idle(guest)
    machine = see(guest)
    assert machine.blocks_of(SERIAL) == ["Movable"] * 2
    assert records(guest) == {}


def drain_beside_a_loop(guest, afterwards):
    """A round: drain, while a loop puts both blocks online. Ends the rounds when a region is gone, or said to be, with a block of it online.
    `afterwards` follows, with $code of the drain and how many blocks are $online."""
    first, second = see(guest).dax_of(SERIAL).blocks
    guest.write("/run/loop", f"while [ ! -e /run/stop ]; do echo online_movable >/sys/devices/system/memory/memory{first}/state; "
                             f"echo online_movable >/sys/devices/system/memory/memory{second}/state; done 2>/dev/null\n")
    return rounds(guest, f"""
        rm -f /run/stop; bash /run/loop & loop=$!
        kmemctl drain -t 2 {SERIAL:#x} >/run/drain.log 2>&1; code=$?
        touch /run/stop; wait $loop
        online=0
        for block in {first} {second}; do [ $(cat /sys/devices/system/memory/memory$block/state 2>/dev/null) = online ] && online=$((online + 1)); done
        if [ $code = 0 ] && [ $online != 0 ]; then echo "round $round: drained, and $online blocks are online"; exit 1; fi
        ls -d /sys/bus/cxl/devices/region[0-9]* >/dev/null 2>&1 || [ $online = 0 ] || {{ echo "round $round: no region, and $online blocks online"; exit 1; }}
        {afterwards}""").out


def drain_to_the_end(guest):
    """As drain_beside_a_loop(), and it is all back afterwards. With the kernel's own driver up to the round in which the kernel loses the
    range: its kmem unbinds with a block online if that comes online between kmemd's last look and the write, and then nothing but a boot
    gives the range back ("cannot be hotremoved until the next reboot", 6.1 to 7.3). There is no cure for that; but the drain says that it
    failed, the region stays, and there is no other warning. After that the guest is of no use: it is for the last test of a guest.
    """
    if guest.ours:
        drain_beside_a_loop(guest, "bring_back")
        back_online(guest)
        return
    guest.allow_kernel_problem("cannot be hotremoved until the next reboot")
    said = drain_beside_a_loop(guest, """
        if [ $online != 0 ] && [ ! -e /sys/bus/dax/devices/$dax/driver ]; then
            echo "lost in round $round, the drain ended with $code"; cat /run/drain.log; break
        fi
        bring_back""")
    figures.say(f"{guest.release}, its own driver, drain beside a loop that puts blocks online: "
                f"{' | '.join(said.splitlines()) if said else f'nothing lost in {ROUNDS} rounds'}")
    if not said:
        back_online(guest)
        return
    assert "the drain ended with 0" not in said, said
    # The hardware decodes what is online.
    machine = see(guest)
    assert [region.commit for region in machine.regions_of(SERIAL)] == ["1"], said
