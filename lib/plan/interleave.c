/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/interleave.h"

#include <string.h>

#define GRANULARITY_MIN 256
#define GRANULARITY_MAX 16384
#define PORT_WAYS_MAX	8 /* cxl_port_setup_targets() */

/* --- where memdevs are --------------------------------------------------------------------------
 */

static const struct hop *hop_at(const struct memdev *memdev, size_t level)
{
	return level < memdev->path.count ? &memdev->path.items[level] : NULL;
}

static int compare_hops(const struct hop *a, const struct hop *b)
{
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return strcmp(a->dport, b->dport);
}

int interleave_compare(const struct memdev *a, const struct memdev *b)
{
	for (size_t level = 0;; level++) {
		const struct hop *x = hop_at(a, level), *y = hop_at(b, level);
		int order;

		if (!x || !y)
			return x ? 1 : y ? -1 : strcmp(a->host, b->host);
		order = compare_hops(x, y);
		if (order)
			return order;
	}
}

static bool same_dport(const struct memdev *a, const struct memdev *b, size_t level)
{
	const struct hop *x = hop_at(a, level), *y = hop_at(b, level);

	return x && y && compare_hops(x, y) == 0;
}

/* --- choosing -----------------------------------------------------------------------------------
 */

static bool is_power_of_two(unsigned int value)
{
	return value && !(value & (value - 1));
}

bool interleave_fits_window(const struct root_decoder *window, unsigned int ways)
{
	return window->ways && ways <= INTERLEAVE_MAX && ways % window->ways == 0 &&
	       is_power_of_two(ways / window->ways);
}

/* How many of the candidates, from the first on, are below one dport of a port. */
static size_t run_below(const struct memdev *const *candidates, size_t count, size_t level)
{
	size_t run = 1;

	while (run < count && same_dport(candidates[0], candidates[run], level))
		run++;
	return run;
}

static bool choose_below(const struct memdev *const *candidates, size_t count, size_t level,
			 unsigned int ways, const struct memdev **members);

/* Of `ways` members, as many below each of so many dports of the port at this level. */
static bool spread_over(const struct memdev *const *candidates, size_t count, size_t level,
			unsigned int ways, unsigned int dports, const struct memdev **members)
{
	unsigned int each = ways / dports, found = 0;

	for (size_t at = 0; at < count && found < dports;) {
		size_t run = run_below(candidates + at, count - at, level);
		const struct memdev *below[INTERLEAVE_MAX];

		if (choose_below(candidates + at, run, level + 1, each, below)) {
			for (unsigned int i = 0; i < each; i++)
				members[found + i * dports] = below[i];
			found++;
		}
		at += run;
	}
	return found == dports;
}

/* All candidates are below the port at this level of their paths. */
static bool choose_below(const struct memdev *const *candidates, size_t count, size_t level,
			 unsigned int ways, const struct memdev **members)
{
	if (ways > count)
		return false;
	if (ways == 1) {
		members[0] = candidates[0];
		return true;
	}
	if (!hop_at(candidates[0], level))
		return false;
	for (unsigned int dports = ways < PORT_WAYS_MAX ? ways : PORT_WAYS_MAX; dports; dports /= 2)
		if (spread_over(candidates, count, level, ways, dports, members))
			return true;
	return false;
}

/* Those below a target of the window, which are next to each other. */
static size_t find_below_target(const struct memdev *const *candidates, size_t count,
				const struct dport *target, size_t *ret_first)
{
	size_t first = 0, run = 0;

	while (first < count && candidates[first]->path.items[0].id != target->id)
		first++;
	while (first + run < count && candidates[first + run]->path.items[0].id == target->id)
		run++;
	*ret_first = first;
	return run;
}

bool interleave_choose(const struct root_decoder *window, unsigned int ways,
		       const struct memdev *const *candidates, size_t count,
		       const struct memdev *members[INTERLEAVE_MAX])
{
	unsigned int each;

	if (!interleave_fits_window(window, ways) || window->targets.count != window->ways)
		return false;
	each = ways / window->ways;
	for (unsigned int i = 0; i < window->ways; i++) {
		const struct memdev *below[INTERLEAVE_MAX];
		size_t first;
		size_t run = find_below_target(candidates, count, &window->targets.items[i],
					       &first);

		if (!run || !choose_below(candidates + first, run, 1, each, below))
			return false;
		for (unsigned int j = 0; j < each; j++)
			members[i + j * window->ways] = below[j];
	}
	return true;
}

/* --- granularity --------------------------------------------------------------------------------
 */

/* Different targets that members have at the port that the first one of them is below. */
static unsigned int targets_at(const struct memdev *const *members, unsigned int ways,
			       const struct memdev *memdev, size_t level)
{
	const struct hop *port = hop_at(memdev, level);
	unsigned int targets = 0;

	for (unsigned int i = 0; i < ways; i++) {
		const struct hop *hop = hop_at(members[i], level);
		bool seen = !hop || strcmp(hop->port, port->port) != 0;

		for (unsigned int j = 0; j < i && !seen; j++)
			seen = same_dport(members[i], members[j], level) &&
			       !strcmp(members[j]->path.items[level].port, port->port);
		targets += !seen;
	}
	return targets;
}

static bool ports_can(const struct root_decoder *window, unsigned int ways,
		      const struct memdev *const *members, unsigned int granularity)
{
	unsigned int first = is_power_of_two(window->ways) ? window->ways : window->ways / 3;

	for (unsigned int i = 0; i < ways; i++) {
		uint64_t at_port = (uint64_t)granularity * first;

		for (size_t level = 1; level < members[i]->path.count; level++) {
			if (at_port > GRANULARITY_MAX)
				return false;
			at_port *= targets_at(members, ways, members[i], level);
		}
	}
	return true;
}

unsigned int interleave_granularity(const struct root_decoder *window, unsigned int ways,
				    const struct memdev *const *members, unsigned int wanted)
{
	unsigned int granularity = window->granularity ? window->granularity : GRANULARITY_MIN;

	if (window->ways > 1)
		return granularity >= GRANULARITY_MIN &&
				       ports_can(window, ways, members, granularity)
			       ? granularity
			       : 0;
	if (wanted)
		granularity = wanted;
	while (granularity >= GRANULARITY_MIN && !ports_can(window, ways, members, granularity))
		granularity /= 2;
	return granularity >= GRANULARITY_MIN ? granularity : 0;
}
