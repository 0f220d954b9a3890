/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job/life.h"

#include "inventory/names.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void add(char buffer[LIFE_MAX], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add(char buffer[LIFE_MAX], const char *format, ...)
{
	size_t used = strlen(buffer);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(buffer + used, LIFE_MAX - used, format, arguments);
	va_end(arguments);
}

static void add_dax(char buffer[LIFE_MAX], const struct dax_device *dax)
{
	struct block_counts counts = dax_block_counts(dax);

	add(buffer, "%s%s %s", buffer[0] ? "; " : "", dax->name,
	    dax->driver[0] ? dax->driver : "disabled");
	for (unsigned int state = 0; state < BLOCK_STATE_COUNT; state++)
		if (counts.in[state])
			add(buffer, " %s=%u", block_state_names[state], counts.in[state]);
}

void life_describe(const struct device *device, char buffer[LIFE_MAX])
{
	buffer[0] = '\0';
	array_foreach(region, &device->regions)
		add(buffer, "%s%s%s%s", buffer[0] ? "; " : "", (*region)->name,
		    (*region)->committed ? " committed" : "",
		    (*region)->enabled ? "" : " disabled");
	array_foreach(dax, &device->dax)
		add_dax(buffer, *dax);
}

static bool is_among(const char *name, char *const *names)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

bool life_has_appeared(const struct device *device, char *const *names)
{
	if (!names)
		return false;
	if (is_among(device->name, names))
		return true;
	array_foreach(region, &device->regions)
		if (is_among((*region)->name, names))
			return true;
	array_foreach(dax, &device->dax)
		if (is_among((*dax)->name, names))
			return true;
	return false;
}

bool life_is_chosen_devdax(const struct device *device)
{
	if (device->persistent)
		return false;
	array_foreach(dax, &device->dax)
		if (!strcmp((*dax)->driver, "device_dax"))
			return true;
	return false;
}
