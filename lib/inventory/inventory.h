/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_INVENTORY_H
#define KMEMD_INVENTORY_H
/*
 * The snapshot: plain data, filled once by inventory/read.c (from the kernel) or inventory/load.c
 * (from JSON) and never changed afterwards. Sizes are bytes, addresses physical. Strings are never
 * NULL unless their comment says so. Objects refer to each other by kernel name, so that a snapshot
 * can be written out and read back.
 */
#include "base/array.h"

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
	char driver[DEVICE_NAME_MAX]; /* "kmem", "device_dax" or "" */
	uint64_t size, align;
	int target_node;
	enum tristate memmap_on_memory;	   /* the attribute, UNKNOWN where the kernel has none */
	ARRAY(struct range) ranges;	   /* by number of the mapping */
	ARRAY(struct memory_block) blocks; /* ascending; in ABSENT state while not in kmem */
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
};

struct root_decoder {
	char name[DEVICE_NAME_MAX];	    /* decoder0.0 */
	uint64_t start, size, largest_free; /* bytes of the CXL window, and its largest free part */
	bool volatile_capable, persistent_capable;
	bool creates_ram; /* has create_ram_region: Linux 6.3 */
	unsigned int granularity, ways;
	ARRAY(char *) memdevs; /* that can be reached through it */
};

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
	/* Memory blocks that are online in its range although its memdevs were pulled out. */
	unsigned int lost_blocks;
	ARRAY(struct region_target) targets; /* by position */
};

struct namespace
{
	char name[DEVICE_NAME_MAX]; /* namespace0.0 */
	char mode[16];		    /* raw sector fsdax devdax */
	char uuid[37];		    /* what `ndctl list` shows, or "" */
	char raw_uuid[37];	    /* of the namespace label where that is another, or "" */
	char dax[DEVICE_NAME_MAX];  /* its device-dax instance, or "" */
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
	const char *vendor, *model;  /* NULL when they are not known */
	bool persistent;
	uint64_t instance;
	/* Into the arrays of the snapshot. */
	const struct memdev *memdev;
	const struct namespace *namespace;
	ARRAY(const struct region *) regions;
	ARRAY(const struct dax_device *) dax;
};

struct kmemd_inventory {
	struct host host;
	ARRAY(struct node) nodes;
	ARRAY(struct memdev) memdevs;
	ARRAY(struct root_decoder) root_decoders;
	ARRAY(struct region) regions;
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
const struct root_decoder *inventory_root_decoder(const struct kmemd_inventory *inventory,
						  const char *name);

/* From the blocks, or where they were not read from the driver's counters. */
struct block_counts dax_block_counts(const struct dax_device *dax);
bool dax_is_kmem(const struct dax_device *dax);

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
