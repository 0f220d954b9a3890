/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/find-sets.h"

#include "base/parse.h"
#include "plan/memdev-capacity.h"
#include "plan/place-set.h"
#include "policy/decide.h"

#include <stdio.h>

struct candidate {
	const struct device *device;
	const struct policy_file *file;
	uint64_t size; /* that a region can be made of */
	bool waits;    /* it may wait for others */
	bool taken;
};

/* Candidates that may go together: of one policy file and size, sorted by where they are. */
struct group {
	struct candidate *items;
	size_t count, left;
	const struct settings *settings;
	/* Why the widest set that its members could make is not to be had, or "". */
	char obstacle[240];
};

typedef ARRAY(struct candidate) candidate_list;

/* --- who is there -------------------------------------------------------------------------------
 */

static int compare_candidates(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	return interleave_compare(x->device->memdev, y->device->memdev);
}

/* Whether it will be one when its driver is ready. */
static bool is_coming(const struct memdev *memdev)
{
	return !memdev->enabled && !memdev->restricted && !memdev->accelerator;
}

/* Adds the device to one of the lists, or to none. */
static int add_candidate(const struct kmemd_inventory *inventory, const struct set_source *source,
			 const struct device *device, candidate_list *there, candidate_list *coming)
{
	bool usable = memdev_is_usable(device->memdev);
	struct candidate *candidate;
	struct decision decision;
	enum set_part part;

	if (!usable && !is_coming(device->memdev))
		return 0;
	policy_decide(source->policy, &inventory->host, device, &decision);
	if (!decision.file || decision.refusal[0] || decision.settings.mode == MODE_IGNORE ||
	    !decision.settings.create)
		return 0;
	part = source->ask(source->userdata, device, &decision);
	if (part == SET_OUT)
		return 0;
	candidate = usable ? array_add(there) : array_add(coming);
	if (!candidate)
		return -ENOMEM;
	*candidate = (struct candidate){
		.device = device,
		.file = decision.file,
		.size = memdev_free_units(device->memdev),
		.waits = part == SET_WAITS,
	};
	return 0;
}

/* --- a set --------------------------------------------------------------------------------------
 */

static int add_set(struct region_sets *sets, const struct group *group, const struct place *place,
		   const struct candidate *const *members, unsigned int ways,
		   unsigned int granularity)
{
	const struct device *first_device = sets->inventory->devices.items;
	struct region_set *set = array_add(&sets->sets);
	unsigned int wanted = group->settings->granularity;

	if (!set)
		return -ENOMEM;
	*set = (struct region_set){
		.place = *place,
		.ways = ways,
		.granularity = granularity,
		.member_size = members[0]->size,
	};
	for (unsigned int i = 0; i < ways; i++) {
		set->members[i] = members[i]->device;
		sets->entries[members[i]->device - first_device].set = sets->sets.count;
	}
	if (group->settings->interleave > 1 && ways != group->settings->interleave)
		snprintf(set->note, sizeof(set->note),
			 "Interleave=%u is not possible: %s; it is %u way%s",
			 group->settings->interleave,
			 group->obstacle[0] ? group->obstacle : "there are too few expanders", ways,
			 ways == 1 ? "" : "s");
	else if (!group->settings->interleave && group->obstacle[0])
		snprintf(set->note, sizeof(set->note), "no wider than %u way%s: %s", ways,
			 ways == 1 ? "" : "s", group->obstacle);
	else if (wanted && granularity != wanted)
		snprintf(set->note, sizeof(set->note),
			 "Granularity=%u is not possible in the CXL window %s with %u ways: it is "
			 "%u",
			 wanted, place->window->name, ways, granularity);
	return 0;
}

/* Those that are left, and that the window reaches, in their order. */
static size_t list_left(const struct group *group, const struct root_decoder *window,
			unsigned int ways, struct candidate **ret_left,
			const struct memdev **ret_memdevs)
{
	size_t count = 0;

	for (size_t i = 0; i < group->count; i++) {
		struct candidate *candidate = &group->items[i];

		if (candidate->taken || (ways > 1 && !candidate->device->memdev->path.count) ||
		    !window_reaches(window, candidate->device->memdev))
			continue;
		ret_left[count] = candidate;
		ret_memdevs[count++] = candidate->device->memdev;
	}
	return count;
}

static void remember_obstacle(struct group *group, const struct region_sets *sets,
			      const struct obstacles *obstacles, const char *memdev,
			      unsigned int ways)
{
	char why[320];

	if (group->obstacle[0] || ways == 1)
		return;
	describe_obstacles(sets->inventory, obstacles, memdev, ways * group->items[0].size, why,
			   sizeof(why));
	snprintf(group->obstacle, sizeof(group->obstacle), "%.230s", why);
}

/*
 * One set of so many ways in a window. 1; 0 when its candidates make none, or there is no place;
 * -ENOMEM. The arrays have room for the whole group.
 */
static int make_set(struct region_sets *sets, struct group *group, struct root_decoder *window,
		    unsigned int ways, struct candidate **left, const struct memdev **memdevs)
{
	const struct candidate *chosen[INTERLEAVE_MAX];
	size_t count = list_left(group, window, ways, left, memdevs);
	struct obstacles obstacles = {0};
	struct set_place found;

	if (!place_set(&sets->space, window, ways, memdevs, count, group->items[0].size,
		       group->settings->granularity, &obstacles, &found)) {
		if (found.members[0])
			remember_obstacle(group, sets, &obstacles, found.members[0]->name, ways);
		return 0;
	}
	for (unsigned int i = 0; i < ways; i++)
		for (size_t j = 0; j < count; j++)
			if (memdevs[j] == found.members[i]) {
				left[j]->taken = true;
				chosen[i] = left[j];
			}
	group->left -= ways;
	if (space_claim(&sets->space, &found.place, found.members, ways) < 0)
		return -ENOMEM;
	return add_set(sets, group, &found.place, chosen, ways, found.granularity) < 0 ? -ENOMEM
										       : 1;
}

/* --- a group ------------------------------------------------------------------------------------
 */

/* As many sets of so many ways as there can be, in windows over many host bridges first. */
static int make_sets(struct region_sets *sets, struct group *group, unsigned int ways,
		     struct candidate **left, const struct memdev **memdevs)
{
	for (unsigned int targets = ways; targets; targets--) {
		array_foreach(window, &sets->space.windows) {
			struct obstacles none = {0};
			int r = 1;

			if (window->ways != targets || !window_takes_set(window, ways, &none))
				continue;
			while (r > 0 && group->left >= ways)
				r = make_set(sets, group, window, ways, left, memdevs);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* Whether all that are left may wait, for others to make them a set. */
static bool all_wait(const struct group *group)
{
	for (size_t i = 0; i < group->count; i++)
		if (!group->items[i].taken && !group->items[i].waits)
			return false;
	return group->left && group->settings->wait_sec;
}

static void wait_all(struct region_sets *sets, const struct group *group, const char *what)
{
	for (size_t i = 0; i < group->count; i++) {
		size_t at = (size_t)(group->items[i].device - sets->inventory->devices.items);

		if (!group->items[i].taken)
			snprintf(sets->entries[at].waits, sizeof(sets->entries[at].waits),
				 "it waits up to %u s (WaitSec=) for %s", group->settings->wait_sec,
				 what);
	}
}

/* Those that are in no set know why the one that they could be in has no place. */
static void note_obstacle(struct region_sets *sets, const struct group *group)
{
	for (size_t i = 0; i < group->count; i++) {
		size_t at = (size_t)(group->items[i].device - sets->inventory->devices.items);

		if (!group->items[i].taken)
			memcpy(sets->entries[at].obstacle, group->obstacle,
			       sizeof(group->obstacle));
	}
}

static bool others_come(const struct group *group, const candidate_list *coming)
{
	array_foreach(candidate, coming)
		if (candidate->file == group->items[0].file)
			return true;
	return false;
}

/* Of what is left, what only windows reach that interleave over host bridges. */
static bool needs_partner(const struct region_sets *sets, const struct group *group)
{
	for (size_t i = 0; i < group->count; i++) {
		bool interleaved = false, single = false;
		struct obstacles none = {0};

		if (group->items[i].taken)
			continue;
		array_foreach(window, &sets->space.windows) {
			if (!window_is_usable(window, &none) ||
			    !window_reaches(window, group->items[i].device->memdev))
				continue;
			interleaved = interleaved || window->ways > 1;
			single = single || window->ways == 1;
		}
		if (interleaved && !single)
			return true;
	}
	return false;
}

/* What is wanted first, and then the widest that is there. */
static int find_in_group(struct region_sets *sets, struct group *group,
			 const candidate_list *coming, struct candidate **left,
			 const struct memdev **memdevs)
{
	static const unsigned int widths[] = {16, 12, 8, 6, 4, 3, 2, 1};
	unsigned int wanted = group->settings->interleave;
	char what[96];
	int r = wanted ? make_sets(sets, group, wanted, left, memdevs) : 0;

	if (r == 0 && wanted > 1 && all_wait(group) && group->left % wanted) {
		snprintf(what, sizeof(what), "the other expanders of a set of %u", wanted);
		wait_all(sets, group, what);
		return 0;
	}
	if (r == 0 && !wanted && all_wait(group) && others_come(group, coming)) {
		wait_all(sets, group, "expanders that are not ready yet");
		return 0;
	}
	for (size_t i = 0; r == 0 && i < sizeof(widths) / sizeof(widths[0]); i++)
		if (!wanted || widths[i] < wanted)
			r = make_sets(sets, group, widths[i], left, memdevs);
	if (r == 0 && all_wait(group) && needs_partner(sets, group))
		wait_all(sets, group, "expanders below the other host bridges of its CXL window");
	return r;
}

static int find_in_groups(struct region_sets *sets, candidate_list *there,
			  const candidate_list *coming)
{
	struct candidate **left = calloc(there->count + 1, sizeof(struct candidate *));
	const struct memdev **memdevs = calloc(there->count + 1, sizeof(struct memdev *));
	int r = left && memdevs ? 0 : -ENOMEM;

	for (size_t first = 0; r == 0 && first < there->count;) {
		struct candidate *items = &there->items[first];
		struct group group = {
			.items = items,
			.settings = &items->file->settings,
		};

		while (first + group.count < there->count &&
		       items[group.count].file == items->file &&
		       items[group.count].size == items->size)
			group.count++;
		group.left = group.count;
		r = find_in_group(sets, &group, coming, left, memdevs);
		note_obstacle(sets, &group);
		first += group.count;
	}
	free(left);
	free(memdevs);
	return r;
}

/* --- all of them --------------------------------------------------------------------------------
 */

int sets_find(const struct kmemd_inventory *inventory, const struct set_source *source,
	      struct region_sets *ret)
{
	candidate_list there = {0}, coming = {0};
	int r;

	*ret = (struct region_sets){.inventory = inventory};
	ret->entries = calloc(inventory->devices.count + 1, sizeof(*ret->entries));
	r = ret->entries ? space_init(&ret->space, inventory) : -ENOMEM;
	array_foreach(device, &inventory->devices)
		if (r == 0 && device->kind == KIND_CXL_RAM && device->memdev)
			r = add_candidate(inventory, source, device, &there, &coming);
	if (there.count)
		qsort(there.items, there.count, sizeof(*there.items), compare_candidates);
	if (r == 0)
		r = find_in_groups(ret, &there, &coming);
	free(there.items);
	free(coming.items);
	return r;
}

void sets_release(struct region_sets *sets)
{
	space_release(&sets->space);
	free(sets->sets.items);
	free(sets->entries);
	memset(sets, 0, sizeof(*sets));
}

static const struct set_entry *entry_of(const struct region_sets *sets, const struct device *device)
{
	return &sets->entries[device - sets->inventory->devices.items];
}

const struct region_set *set_of(const struct region_sets *sets, const struct device *device)
{
	size_t number = entry_of(sets, device)->set;

	return number ? &sets->sets.items[number - 1] : NULL;
}

const char *set_obstacle(const struct region_sets *sets, const struct device *device)
{
	return entry_of(sets, device)->obstacle;
}

const char *set_waits(const struct region_sets *sets, const struct device *device)
{
	return entry_of(sets, device)->waits;
}
