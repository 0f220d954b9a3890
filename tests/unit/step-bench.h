/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_TEST_STEP_BENCH_H
#define KMEMD_TEST_STEP_BENCH_H
/* Single steps on a kernel made of files: a run of one step, without the job around it. */
/* Functions of the library have the same names; here these are what the kernel does. */
#define region_bind   kernel_region_bind
#define region_unbind kernel_region_unbind
#define dax_bind      kernel_dax_bind
#define dax_unbind    kernel_dax_unbind
#include "fake-kernel.h"
#undef region_bind
#undef region_unbind
#undef dax_bind
#undef dax_unbind

#include "step/run.h"

static struct bench {
	struct kmemd *kmemd;
	struct run run;
	struct kmemd_job job;
	struct step step;
	char made[1][DEVICE_NAME_MAX];
	struct kmemd_error error;
	unsigned int saved;
	bool cancelled;
	int save_result;
	char told[512]; /* the last message */
} bench;

static void on_event(void *userdata, const struct kmemd_event *event)
{
	(void)userdata;
	if (event->message)
		snprintf(bench.told, sizeof(bench.told), "%s", event->message);
}

static bool is_cancelled(void *userdata)
{
	(void)userdata;
	return bench.cancelled;
}

static int save(struct run *run, struct kmemd_error *error)
{
	(void)run;
	bench.saved++;
	return bench.save_result < 0 ? error_errno(error, -bench.save_result, "no room") : 0;
}

static int setup(void **state)
{
	char proc[600];
	int r = folder_setup(state);

	memset(&bench, 0, sizeof(bench));
	kernel_boot(*state, "offline\n");
	snprintf(proc, sizeof(proc), "%s/proc", (const char *)*state);
	assert_int_equal(
		kmemd_new(&bench.kmemd, &(struct kmemd_paths){.sysfs = kernel, .procfs = proc}), 0);
	bench.job = (struct kmemd_job){.event = on_event, .cancelled = is_cancelled};
	bench.run = (struct run){.kmemd = bench.kmemd,
				 .job = &bench.job,
				 .block_size = BLOCK,
				 .steps = &bench.step,
				 .step_count = 1,
				 .made = bench.made,
				 .offline = {.total_sec = 1, .stall_sec = 1},
				 .undo = json_object_new_array(),
				 .save = save};
	return r;
}

static int teardown(void **state)
{
	json_object_put(bench.run.undo);
	kmemd_free(bench.kmemd);
	return folder_teardown(state);
}

static int do_step(enum step_type type, const char *target)
{
	bench.step.type = type;
	snprintf(bench.step.target.name, sizeof(bench.step.target.name), "%s", target);
	memset(&bench.error, 0, sizeof(bench.error));
	return step_operations(type)->run(&bench.run, &bench.step, &bench.error);
}

static size_t undo_count(void)
{
	return json_object_array_length(bench.run.undo);
}

#endif
