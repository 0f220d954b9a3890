/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/device-source.h"

#include "base/array.h"

#include <ctype.h>
#include <string.h>

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

static bool is_known(const char *subsystem, const char *name)
{
	for (size_t i = 0; i < array_size(appearing); i++) {
		size_t length = strlen(appearing[i].prefix);

		if (!strcmp(subsystem, appearing[i].subsystem) &&
		    !strncmp(name, appearing[i].prefix, length) &&
		    is_number(name + length, appearing[i].dotted))
			return true;
	}
	return false;
}

enum device_event device_source_meaning(const char *subsystem, const char *name,
					sd_device_action_t action, bool synthetic)
{
	if (synthetic || !is_known(subsystem, name))
		return DEVICE_BUSY;
	if (action == SD_DEVICE_ADD)
		return DEVICE_APPEARED;
	return action == SD_DEVICE_REMOVE ? DEVICE_GONE : DEVICE_BUSY;
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
	enum device_event meaning = DEVICE_BUSY;
	sd_device_action_t action;

	(void)monitor;
	if (sd_device_get_sysname(device, &name) >= 0 &&
	    sd_device_get_subsystem(device, &subsystem) >= 0 &&
	    sd_device_get_action(device, &action) >= 0)
		meaning = device_source_meaning(subsystem, name, action, is_synthetic(device));
	if (meaning == DEVICE_APPEARED)
		source->handlers.appeared(source->handlers.userdata, name);
	else if (meaning == DEVICE_GONE)
		source->handlers.gone(source->handlers.userdata);
	else
		source->handlers.busy(source->handlers.userdata);
	return 0;
}

static int add_monitor(struct device_source *source, sd_event *event, sd_device_monitor **ret,
		       const char *const *subsystems)
{
	int r = sd_device_monitor_new(ret);

	for (size_t i = 0; r >= 0 && subsystems[i]; i++)
		r = sd_device_monitor_filter_add_match_subsystem_devtype(*ret, subsystems[i], NULL);
	if (r >= 0)
		r = sd_device_monitor_attach_event(*ret, event);
	return r < 0 ? r : sd_device_monitor_start(*ret, on_device, source);
}

int device_source_init(struct device_source *source, sd_event *event,
		       const struct device_source_handlers *handlers)
{
	static const char *const devices[] = {"cxl", "dax", "nd", NULL};
	static const char *const blocks[] = {"memory", NULL};
	int r;

	*source = (struct device_source){.handlers = *handlers};
	r = add_monitor(source, event, &source->devices, devices);
	return r < 0 ? r : add_monitor(source, event, &source->blocks, blocks);
}

void device_source_release(struct device_source *source)
{
	if (source->devices)
		sd_device_monitor_unref(source->devices);
	if (source->blocks)
		sd_device_monitor_unref(source->blocks);
	source->devices = source->blocks = NULL;
}
