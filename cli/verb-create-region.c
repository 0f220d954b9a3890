/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"
#include "base/parse.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/job-events.h"
#include "cli/message.h"
#include "cli/plan-text.h"
#include "cli/verb.h"
#include "job/region-job.h"

#include <string.h>

static const struct cli_option option_ways = {
	"ways",
	'w',
	.value = VALUE_NEEDED,
	.value_name = "NUMBER",
	.text = "how many memdevs are named, to be sure",
};
static const struct cli_option option_granularity = {
	"granularity",
	'g',
	.value = VALUE_NEEDED,
	.value_name = "BYTES",
	.text = "that go to one memdev before the next: 256 to 16K, a power of two",
};
static const struct cli_option option_region_size = {
	"size",
	's',
	.value = VALUE_NEEDED,
	.value_name = "SIZE",
	.text = "of the region; a multiple of 256 MiB for each memdev",
};
static const struct cli_option option_decoder = {
	"decoder",
	'd',
	.value = VALUE_NEEDED,
	.value_name = "DECODER",
	.text = "the root decoder of the CXL window that it is to lie in",
};
static const struct cli_option option_type = {
	"type",
	't',
	.value = VALUE_NEEDED,
	.value_name = "TYPE",
	.text = "ram, which is what is meant without it",
};
static const struct cli_option option_memdevs = {
	"memdevs",
	'm',
	.text = "the arguments are memdevs, as they always are here",
};

static int parse_granularity(struct cli *cli, unsigned int *ret)
{
	const char *text = cli_value(cli, &option_granularity);
	uint64_t value;

	if (!text)
		return 0;
	if (parse_size(text, &value) < 0 || value < 256 || value > 16384 || (value & (value - 1)))
		return cli_usage_error(cli,
				       "--granularity=%s: allowed are 256, 512, 1K, 2K, 4K, 8K and "
				       "16K",
				       text);
	*ret = (unsigned int)value;
	return 0;
}

static int parse_region_size(struct cli *cli, uint64_t *ret)
{
	const char *text = cli_value(cli, &option_region_size);

	if (text && (parse_size(text, ret) < 0 || !*ret))
		return cli_usage_error(cli,
				       "--size=%s: a number of bytes is needed, also with K, M, G "
				       "or T",
				       text);
	return 0;
}

/* What the planner need not know, because only one value of it makes sense. */
static int check_ways_and_type(struct cli *cli)
{
	const char *ways = cli_value(cli, &option_ways), *type = cli_value(cli, &option_type);
	uint64_t value;

	if (type && strcmp(type, "ram") != 0)
		return cli_usage_error(cli,
				       "--type=%s: allowed is ram; for persistent capacity there "
				       "is 'cxl create-region -t pmem'",
				       type);
	if (ways && (parse_u64(ways, &value) < 0 || value != (uint64_t)cli->argument_count))
		return cli_usage_error(cli,
				       "--ways=%s: allowed is %d, the number of memdevs that are "
				       "named",
				       ways, cli->argument_count);
	return 0;
}

static int parse(struct cli *cli, struct kmemd_region_request *ret)
{
	int r = check_ways_and_type(cli);

	*ret = (struct kmemd_region_request){
		.memdevs = cli->arguments,
		.root_decoder = cli_value(cli, &option_decoder),
	};
	if (r == 0)
		r = parse_granularity(cli, &ret->granularity);
	return r ? r : parse_region_size(cli, &ret->size);
}

static int dry_run(struct cli *cli, const struct kmemd_policy *policy,
		   const struct kmemd_region_request *request)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct kmemd_error error = {0};
	int r = cli_read_inventory(cli, &inventory, &error);

	if (r >= 0)
		r = kmemd_report_region(cli->kmemd, inventory, policy, request, &json, &error);
	return r < 0 ? cli_fail(&error) : cli_print_plan(cli, json);
}

static int run(struct cli *cli)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	struct kmemd_region_request request;
	struct kmemd_error error = {0};
	char name[DEVICE_NAME_MAX];
	struct kmemd_job job;
	int r = parse(cli, &request);

	if (r)
		return r;
	if (cli_load_policy(cli, &policy, &error) < 0)
		return cli_fail(&error);
	if (cli->dry_run)
		return dry_run(cli, policy, &request);
	job = cli_job(cli);
	r = kmemd_create_region(cli->kmemd, policy, &request, &job, name, &error);
	cli->region = name;
	return cli_job_finish(cli, r, &error);
}

const struct cli_verb verb_create_region = {
	"create-region",
	"MEMDEV [MEMDEV...]",
	"make a volatile CXL region of memdevs, and bring it into use as policy says",
	OPTIONS(&option_json, &option_dry_run, &option_memdevs, &option_ways, &option_granularity,
		&option_region_size, &option_decoder, &option_type, &option_policy),
	run,
	1,
	ANY_NUMBER,
};
