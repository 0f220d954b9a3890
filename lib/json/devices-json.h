/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_DEVICES_JSON_H
#define KMEMD_DEVICES_JSON_H
#include "base/error.h"
#include "context.h"
#include "inventory/inventory.h"

struct json_object;

/*
 * Reports about one device, or about all devices when the name is NULL. A device is named by what
 * the kernel calls it (mem0, region0, dax0.0, namespace0.0), by its identity, serial or UUID.
 * -ENODEV when there is no such device.
 */
int kmemd_report_devices(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
			 const char *device, struct json_object **ret, struct kmemd_error *error);

/* Puts "record": {"state", "message"} when there is one for the device. */
void report_record(struct json_object *json, const struct kmemd *kmemd,
		   const struct device *device);

#endif
