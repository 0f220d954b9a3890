/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_TEST_TWO_EXPANDERS_H
#define KMEMD_TEST_TWO_EXPANDERS_H
/*
 * A machine with two equal expanders, mem0 and mem1, on a kernel made of files, and what jobs say
 * of it. folder_setup() and folder_teardown() go around a test.
 */
#include "base/error.h"
#include "context.h"
#include "fake-kernel.h"
#include "job/drain-job.h"
#include "job/event.h"
#include "job/policy-job.h"
#include "policy/policy.h"

#define FIRST  "cxl-ram:0x1234"
#define SECOND "cxl-ram:0x5678"
#define POLICY(region)                                                                             \
	"[Match]\nKind=cxl-ram\n[Region]\nCreate=yes\n" region "[Memory]\nMode=system-ram\n"

static struct told {
	char messages[4096];
	unsigned int retry_ms, waited;
} told;

static inline void on_event(void *userdata, const struct kmemd_event *event)
{
	size_t used = strlen(told.messages);

	(void)userdata;
	if (event->type == KMEMD_EVENT_WAITING) {
		told.retry_ms = event->retry_ms;
		told.waited++;
	} else if (event->message) {
		snprintf(told.messages + used, sizeof(told.messages) - used, "%s\n",
			 event->message);
	}
}

static inline bool is_cancelled(void *userdata)
{
	(void)userdata;
	return false;
}

static const struct kmemd_job by_hand = {.event = on_event, .cancelled = is_cancelled};
static const struct kmemd_job by_daemon
	__attribute__((unused)) = {.event = on_event, .cancelled = is_cancelled, .waits = true};

struct machine {
	struct kmemd *kmemd;
	struct kmemd_policy *policy;
	struct kmemd_error error;
	char *before;
};

static inline struct machine boot(const char *folder, const char *policy)
{
	char run[600], proc[600];
	struct kmemd_paths paths = {.sysfs = kernel, .run = run, .procfs = proc};
	struct machine machine = {.policy = policy_of(policy)};

	kernel_boot(folder, "offline");
	kernel_plug_second();
	memset(&told, 0, sizeof(told));
	snprintf(run, sizeof(run), "%s/run", folder);
	snprintf(proc, sizeof(proc), "%s/proc", folder);
	assert_int_equal(kmemd_new(&machine.kmemd, &paths), 0);
	machine.before = kernel_tree();
	return machine;
}

static inline void power_off(struct machine *machine)
{
	if (fault.violation)
		fail_msg("%s", fault.violation);
	kmemd_free(machine->kmemd);
	kmemd_policy_free(machine->policy);
	free(machine->before);
}

static inline int apply(struct machine *machine, const struct kmemd_job *job, const char *device)
{
	memset(&machine->error, 0, sizeof(machine->error));
	return kmemd_apply(machine->kmemd, machine->policy, device, job, &machine->error);
}

static inline void assert_applied(struct machine *machine, const struct kmemd_job *job,
				  const char *device)
{
	if (apply(machine, job, device) < 0)
		fail_msg("%s\n%s", machine->error.message, told.messages);
}

static inline const char *record_path_of(const struct machine *machine, const char *identity)
{
	return at(machine->kmemd->run, "devices/%s.json", identity);
}

static inline void assert_record(const struct machine *machine, const char *identity,
				 const char *state)
{
	_cleanup_(json_object_putp) struct json_object *json = NULL;

	assert_int_equal(json_read_file(record_path_of(machine, identity), &json), 0);
	assert_string_equal(json_text(json, "state"), state);
}

static inline void assert_interleaved(void)
{
	assert_string_equal(text_of(cxl("region0", "commit")), "1");
	assert_int_equal(number_of(cxl("region0", "interleave_ways")), 2);
	assert_int_equal(number_of(cxl("region0", "size")), 8 * BLOCK);
	assert_string_equal(text_of(cxl("region0", "target0")), "decoder2.0");
	assert_string_equal(text_of(cxl("region0", "target1")), "decoder3.0");
	assert_string_equal(text_of(sysfs("devices/system/memory/memory%" PRIu64 "/state",
					  WINDOW_START / BLOCK + 7)),
			    "online");
}

static inline void assert_as_before(const struct machine *machine)
{
	_cleanup_free_ char *now = kernel_tree();

	assert_string_equal(now, machine->before);
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

#endif
