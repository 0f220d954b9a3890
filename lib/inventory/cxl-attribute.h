/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_CXL_ATTRIBUTE_H
#define KMEMD_CXL_ATTRIBUTE_H
/*
 * Attributes of devices of a bus that libcxl 76 does not have, or has only for newer kernels than
 * they are in (Documentation/ABI/testing/sysfs-bus-cxl). What is missing is no error.
 */
#include "context.h"

/* "" without the attribute; false then. Device is a name below bus/BUS/devices. */
bool bus_text(const struct kmemd *kmemd, const char *bus, const char *device, const char *attribute,
	      char *buffer, size_t size);
#define cxl_text(kmemd, device, attribute, buffer)                                                 \
	bus_text(kmemd, "cxl", device, attribute, buffer, sizeof(buffer))
/* A number from 0 on, -1 without one. */
int cxl_number(const struct kmemd *kmemd, const char *device, const char *attribute);
/* "1"; false also without the attribute. */
bool cxl_flag(const struct kmemd *kmemd, const char *device, const char *attribute);
bool cxl_has(const struct kmemd *kmemd, const char *device, const char *attribute);

#endif
