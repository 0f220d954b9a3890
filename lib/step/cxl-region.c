/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/cxl-region.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/json.h"
#include "base/parse.h"
#include "step/use-check.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

struct json_object *region_parts_to_json(const struct region_parts *parts)
{
	struct json_object *json = json_object_new_object(), *array;

	if (!json)
		return NULL;
	json_put_text(json, "region", parts->region);
	json_put_text(json, "root_decoder", parts->root_decoder);
	array = json_put_array(json, "decoders");
	for (unsigned int i = 0; i < parts->target_count; i++)
		json_object_array_add(array, json_object_new_string(parts->decoders[i]));
	json_put_u64(json, "granularity", parts->granularity);
	json_put_u64(json, "ways", parts->ways);
	json_put_u64(json, "size", parts->size);
	return json;
}

void region_parts_from_json(const struct json_object *json, struct region_parts *ret)
{
	*ret = (struct region_parts){
		.granularity = (unsigned int)json_get_u64(json, "granularity"),
		.ways = (unsigned int)json_get_u64(json, "ways"),
		.size = json_get_u64(json, "size"),
	};
	json_get_text(json, "region", ret->region, sizeof(ret->region));
	json_get_text(json, "root_decoder", ret->root_decoder, sizeof(ret->root_decoder));
	for (size_t i = 0; i < json_count(json, "decoders") && i < REGION_WAYS_MAX; i++) {
		const char *name = json_object_get_string(json_member(json, "decoders", i));

		copy_name(ret->decoders[ret->target_count++], name ? name : "");
	}
	/* As it was noted by kmemd before it knew sets. */
	if (json_text(json, "endpoint_decoder")[0])
		copy_name(ret->decoders[ret->target_count++], json_text(json, "endpoint_decoder"));
}

/* --- attributes ---------------------------------------------------------------------------------
 */

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
	char path[128];

	snprintf(path, sizeof(path), CXL_DEVICES "/%s/%s", device, attribute);
	if (run_read(run, path, buffer, size, NULL) < 0)
		buffer[0] = '\0';
}

bool region_exists(const struct run *run, const char *region)
{
	char size[32];

	read_attribute(run, region, "size", size, sizeof(size));
	return size[0];
}

static void read_target(const struct run *run, const char *region, unsigned int position,
			char *buffer, size_t size)
{
	char attribute[16];

	snprintf(attribute, sizeof(attribute), "target%u", position);
	read_attribute(run, region, attribute, buffer, size);
}

bool region_is_made_of(const struct run *run, const struct region_parts *parts)
{
	char decoder[DEVICE_NAME_MAX];

	for (unsigned int i = 0; i < REGION_WAYS_MAX; i++) {
		read_target(run, parts->region, i, decoder, sizeof(decoder));
		if (decoder[0] &&
		    (i >= parts->target_count || strcmp(decoder, parts->decoders[i]) != 0))
			return false;
	}
	return true;
}

bool region_is_committed(const struct run *run, const char *region)
{
	char commit[16];

	read_attribute(run, region, "commit", commit, sizeof(commit));
	return commit[0] == '1';
}

bool region_has_driver(const struct run *run, const char *region)
{
	char path[128];

	snprintf(path, sizeof(path), CXL_DEVICES "/%s/driver", region);
	return run_exists(run, path);
}

bool region_decodes(const struct run *run, const char *region)
{
	return region_is_committed(run, region) && region_has_driver(run, region);
}

/* --- making -------------------------------------------------------------------------------------
 */

static void creator_path(const char *root_decoder, char path[128])
{
	snprintf(path, 128, CXL_DEVICES "/%s/create_ram_region", root_decoder);
}

int region_next_name(const struct run *run, const char *root_decoder, char name[DEVICE_NAME_MAX],
		     struct kmemd_error *error)
{
	char path[128];

	creator_path(root_decoder, path);
	return run_read(run, path, name, DEVICE_NAME_MAX, error);
}

int region_claim(const struct run *run, const struct region_parts *parts, struct kmemd_error *error)
{
	char path[128];

	creator_path(parts->root_decoder, path);
	return run_write(run, path, parts->region, error);
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
			error_append(error, "%s", hint);
		return;
	}
}

static uint64_t read_start(const struct run *run, const char *region)
{
	struct range range;

	return region_range_read(run, region, &range, NULL) == 0 && range.size ? range.start : 0;
}

/* The least that a region of the window can have. */
static uint64_t window_ways(const struct run *run, const struct region_parts *parts)
{
	char text[16];
	uint64_t ways;

	read_attribute(run, parts->root_decoder, "interleave_ways", text, sizeof(text));
	return parse_u64(text, &ways) == 0 && ways ? ways : 1;
}

static int make_filler(const struct run *run, const struct region_parts *parts, uint64_t got,
		       struct kmemd_error *error)
{
	uint64_t gap = parts->start - got;
	int r = write_number(run, parts->region, "size", 0, error);

	/* It is of fewer units than the real one has ways, perhaps. */
	if (r == 0 && gap < parts->size)
		r = write_number(run, parts->region, "interleave_ways", window_ways(run, parts),
				 error);
	if (r == 0)
		r = write_number(run, parts->region, "size", gap < parts->size ? gap : parts->size,
				 error);
	return r < 0 ? r : 1;
}

int region_settle_place(const struct run *run, const struct region_parts *parts,
			struct kmemd_error *error)
{
	const char *region = parts->region;
	uint64_t got;
	int r = write_number(run, region, "interleave_granularity", parts->granularity, error);

	if (r == 0)
		r = write_number(run, region, "interleave_ways", parts->ways, error);
	if (r == 0)
		r = write_number(run, region, "size", parts->size, error);
	if (r < 0 || !parts->start)
		return r;
	got = read_start(run, region);
	if (got == parts->start)
		return 0;
	if (got < parts->start)
		return make_filler(run, parts, got, error);
	return error_set(error, KMEMD_FAILED, EBUSY,
			 "%s lies at 0x%" PRIx64 " and not at 0x%" PRIx64 ": somebody else has "
			 "taken that place meanwhile",
			 region, got, parts->start);
}

uint64_t decoder_capacity(const struct run *run, const char *decoder)
{
	char text[32];
	uint64_t size;

	read_attribute(run, decoder, "dpa_size", text, sizeof(text));
	return parse_u64(text, &size) == 0 ? size : 0;
}

int decoder_set_capacity(const struct run *run, const char *decoder, uint64_t size,
			 struct kmemd_error *error)
{
	return write_number(run, decoder, "dpa_size", size, error);
}

static int program(const struct run *run, const struct region_parts *parts,
		   struct kmemd_error *error)
{
	uint64_t each = parts->size / parts->ways;
	char attribute[16];
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < parts->target_count; i++) {
		r = write_attribute(run, parts->decoders[i], "mode", "ram", error);
		if (r == 0)
			r = decoder_set_capacity(run, parts->decoders[i], each, error);
	}
	for (unsigned int i = 0; r == 0 && i < parts->target_count; i++) {
		snprintf(attribute, sizeof(attribute), "target%u", i);
		r = write_attribute(run, parts->region, attribute, parts->decoders[i], error);
	}
	return r;
}

int region_build(const struct run *run, const struct region_parts *parts, struct kmemd_error *error)
{
	int r = program(run, parts, error);

	if (r < 0)
		return r;
	r = write_attribute(run, parts->region, "commit", "1", error);
	if (r == -ENXIO)
		explain_commit(run, error);
	return r < 0 ? r : region_bind(run, parts->region, error);
}

int region_bind(const struct run *run, const char *region, struct kmemd_error *error)
{
	if (region_has_driver(run, region))
		return 0;
	return run_write(run, CXL_DRIVER "/bind", region, error);
}

/* --- taking away --------------------------------------------------------------------------------
 */

static int check_unused(const struct run *run, const char *region, struct kmemd_error *error)
{
	struct range range;
	int r = check_region_holders(run, region, error);

	if (r == 0)
		r = region_range_read(run, region, &range, error);
	if (r == 0)
		r = check_offline(run, region, &range, 1, error);
	return r;
}

int region_unbind(const struct run *run, const char *region, struct kmemd_error *error)
{
	int r = check_unused(run, region, error);

	if (r < 0 || !region_has_driver(run, region))
		return r;
	return run_write(run, CXL_DRIVER "/unbind", region, error);
}

/* Nothing that comes after makes sense when this fails. */
static int deactivate(const struct run *run, const char *region, struct kmemd_error *error)
{
	int r = region_unbind(run, region, error);

	if (r < 0 || !region_is_committed(run, region))
		return r;
	return write_attribute(run, region, "commit", "0", error);
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

	if (decoder_capacity(run, decoder))
		keep_first(first, first_error, decoder_set_capacity(run, decoder, 0, &error),
			   &error);
}

static void clear_targets(const struct run *run, const char *region, int *first,
			  struct kmemd_error *first_error)
{
	char decoder[DEVICE_NAME_MAX], attribute[16];

	for (unsigned int i = 0; i < REGION_WAYS_MAX; i++) {
		struct kmemd_error error = {0};

		snprintf(attribute, sizeof(attribute), "target%u", i);
		read_attribute(run, region, attribute, decoder, sizeof(decoder));
		if (!decoder[0])
			continue;
		keep_first(first, first_error,
			   write_attribute(run, region, attribute, "\n", &error), &error);
		free_decoder(run, decoder, first, first_error);
	}
}

int region_destroy(const struct run *run, const struct region_parts *parts,
		   struct kmemd_error *error)
{
	struct kmemd_error first_error = {0}, step_error = {0};
	bool exists = region_exists(run, parts->region);
	int first = 0;

	if (exists) {
		int r = deactivate(run, parts->region, error);

		if (r < 0)
			return r;
		clear_targets(run, parts->region, &first, &first_error);
	}
	for (unsigned int i = 0; i < parts->target_count; i++)
		free_decoder(run, parts->decoders[i], &first, &first_error);
	if (exists)
		keep_first(&first, &first_error,
			   write_attribute(run, parts->root_decoder, "delete_region", parts->region,
					   &step_error),
			   &step_error);
	if (first < 0)
		*error = first_error;
	return first;
}
