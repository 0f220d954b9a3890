/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_INVENTORY_LIBNDCTL_H
#define KMEMD_INVENTORY_LIBNDCTL_H
/* libndctl, loaded when namespaces are read. */
#include "base/library.h"

#include <ndctl/libndctl.h>

#define LIBNDCTL_FUNCTIONS(F)                                                                      \
	F(ndctl_btt_get_uuid)                                                                      \
	F(ndctl_bus_get_first)                                                                     \
	F(ndctl_bus_get_next)                                                                      \
	F(ndctl_dax_get_uuid)                                                                      \
	F(ndctl_namespace_get_btt)                                                                 \
	F(ndctl_namespace_get_dax)                                                                 \
	F(ndctl_namespace_get_devname)                                                             \
	F(ndctl_namespace_get_first)                                                               \
	F(ndctl_namespace_get_mode)                                                                \
	F(ndctl_namespace_get_next)                                                                \
	F(ndctl_namespace_get_numa_node)                                                           \
	F(ndctl_namespace_get_pfn)                                                                 \
	F(ndctl_namespace_get_size)                                                                \
	F(ndctl_namespace_get_uuid)                                                                \
	F(ndctl_new)                                                                               \
	F(ndctl_pfn_get_uuid)                                                                      \
	F(ndctl_region_get_first)                                                                  \
	F(ndctl_region_get_next)                                                                   \
	F(ndctl_set_log_fn)                                                                        \
	F(ndctl_unref)

LIBNDCTL_FUNCTIONS(LIBRARY_DECLARE)

#define ndctl_btt_get_uuid	      late_ndctl_btt_get_uuid
#define ndctl_bus_get_first	      late_ndctl_bus_get_first
#define ndctl_bus_get_next	      late_ndctl_bus_get_next
#define ndctl_dax_get_uuid	      late_ndctl_dax_get_uuid
#define ndctl_namespace_get_btt	      late_ndctl_namespace_get_btt
#define ndctl_namespace_get_dax	      late_ndctl_namespace_get_dax
#define ndctl_namespace_get_devname   late_ndctl_namespace_get_devname
#define ndctl_namespace_get_first     late_ndctl_namespace_get_first
#define ndctl_namespace_get_mode      late_ndctl_namespace_get_mode
#define ndctl_namespace_get_next      late_ndctl_namespace_get_next
#define ndctl_namespace_get_numa_node late_ndctl_namespace_get_numa_node
#define ndctl_namespace_get_pfn	      late_ndctl_namespace_get_pfn
#define ndctl_namespace_get_size      late_ndctl_namespace_get_size
#define ndctl_namespace_get_uuid      late_ndctl_namespace_get_uuid
#define ndctl_new		      late_ndctl_new
#define ndctl_pfn_get_uuid	      late_ndctl_pfn_get_uuid
#define ndctl_region_get_first	      late_ndctl_region_get_first
#define ndctl_region_get_next	      late_ndctl_region_get_next
#define ndctl_set_log_fn	      late_ndctl_set_log_fn
#define ndctl_unref		      late_ndctl_unref

/* Before any of them is called. 0, or -ENOENT and the error. */
int libndctl_load(struct kmemd_error *error);

#endif
