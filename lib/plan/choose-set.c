/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/choose-set.h"

#include "base/parse.h"
#include "plan/memdev-capacity.h"
#include "plan/place-set.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The memdevs that are asked for, sorted by where they are. */
struct choice {
	const struct device *devices[INTERLEAVE_MAX];
	const struct memdev *memdevs[INTERLEAVE_MAX];
	unsigned int ways;
	uint64_t member_size; /* bytes of each */
	char names[256];      /* "mem0, mem1", as they were given */
};

static int compare_devices(const void *a, const void *b)
{
	return interleave_compare((*(const struct device *const *)a)->memdev,
				  (*(const struct device *const *)b)->memdev);
}

/* --- the memdevs --------------------------------------------------------------------------------
 */

static int add_memdev(const struct kmemd_inventory *inventory, const char *name,
		      struct choice *choice, struct kmemd_error *error)
{
	const struct device *device;
	size_t used = strlen(choice->names);
	char why[320];
	int r = inventory_find_device(inventory, name, &device, error);

	if (r < 0)
		return r;
	if (device->kind != KIND_CXL_RAM || !device->memdev)
		return error_set(error, KMEMD_REFUSED, EOPNOTSUPP,
				 "%s is no CXL memdev with volatile capacity", name);
	if (memdev_describe_unusable(device->memdev, why, sizeof(why)))
		return error_set(error, KMEMD_REFUSED, EOPNOTSUPP, "%s", why);
	if (choice->ways == INTERLEAVE_MAX)
		return error_set(error, KMEMD_USAGE, EINVAL, "a region lies on at most %d memdevs",
				 INTERLEAVE_MAX);
	for (unsigned int i = 0; i < choice->ways; i++)
		if (choice->devices[i] == device)
			return error_set(error, KMEMD_USAGE, EINVAL, "%s is named twice",
					 device->name);
	choice->devices[choice->ways++] = device;
	snprintf(choice->names + used, sizeof(choice->names) - used, "%s%s", used ? ", " : "",
		 device->name);
	return 0;
}

static int find_memdevs(const struct kmemd_inventory *inventory, char *const *names,
			struct choice *choice, struct kmemd_error *error)
{
	int r = 0;

	for (; r == 0 && *names; names++)
		r = add_memdev(inventory, *names, choice, error);
	if (r < 0)
		return r;
	qsort(choice->devices, choice->ways, sizeof(*choice->devices), compare_devices);
	for (unsigned int i = 0; i < choice->ways; i++)
		choice->memdevs[i] = choice->devices[i]->memdev;
	return 0;
}

/* --- the size -----------------------------------------------------------------------------------
 */

/* What the one with the least has free. */
static uint64_t smallest_free(const struct choice *choice)
{
	uint64_t smallest = UINT64_MAX;

	for (unsigned int i = 0; i < choice->ways; i++)
		if (memdev_free_units(choice->memdevs[i]) < smallest)
			smallest = memdev_free_units(choice->memdevs[i]);
	return smallest;
}

static int choose_size(const struct kmemd_region_request *request, struct choice *choice,
		       struct kmemd_error *error)
{
	uint64_t unit = REGION_UNIT * choice->ways, most = smallest_free(choice);
	char step[SIZE_TEXT_MAX], limit[SIZE_TEXT_MAX], wanted[SIZE_TEXT_MAX];

	choice->member_size = request->size ? request->size / choice->ways : most;
	if (request->size % unit == 0 && choice->member_size <= most)
		return 0;
	return error_set(error, KMEMD_USAGE, EINVAL,
			 "a region of %s cannot lie on %s: allowed are multiples of %s up to %s",
			 format_size(request->size, wanted), choice->names, format_size(unit, step),
			 format_size(most * choice->ways, limit));
}

/* --- the window ---------------------------------------------------------------------------------
 */

static bool reaches_all(const struct root_decoder *window, const struct choice *choice)
{
	for (unsigned int i = 0; i < choice->ways; i++)
		if (!window_reaches(window, choice->memdevs[i]))
			return false;
	return true;
}

/* What the windows that were looked at had against it. */
struct search {
	struct obstacles obstacles;
	bool named, reached, fitted; /* a window with that name; that reaches all; that they fit */
	const struct root_decoder *unfit; /* one that takes no region of so many positions */
	unsigned int granularity;	  /* that a window would have in place of what is wanted */
};

static bool try_window(const struct kmemd_region_request *request, const struct choice *choice,
		       const struct space *space, struct root_decoder *window,
		       struct search *search, struct set_place *ret)
{
	if (request->root_decoder && strcmp(request->root_decoder, window->name) != 0)
		return false;
	search->named = true;
	if (!window->volatile_capable || !reaches_all(window, choice))
		return false;
	search->reached = true;
	if (!interleave_fits_window(window, choice->ways))
		search->unfit = window;
	if (!window_takes_set(window, choice->ways, &search->obstacles))
		return false;
	if (!place_set(space, window, choice->ways, choice->memdevs, choice->ways,
		       choice->member_size, request->granularity, &search->obstacles, ret)) {
		search->fitted = search->fitted || ret->members[0];
		return false;
	}
	if (request->granularity && ret->granularity != request->granularity) {
		search->granularity = ret->granularity;
		return false;
	}
	return true;
}

static int refuse(const struct kmemd_inventory *inventory,
		  const struct kmemd_region_request *request, const struct choice *choice,
		  const struct search *search, struct kmemd_error *error)
{
	const char *window = request->root_decoder ? request->root_decoder : "";
	uint64_t size = choice->member_size * choice->ways;
	char why[400];

	if (request->root_decoder && !search->named)
		return error_set(error, KMEMD_USAGE, EINVAL, "there is no root decoder '%s'",
				 window);
	describe_obstacles(inventory, &search->obstacles, choice->names, size, why, sizeof(why));
	if (!search->reached)
		snprintf(why, sizeof(why),
			 "no CXL window for volatile memory reaches all of them%s%s",
			 window[0] ? ", as far as it is " : "", window);
	else if (search->granularity)
		snprintf(why, sizeof(why),
			 "a granularity of %u is not possible in their CXL window, %u is",
			 request->granularity, search->granularity);
	else if (!why[0] && search->fitted)
		snprintf(why, sizeof(why), "the ports on the way to them can do no granularity");
	else if (!why[0] && search->unfit)
		snprintf(why, sizeof(why),
			 "the CXL window %s takes %u of them, or that times a power of two, as "
			 "many below each of its host bridges",
			 search->unfit->name, search->unfit->ways);
	else if (!why[0])
		snprintf(why, sizeof(why),
			 "they are not spread evenly over the host bridges and ports below their "
			 "CXL window");
	return error_set(error, KMEMD_REFUSED, EOPNOTSUPP, "no region can lie on %s: %s",
			 choice->names, why);
}

/* Windows over many host bridges first, as for policy. */
static bool find_window(const struct kmemd_region_request *request, const struct choice *choice,
			const struct space *space, struct search *search, struct set_place *ret)
{
	for (unsigned int targets = INTERLEAVE_MAX; targets; targets--)
		array_foreach(window, &space->windows)
			if (window->ways == targets &&
			    try_window(request, choice, space, window, search, ret))
				return true;
	return false;
}

/* --- the set ------------------------------------------------------------------------------------
 */

static int add_set(struct region_sets *sets, const struct choice *choice,
		   const struct set_place *found)
{
	const struct device *first = sets->inventory->devices.items;
	struct region_set *set = array_add(&sets->sets);

	if (!set)
		return -ENOMEM;
	*set = (struct region_set){
		.place = found->place,
		.ways = choice->ways,
		.granularity = found->granularity,
		.member_size = choice->member_size,
	};
	for (unsigned int i = 0; i < choice->ways; i++)
		for (unsigned int j = 0; j < choice->ways; j++)
			if (choice->memdevs[j] == found->members[i]) {
				set->members[i] = choice->devices[j];
				sets->entries[choice->devices[j] - first].set = 1;
			}
	return 0;
}

int set_of_request(const struct kmemd_inventory *inventory,
		   const struct kmemd_region_request *request, struct region_sets *ret,
		   struct kmemd_error *error)
{
	struct choice choice = {.ways = 0};
	struct search search = {.named = false};
	struct set_place found;
	int r;

	*ret = (struct region_sets){.inventory = inventory};
	r = find_memdevs(inventory, request->memdevs, &choice, error);
	if (r == 0)
		r = choose_size(request, &choice, error);
	if (r < 0)
		return r;
	ret->entries = calloc(inventory->devices.count + 1, sizeof(*ret->entries));
	if (!ret->entries || space_init(&ret->space, inventory) < 0)
		return error_memory(error);
	if (!find_window(request, &choice, &ret->space, &search, &found))
		return refuse(inventory, request, &choice, &search, error);
	return add_set(ret, &choice, &found) < 0 ? error_memory(error) : 0;
}
