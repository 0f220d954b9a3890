/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/device-source.h"

#include "base/array.h"

#include <ctype.h>
#include <string.h>

/* Room for the events of some thousands of memory blocks while the loop is busy. */
#define RECEIVE_BUFFER (16 * 1024 * 1024)

/*
 * What policy may be about, by how the kernel calls it. Not the blocks (kernel, udev rules and
 * people put them on- and offline), the dax_regionN and pmem_regionN that a CXL region brings
 * along, or ports and decoders.
 */
static const struct {
	const char *subsystem, *prefix;
	bool dotted; /* N.N, else N */
} appearing[] = {
	{"cxl", "mem", false},
	{"cxl", "region", false},
	{"nd", "namespace", true},
	{"dax", "dax", true},
};

static const char *skip_number(const char *text)
{
	const char *end = text;

	while (isdigit((unsigned char)*end))
		end++;
	return end == text ? NULL : end;
}

static bool is_number(const char *text, bool dotted)
{
	const char *end = skip_number(text);

	if (end && dotted)
		end = *end == '.' ? skip_number(end + 1) : NULL;
	return end && !*end;
}

bool device_source_is_appearance(const char *subsystem, const char *name, sd_device_action_t action,
				 bool synthetic)
{
	if (action != SD_DEVICE_ADD || synthetic)
		return false;
	for (size_t i = 0; i < array_size(appearing); i++) {
		size_t length = strlen(appearing[i].prefix);

		if (!strcmp(subsystem, appearing[i].subsystem) &&
		    !strncmp(name, appearing[i].prefix, length) &&
		    is_number(name + length, appearing[i].dotted))
			return true;
	}
	return false;
}

/*
 * The kernel adds SYNTH_UUID to events that were asked for by writing to a uevent file
 * (Documentation/ABI/testing/sysfs-uevent).
 */
static bool is_synthetic(sd_device *device)
{
	const char *value;

	return sd_device_get_property_value(device, "SYNTH_UUID", &value) >= 0;
}

static int on_device(sd_device_monitor *monitor, sd_device *device, void *userdata)
{
	const struct device_source *source = userdata;
	const char *name = NULL, *subsystem = NULL;
	sd_device_action_t action;

	(void)monitor;
	if (sd_device_get_sysname(device, &name) >= 0 &&
	    sd_device_get_subsystem(device, &subsystem) >= 0 &&
	    sd_device_get_action(device, &action) >= 0 &&
	    device_source_is_appearance(subsystem, name, action, is_synthetic(device)))
		source->handlers.appeared(source->handlers.userdata, name);
	else
		source->handlers.busy(source->handlers.userdata);
	return 0;
}

int device_source_init(struct device_source *source, sd_event *event,
		       const struct device_source_handlers *handlers)
{
	static const char *const subsystems[] = {"cxl", "dax", "nd", "memory"};
	int r;

	*source = (struct device_source){.handlers = *handlers};
	r = sd_device_monitor_new(&source->monitor);
	for (size_t i = 0; r >= 0 && i < array_size(subsystems); i++)
		r = sd_device_monitor_filter_add_match_subsystem_devtype(source->monitor,
									 subsystems[i], NULL);
	if (r < 0)
		return r;
	/* Needs CAP_NET_ADMIN beyond the system's limit; the default serves for small machines. */
	sd_device_monitor_set_receive_buffer_size(source->monitor, RECEIVE_BUFFER);
	r = sd_device_monitor_attach_event(source->monitor, event);
	return r < 0 ? r : sd_device_monitor_start(source->monitor, on_device, source);
}

void device_source_release(struct device_source *source)
{
	if (source->monitor)
		sd_device_monitor_unref(source->monitor);
	source->monitor = NULL;
}
