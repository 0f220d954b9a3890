# SPDX-License-Identifier: GPL-2.0-or-later
"""Content that lies in the memory of one node, and a checksum that finds any bit of it that changed."""
from vm.guest import GuestError


class Content:
    """A file of random bytes whose pages are on a NUMA node, in a tmpfs that takes its memory there and nowhere else.

    with Content(guest, node=2, mib=192) as content:
        ...
        content.check()

    Memory that goes offline is moved to other memory, on any node: the file stays, and so must its checksum.
    """

    def __init__(self, guest, node, mib=96):
        self.guest, self.node, self.mib = guest, node, mib
        self._folder = f"/run/content-{node}"
        self._file = f"{self._folder}/file"

    def __enter__(self):
        self.guest.run(f"mkdir -p {self._folder}; mount -t tmpfs -o size={self.mib + 16}M,mpol=bind:{self.node} content {self._folder}; "
                       f"head -c {self.mib}M /dev/urandom >{self._file}; sha256sum {self._file} >{self._folder}/sum", timeout=120)
        on_node = self.on_node()
        if on_node < self.mib:
            raise GuestError(f"of {self.mib} MiB of content only {on_node} MiB are on node {self.node}")
        return self

    def __exit__(self, *_):
        self.guest.run(f"umount {self._folder}", check=False)

    def on_node(self):
        """MiB of shared memory on the node."""
        shown = self.guest.run(f"awk '$3 == \"Shmem:\" {{ print $4 }}' /sys/devices/system/node/node{self.node}/meminfo", check=False).out
        return int(shown or 0) // 1024

    def check(self):
        """Read all of it; CommandFailed when it is not what was written."""
        self.guest.run(f"sha256sum --check --status {self._folder}/sum", timeout=120)
