# SPDX-License-Identifier: GPL-2.0-or-later
"""Regions that were there before the kernel was, as firmware leaves them.

A first kernel makes them and boots a second one in its place (kexec). Nothing resets the machine in between, so the second one
finds the decoders of expanders and ports committed, and does not know by whom. What firmware says of the window in its memory
map is said by memmap= on the second one's command line.
"""
import pathlib

from vm import initrd, kmemd, lab
from vm.machine import Nvdimm

_ROOM = 64 << 20            # for the kernel, in front of the initramfs
_UNIT = 128 << 20
_PROGRAM = "/usr/local/bin/kexec-boot"


class Second:
    """What a guest boots second: the same kernel with the same system, on an NVDIMM of the guest's.

    second = Second(folder, **options)           options of Guest, for the second system
    guest = boot_guest(nvdimms=[second.nvdimm], ...)
    second.boot(guest, "memmap=...")
    """

    def __init__(self, folder, *, kernel="6.12", overlays=(), files=None, cmdline=""):
        self._cmdline = cmdline
        chosen = lab.Kernel(kernel)
        self._kernel_bytes = chosen.image.stat().st_size
        image, archive = pathlib.Path(folder) / "second.img", pathlib.Path(folder) / "second.cpio"
        self._initrd_bytes = initrd.build(archive, lab.userland(), chosen.modules, chosen.release, overlays, files)
        size = -(-(_ROOM + self._initrd_bytes) // _UNIT) * _UNIT
        with open(image, "wb") as output:
            output.write(chosen.image.read_bytes())
            output.seek(_ROOM)
            output.write(archive.read_bytes())
            output.truncate(size)
        archive.unlink()
        # Without a label area all of it is one namespace, and there is no other.
        self.nvdimm = Nvdimm(size=str(size >> 20) + "M", label_size="", file=str(image))

    def boot(self, guest, more=""):
        """Boot it in the place of what runs in the guest; returns when it has settled."""
        guest.mark(f"the second kernel follows: {more}")
        guest.boot_other(
            f"disk=$(ls /dev/pmem*); dd if=$disk of=/run/kernel bs=1M count={self._kernel_bytes} iflag=count_bytes status=none; "
            f"dd if=$disk of=/run/initrd bs=1M skip={_ROOM} count={self._initrd_bytes} iflag=skip_bytes,count_bytes status=none; "
            f"{_PROGRAM} /run/kernel /run/initrd \"$(sed 's/ *\\<memmap=[^ ]*//g' /proc/cmdline) {self._cmdline} {more}\"; "
            "code=$?; rm /run/kernel /run/initrd; exit $code")


def options(**more):
    """Options of Guest for the first kernel: kmemd is masked there, because what it would do is firmware's work here."""
    made = kmemd.options(service=False, **more)
    made["overlays"].append(kmemd.overlay("programs"))
    return made
