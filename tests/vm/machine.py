# SPDX-License-Identifier: GPL-2.0-or-later
"""The machine a guest sees: CXL expanders, ports, NVDIMMs; and the QEMU command line that makes it."""
import dataclasses
import re

_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def parse_size(text):
    """Bytes of "512M", "4G" or a number."""
    if isinstance(text, int):
        return text
    match = re.fullmatch(r"(\d+)([KMGT]?)", text)
    if not match:
        raise ValueError(f"size '{text}': a number, or one with K, M, G or T, is allowed")
    return int(match[1]) * _UNITS.get(match[2], 1)


@dataclasses.dataclass
class Expander:
    """A CXL memory expander. CXL capacity comes in multiples of 256 MiB.

    size: volatile capacity; persistent: persistent capacity (kept in RAM here, lost with the guest); serial: its
    serial number, which `cxl list -M` shows in decimal.
    """
    size: str = "1G"
    serial: int = 0x1234
    persistent: str = ""

    def backends(self, device):
        """QMP arguments of object-add for the memory of the device with this id."""
        objects = []
        for role, size in (("volatile", self.size), ("persistent", self.persistent)):
            if not size:
                continue
            if parse_size(size) % (256 << 20):
                raise ValueError(f"expander {device}: {role} size {size}: CXL capacity comes in multiples of 256M")
            objects.append({"qom-type": "memory-backend-ram", "id": f"{device}-{role}", "size": parse_size(size)})
        if not objects:
            raise ValueError(f"expander {device}: it has neither volatile nor persistent capacity")
        if self.persistent:
            objects.append({"qom-type": "memory-backend-ram", "id": f"{device}-labels", "size": 1 << 20})
        return objects

    def device(self, device, port):
        """QMP arguments of device_add for this expander in a port."""
        arguments = {"driver": "cxl-type3", "id": device, "bus": f"port{port}", "sn": self.serial}
        if self.size:
            arguments["volatile-memdev"] = f"{device}-volatile"
        if self.persistent:
            arguments["persistent-memdev"] = f"{device}-persistent"
            arguments["lsa"] = f"{device}-labels"
        return arguments


@dataclasses.dataclass
class Nvdimm:
    """An NVDIMM, backed by a sparse file. What is left after the label area should be a multiple of 16 MiB, and of a
    memory block (128 MiB) to lose nothing: 4224M with a 128M label give 4 GiB.

    uuid: the DIMM's own; file: path of the backing file (default: a new one in the guest's folder, deleted with the
    next guest of that name); name it to keep the contents from one guest to the next.
    """
    size: str = "4224M"
    label_size: str = "128M"
    uuid: str = ""
    file: str = ""


def _arguments(properties):
    """Properties as QEMU's comma-separated text."""
    def text(value):
        return "on" if value is True else "off" if value is False else str(value).replace(",", ",,")
    return ",".join(f"{key}={text(value)}" for key, value in properties.items())


def _object_text(properties):
    rest = {key: value for key, value in properties.items() if key != "qom-type"}
    return f"{properties['qom-type']},{_arguments(rest)}"


def _device_text(properties):
    rest = {key: value for key, value in properties.items() if key != "driver"}
    return f"{properties['driver']},{_arguments(rest)}"


def _bridge_bus(bridge):
    """The number of a CXL host bridge's bus."""
    return 0x0c + 0x40 * bridge


def port_address(port, bridges=1):
    """The PCI address of a CXL root port in the guest."""
    return f"0000:{_bridge_bus(port % bridges):02x}:{port // bridges:02x}.0"


def cxl_arguments(expanders, ports, window, bridges=1):
    """CXL host bridges with `ports` root ports altogether named port0, port1, ..., which go to the bridges in turn, the
    first of them holding the expanders (ids x0, x1, ...), and one fixed memory window of the given size, interleaved over all bridges."""
    arguments = ["-M", ",".join([f"cxl-fmw.0.targets.{bridge}=cxl.{bridge + 1}" for bridge in range(bridges)] +
                                [f"cxl-fmw.0.size={window}"])]
    for bridge in range(bridges):
        arguments += ["-device", f"pxb-cxl,bus_nr={_bridge_bus(bridge)},bus=pcie.0,id=cxl.{bridge + 1}"]
    for number in range(ports):
        # Slot numbers are unique in a chassis; 0 and 1 are left to the machine's own bridges.
        arguments += ["-device", f"cxl-rp,port={number // bridges},bus=cxl.{number % bridges + 1},addr={number // bridges:#x},"
                                 f"id=port{number},chassis=0,slot={number + 2}"]
    for number, expander in enumerate(expanders):
        for backend in expander.backends(f"x{number}"):
            arguments += ["-object", _object_text(backend)]
        arguments += ["-device", _device_text(expander.device(f"x{number}", number))]
    return arguments


def nvdimm_arguments(number, nvdimm, path):
    """One NVDIMM (id nv0, nv1, ...) on its backing file."""
    properties = {"driver": "nvdimm", "id": f"nv{number}", "memdev": f"nv{number}-memory"}
    if nvdimm.label_size:
        properties["label-size"] = nvdimm.label_size
    if nvdimm.uuid:
        properties["uuid"] = nvdimm.uuid
    backend = {"qom-type": "memory-backend-file", "id": f"nv{number}-memory", "share": True, "mem-path": path,
               "size": nvdimm.size}
    return ["-object", _object_text(backend), "-device", _device_text(properties)]


def base_arguments(accelerator, memory, memory_max, slots, cpus, cxl):
    """The bare machine."""
    # "hypervisor=off": a guest that sees a hypervisor cannot commit a CXL region (the kernel then trusts only
    # cache flushes that it does not have) and create-region fails with ENXIO.
    cpu = "max,hypervisor=off" if accelerator == "tcg" else "host,hypervisor=off"
    # One thread for all CPUs: with one each, QEMU 10.0 sometimes stops at its assertion in iotlb_to_section() when
    # an expander is unplugged while another CPU uses CXL memory. Two guests side by side keep two cores busy anyway.
    accel = "tcg,thread=single" if accelerator == "tcg" else accelerator
    return ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-machine", f"q35,cxl={'on' if cxl else 'off'},nvdimm=on", "-accel", accel, "-cpu", cpu,
            "-smp", str(cpus), "-m", f"{memory},slots={slots},maxmem={memory_max}"]


def channel_arguments(sockets, console_log):
    """QMP, the agent and the serial console on unix sockets below `sockets`; the console also goes to a file."""
    return ["-chardev", f"socket,id=qmp,path={sockets}/qmp,server=on,wait=off", "-mon", "chardev=qmp,mode=control",
            "-chardev", f"socket,id=console,path={sockets}/console,server=on,wait=off,logfile={console_log}",
            "-serial", "chardev:console",
            "-chardev", f"socket,id=agent,path={sockets}/agent,server=on,wait=off",
            "-device", "virtio-serial-pci",
            "-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0"]
