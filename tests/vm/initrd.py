# SPDX-License-Identifier: GPL-2.0-or-later
"""Packs what a guest boots: the userland, the kernel's modules and what a test brings, as one initramfs.

The kernel unpacks any number of cpio archives ("newc", Documentation/driver-api/early-userspace/buffer-format.rst)
that follow each other, each on a 4-byte boundary; what comes later replaces what came before. Files belong to root
in the guest, no matter who owns them here.
"""
import os
import pathlib
import shutil
import stat
import subprocess
import tempfile

# The guest is a merged-/usr system. The kernel would replace the symbolic link /lib by a folder of that name that an
# archive brings, and the guest would be left without its loader: so these names are rewritten.
_MERGED = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}


class Symlink(str):
    """Contents of a file in Guest(files=...): make a symbolic link to this path."""


class Executable(bytes):
    """Contents of a file in Guest(files=...): make it executable. Takes bytes, or text by Executable.of(text)."""

    @classmethod
    def of(cls, text):
        """The executable file with this text."""
        return cls(text.encode())


def _guest_name(name):
    """The name in the archive (relative, merged /usr) of a path in a tree."""
    first, _, rest = name.strip("/").partition("/")
    first = _MERGED.get(first, first)
    return f"{first}/{rest}" if rest else first


class CpioWriter:
    """Writes one newc archive to an open file."""

    def __init__(self, target):
        self._target = target
        self._inode = 0
        self._folders = set()

    def _pad(self):
        self._target.write(b"\0" * (-self._target.tell() % 4))

    def _entry(self, name, mode, data=b""):
        self._inode += 1
        encoded = os.fsencode(name) + b"\0"
        # ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
        fields = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0)
        self._pad()
        self._target.write(b"070701" + b"".join(b"%08X" % field for field in fields) + encoded)
        self._pad()
        self._target.write(data)

    def _folders_of(self, name):
        """Enter the folders above a name that were not entered yet."""
        parts = name.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            folder = "/".join(parts[:depth])
            if folder not in self._folders:
                self._folders.add(folder)
                self._entry(folder, stat.S_IFDIR | 0o755)

    def add(self, path, data, mode=0o644):
        """Enter a file with these contents, or a symbolic link when they are a Symlink."""
        name = _guest_name(path)
        self._folders_of(name)
        if isinstance(data, Symlink):
            self._entry(name, stat.S_IFLNK | 0o777, os.fsencode(data))
            return
        if isinstance(data, Executable):
            mode = 0o755
        self._entry(name, stat.S_IFREG | mode, data.encode() if isinstance(data, str) else data)

    def add_tree(self, top):
        """Enter everything below a folder, as `make install DESTDIR=` leaves it."""
        top = pathlib.Path(top)
        for path in sorted(top.rglob("*")):
            name = str(path.relative_to(top))
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                self.add(name, Symlink(os.readlink(path)))
            elif stat.S_ISREG(mode):
                self.add(name, path.read_bytes(), stat.S_IMODE(mode))
            elif stat.S_ISDIR(mode):
                guest_name = _guest_name(name)
                if guest_name not in _MERGED.values() and guest_name not in self._folders:
                    self._folders_of(guest_name)
                    self._folders.add(guest_name)
                    self._entry(guest_name, stat.S_IFDIR | stat.S_IMODE(mode))
            else:
                raise ValueError(f"{path}: only files, folders and symbolic links can go into a guest")

    def finish(self):
        """End the archive."""
        self._entry("TRAILER!!!", 0)
        self._pad()


def _module_trees(overlays, release):
    for overlay in overlays:
        for prefix in ("lib/modules", "usr/lib/modules"):
            tree = pathlib.Path(overlay) / prefix / release
            if tree.is_dir():
                yield tree


def _add_modules(writer, modules, overlays, release):
    """Enter the kernel's modules. When an overlay brings modules of its own (updates/kmem.ko), the index of depmod
    is made for all of them together, as installing them does on a machine."""
    trees = list(_module_trees(overlays, release))
    if not trees:
        writer.add_tree(modules)
        return
    with tempfile.TemporaryDirectory(prefix="kmemd-modules-") as staging:
        shutil.copytree(modules, staging, dirs_exist_ok=True, symlinks=True)
        for tree in trees:
            shutil.copytree(tree, f"{staging}/lib/modules/{release}", dirs_exist_ok=True, symlinks=True)
        subprocess.run(["depmod", "-b", staging, release], check=True, timeout=60)
        writer.add_tree(staging)


def build(target, userland, modules, release, overlays=(), files=None):
    """Write the initramfs to `target`.

    userland: the cpio archive of the lab; modules: folder with lib/modules/<release>; overlays: folders; files: path
    in the guest -> contents (str, bytes, Executable or Symlink). Returns the size in bytes.
    """
    for overlay in overlays:
        if not pathlib.Path(overlay).is_dir():
            raise ValueError(f"overlay {overlay}: no such folder")
    with open(target, "wb") as output:
        with open(userland, "rb") as source:
            shutil.copyfileobj(source, output, 1 << 20)
        writer = CpioWriter(output)
        for overlay in overlays:
            writer.add_tree(overlay)
        for path, contents in (files or {}).items():
            writer.add(path, contents)
        # Last, because the index that is made here must win over one that an overlay brings.
        _add_modules(writer, modules, overlays, release)
        writer.finish()
        return output.tell()
