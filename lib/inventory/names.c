/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words for the snapshot's enumerations, in JSON, in tables and in policy files. */
#include "inventory/names.h"

#include "inventory/inventory.h"

const char *const block_state_names[BLOCK_STATE_COUNT] = {
	[BLOCK_ABSENT] = "absent", [BLOCK_OFFLINE] = "offline", [BLOCK_MOVABLE] = "movable",
	[BLOCK_KERNEL] = "kernel", [BLOCK_MIXED] = "mixed",
};

const char *const zone_names[ZONE_COUNT] = {
	[ZONE_MOVABLE] = "movable",
	[ZONE_KERNEL] = "kernel",
};

const char *const dax_parent_names[DAX_PARENT_COUNT] = {
	[DAX_PARENT_CXL] = "cxl",
	[DAX_PARENT_NVDIMM] = "nvdimm",
	[DAX_PARENT_HMEM] = "hmem",
	[DAX_PARENT_OTHER] = "other",
};

const char *const kmem_module_names[KMEM_MODULE_COUNT] = {
	[KMEM_ABSENT] = "absent",
	[KMEM_IN_TREE] = "in-tree",
	[KMEM_DROP_IN] = "kmemd",
};

const char *const kind_names[KIND_COUNT] = {
	[KIND_CXL_RAM] = "cxl-ram", [KIND_CXL_PMEM] = "cxl-pmem", [KIND_NVDIMM] = "nvdimm",
	[KIND_HMEM] = "hmem",	    [KIND_DAX] = "dax",
};
