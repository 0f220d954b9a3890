/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_MEMMAP_JSON_H
#define KMEMD_MEMMAP_JSON_H
#include "base/error.h"
#include "context.h"
#include "inventory/inventory.h"

struct json_object;

/*
 * Where the memmap of a device's memory is, or of all when the name is NULL, and what else it could
 * cost: {"memory_available", "devices": [{"device", "identity", "kind", "size", "daxdevs":
 * [{"chardev", "mode", "size", "align", "target_node", "blocks", "memmap": {"asked", "in_force",
 * "known", "dram_bytes", "device_bytes"}, "alternatives": [{"mode", "memmap", "align",
 * "deduplicated", "dram_bytes", "device_bytes", "usable_bytes", "possible", "why_not",
 * "in_force"}], "hugetlb":
 * {"optimize_vmemmap", "saves_2m_bytes", "saves_1g_bytes", "saves_self_hosted_bytes"},
 * "recommendation": {"mode", "memmap", "align", "reason"}}]}]}. A device without a dax device has
 * one entry with chardev "" and mode "none".
 */
int kmemd_report_memmap(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
			const char *device, struct json_object **ret, struct kmemd_error *error);

#endif
