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

const char *const decoder_mode_names[DECODER_MODE_COUNT] = {
	[DECODER_NONE] = "none",
	[DECODER_RAM] = "ram",
	[DECODER_PMEM] = "pmem",
	[DECODER_MIXED] = "mixed",
};

const char *const arithmetic_names[ARITHMETIC_COUNT] = {
	[ARITHMETIC_UNKNOWN] = "unknown",
	[ARITHMETIC_MODULO] = "modulo",
	[ARITHMETIC_XOR] = "xor",
};

const char *const dimm_health_names[DIMM_HEALTH_COUNT] = {
	[DIMM_HEALTH_UNKNOWN] = "unknown",
	[DIMM_HEALTH_OK] = "ok",
	[DIMM_HEALTH_NON_CRITICAL] = "non-critical",
	[DIMM_HEALTH_CRITICAL] = "critical",
	[DIMM_HEALTH_FATAL] = "fatal",
};

const char *const dimm_flag_names[DIMM_FLAG_COUNT] = {
	"save_fail", "restore_fail", "flush_fail", "not_armed", "map_fail", "smart_notify",
};
