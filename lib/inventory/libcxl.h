/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_INVENTORY_LIBCXL_H
#define KMEMD_INVENTORY_LIBCXL_H
/* libcxl, loaded when the CXL topology is read. */
#include "base/library.h"

#include <cxl/libcxl.h>

#define LIBCXL_FUNCTIONS(F)                                                                        \
	F(cxl_bus_get_first)                                                                       \
	F(cxl_bus_get_next)                                                                        \
	F(cxl_bus_get_port)                                                                        \
	F(cxl_decoder_get_devname)                                                                 \
	F(cxl_decoder_get_dpa_size)                                                                \
	F(cxl_decoder_get_first)                                                                   \
	F(cxl_decoder_get_id)                                                                      \
	F(cxl_decoder_get_interleave_granularity)                                                  \
	F(cxl_decoder_get_interleave_ways)                                                         \
	F(cxl_decoder_get_memdev)                                                                  \
	F(cxl_decoder_get_mode)                                                                    \
	F(cxl_decoder_get_next)                                                                    \
	F(cxl_decoder_get_resource)                                                                \
	F(cxl_decoder_get_size)                                                                    \
	F(cxl_decoder_get_target_by_memdev)                                                        \
	F(cxl_decoder_is_pmem_capable)                                                             \
	F(cxl_decoder_is_volatile_capable)                                                         \
	F(cxl_endpoint_get_port)                                                                   \
	F(cxl_endpoint_is_enabled)                                                                 \
	F(cxl_mapping_get_decoder)                                                                 \
	F(cxl_mapping_get_first)                                                                   \
	F(cxl_mapping_get_next)                                                                    \
	F(cxl_memdev_get_devname)                                                                  \
	F(cxl_memdev_get_endpoint)                                                                 \
	F(cxl_memdev_get_first)                                                                    \
	F(cxl_memdev_get_host)                                                                     \
	F(cxl_memdev_get_next)                                                                     \
	F(cxl_memdev_get_numa_node)                                                                \
	F(cxl_memdev_get_pmem_size)                                                                \
	F(cxl_memdev_get_ram_size)                                                                 \
	F(cxl_memdev_get_serial)                                                                   \
	F(cxl_memdev_is_enabled)                                                                   \
	F(cxl_new)                                                                                 \
	F(cxl_region_decode_is_committed)                                                          \
	F(cxl_region_get_devname)                                                                  \
	F(cxl_region_get_first)                                                                    \
	F(cxl_region_get_interleave_granularity)                                                   \
	F(cxl_region_get_interleave_ways)                                                          \
	F(cxl_region_get_next)                                                                     \
	F(cxl_region_get_resource)                                                                 \
	F(cxl_region_get_size)                                                                     \
	F(cxl_region_is_enabled)                                                                   \
	F(cxl_set_log_fn)                                                                          \
	F(cxl_unref)

LIBCXL_FUNCTIONS(LIBRARY_DECLARE)

#define cxl_bus_get_first		       late_cxl_bus_get_first
#define cxl_bus_get_next		       late_cxl_bus_get_next
#define cxl_bus_get_port		       late_cxl_bus_get_port
#define cxl_decoder_get_devname		       late_cxl_decoder_get_devname
#define cxl_decoder_get_dpa_size	       late_cxl_decoder_get_dpa_size
#define cxl_decoder_get_first		       late_cxl_decoder_get_first
#define cxl_decoder_get_id		       late_cxl_decoder_get_id
#define cxl_decoder_get_interleave_granularity late_cxl_decoder_get_interleave_granularity
#define cxl_decoder_get_interleave_ways	       late_cxl_decoder_get_interleave_ways
#define cxl_decoder_get_memdev		       late_cxl_decoder_get_memdev
#define cxl_decoder_get_mode		       late_cxl_decoder_get_mode
#define cxl_decoder_get_next		       late_cxl_decoder_get_next
#define cxl_decoder_get_resource	       late_cxl_decoder_get_resource
#define cxl_decoder_get_size		       late_cxl_decoder_get_size
#define cxl_decoder_get_target_by_memdev       late_cxl_decoder_get_target_by_memdev
#define cxl_decoder_is_pmem_capable	       late_cxl_decoder_is_pmem_capable
#define cxl_decoder_is_volatile_capable	       late_cxl_decoder_is_volatile_capable
#define cxl_endpoint_get_port		       late_cxl_endpoint_get_port
#define cxl_endpoint_is_enabled		       late_cxl_endpoint_is_enabled
#define cxl_mapping_get_decoder		       late_cxl_mapping_get_decoder
#define cxl_mapping_get_first		       late_cxl_mapping_get_first
#define cxl_mapping_get_next		       late_cxl_mapping_get_next
#define cxl_memdev_get_devname		       late_cxl_memdev_get_devname
#define cxl_memdev_get_endpoint		       late_cxl_memdev_get_endpoint
#define cxl_memdev_get_first		       late_cxl_memdev_get_first
#define cxl_memdev_get_host		       late_cxl_memdev_get_host
#define cxl_memdev_get_next		       late_cxl_memdev_get_next
#define cxl_memdev_get_numa_node	       late_cxl_memdev_get_numa_node
#define cxl_memdev_get_pmem_size	       late_cxl_memdev_get_pmem_size
#define cxl_memdev_get_ram_size		       late_cxl_memdev_get_ram_size
#define cxl_memdev_get_serial		       late_cxl_memdev_get_serial
#define cxl_memdev_is_enabled		       late_cxl_memdev_is_enabled
#define cxl_new				       late_cxl_new
#define cxl_region_decode_is_committed	       late_cxl_region_decode_is_committed
#define cxl_region_get_devname		       late_cxl_region_get_devname
#define cxl_region_get_first		       late_cxl_region_get_first
#define cxl_region_get_interleave_granularity  late_cxl_region_get_interleave_granularity
#define cxl_region_get_interleave_ways	       late_cxl_region_get_interleave_ways
#define cxl_region_get_next		       late_cxl_region_get_next
#define cxl_region_get_resource		       late_cxl_region_get_resource
#define cxl_region_get_size		       late_cxl_region_get_size
#define cxl_region_is_enabled		       late_cxl_region_is_enabled
#define cxl_set_log_fn			       late_cxl_set_log_fn
#define cxl_unref			       late_cxl_unref

/* Before any of them is called. 0, or -ENOENT and the error. */
int libcxl_load(struct kmemd_error *error);

#endif
