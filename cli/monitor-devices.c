/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/monitor-devices.h"
#include "base/array.h"
#include "cli/monitor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MERGE_USEC     (250 * 1000)
#define RECEIVE_BUFFER (16 * 1024 * 1024) /* some thousands of blocks at once */

static const char *const block_words[BLOCK_ACTIONS] = {
	[BLOCKS_ADDED] = "added",
	[BLOCKS_REMOVED] = "removed",
	[BLOCKS_ONLINE] = "online",
	[BLOCKS_OFFLINE] = "offline",
};

static void tell_blocks(struct monitor *monitor)
{
	for (unsigned int i = 0; i < BLOCK_ACTIONS; i++) {
		struct block_count *blocks = &monitor->blocks[i];
		struct json_object *json;

		if (!blocks->count)
			continue;
		json = json_object_new_object();
		json_put_text(json, "action", block_words[i]);
		json_put_u64(json, "count", blocks->count);
		json_put_u64(json, "first", blocks->first);
		json_put_u64(json, "last", blocks->last);
		if (blocks->count == 1)
			monitor_tell(monitor, "blocks", json, "memory%" PRIu64 " %s", blocks->first,
				     block_words[i]);
		else
			monitor_tell(monitor, "blocks", json,
				     "%u memory blocks %s%s, memory%" PRIu64 " to memory%" PRIu64,
				     blocks->count, block_words[i],
				     blocks->last - blocks->first + 1 == blocks->count
					     ? ""
					     : ", not all in a row",
				     blocks->first, blocks->last);
		*blocks = (struct block_count){0};
	}
	if (monitor->other_cxl) {
		struct json_object *json = json_object_new_object();

		json_put_u64(json, "count", monitor->other_cxl);
		monitor_tell(monitor, "ports", json, "%u changes of CXL ports and decoders",
			     monitor->other_cxl);
		monitor->other_cxl = 0;
	}
}

static int on_merged(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	tell_blocks(userdata);
	return 0;
}

/* The first event starts the clock: a flood cannot put it off without end. */
static void merge(struct monitor *monitor)
{
	int enabled = SD_EVENT_OFF;

	sd_event_source_get_enabled(monitor->merge_timer, &enabled);
	if (enabled != SD_EVENT_OFF)
		return;
	sd_event_source_set_time_relative(monitor->merge_timer, MERGE_USEC);
	sd_event_source_set_enabled(monitor->merge_timer, SD_EVENT_ONESHOT);
}

static void count_block(struct monitor *monitor, const char *name, sd_device_action_t action)
{
	static const int actions[] = {
		[SD_DEVICE_ADD] = BLOCKS_ADDED + 1,
		[SD_DEVICE_REMOVE] = BLOCKS_REMOVED + 1,
		[SD_DEVICE_ONLINE] = BLOCKS_ONLINE + 1,
		[SD_DEVICE_OFFLINE] = BLOCKS_OFFLINE + 1,
	};
	struct block_count *blocks;
	uint64_t number;

	if ((size_t)action >= array_size(actions) || !actions[action] ||
	    sscanf(name, "memory%" SCNu64, &number) != 1)
		return;
	blocks = &monitor->blocks[actions[action] - 1];
	if (!blocks->count || number < blocks->first)
		blocks->first = number;
	if (!blocks->count || number > blocks->last)
		blocks->last = number;
	blocks->count++;
	merge(monitor);
}

/* What a person has a name for; ports and decoders are only counted. */
static bool is_known(const char *name)
{
	static const char *const names[] = {"mem", "region", "dax", "namespace", "nmem"};

	for (size_t i = 0; i < array_size(names); i++)
		if (!strncmp(name, names[i], strlen(names[i])))
			return true;
	return false;
}

static void tell_device(struct monitor *monitor, sd_device *device, const char *name,
			const char *subsystem, sd_device_action_t action)
{
	static const char *const words[] = {
		[SD_DEVICE_ADD] = "added",
		[SD_DEVICE_REMOVE] = "removed",
		[SD_DEVICE_BIND] = "bound",
		[SD_DEVICE_UNBIND] = "unbound",
	};
	struct json_object *json;
	const char *driver = NULL;

	if ((size_t)action >= array_size(words) || !words[action])
		return;
	/* What had been counted came before. */
	tell_blocks(monitor);
	sd_device_get_property_value(device, "DRIVER", &driver);
	json = json_object_new_object();
	json_put_text(json, "device", name);
	json_put_text(json, "subsystem", subsystem);
	json_put_text(json, "action", words[action]);
	if (driver)
		json_put_text(json, "driver", driver);
	monitor_tell(monitor, "device", json, "%s %s%s%s (%s)", name, words[action],
		     driver && action == SD_DEVICE_BIND ? " to " : "",
		     driver && action == SD_DEVICE_BIND ? driver : "", subsystem);
}

static int on_device(sd_device_monitor *devices, sd_device *device, void *userdata)
{
	struct monitor *monitor = userdata;
	const char *name, *subsystem;
	sd_device_action_t action;

	(void)devices;
	if (sd_device_get_sysname(device, &name) < 0 ||
	    sd_device_get_subsystem(device, &subsystem) < 0 ||
	    sd_device_get_action(device, &action) < 0)
		return 0;
	if (!strcmp(subsystem, "memory")) {
		count_block(monitor, name, action);
	} else if (is_known(name)) {
		tell_device(monitor, device, name, subsystem, action);
	} else if (!strcmp(subsystem, "cxl")) {
		monitor->other_cxl++;
		merge(monitor);
	}
	return 0;
}

int monitor_devices_start(struct monitor *monitor)
{
	static const char *const subsystems[] = {"cxl", "dax", "nd", "memory"};
	int r = sd_event_add_time_relative(monitor->event, &monitor->merge_timer, CLOCK_MONOTONIC,
					   0, 1000, on_merged, monitor);

	if (r >= 0)
		r = sd_event_source_set_enabled(monitor->merge_timer, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_device_monitor_new(&monitor->devices);
	for (size_t i = 0; r >= 0 && i < array_size(subsystems); i++)
		r = sd_device_monitor_filter_add_match_subsystem_devtype(monitor->devices,
									 subsystems[i], NULL);
	if (r < 0)
		return r;
	/* For root only; the default serves for small machines. */
	sd_device_monitor_set_receive_buffer_size(monitor->devices, RECEIVE_BUFFER);
	r = sd_device_monitor_attach_event(monitor->devices, monitor->event);
	return r < 0 ? r : sd_device_monitor_start(monitor->devices, on_device, monitor);
}

void monitor_devices_stop(struct monitor *monitor)
{
	if (monitor->merge_timer)
		tell_blocks(monitor);
	monitor->devices = monitor->devices ? sd_device_monitor_unref(monitor->devices) : NULL;
	monitor->merge_timer = sd_event_source_disable_unref(monitor->merge_timer);
}
