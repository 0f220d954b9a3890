/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_TEST_APPLY_MACHINE_H
#define KMEMD_TEST_APPLY_MACHINE_H
/* Jobs on a kernel made of files, what they tell, and how the machine is then. */
#include "base/error.h"
#include "context.h"
#include "fake-kernel.h"
#include "job/drain-job.h"
#include "job/event.h"
#include "job/lock.h"
#include "job/memmap-job.h"
#include "job/policy-job.h"
#include "policy/policy.h"

#include <sys/wait.h>

#define UUID "01234567-89ab-cdef-0123-456789abcdef"
#define RAM_POLICY                                                                                 \
	"[Match]\nKind=cxl-ram\n[Region]\nCreate=yes\n[Lifecycle]\nDrainTimeoutSec=1\n"            \
	"[Memory]\nMode=system-ram\n"
#define NVDIMM_POLICY(mode)                                                                        \
	"[Match]\nUuid=" UUID "\n[Lifecycle]\nDrainTimeoutSec=1\n[Memory]\nMode=" mode "\n"

/* What a job told. */
static struct told {
	unsigned int counts[KMEMD_EVENT_NOTICE + 1];
	char messages[4096];
	uint64_t duration_usec;	   /* of the last that was done */
	char steps[128];	   /* "1/2 2/2 ", as they began */
	unsigned int cancel_after; /* blocks; 0: never */
	unsigned int progress;
} told;

static inline void on_event(void *userdata, const struct kmemd_event *event)
{
	size_t used = strlen(told.messages);

	(void)userdata;
	told.counts[event->type]++;
	if (event->type == KMEMD_EVENT_DONE)
		told.duration_usec = event->duration_usec;
	if (event->type == KMEMD_EVENT_STEP)
		snprintf(told.steps + strlen(told.steps), sizeof(told.steps) - strlen(told.steps),
			 "%u/%u ", event->done, event->total);
	if (event->type == KMEMD_EVENT_PROGRESS)
		told.progress = event->done;
	else if (event->message)
		snprintf(told.messages + used, sizeof(told.messages) - used, "%d: %s\n",
			 event->type, event->message);
}

static inline bool is_cancelled(void *userdata)
{
	(void)userdata;
	return told.cancel_after && told.progress >= told.cancel_after;
}

static const struct kmemd_job job = {.event = on_event, .cancelled = is_cancelled};

struct machine {
	struct kmemd *kmemd;
	struct kmemd_policy *policy;
	struct kmemd_error error;
	char *before;
};

static inline struct machine boot(const char *folder, const char *auto_online, const char *policy)
{
	char run[600], proc[600];
	struct kmemd_paths paths = {.sysfs = kernel, .run = run, .procfs = proc};
	struct machine machine = {.policy = policy_of(policy)};

	kernel_boot(folder, auto_online);
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
	assert_int_equal(access(at(machine->kmemd->run, "journal.json"), F_OK), -1);
	kmemd_free(machine->kmemd);
	kmemd_policy_free(machine->policy);
	free(machine->before);
}

static inline int apply(struct machine *machine, const char *device)
{
	memset(&machine->error, 0, sizeof(machine->error));
	return kmemd_apply(machine->kmemd, machine->policy, device, &job, &machine->error);
}

static inline int drain(struct machine *machine, const char *device)
{
	memset(&machine->error, 0, sizeof(machine->error));
	return kmemd_drain(machine->kmemd, machine->policy, DRAIN(device), &job, &machine->error);
}

static inline void assert_done(struct machine *machine, int r)
{
	if (r < 0)
		fail_msg("%s\n%s", machine->error.message, told.messages);
}

/* The whole tree is as it was; shows the first line that differs. */
static inline void assert_as_before(const struct machine *machine)
{
	_cleanup_free_ char *now = kernel_tree();
	size_t same = 0;

	if (!strcmp(now, machine->before))
		return;
	while (now[same] && now[same] == machine->before[same])
		same++;
	while (same && now[same - 1] != '\n')
		same--;
	fail_msg("the tree is not as it was: '%.*s' instead of '%.*s' (%s)\n%s",
		 (int)strcspn(now + same, "\n"), now + same,
		 (int)strcspn(machine->before + same, "\n"), machine->before + same,
		 machine->error.message, told.messages);
}

static inline void assert_blocks_are(uint64_t start, const char *state, const char *zone)
{
	for (uint64_t i = start / BLOCK; i < start / BLOCK + 4; i++) {
		assert_string_equal(
			text_of(sysfs("devices/system/memory/memory%" PRIu64 "/state", i)), state);
		assert_string_equal(
			text_of(sysfs("devices/system/memory/memory%" PRIu64 "/valid_zones", i)),
			zone);
	}
}

static inline bool has_record(const struct machine *machine, const char *identity,
			      const char *state)
{
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	const char *path = at(machine->kmemd->run, "devices/%s.json", identity);

	return json_read_file(path, &json) == 0 && !strcmp(json_text(json, "state"), state);
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

#endif
