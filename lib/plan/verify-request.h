/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_VERIFY_REQUEST_H
#define KMEMD_VERIFY_REQUEST_H
#include "base/error.h"
#include "plan/plan-request.h"

/*
 * Compares a snapshot of the dax devices (with their blocks, unless only they were changed: those
 * were read back when they were written to) with what was asked for. 0, or -EIO and the first
 * difference in words. name is the device that there should be, or should be no more. Pure.
 */
int verify_request(const struct kmemd_inventory *after, const char *name,
		   const struct kmemd_request *request, struct kmemd_error *error);

#endif
