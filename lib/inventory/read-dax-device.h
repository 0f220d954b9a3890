/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_READ_DAX_DEVICE_H
#define KMEMD_READ_DAX_DEVICE_H
#include "base/error.h"
#include "inventory/dax-source.h"

/*
 * The attributes and ranges of a device. 0; -ENODEV for one that went away, -EINVAL (and the error)
 * for one that makes no sense. *hidden tells that this user is not shown the ranges.
 */
int dax_read_device(const struct dax_reader *reader, const char *name, struct dax_device *dax,
		    bool *hidden, struct kmemd_error *error);

#endif
