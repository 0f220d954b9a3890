/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_READ_PORTS_H
#define KMEMD_READ_PORTS_H
#include "context.h"
#include "inventory/inventory.h"

struct cxl_decoder;
struct cxl_memdev;
struct cxl_port;

/* Adds the root, its host bridges and switches with their decoders. 0 or -ENOMEM. */
int read_ports(const struct kmemd *kmemd, struct cxl_port *root, struct kmemd_inventory *inventory);
/* Adds to a memdev's path the dports below this root that lead to it. 0 or -ENOMEM. */
int read_path(struct cxl_port *root, struct cxl_memdev *cxl, struct memdev *memdev);

/* The targets of a decoder by position. 0 or -ENOMEM. */
int read_targets(struct cxl_decoder *cxl, struct dports *ret);

#endif
