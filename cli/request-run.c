/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/request-run.h"

#include "base/error.h"
#include "cli/cli.h"
#include "cli/job-events.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/plan-text.h"
#include "cli/request-config.h"
#include "cli/request-options.h"
#include "doctor/onliners.h"
#include "job/event.h"
#include "job/request-job.h"
#include "plan/plan-request.h"
#include "policy/load-policy.h"
#include "policy/policy.h"
#include "json/list-json.h"

static const struct request_verb *current;

/* --- results ------------------------------------------------------------------------------------
 */

static bool is_done(const struct json_object *result)
{
	const char *word = json_text(result, "result");

	return !strcmp(word, "done") || !strcmp(word, "unchanged");
}

static bool is_changed(const struct json_object *result)
{
	const char *word = json_text(result, "result");

	return !strcmp(word, "done") || !strcmp(word, "partly");
}

static unsigned int count_done(const struct json_object *results)
{
	unsigned int count = 0;

	for (size_t i = 0; i < json_count(results, "devices"); i++)
		count += is_done(json_member(results, "devices", i));
	return count;
}

static struct json_object *find_chardev(const struct json_object *report, const char *name)
{
	for (size_t i = 0; i < json_count(report, "list"); i++) {
		struct json_object *device = json_member(report, "list", i);

		if (!strcmp(json_text(device, "chardev"), name))
			return device;
	}
	return NULL;
}

/* The devices that results are about, as daxctl shows them; NULL when they cannot be read. */
static struct json_object *read_devices(struct cli *cli, const struct json_object *results)
{
	size_t count = json_count(results, "devices");
	_cleanup_free_ char **names = calloc(count + 1, sizeof(*names));
	struct json_object *report = NULL;
	struct kmemd_error error;

	for (size_t i = 0; names && i < count; i++)
		names[i] = (char *)json_text(json_member(results, "devices", i), "device");
	if (names)
		kmemd_report_list(cli->kmemd,
				  &(struct kmemd_list){
					  .devices = names,
					  .show_devices = true,
					  .human = cli_given(cli, &option_human),
				  },
				  &report, &error);
	return report;
}

static bool is_chardev(const char *name)
{
	unsigned int region, number;

	return sscanf(name, "dax%u.%u", &region, &number) == 2;
}

/* Each device with what came of it; one that is gone has nothing else. */
static void print_devices(struct cli *cli, const struct json_object *results,
			  const struct json_object *report)
{
	_cleanup_(json_object_putp) struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < json_count(results, "devices"); i++) {
		struct json_object *result = json_member(results, "devices", i);
		struct json_object *device = find_chardev(report, json_text(result, "device"));

		if (device)
			json_object_array_add(array, json_object_get(device));
		else
			device = json_append_object(array);
		/* A dax region that nothing could be cut from has no device to show. */
		json_put_text(device,
			      is_chardev(json_text(result, "device")) ? "chardev" : "device",
			      json_text(result, "device"));
		json_put_text(device, "result", json_text(result, "result"));
		json_put_bool(device, "changed", is_changed(result));
		if (json_text(result, "error")[0]) {
			json_put_text(device, "error", json_text(result, "error"));
			json_put_int(device, "exit_code", json_get_int(result, "exit_code"));
		}
	}
	if (json_object_array_length(array))
		cli_print_daxctl(cli, array);
}

/* After a failure or a cancellation: what the device is now. */
static void tell_state(const struct json_object *device)
{
	const char *state = json_text(device, "state");

	if (!state[0] && json_object_object_get_ex(device, "total_memblocks", NULL))
		cli_say("%s is now %s, %lu of %lu memory blocks online",
			json_text(device, "chardev"), json_text(device, "mode"),
			(unsigned long)json_get_u64(device, "online_memblocks"),
			(unsigned long)json_get_u64(device, "total_memblocks"));
	else
		cli_say("%s is now %s", json_text(device, "chardev"),
			state[0] ? state : json_text(device, "mode"));
}

static void tell_states(const struct json_object *results, const struct json_object *report)
{
	for (size_t i = 0; i < json_count(results, "devices"); i++) {
		struct json_object *result = json_member(results, "devices", i);
		const char *word = json_text(result, "result");
		struct json_object *device = find_chardev(report, json_text(result, "device"));

		if (device && (!strcmp(word, "failed") || !strcmp(word, "partly")))
			tell_state(device);
	}
}

static bool wants_devices(const struct cli *cli)
{
	return cli_given(cli, &option_json) ? cli->json != JSON_OFF : current->prints_devices;
}

static bool any_failed(const struct json_object *results)
{
	for (size_t i = 0; i < json_count(results, "devices"); i++)
		if (json_get_int(json_member(results, "devices", i), "exit_code"))
			return true;
	return false;
}

/* --- doing it -----------------------------------------------------------------------------------
 */

static int dry_run(struct cli *cli, const struct kmemd_request *request)
{
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct kmemd_error error = {0};

	if (kmemd_report_request(cli->kmemd, request, &json, &error) < 0)
		return cli_fail(&error);
	return cli_print_plan(cli, json);
}

/* Whether what is asked for may be what policy wants, too: else the device is held anyway. */
static bool needs_policy(const struct kmemd_request *request)
{
	return request->verb == KMEMD_ONLINE_MEMORY ||
	       (request->mode == KMEMD_MODE_SYSTEM_RAM && !request->no_online);
}

/* What doctor would find afterwards is said before. */
static void tell_onliners(struct cli *cli, const struct kmemd_request *request)
{
	onliner_list list = {0};
	char text[512];

	if (request->verb != KMEMD_OFFLINE_MEMORY && !request->no_online)
		return;
	if (onliners_read(cli->kmemd, &list) == 0 && onliners_text(&list, text, sizeof(text)))
		cli_say("kmemctl: %s: what is taken offline here may not stay so", text);
	free(list.items);
}

static int run_request(struct cli *cli, const struct kmemd_request *request)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	_cleanup_(json_object_putp) struct json_object *results = NULL, *report = NULL;
	struct kmemd_job job = cli_job(cli);
	struct kmemd_error error = {0};
	unsigned int count;
	int r;

	tell_onliners(cli, request);
	if (cli->dry_run)
		return dry_run(cli, request);
	/* Without a policy there is nothing that could be fought: its mistakes are told elsewhere.
	 */
	if (needs_policy(request))
		kmemd_policy_load(cli->kmemd, &policy, &error);
	cli->quiet = !cli_given(cli, &option_verbose);
	cli->tells_failures = true;
	cli->failures_told = 0;
	memset(&error, 0, sizeof(error));
	r = kmemd_request(cli->kmemd, policy, request, &job, &results, &error);
	cli_job_end(cli, r, &error);
	if (r < 0 && !cli->failures_told)
		cli_fail(&error);
	if (!results) /* it never began */
		return error.result;
	if (wants_devices(cli) || any_failed(results))
		report = read_devices(cli, results);
	tell_states(results, report);
	if (wants_devices(cli))
		print_devices(cli, results, report);
	count = count_done(results);
	cli_say("%s %u device%s", current->done, count, count == 1 ? "" : "s");
	return r < 0 ? (int)error.result : KMEMD_DONE;
}

int request_run(struct cli *cli, const struct request_verb *verb)
{
	struct device_request parsed;
	int r = device_request_parse(cli, verb->verb, &parsed);

	current = verb;
	if (r == 0)
		r = cli_given(cli, &option_check_config)
			    ? device_check_config(cli, &parsed.request, run_request)
			    : run_request(cli, &parsed.request);
	device_request_release(&parsed);
	return r;
}
