/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_INVENTORY_H
#define KMEMD_INVENTORY_H
/*
 * The snapshot: plain data, filled once by snapshot.c (from the kernel) or load-inventory.c (from
 * JSON) and never changed afterwards. Sizes are bytes, addresses physical. Strings are never
 * NULL unless their comment says so. Objects refer to each other by kernel name, so that a snapshot
 * can be written out and read back.
 */
#include "base/array.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEVICE_NAME_MAX 32

struct range {
	uint64_t start, size;
};

enum block_state {
	BLOCK_ABSENT,  /* no memory block there: not added by kmem */
	BLOCK_OFFLINE, /* "offline" or "going-offline" */
	BLOCK_MOVABLE, /* online in ZONE_MOVABLE */
	BLOCK_KERNEL,  /* online in ZONE_NORMAL or another zone of the kernel */
	BLOCK_MIXED,   /* online and in no single zone (valid_zones says "none") */
	BLOCK_STATE_COUNT,
};

static inline bool block_is_online(enum block_state state)
{
	return state >= BLOCK_MOVABLE;
}

enum zone {
	ZONE_MOVABLE,
	ZONE_KERNEL,
	ZONE_COUNT,
};

/* A memory block that lies wholly inside one of a dax device's ranges: memoryINDEX in sysfs. */
struct memory_block {
	uint64_t index;
	enum block_state state;
};

/* Where the dax device's memory comes from, by its parent device. */
enum dax_parent {
	DAX_PARENT_CXL,	   /* a dax region of a CXL region */
	DAX_PARENT_NVDIMM, /* a devdax namespace */
	DAX_PARENT_HMEM,   /* a Soft Reserved range */
	DAX_PARENT_OTHER,
	DAX_PARENT_COUNT,
};

/* What a policy is about: a capacity with an identity that survives reboots and renumbering. */
enum kind {
	KIND_CXL_RAM,
	KIND_CXL_PMEM,
	KIND_NVDIMM,
	KIND_HMEM,
	KIND_DAX,
	KIND_COUNT,
};

/* A memdev that a dax device's region lies on. */
struct dax_memdev {
	char name[DEVICE_NAME_MAX]; /* mem0 */
	char host[64];		    /* PCI address */
	uint64_t serial;
	bool has_serial; /* one that no other memdev shares */
};

/* The devices, in the sense of policy, that a dax device belongs to: one, or an interleaved set. */
struct dax_source {
	enum kind kind;
	ARRAY(char *) identities;
	ARRAY(struct dax_memdev) memdevs; /* by position in the CXL region */
	char uuid[37];			  /* of the namespace, or "" */
};

/* A switch that a kernel may not have at all. */
enum tristate {
	TRISTATE_UNKNOWN = -1,
	TRISTATE_NO,
	TRISTATE_YES,
};

/* Counts of a dax device's blocks, an entry a state. */
struct block_counts {
	unsigned int in[BLOCK_STATE_COUNT], total, online;
};

struct dax_device {
	char name[DEVICE_NAME_MAX]; /* dax0.0 */
	enum dax_parent parent;
	char origin[DEVICE_NAME_MAX]; /* region0, namespace0.0, hmem.0: what it was made of */
	/* "kmem", "device_dax", "", or that of somebody else: see dax_is_foreign(). */
	char driver[DEVICE_NAME_MAX];
	char hotplug_state[32]; /* its `state` (Linux 7.3), or "" where the driver has none */
	uint64_t size, align;	/* a size of 0: idle, there to be grown */
	int target_node;	/* -1: none */
	char *region_path;	/* its parent's folder in sysfs: devices/platform/hmem.0; or NULL */
	uint64_t instance;	/* inode of that folder */
	enum tristate memmap_on_memory;	   /* the attribute, UNKNOWN where the kernel has none */
	ARRAY(struct range) ranges;	   /* by number of the mapping */
	ARRAY(struct memory_block) blocks; /* ascending; as they are, whatever driver is bound */
	/* The kmem/ group of the drop-in driver. */
	bool has_kmem_numbers;
	uint64_t memmap_dram, memmap_device, blocks_self_hosted, blocks_failed;
	/* The same group, from the version that counts the zones: what to do without blocks. */
	bool has_counts;
	struct block_counts counts;

	/* Only from inventory_read_dax(). */
	ARRAY(uint64_t) page_offsets; /* of the ranges, in pages */
	struct dax_source source;
	size_t region; /* index into dax_regions */
};

/* A dax region: what the dax devices of one number are cut from, as daxctl shows it. */
struct dax_region {
	int id;
	char *path; /* from the root of sysfs: devices/platform/hmem.0 */
	bool has_size, has_align;
	uint64_t size, align;
	uint64_t available; /* 0 also where nothing can be cut from it */
};

/* Which partition of a memdev a decoder takes its capacity from. */
enum decoder_mode {
	DECODER_NONE,
	DECODER_RAM,
	DECODER_PMEM,
	DECODER_MIXED, /* of both: firmware's */
	DECODER_MODE_COUNT,
};

/* A target of a port or decoder that leads down: a host bridge, root port or switch port. */
struct dport {
	char host[64];	 /* what is behind it: pci0000:0c, 0000:0c:00.0 */
	unsigned int id; /* number of the port: _UID of a host bridge, port number of a link */
};

struct dports {
	struct dport *items;
	size_t count;
};

/* A decoder of a host bridge or switch. It maps what lies between its start and end. */
struct port_decoder {
	char name[DEVICE_NAME_MAX]; /* decoder1.0 */
	unsigned int id;
	uint64_t start, size;		/* in physical addresses; size 0: free */
	unsigned int ways, granularity; /* of its own targets */
	bool locked;
	char region[DEVICE_NAME_MAX]; /* or "" */
	struct dports targets;	      /* by position */
};

/* The CXL root, a host bridge or a switch, from the root downwards. */
struct port {
	char name[DEVICE_NAME_MAX];   /* root0, port1 */
	char parent[DEVICE_NAME_MAX]; /* "" of the root */
	char host[64];		      /* ACPI0017:00, pci0000:0c, 0000:0d:00.0 */
	unsigned int depth;	      /* 0 root, 1 host bridge, 2 and more switches */
	struct dports dports;
	/* Ascending by id; none of the root, whose decoders are root_decoders. */
	ARRAY(struct port_decoder) decoders;
};

/* A decoder of a memdev: a part of its capacity, and of the physical addresses when committed. */
struct endpoint_decoder {
	char name[DEVICE_NAME_MAX]; /* decoder2.0 */
	unsigned int id;
	uint64_t dpa_start, dpa_size; /* size 0: holds nothing */
	enum decoder_mode mode;
	uint64_t start, size;	      /* in physical addresses; size 0: decodes nothing */
	char region[DEVICE_NAME_MAX]; /* or "": what it holds then is stranded */
	bool locked;
};

/* A step of the way from the root to a memdev. */
struct hop {
	char port[DEVICE_NAME_MAX]; /* root0, port1, ... */
	char dport[64];		    /* which of its dports, by host */
	unsigned int id;	    /* of that dport */
};

struct memdev {
	char name[DEVICE_NAME_MAX]; /* mem0 */
	char host[64];		    /* PCI address, or the platform device of cxl_test */
	uint64_t serial;
	int node;
	uint64_t ram_size, pmem_size;
	uint64_t ram_allocated;		    /* volatile DPA that endpoint decoders hold already */
	char free_decoder[DEVICE_NAME_MAX]; /* the endpoint decoder to program next, or "" */
	bool enabled;	   /* bound to cxl_mem with an endpoint port: ready for regions */
	uint64_t instance; /* inode of the sysfs folder: another one after every hot-plug */
	ARRAY(struct endpoint_decoder) decoders; /* ascending by id: DPA is freed from the last */
	ARRAY(struct hop) path;		   /* from the root down to the port it is plugged into */
	bool restricted;		   /* CXL 1.1 (RCD): no port of its own to be programmed */
	bool accelerator;		   /* type 2: its memory is another driver's */
	int ram_qos_class, pmem_qos_class; /* Linux 6.8; -1 unknown */
	char vendor[16], model[16], firmware[32]; /* PCI ids as in sysfs (0x8086), or "" */
	char slot[DEVICE_NAME_MAX]; /* the PCI slot that it is in and that can be powered off, or ""
				     */
	bool slot_shared;	    /* with another function of the same card */
};

/* What lies in a part of a CXL window, as the kernel's resource tree names it. */
struct occupant {
	struct range range;
	char name[64]; /* region0, Soft Reserved, System RAM */
};

/* How a CXL window picks the target of an address. */
enum interleave_arithmetic {
	ARITHMETIC_UNKNOWN,
	ARITHMETIC_MODULO,
	ARITHMETIC_XOR,
	ARITHMETIC_COUNT,
};

struct root_decoder {
	char name[DEVICE_NAME_MAX];	    /* decoder0.0 */
	uint64_t start, size, largest_free; /* bytes of the CXL window, and its largest free part */
	bool volatile_capable, persistent_capable;
	bool type2_capable, type3_capable; /* accelerators, expanders */
	bool locked; /* firmware's "Fixed Device Configuration": nothing in it can be changed */
	bool creates_ram; /* has create_ram_region: Linux 6.3 */
	unsigned int granularity, ways;
	enum interleave_arithmetic arithmetic;
	int qos_class;	       /* -1 unknown */
	struct dports targets; /* host bridges by position */
	ARRAY(char *) memdevs; /* that can be reached through it */
	/*
	 * What the kernel can give to a region, ascending, and what is in the way of the rest. Only
	 * root is shown the resource tree; without it, free is what our own regions leave and
	 * free_is_known is false.
	 */
	bool free_is_known;
	ARRAY(struct range) free;
	ARRAY(struct occupant) occupants;
};

/* Of an interleaved region (CXL 3.1, 8.2.4.20.7). */
#define REGION_WAYS_MAX 16

struct region_target {
	char memdev[DEVICE_NAME_MAX];
	char decoder[DEVICE_NAME_MAX]; /* endpoint decoder */
};

struct region {
	char name[DEVICE_NAME_MAX]; /* region0 */
	char root_decoder[DEVICE_NAME_MAX];
	uint64_t start, size;
	unsigned int ways, granularity;
	bool persistent;
	bool committed; /* decoders programmed */
	bool enabled;	/* bound to the cxl_region driver: its dax region exists */
	bool locked;	/* any of its decoders is: cannot be torn down */
	bool plain_ram; /* firmware gave its range, or a part of it, as ordinary System RAM */
	/* Memory blocks that are online in its range or a part of it, whether there is a dax device
	 * or not, and the index of the first. */
	unsigned int online_blocks;
	uint64_t first_online;
	/* The same, where its memdevs were pulled out. */
	unsigned int lost_blocks;
	ARRAY(struct region_target) targets; /* by position */
};

enum dimm_flag {
	DIMM_SAVE_FAIL = 1,
	DIMM_RESTORE_FAIL = 2,
	DIMM_FLUSH_FAIL = 4,
	DIMM_NOT_ARMED = 8,
	DIMM_MAP_FAIL = 16,
	DIMM_SMART_NOTIFY = 32, /* a health event is waiting */
};

enum dimm_health {
	DIMM_HEALTH_UNKNOWN,
	DIMM_HEALTH_OK,
	DIMM_HEALTH_NON_CRITICAL,
	DIMM_HEALTH_CRITICAL,
	DIMM_HEALTH_FATAL,
	DIMM_HEALTH_COUNT,
};

/* An NVDIMM, as firmware reports on it. */
struct dimm {
	char name[DEVICE_NAME_MAX]; /* nmem0 */
	char unique_id[64];	    /* 8086-a2-1837-00000001, or "" */
	unsigned int flags;	    /* enum dimm_flag */
	enum dimm_health health;
	int life_used; /* per cent; -1 unknown */
	bool enabled;
	char vendor[16], model[16]; /* ids (0x8980), or "" */
	ARRAY(char *) regions;	    /* of the NVDIMM bus: region1 */
};

struct namespace
{
	char name[DEVICE_NAME_MAX];   /* namespace0.0 */
	char region[DEVICE_NAME_MAX]; /* of the NVDIMM bus: region1; its dimms name it */
	char mode[16];		      /* raw sector fsdax devdax */
	bool disabled;		      /* and then the mode is raw, whatever is on it */
	char uuid[37];		      /* what `ndctl list` shows, or "" */
	char raw_uuid[37];	      /* of the namespace label where that is another, or "" */
	char dax[DEVICE_NAME_MAX];    /* its device-dax instance, or "" */
	uint64_t size;
	int node;
	uint64_t instance;
};

struct node {
	int id;
	uint64_t total, free; /* MemTotal and MemFree of the node */
};

enum kmem_module {
	KMEM_ABSENT,
	KMEM_IN_TREE,
	KMEM_DROP_IN,
	KMEM_MODULE_COUNT,
};

struct host {
	char name[65]; /* "" in inventories of before that */
	char kernel[65];
	char auto_online_blocks[32];	/* offline online online_kernel online_movable, or "" */
	char machine[32];		/* x86_64; "" in inventories of before that */
	enum tristate memmap_parameter; /* memory_hotplug.memmap_on_memory */
	enum tristate hugetlb_vmemmap;	/* vm.hugetlb_optimize_vmemmap; UNKNOWN: not built in */
	uint64_t block_size;
	uint64_t memory_total, memory_free, memory_available;
	enum kmem_module kmem;
};

struct device {
	enum kind kind;
	char *identity;		    /* cxl-ram:0x1234, nvdimm:UUID, hmem:0x100000000+0x80000000 */
	char name[DEVICE_NAME_MAX]; /* mem0, namespace0.0, dax0.0: what the kernel calls it now */
	char host[64];		    /* PCI address of a memdev, or "" */
	uint64_t size;
	int node;
	bool has_serial;
	uint64_t serial;
	const char *uuid, *raw_uuid; /* "" when there is none */
	bool persistent;
	/* Inode of a folder of sysfs that lives as long as the device, and its path below sysfs, or
	 * 0 and "". */
	uint64_t instance;
	char *instance_path;
	const char *vendor, *model; /* "" when unknown */
	/* Into the arrays of the snapshot; idle dax devices are not among them. */
	const struct memdev *memdev;
	const struct namespace *namespace;
	ARRAY(const struct region *) regions;
	ARRAY(const struct dax_device *) dax;
};

struct kmemd_inventory {
	struct host host;
	ARRAY(struct node) nodes;
	ARRAY(struct port) ports; /* a parent comes before its children */
	ARRAY(struct memdev) memdevs;
	ARRAY(struct root_decoder) root_decoders;
	ARRAY(struct region) regions;
	ARRAY(struct dimm) dimms;
	ARRAY(struct namespace) namespaces;
	ARRAY(struct dax_device) dax;
	ARRAY(struct dax_region) dax_regions;
	ARRAY(char *) memdev_names;   /* only from inventory_read_dax() */
	ARRAY(char *) problems;	      /* devices that are left out, and why: a sentence each */
	ARRAY(struct device) devices; /* derived from the above by inventory_find_devices() */
};

struct kmemd_inventory *kmemd_inventory_free(struct kmemd_inventory *inventory);

/*
 * The device that a person means by a kernel name, identity, serial or UUID; NULL when there is
 * none. A memdev's name means its volatile capacity before its persistent one.
 */
const struct device *inventory_device(const struct kmemd_inventory *inventory, const char *name);
/* The same; without it, -ENODEV and the sentence for the person. */
int inventory_find_device(const struct kmemd_inventory *inventory, const char *name,
			  const struct device **ret, struct kmemd_error *error);
/* A region of the device by its name, or NULL. */
const struct region *device_region(const struct device *device, const char *name);
const struct root_decoder *inventory_root_decoder(const struct kmemd_inventory *inventory,
						  const char *name);

/* From the blocks, or where they were not read from the driver's counters. */
struct block_counts dax_block_counts(const struct dax_device *dax);
bool dax_is_kmem(const struct dax_device *dax);
/* Bound to kmem, and somebody had its blocks removed by `state`. */
bool dax_is_unplugged(const struct dax_device *dax);
/* Bound to a driver that is neither kmem nor device_dax: what uses it is not known here. */
bool dax_is_foreign(const struct dax_device *dax);
/* Without a size: all of it was given back, or nothing was given to it yet. */
bool dax_is_idle(const struct dax_device *dax);

/* Inode of a device's folder in sysfs, which no later device of that name shares; 0 if gone. */
uint64_t sysfs_instance(const char *sysfs, const char *device);

/*
 * Copies a kernel name into an array. Names are far shorter than the array; one that is not is
 * cut, and so is never mistaken for another.
 */
#define copy_name(target, name) copy_name_sized(target, sizeof(target), name)
void copy_name_sized(char *target, size_t size, const char *name);

/* What a dax device holds, but not itself. */
void dax_release(struct dax_device *dax);

/* Bytes of memmap for memory of that size: 64 a page of 4 KiB. */
static inline uint64_t memmap_bytes(uint64_t size)
{
	return size / 64;
}

#endif
