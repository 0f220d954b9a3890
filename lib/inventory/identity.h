/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_IDENTITY_H
#define KMEMD_IDENTITY_H
/*
 * What a device is called whatever the kernel calls it: names such as mem0 change from boot to
 * boot, these do not. They are made here and nowhere else. Pure; NULL when memory is short.
 */
#include "inventory/inventory.h"

/* cxl-ram:0x1234 by the serial where it identifies, otherwise cxl-ram:0000:0d:00.0 by the slot. */
char *identity_of_memdev(enum kind kind, bool has_serial, uint64_t serial, const char *host);
/* nvdimm:UUID, or nvdimm:namespace0.0 where there is no UUID. */
char *identity_of_namespace(const char *uuid, const char *name);
/* hmem:0x100000000+0x80000000 */
char *identity_of_range(enum kind kind, uint64_t start, uint64_t size);
/* lost:0x100000000+0x80000000: what is left of an expander that was pulled out. */
char *identity_of_lost(uint64_t start, uint64_t size);
/* dax-region:0, for a dax region that nothing was cut from. */
char *identity_of_dax_region(int id);

/* A serial of zero or ones, or one that several memdevs have, identifies nothing. */
bool serial_identifies(uint64_t serial, size_t holders);

#endif
