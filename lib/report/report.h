/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_REPORT_H
#define KMEMD_REPORT_H

/* Of the inventory's JSON; raised when a reader of the old form would misread the new one. */
#define INVENTORY_VERSION 1

struct device;
struct json_object;
struct kmemd;

/* Puts "record": {"state", "message"} when there is one for the device. */
void report_record(struct json_object *json, const struct kmemd *kmemd,
		   const struct device *device);

#endif
