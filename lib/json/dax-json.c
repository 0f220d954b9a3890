/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What several reports say of a dax device: its blocks by zone, and where their memmap is. */
#include "json/dax-json.h"

#include "base/json.h"
#include "inventory/inventory.h"
#include "inventory/memmap-place.h"
#include "inventory/names.h"

void report_blocks(struct json_object *json, const struct dax_device *dax)
{
	struct json_object *blocks = json_put_object(json, "blocks");
	struct block_counts counts = dax_block_counts(dax);

	json_put_u64(blocks, "total", counts.total);
	for (unsigned int state = 0; state < BLOCK_STATE_COUNT; state++)
		json_put_u64(blocks, block_state_names[state], counts.in[state]);
}

void report_memmap(struct json_object *json, const struct kmemd_inventory *inventory,
		   const struct dax_device *dax)
{
	static const char *const where[] = {[TRISTATE_NO] = "dram", [TRISTATE_YES] = "device"};
	struct json_object *memmap = json_put_object(json, "memmap");
	uint64_t bytes = memmap_bytes(dax_block_counts(dax).total * inventory->host.block_size);
	const char *how;
	enum tristate on_device = dax_memmap_on_device(inventory, dax, &how);

	if (dax->memmap_on_memory == TRISTATE_UNKNOWN)
		json_put_text(memmap, "asked", "no-switch");
	else
		json_put_text(memmap, "asked", dax->memmap_on_memory ? "device" : "dram");
	json_put_text(memmap, "in_force",
		      on_device == TRISTATE_UNKNOWN ? "unknown" : where[on_device]);
	json_put_text(memmap, "known", how);
	if (dax->has_kmem_numbers) {
		json_put_u64(memmap, "dram_bytes", dax->memmap_dram);
		json_put_u64(memmap, "device_bytes", dax->memmap_device);
	} else if (on_device != TRISTATE_UNKNOWN) {
		json_put_u64(memmap, "dram_bytes", on_device == TRISTATE_NO ? bytes : 0);
		json_put_u64(memmap, "device_bytes", on_device == TRISTATE_YES ? bytes : 0);
	}
}
