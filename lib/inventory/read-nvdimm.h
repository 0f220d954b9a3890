/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_READ_NVDIMM_H
#define KMEMD_READ_NVDIMM_H
/* NVDIMM namespaces. */
#include "base/error.h"
#include "context.h"
#include "inventory/inventory.h"

/* 0, or a negative errno and the error. */
int read_nvdimm(const struct kmemd *kmemd, struct kmemd_inventory *inventory,
		struct kmemd_error *error);

#endif
