/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job/life.h"

#include "inventory/names.h"

#include <ctype.h>
#include <inttypes.h>
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

#define DAX_NAME_MAX (DEVICE_NAME_MAX + 24)

static void name_dax(const struct dax_device *dax, char name[DAX_NAME_MAX])
{
	snprintf(name, DAX_NAME_MAX, "%s#%" PRIu64, dax->name, dax->instance);
}

static void add_dax(char buffer[LIFE_MAX], const struct dax_device *dax)
{
	struct block_counts counts = dax_block_counts(dax);
	char name[DAX_NAME_MAX];

	name_dax(dax, name);
	add(buffer, "%s%s %s", buffer[0] ? "; " : "", name,
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
	if (!buffer[0])
		add(buffer, "unused");
}

void life_for_people(const char *life, char buffer[LIFE_MAX])
{
	size_t used = 0;

	while (*life && used < LIFE_MAX - 1) {
		if (*life == '#')
			for (life++; isdigit((unsigned char)*life); life++)
				;
		else
			buffer[used++] = *life++;
	}
	buffer[used] = '\0';
}

/* Whether a word stands at the beginning of one of the parts. */
static bool has_part(const char *life, const char *word)
{
	for (const char *at = strstr(life, word); at; at = strstr(at + 1, word)) {
		char after = at[strlen(word)];

		if ((at == life || at[-1] == ' ') && (after == ' ' || after == ';' || !after))
			return true;
	}
	return false;
}

bool life_has_new(const struct device *device, const char *left)
{
	char name[DAX_NAME_MAX];

	array_foreach(region, &device->regions)
		if (!has_part(left, (*region)->name))
			return true;
	array_foreach(dax, &device->dax) {
		name_dax(*dax, name);
		if (!has_part(left, name))
			return true;
	}
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

bool life_is_changed(const struct device *device, const char *left, enum mode mode, char *why,
		     size_t size)
{
	char now[LIFE_MAX], is[LIFE_MAX], was[LIFE_MAX];

	life_describe(device, now);
	if (left[0] && !strcmp(now, left))
		return false;
	if (left[0] && !life_has_new(device, left)) {
		life_for_people(left, was);
		life_for_people(now, is);
		snprintf(why, size, "as somebody changed it: it was '%.300s' and is '%.300s'", was,
			 is);
		return true;
	}
	snprintf(why, size, "as somebody bound it to device_dax");
	return life_is_chosen_devdax(device) && mode == MODE_SYSTEM_RAM;
}
