/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Volatile CXL regions, by the attributes of Documentation/ABI/testing/sysfs-bus-cxl
 * (create_ram_region: Linux 6.3). They are written here and not through libcxl, because libcxl 76
 * cannot make volatile regions and because a failure has to name the attribute that refused.
 */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "job/journal.h"
#include "job/run.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#define CXL_DEVICES "bus/cxl/devices"
#define CXL_DRIVER  "bus/cxl/drivers/cxl_region"

static int write_attribute(const struct run *run, const char *device, const char *attribute,
			   const char *value, struct kmemd_error *error)
{
	char path[128];

	snprintf(path, sizeof(path), CXL_DEVICES "/%s/%s", device, attribute);
	return run_write(run, path, value, error);
}

static int write_number(const struct run *run, const char *device, const char *attribute,
			uint64_t value, struct kmemd_error *error)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return write_attribute(run, device, attribute, text, error);
}

/* The text of an attribute, or "" when the device or the attribute is not there. */
static void read_attribute(const struct run *run, const char *device, const char *attribute,
			   char *buffer, size_t size)
{
	_cleanup_free_ char *path = format_text("%s/" CXL_DEVICES "/%s/%s", run->kmemd->sysfs,
						device, attribute);

	if (!path || attribute_read(AT_FDCWD, path, buffer, size) < 0)
		buffer[0] = '\0';
}

static bool region_has_driver(const struct run *run, const char *region)
{
	_cleanup_free_ char *path = format_text("%s/" CXL_DEVICES "/%s/driver", run->kmemd->sysfs,
						region);

	return path && access(path, F_OK) == 0;
}

/*
 * The kernel hands out the next free name and wants it written back; EAGAIN (EBUSY before 6.9) says
 * that another program was faster.
 */
static int claim_region(struct run *run, const struct step *step, struct kmemd_error *error)
{
	struct journal *journal = &run->journal;
	char path[128];
	int r = 0;

	snprintf(path, sizeof(path), CXL_DEVICES "/%s/create_ram_region", step->root_decoder);
	for (unsigned int attempt = 0; attempt < 3; attempt++) {
		r = run_read(run, path, journal->region, sizeof(journal->region), error);
		if (r < 0)
			return r;
		memcpy(journal->root_decoder, step->root_decoder, sizeof(journal->root_decoder));
		memcpy(journal->endpoint_decoder, step->endpoint_decoder,
		       sizeof(journal->endpoint_decoder));
		r = journal_write(run->kmemd, journal, error);
		if (r == 0)
			r = run_write(run, path, journal->region, error);
		if (r != -EAGAIN && r != -EBUSY)
			break;
	}
	if (r < 0) /* what has that name now is not ours to destroy */
		journal->region[0] = '\0';
	return r;
}

static unsigned int window_granularity(const struct run *run, const char *root_decoder)
{
	const struct root_decoder *decoder = inventory_root_decoder(run->inventory, root_decoder);

	return decoder && decoder->granularity ? decoder->granularity : 256;
}

/* cpu_cache_invalidate_memregion() refuses under a hypervisor, and the commit says ENXIO. */
static void explain_commit(const struct run *run, struct kmemd_error *error)
{
	static const char hint[] = " (the kernel commits no CXL region on a CPU that says it is "
				   "under a hypervisor)";
	_cleanup_free_ char *path = format_text("%s/cpuinfo", run->kmemd->procfs);
	_cleanup_file_ FILE *file = path ? fopen(path, "re") : NULL;
	char line[4096];

	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, "flags", strlen("flags")))
			continue;
		if (strstr(line, " hypervisor"))
			strncat(error->message, hint,
				sizeof(error->message) - strlen(error->message) - 1);
		return;
	}
}

static int build_region(struct run *run, const struct step *step, struct kmemd_error *error)
{
	const char *region = run->journal.region, *decoder = step->endpoint_decoder;
	int r;

	r = write_number(run, region, "interleave_granularity",
			 window_granularity(run, step->root_decoder), error);
	if (r == 0)
		r = write_number(run, region, "interleave_ways", 1, error);
	if (r == 0)
		r = write_number(run, region, "size", step->size, error);
	if (r == 0)
		r = write_attribute(run, decoder, "mode", "ram", error);
	if (r == 0)
		r = write_number(run, decoder, "dpa_size", step->size, error);
	if (r == 0)
		r = write_attribute(run, region, "target0", decoder, error);
	if (r < 0)
		return r;
	r = write_attribute(run, region, "commit", "1", error);
	if (r < 0) {
		if (r == -ENXIO)
			explain_commit(run, error);
		return r;
	}
	return region_has_driver(run, region) ? 0
					      : run_write(run, CXL_DRIVER "/bind", region, error);
}

/* A region of one memdev as it was made, or as it was before it was destroyed. */
struct region_parts {
	struct step step; /* as for STEP_CREATE_REGION; its target is the region */
	unsigned int ways;
};

/*
 * Journalled, because a region that is half gone belongs to no device any more: nobody would plan
 * anything for it.
 */
static int destroy_journalled(struct run *run, const struct step *parts, struct kmemd_error *error)
{
	struct journal *journal = &run->journal;
	int r;

	memcpy(journal->region, parts->target, sizeof(journal->region));
	memcpy(journal->root_decoder, parts->root_decoder, sizeof(journal->root_decoder));
	memcpy(journal->endpoint_decoder, parts->endpoint_decoder,
	       sizeof(journal->endpoint_decoder));
	r = journal_write(run->kmemd, journal, error);
	if (r == 0)
		r = region_destroy(run, parts->target, parts->root_decoder, parts->endpoint_decoder,
				   error);
	if (r == 0)
		journal->region[0] = '\0';
	return r;
}

/* The blocks of a region's dax device, when it has one. */
static int take_offline(struct run *run, const char *region, struct kmemd_error *error)
{
	char dax[DEVICE_NAME_MAX];

	if (dax_of_region(run, region, 0, dax) < 0)
		return 0;
	return blocks_take_offline(run, dax, error);
}

static int undo_create(struct run *run, void *data, struct kmemd_error *error)
{
	const struct region_parts *parts = data;
	int r = take_offline(run, parts->step.target, error);

	return r < 0 ? r : destroy_journalled(run, &parts->step, error);
}

int step_create_region(struct run *run, const struct step *step, struct kmemd_error *error)
{
	struct region_parts *parts;
	int r = claim_region(run, step, error);

	if (r < 0)
		return r;
	parts = calloc(1, sizeof(*parts));
	if (!parts)
		return error_memory(error);
	parts->step = *step;
	memcpy(parts->step.target, run->journal.region, sizeof(parts->step.target));
	if (run_push_undo(run, undo_create, free, parts, "destroy %s", run->journal.region) < 0)
		return error_memory(error);
	r = build_region(run, step, error);
	if (r < 0)
		return r;

	memcpy(run->created_region, run->journal.region, sizeof(run->created_region));
	run->journal.region[0] = '\0';
	return journal_write(run->kmemd, &run->journal, error);
}

static int undo_enable(struct run *run, void *data, struct kmemd_error *error)
{
	const char *region = data;
	int r = take_offline(run, region, error);

	if (r < 0 || !region_has_driver(run, region))
		return r;
	return run_write(run, CXL_DRIVER "/unbind", region, error);
}

int step_enable_region(struct run *run, const struct step *step, struct kmemd_error *error)
{
	char *region;

	memcpy(run->created_region, step->target, sizeof(run->created_region));
	if (region_has_driver(run, step->target))
		return 0;
	region = strdup(step->target);
	if (!region || run_push_undo(run, undo_enable, free, region, "disable %s", region) < 0)
		return error_memory(error);
	return run_write(run, CXL_DRIVER "/bind", step->target, error);
}

/* Remembers the first failure and goes on: every part that can be freed is. */
static void keep_first(int *first, struct kmemd_error *first_error, int r,
		       const struct kmemd_error *error)
{
	if (r < 0 && *first == 0) {
		*first = r;
		*first_error = *error;
	}
}

static void free_decoder(const struct run *run, const char *decoder, int *first,
			 struct kmemd_error *first_error)
{
	struct kmemd_error error = {0};
	char size[32];

	read_attribute(run, decoder, "dpa_size", size, sizeof(size));
	if (!size[0] || !strcmp(size, "0x0") || !strcmp(size, "0"))
		return;
	keep_first(first, first_error, write_number(run, decoder, "dpa_size", 0, &error), &error);
}

/* The decoder at a position of a region; "" when there is none. */
static void read_target(const struct run *run, const char *region, unsigned int position,
			char decoder[DEVICE_NAME_MAX])
{
	char attribute[16];

	snprintf(attribute, sizeof(attribute), "target%u", position);
	read_attribute(run, region, attribute, decoder, DEVICE_NAME_MAX);
}

static void clear_targets(const struct run *run, const char *region, int *first,
			  struct kmemd_error *first_error)
{
	char decoder[DEVICE_NAME_MAX], attribute[16];

	for (unsigned int i = 0; i < 16; i++) {
		struct kmemd_error error = {0};

		read_target(run, region, i, decoder);
		if (!decoder[0])
			continue;
		snprintf(attribute, sizeof(attribute), "target%u", i);
		keep_first(first, first_error,
			   write_attribute(run, region, attribute, "\n", &error), &error);
		free_decoder(run, decoder, first, first_error);
	}
}

/* Whether the region is still there; a device that vanished has taken it along. */
static bool region_exists(const struct run *run, const char *region)
{
	char size[32];

	read_attribute(run, region, "size", size, sizeof(size));
	return size[0];
}

/* Takes the region's driver and its commit away: nothing after that makes sense when it fails. */
static int deactivate(const struct run *run, const char *region, struct kmemd_error *error)
{
	char commit[16], dax[DEVICE_NAME_MAX];
	int r;

	if (dax_of_region(run, region, 0, dax) == 0) {
		r = dax_check_unused(run, dax, error);
		if (r < 0)
			return r;
	}
	if (region_has_driver(run, region)) {
		r = run_write(run, CXL_DRIVER "/unbind", region, error);
		if (r < 0)
			return r;
	}
	read_attribute(run, region, "commit", commit, sizeof(commit));
	return commit[0] == '1' ? write_attribute(run, region, "commit", "0", error) : 0;
}

int region_destroy(const struct run *run, const char *region, const char *root_decoder,
		   const char *endpoint_decoder, struct kmemd_error *error)
{
	struct kmemd_error first_error = {0}, step_error = {0};
	bool exists = region_exists(run, region);
	int first = 0;

	if (exists) {
		int r = deactivate(run, region, error);

		if (r < 0)
			return r;
		clear_targets(run, region, &first, &first_error);
	}
	if (endpoint_decoder[0])
		free_decoder(run, endpoint_decoder, &first, &first_error);
	if (exists)
		keep_first(&first, &first_error,
			   write_attribute(run, root_decoder, "delete_region", region, &step_error),
			   &step_error);
	if (first < 0)
		*error = first_error;
	return first;
}

/* As complete as it was: with its driver again, or made anew from what is left of it. */
static int undo_destroy(struct run *run, void *data, struct kmemd_error *error)
{
	struct region_parts *parts = data;
	char commit[16];
	int r;

	read_attribute(run, parts->step.target, "commit", commit, sizeof(commit));
	if (commit[0] == '1')
		return region_has_driver(run, parts->step.target)
			       ? 0
			       : run_write(run, CXL_DRIVER "/bind", parts->step.target, error);
	if (parts->ways != 1)
		return error_set(error, KMEMD_PARTLY, EOPNOTSUPP,
				 "%s was interleaved over %u memdevs: make it anew with "
				 "cxl create-region",
				 parts->step.target, parts->ways);
	r = region_destroy(run, parts->step.target, parts->step.root_decoder,
			   parts->step.endpoint_decoder, error);
	if (r == 0)
		r = claim_region(run, &parts->step, error);
	if (r == 0)
		r = build_region(run, &parts->step, error);
	if (r == 0)
		run->journal.region[0] = '\0';
	return r;
}

static int push_destroy_undo(struct run *run, const struct region *region)
{
	struct region_parts *parts = calloc(1, sizeof(*parts));

	if (!parts)
		return -ENOMEM;
	parts->ways = region->ways;
	parts->step.size = region->size;
	memcpy(parts->step.target, region->name, sizeof(parts->step.target));
	memcpy(parts->step.root_decoder, region->root_decoder, sizeof(parts->step.root_decoder));
	if (region->targets.count)
		memcpy(parts->step.endpoint_decoder, region->targets.items[0].decoder,
		       sizeof(parts->step.endpoint_decoder));
	return run_push_undo(run, undo_destroy, free, parts, "create %s again", region->name);
}

int step_destroy_region(struct run *run, const struct step *step, struct kmemd_error *error)
{
	array_foreach(region, &run->inventory->regions) {
		struct region_parts *parts;

		if (strcmp(region->name, step->target))
			continue;
		if (push_destroy_undo(run, region) < 0)
			return error_memory(error);
		parts = run->undos.items[run->undos.count - 1].data;
		return destroy_journalled(run, &parts->step, error);
	}
	return error_set(error, KMEMD_NO_DEVICE, ENODEV, "%s is gone", step->target);
}
