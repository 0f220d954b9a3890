/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/request-options.h"

#include "base/compare.h"
#include "base/error.h"
#include "base/json.h"
#include "base/parse.h"
#include "cli/cli.h"
#include "cli/message.h"
#include "plan/plan-request.h"

#include <inttypes.h>

const struct cli_option option_mode = {
	"mode", 'm', .value = VALUE_NEEDED, .value_name = "MODE", .text = "system-ram or devdax",
};

static int parse_mode(struct cli *cli, struct kmemd_request *request)
{
	const char *mode = cli_value(cli, &option_mode);

	if (!mode)
		return 0;
	if (!strcmp(mode, "system-ram"))
		request->mode = KMEMD_MODE_SYSTEM_RAM;
	else if (!strcmp(mode, "devdax"))
		request->mode = KMEMD_MODE_DEVDAX;
	else
		return cli_usage_error(cli, "--mode=%s: allowed are system-ram and devdax", mode);
	return 0;
}

static int parse_sizes(struct cli *cli, struct kmemd_request *request)
{
	const char *size = cli_value(cli, &option_size), *align = cli_value(cli, &option_align);

	if (size) {
		if (parse_size(size, &request->size) < 0)
			return cli_usage_error(cli,
					       "--size=%s: a number of bytes is needed, also with "
					       "K, M, G or T",
					       size);
		request->has_size = true;
	}
	if (align && (parse_size(align, &request->align) < 0 || !request->align))
		return cli_usage_error(cli, "--align=%s: allowed are 4K, 2M and 1G", align);
	return 0;
}

/* --- --input ------------------------------------------------------------------------------------
 */

/* A number, or a text that is one: daxctl writes addresses so with --human. */
static bool read_number(const struct json_object *object, const char *key, uint64_t *ret)
{
	struct json_object *value = json_object_object_get(object, key);

	if (json_object_is_type(value, json_type_int)) {
		*ret = json_get_u64(object, key);
		return true;
	}
	return value && parse_u64(json_object_get_string(value), ret) == 0;
}

static int by_page_offset(const void *a, const void *b)
{
	uint64_t x = 0, y = 0;

	read_number(*(struct json_object *const *)a, "page_offset", &x);
	read_number(*(struct json_object *const *)b, "page_offset", &y);
	return compare_numbers(x, y);
}

static int input_error(struct cli *cli, const char *path, const char *what)
{
	return cli_usage_error(cli, "--input=%s: %s", path, what);
}

static int read_mappings(struct cli *cli, const char *path, struct json_object *device,
			 struct device_request *ret)
{
	struct json_object *mappings = json_object_object_get(device, "mappings");
	size_t count = json_count(device, "mappings");

	if (!count)
		return input_error(cli, path, "it has no mappings (list -M prints them)");
	json_object_array_sort(mappings, by_page_offset);
	ret->mappings = calloc(count, sizeof(*ret->mappings));
	if (!ret->mappings)
		return KMEMD_FAILED;
	for (size_t i = 0; i < count; i++) {
		struct json_object *mapping = json_member(device, "mappings", i);

		if (!read_number(mapping, "start", &ret->mappings[i].start) ||
		    !read_number(mapping, "end", &ret->mappings[i].end))
			return input_error(cli, path, "a mapping has no start and end");
	}
	ret->request.mappings = ret->mappings;
	ret->request.mapping_count = count;
	return 0;
}

/* A device as list -M prints it, alone or as the only one of an array. */
static int parse_input(struct cli *cli, struct device_request *ret)
{
	const char *path = cli_value(cli, &option_input);
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct json_object *device;
	unsigned int region, number;
	int r;

	if (!path)
		return 0;
	r = json_read_file(path, &json);
	if (r < 0)
		return input_error(cli, path,
				   r == -EBADMSG ? "it is not JSON, or cut short" : strerror(-r));
	device = json;
	if (json_object_is_type(json, json_type_array) && json_object_array_length(json) == 1)
		device = json_object_array_get_idx(json, 0);
	if (!json_object_is_type(device, json_type_object))
		return input_error(cli, path, "it is not one device");
	if (sscanf(json_text(device, "chardev"), "dax%u.%u", &region, &number) != 2)
		return input_error(cli, path, "it has no chardev such as dax0.1");
	if (!ret->request.has_size)
		ret->request.has_size = read_number(device, "size", &ret->request.size);
	if (!ret->request.align)
		read_number(device, "align", &ret->request.align);
	if (!ret->request.region) {
		snprintf(ret->region, sizeof(ret->region), "%u", region);
		ret->request.region = ret->region;
	}
	return read_mappings(cli, path, device, ret);
}

int device_request_parse(struct cli *cli, enum kmemd_verb verb, struct device_request *ret)
{
	struct kmemd_request *request = &ret->request;
	int r;

	*ret = (struct device_request){
		.request =
			{
				.verb = verb,
				.devices = verb == KMEMD_CREATE_DEVICE ? NULL : cli->arguments,
				.region = cli_value(cli, &option_region),
				.no_online = cli_given(cli, &option_no_online),
				.no_movable = cli_given(cli, &option_no_movable),
				.force = cli_given(cli, &option_force),
				.keep = cli_given(cli, &option_keep),
			},
	};
	r = parse_mode(cli, request);
	if (r == 0)
		r = parse_sizes(cli, request);
	if (r == 0)
		r = parse_input(cli, ret);
	/* "all" means all of them, or none of the filter. */
	if (r == 0 && request->region && !request->region[0])
		return cli_usage_error(cli, "--region= names no region");
	return r;
}

void device_request_release(struct device_request *request)
{
	free(request->mappings);
}
