/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_TEST_SETS_MACHINE_H
#define KMEMD_TEST_SETS_MACHINE_H
/* Machines with several expanders, by where each is plugged in, and the sets that are made of them.
 */
#include "plan-fixture.h"

#include "plan/find-sets.h"

#define TEXT_MAX  (256 * 1024)
#define SPOTS_MAX 64
#define NO_SWITCH (-1)
#define WINDOW_AT UINT64_C(0x1000000000)

/* Where an expander is plugged in, and how large it is. */
struct spot {
	int bridge, root_port, switch_port;
	uint64_t mib;
	bool absent; /* its driver is not ready */
};

/* A window, by the host bridges that it interleaves over. */
struct window {
	int bridges[4];
	unsigned int ways, granularity;
	uint64_t mib;
	const char *arithmetic;
};

struct machine_of {
	struct spot spots[SPOTS_MAX];
	size_t count;
	struct window windows[8];
	size_t window_count;
	const char *regions, *ports;
	const unsigned int *order; /* in which the kernel numbers the memdevs; NULL: as they are */
};

/* --- machines as text ---------------------------------------------------------------------------
 */

static char text[TEXT_MAX];
static size_t used;

static inline void put(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline void put(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	used += (size_t)vsnprintf(text + used, sizeof(text) - used, format, arguments);
	va_end(arguments);
	assert_true(used < sizeof(text));
}

static inline void put_memdev(const struct spot *spot, size_t number)
{
	put("%s{'memdev': 'mem%zu', 'host': 'at-%d-%d-%d', 'serial': %d, 'enabled': %s, "
	    "'ram_size': %llu, 'decoders': [{'decoder': 'decoder%zu.0', 'id': 0}, {'decoder': "
	    "'decoder%zu.1', 'id': 1}], 'path': [{'port': 'root0', 'dport': 'bridge%d', 'id': %d}, "
	    "{'port': 'port%d', 'dport': 'rp-%d-%d', 'id': %d}",
	    number ? ", " : "", number, spot->bridge, spot->root_port, spot->switch_port,
	    1 + spot->bridge * 1000 + spot->root_port * 10 + spot->switch_port + 1,
	    spot->absent ? "false" : "true", (unsigned long long)(spot->mib * MIB), number + 20,
	    number + 20, spot->bridge, spot->bridge, spot->bridge, spot->bridge, spot->root_port,
	    spot->root_port);
	if (spot->switch_port != NO_SWITCH)
		put(", {'port': 'switch-%d-%d', 'dport': 'sp-%d-%d-%d', 'id': %d}", spot->bridge,
		    spot->root_port, spot->bridge, spot->root_port, spot->switch_port,
		    spot->switch_port);
	put("]}");
}

static inline void put_window(const struct machine_of *machine, const struct window *window,
			      size_t number, uint64_t start)
{
	const char *separator = "";

	put("%s{'decoder': 'decoder0.%zu', 'volatile_capable': true, 'creates_ram': true, 'ways': "
	    "%u, 'granularity': %u, 'arithmetic': '%s', 'start': %llu, 'size': %llu, "
	    "'largest_free': %llu, 'free': [{'start': %llu, 'size': %llu}], 'targets': [",
	    number ? ", " : "", number, window->ways, window->granularity,
	    window->arithmetic ? window->arithmetic : "modulo", (unsigned long long)start,
	    (unsigned long long)(window->mib * MIB), (unsigned long long)(window->mib * MIB),
	    (unsigned long long)start, (unsigned long long)(window->mib * MIB));
	for (unsigned int i = 0; i < window->ways; i++)
		put("%s{'host': 'bridge%d', 'id': %d}", i ? ", " : "", window->bridges[i],
		    window->bridges[i]);
	put("], 'memdevs': [");
	for (size_t i = 0; i < machine->count; i++) {
		const struct spot *spot = &machine->spots[machine->order ? machine->order[i] : i];

		for (unsigned int j = 0; j < window->ways; j++)
			if (window->bridges[j] == spot->bridge) {
				put("%s'mem%zu'", separator, i);
				separator = ", ";
				break;
			}
	}
	put("]}");
}

static inline struct kmemd_inventory *make_machine(const struct machine_of *machine)
{
	uint64_t start = WINDOW_AT;

	used = 0;
	put("{'version': 1, 'host': {" HOST_TEXT "}, 'memdevs': [");
	for (size_t i = 0; i < machine->count; i++)
		put_memdev(&machine->spots[machine->order ? machine->order[i] : i], i);
	put("], 'root_decoders': [");
	for (size_t i = 0; i < machine->window_count; i++) {
		put_window(machine, &machine->windows[i], i, start);
		start += machine->windows[i].mib * MIB;
	}
	put("], 'regions': [%s], 'ports': [%s], 'namespaces': [], 'dax': []}",
	    machine->regions ? machine->regions : "", machine->ports ? machine->ports : "");
	return inventory_of(text);
}

/* An expander of 1 GiB at a root port of a host bridge, or below a switch there. */
#define AT(bridge, port)                                                                           \
	{                                                                                          \
		bridge, port, NO_SWITCH, 1024, false                                               \
	}
#define BEHIND(bridge, port, down)                                                                 \
	{                                                                                          \
		bridge, port, down, 1024, false                                                    \
	}
#define ONE(bridge)                                                                                \
	{                                                                                          \
		{bridge}, 1, 256, 65536, NULL                                                      \
	}
#define BOTH(grain)                                                                                \
	{                                                                                          \
		{0, 1}, 2, grain, 65536, NULL                                                      \
	}

/* "decoder0.1: 0-0-0 1-0-0; decoder0.0: 0-1-0": windows, and where the members are by position. */
static inline const char *sets_text(const struct region_sets *sets)
{
	static char buffer[8192];
	size_t length = 0;

	buffer[0] = '\0';
	array_foreach(set, &sets->sets) {
		length += (size_t)snprintf(buffer + length, sizeof(buffer) - length,
					   "%s%s:", length ? "; " : "", set->place.window->name);
		for (unsigned int i = 0; i < set->ways; i++)
			length += (size_t)snprintf(buffer + length, sizeof(buffer) - length, " %s",
						   set->members[i]->host + strlen("at-"));
	}
	return buffer;
}

#endif
