# SPDX-License-Identifier: GPL-2.0-or-later
"""What `cxl list` says of a machine, put into the words of `kmemctl inventory`.

cxl prints the tree of ports; here it is walked once. What it does not print (inodes, whether regions can be created) is
read from sysfs.
"""
import dataclasses

_READ_SYSFS = r"""
cd /sys/bus/cxl/devices
for device in mem* endpoint* decoder* region*; do
	[ -e $device ] || continue
	printf '%s instance %s\n' $device "$(stat -L -c %i $device)"
	for name in interleave_granularity create_ram_region; do
		[ ! -e $device/$name ] || printf '%s %s %s\n' $device $name "$(cat $device/$name)"
	done
	[ ! -e $device/parent_dport ] || printf '%s parent_dport %s\n' $device "$(basename "$(readlink $device/parent_dport)")"
done
"""


def _number(decoder):
    """The order of decoders in a port: decoder8.10 comes after decoder8.9."""
    return int(decoder.rsplit(".", 1)[1])


# All that -vvv shows but the poison lists, which take half a minute to read from so many emulated mailboxes.
LIST = "cxl list -vv -H -I -F"


@dataclasses.dataclass
class _Endpoint:
    """An endpoint: the memdev behind it, the host bridge it is below, and its decoders."""
    memdev: dict
    bridge: str
    decoders: list
    enabled: bool


class CxlList:
    """The output of LIST by kind of object, each entry as kmemctl would show it.

    memdevs, root_decoders, regions: lists of dicts; entries of kmemctl's that are not in them are not known to cxl.
    """

    def __init__(self, guest):
        self._endpoints, self._roots = [], []
        self._sysfs = {}
        for line in guest.run(_READ_SYSFS).out.splitlines():
            device, name, value = line.split(" ", 2)
            self._sysfs.setdefault(device, {})[name] = value
        self.text = guest.run(LIST).json() or []
        for entry in self.text:
            self._walk(entry, "")
        self.memdevs = [self._memdev(endpoint) for endpoint in self._endpoints]
        self.root_decoders = [self._root_decoder(decoder) for decoder in self._roots]
        self.regions = [self._region(region, decoder) for decoder in self._roots for region in self._children(decoder, "regions")]

    @staticmethod
    def _children(entry, kind):
        return [child for key, value in entry.items() if key == kind or key.startswith(f"{kind}:") for child in value]

    def _walk(self, entry, bridge):
        if "bus" in entry:
            self._roots += self._children(entry, "decoders")
        elif entry.get("depth") == 1 and "port" in entry:
            bridge = entry["host"]
        for child in self._children(entry, "ports"):
            self._walk(child, bridge)
        for child in self._children(entry, "endpoints"):
            # Of a CXL 1.1 device, which is below no port, the host bridge itself is the parent.
            above = bridge or self._sysfs[child["endpoint"]].get("parent_dport", "")
            enabled = child.get("state") != "disabled" and child["memdev"].get("state") != "disabled"
            self._endpoints.append(_Endpoint(child["memdev"], above, self._children(child, "decoders"), enabled))

    def _memdev(self, endpoint):
        memdev = endpoint.memdev
        idle = [decoder["decoder"] for decoder in endpoint.decoders if not decoder.get("dpa_size")]
        return {
            "memdev": memdev["memdev"], "host": memdev["host"], "serial": memdev["serial"],
            "node": memdev.get("numa_node", -1), "ram_size": memdev.get("ram_size", 0), "pmem_size": memdev.get("pmem_size", 0),
            "ram_allocated": sum(decoder["dpa_size"] for decoder in endpoint.decoders
                                 if decoder.get("dpa_size") and decoder.get("mode") == "ram"),
            "free_decoder": min(idle, key=_number, default=""), "enabled": endpoint.enabled,
            "instance": int(self._sysfs[memdev["memdev"]]["instance"]),
        }

    def _root_decoder(self, decoder):
        name, targets = decoder["decoder"], {target["target"] for target in decoder["targets"]}
        return {
            "decoder": name, "start": decoder["resource"], "size": decoder["size"],
            "largest_free": decoder.get("max_available_extent", 0), "volatile_capable": decoder.get("volatile_capable", False),
            "persistent_capable": decoder.get("pmem_capable", False), "creates_ram": "create_ram_region" in self._sysfs[name],
            "ways": decoder["interleave_ways"], "granularity": int(self._sysfs[name]["interleave_granularity"]),
            "memdevs": sorted(endpoint.memdev["memdev"] for endpoint in self._endpoints if endpoint.bridge in targets),
        }

    def _region(self, region, decoder):
        return {
            "region": region["region"], "root_decoder": decoder["decoder"], "start": region["resource"], "size": region["size"],
            "ways": region["interleave_ways"],
            "granularity": int(self._sysfs[region["region"]]["interleave_granularity"]),
            "persistent": region["type"] == "pmem", "committed": region["decode_state"] == "commit",
            "enabled": region.get("state") != "disabled",
            "targets": [{"memdev": mapping["memdev"], "decoder": mapping["decoder"]}
                        for mapping in sorted(region["mappings"], key=lambda mapping: mapping["position"])],
        }


def in_any_order(entry):
    """An entry of either side with its lists sorted."""
    return {key: sorted(value, key=str) if isinstance(value, list) else value for key, value in entry.items()}


class Comparison:
    """Compares kmemctl's inventory with cxl's list.

    compared     how many fields were
    differences  a sentence for each that is not the same
    unknown      members of kmemctl's entries that nothing here speaks of
    """
    KINDS = (("memdevs", "memdev"), ("root_decoders", "decoder"), ("regions", "region"))

    def __init__(self, inventory, listed):
        self.compared, self.differences, self.unknown = 0, [], set()
        for kind, name in self.KINDS:
            ours = {entry[name]: in_any_order(entry) for entry in inventory[kind]}
            theirs = {entry[name]: in_any_order(entry) for entry in getattr(listed, kind)}
            if set(ours) != set(theirs):
                self.differences.append(f"{kind}: kmemctl shows {sorted(ours)}, cxl {sorted(theirs)}")
            for key in ours.keys() & theirs.keys():
                self._compare(kind, key, ours[key], theirs[key])

    def _compare(self, kind, key, ours, theirs):
        for member, value in theirs.items():
            self.compared += 1
            if ours.get(member) != value:
                self.differences.append(f"{kind}: {key}: {member}: kmemctl shows {ours.get(member)!r}, cxl {value!r}")
        self.unknown |= {f"{kind}.{member}" for member in ours.keys() - theirs.keys()}
