/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_WAIT_DAX_H
#define KMEMD_WAIT_DAX_H
#include "step/run.h"

/*
 * The name of a dax device that a region has, waiting for it: modules that are not loaded yet make
 * it come late. -ENODEV when there is none in time.
 */
int wait_dax_of_region(const struct run *run, const char *region, char name[DEVICE_NAME_MAX],
		       struct kmemd_error *error);

#endif
