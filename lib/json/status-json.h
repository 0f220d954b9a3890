/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_STATUS_JSON_H
#define KMEMD_STATUS_JSON_H
#include "base/error.h"
#include "context.h"

struct json_object;

/* Jobs under way, devices that are held or have failed: what the run directory says. */
int kmemd_report_status(struct kmemd *kmemd, struct json_object **ret, struct kmemd_error *error);

/*
 * Writes what the report says to RUN/status.json, which everybody may read; a user who is not root
 * gets that, with "published": true. Does nothing for a user who is not root.
 */
void kmemd_publish_status(struct kmemd *kmemd);

#endif
