/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMCTL_LOCK_WAITERS_H
#define KMEMCTL_LOCK_WAITERS_H
#include "context.h"

struct json_object;

/*
 * Who waits for the machine's lock, as the kernel lists it: appends {"pid", "program"} for each.
 * Nothing where the lock or the list cannot be read.
 */
void lock_waiters(const struct kmemd *kmemd, struct json_object *array);

#endif
