/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inventory/snapshot.h"

#include "base/error.h"
#include "inventory/find-devices.h"
#include "inventory/inventory.h"
#include "inventory/read-cxl.h"
#include "inventory/read-dax.h"
#include "inventory/read-host.h"
#include "inventory/read-nvdimm.h"

int kmemd_inventory_read(struct kmemd *kmemd, struct kmemd_inventory **ret,
			 struct kmemd_error *error)
{
	struct kmemd_inventory *inventory = calloc(1, sizeof(*inventory));
	int r;

	if (!inventory)
		return error_memory(error);
	r = read_host(kmemd, inventory, error);
	if (r == 0)
		r = read_cxl(kmemd, inventory, error);
	if (r == 0)
		r = read_nvdimm(kmemd, inventory, error);
	if (r == 0)
		r = read_dax(kmemd, inventory, error);
	if (r == 0 && inventory_find_devices(inventory) < 0)
		r = error_memory(error);
	if (r < 0) {
		kmemd_inventory_free(inventory);
		return r;
	}
	*ret = inventory;
	return 0;
}
