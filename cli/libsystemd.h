/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMCTL_LIBSYSTEMD_H
#define KMEMCTL_LIBSYSTEMD_H
/* libsystemd, loaded when systemd is asked. */
#include "base/library.h"

#include <systemd/sd-bus.h>

#define LIBSYSTEMD_FUNCTIONS(F)                                                                    \
	F(sd_bus_flush_close_unref)                                                                \
	F(sd_bus_get_property_string)                                                              \
	F(sd_bus_get_property_trivial)                                                             \
	F(sd_bus_open_system)

LIBSYSTEMD_FUNCTIONS(LIBRARY_DECLARE)

#define sd_bus_flush_close_unref    late_sd_bus_flush_close_unref
#define sd_bus_get_property_string  late_sd_bus_get_property_string
#define sd_bus_get_property_trivial late_sd_bus_get_property_trivial
#define sd_bus_open_system	    late_sd_bus_open_system

/* Before any of them is called. 0, or -ENOENT and the error. */
int libsystemd_load(struct kmemd_error *error);

#endif
