// SPDX-License-Identifier: GPL-2.0-or-later
/* Jobs on a kernel made of files: they do what policy wants, and undo it when a step fails. */
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
	unsigned int cancel_after; /* blocks; 0: never */
	unsigned int progress;
} told;

static void on_event(void *userdata, const struct kmemd_event *event)
{
	size_t used = strlen(told.messages);

	(void)userdata;
	told.counts[event->type]++;
	if (event->type == KMEMD_EVENT_PROGRESS)
		told.progress = event->done;
	else if (event->message)
		snprintf(told.messages + used, sizeof(told.messages) - used, "%d: %s\n",
			 event->type, event->message);
}

static bool is_cancelled(void *userdata)
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

static struct machine boot(const char *folder, const char *auto_online, const char *policy)
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

static void power_off(struct machine *machine)
{
	if (fault.violation)
		fail_msg("%s", fault.violation);
	assert_int_equal(access(at(machine->kmemd->run, "journal.json"), F_OK), -1);
	kmemd_free(machine->kmemd);
	kmemd_policy_free(machine->policy);
	free(machine->before);
}

static int apply(struct machine *machine, const char *device)
{
	memset(&machine->error, 0, sizeof(machine->error));
	return kmemd_apply(machine->kmemd, machine->policy, device, &job, &machine->error);
}

static int drain(struct machine *machine, const char *device)
{
	memset(&machine->error, 0, sizeof(machine->error));
	return kmemd_drain(machine->kmemd, machine->policy, DRAIN(device), &job, &machine->error);
}

static void assert_done(struct machine *machine, int r)
{
	if (r < 0)
		fail_msg("%s\n%s", machine->error.message, told.messages);
}

/* The whole tree is as it was; shows the first line that differs. */
static void assert_as_before(const struct machine *machine)
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

static void assert_blocks_are(uint64_t start, const char *state, const char *zone)
{
	for (uint64_t i = start / BLOCK; i < start / BLOCK + 4; i++) {
		assert_string_equal(
			text_of(sysfs("devices/system/memory/memory%" PRIu64 "/state", i)), state);
		assert_string_equal(
			text_of(sysfs("devices/system/memory/memory%" PRIu64 "/valid_zones", i)),
			zone);
	}
}

static bool has_record(const struct machine *machine, const char *identity, const char *state)
{
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	const char *path = at(machine->kmemd->run, "devices/%s.json", identity);

	return json_read_file(path, &json) == 0 && !strcmp(json_text(json, "state"), state);
}

/* --- what policy wants
 * ------------------------------------------------------------------------------------------- */

static void an_expander_comes_online_and_is_drained(void **state)
{
	static const char *const auto_onlines[] = {"offline\n", "online\n", "online_kernel\n",
						   "online_movable\n"};

	for (size_t i = 0; i < array_size(auto_onlines); i++) {
		struct machine machine = boot(*state, auto_onlines[i], RAM_POLICY);

		assert_done(&machine, apply(&machine, NULL));
		assert_blocks_are(WINDOW_START, "online", "Movable");
		assert_string_equal(text_of(cxl("region0", "commit")), "1");
		assert_int_equal(told.counts[KMEMD_EVENT_DONE], 1);
		assert_int_equal(told.counts[KMEMD_EVENT_STEP], 3);
		assert_contains(told.messages, "mem0: system-ram by test.conf, 3 steps");
		assert_contains(auto_onlines[i],
				text_of(sysfs("devices/system/memory/auto_online_blocks")));
		/* Again: nothing to do, nothing written. */
		fault.writes = 0;
		assert_done(&machine, apply(&machine, NULL));
		assert_int_equal(fault.writes, 0);
		assert_done(&machine, drain(&machine, "0x1234"));
		assert_as_before(&machine);
		assert_true(has_record(&machine, "cxl-ram:0x1234", "held"));
		/* Held against policy, until a person asks for it. */
		assert_done(&machine, apply(&machine, NULL));
		assert_as_before(&machine);
		assert_done(&machine, apply(&machine, "mem0"));
		assert_blocks_are(WINDOW_START, "online", "Movable");
		assert_false(has_record(&machine, "cxl-ram:0x1234", "held"));
		power_off(&machine);
		folder_remove(at(*state, "sys"));
		folder_remove(at(*state, "run"));
	}
}

static void an_expander_comes_online_in_the_kernel_zone(void **state)
{
	struct machine machine = boot(*state, "online_movable\n", RAM_POLICY "Zone=kernel\n");

	assert_done(&machine, apply(&machine, "mem0"));
	assert_blocks_are(WINDOW_START, "online", "Normal");
	assert_string_equal(text_of(sysfs("devices/system/memory/auto_online_blocks")),
			    "online_movable");
	power_off(&machine);
}

static void an_nvdimm_becomes_system_ram_and_devdax_again(void **state)
{
	struct machine machine = boot(*state, "online\n", NVDIMM_POLICY("system-ram"));

	assert_done(&machine, apply(&machine, NULL));
	assert_blocks_are(NVDIMM_START, "online", "Movable");
	assert_string_equal(driver_of(sysfs("bus/dax/devices/dax1.0")), "kmem");
	assert_string_equal(text_of(sysfs("bus/dax/devices/dax1.0/memmap_on_memory")), "1");
	kmemd_policy_free(machine.policy);
	machine.policy = policy_of(NVDIMM_POLICY("devdax"));
	assert_done(&machine, apply(&machine, NULL));
	assert_string_equal(driver_of(sysfs("bus/dax/devices/dax1.0")), "device_dax");
	write_text(sysfs("bus/dax/devices/dax1.0/memmap_on_memory"), "0\n");
	assert_as_before(&machine);
	power_off(&machine);
}

static void the_shipped_policy_touches_nothing_persistent(void **state)
{
	struct machine machine = boot(*state, "online\n", text_of("policy/50-cxl-ram.conf"));

	assert_done(&machine, apply(&machine, NULL));
	assert_string_equal(driver_of(sysfs("bus/dax/devices/dax1.0")), "device_dax");
	power_off(&machine);
}

static void the_memmap_switch_is_set(void **state)
{
	struct machine machine = boot(*state, "offline\n", NVDIMM_POLICY("system-ram"));

	assert_int_equal(kmemd_memmap_set(machine.kmemd, UUID, true, &job, &machine.error), 0);
	assert_string_equal(text_of(sysfs("bus/dax/devices/dax1.0/memmap_on_memory")), "1");
	assert_string_equal(driver_of(sysfs("bus/dax/devices/dax1.0")), "device_dax");
	assert_int_equal(kmemd_memmap_set(machine.kmemd, UUID, false, &job, &machine.error), 0);
	assert_as_before(&machine);
	assert_done(&machine, apply(&machine, UUID));
	assert_int_equal(kmemd_memmap_set(machine.kmemd, UUID, false, &job, &machine.error),
			 -EBUSY);
	assert_int_equal(machine.error.result, KMEMD_REFUSED);
	assert_int_equal(kmemd_memmap_set(machine.kmemd, "mem9", false, &job, &machine.error),
			 -ENODEV);
	assert_int_equal(machine.error.result, KMEMD_NO_DEVICE);
	assert_int_equal(kmemd_memmap_set(machine.kmemd, "mem0", false, &job, &machine.error),
			 -ENXIO);
	power_off(&machine);
}

static void an_unknown_device_is_told(void **state)
{
	struct machine machine = boot(*state, "offline\n", RAM_POLICY);

	assert_int_equal(apply(&machine, "mem7"), -ENODEV);
	assert_int_equal(machine.error.result, KMEMD_NO_DEVICE);
	assert_contains(machine.error.message, "mem7");
	assert_int_equal(drain(&machine, ""), -ENODEV);
	assert_as_before(&machine);
	power_off(&machine);
}

static void a_refusal_is_told_once(void **state)
{
	struct machine machine = boot(*state, "offline\n", RAM_POLICY);

	write_number_to(cxl("decoder0.0", "size"), 256 * MIB);
	assert_int_equal(apply(&machine, NULL), -EOPNOTSUPP);
	assert_int_equal(machine.error.result, KMEMD_REFUSED);
	assert_contains(machine.error.message, "mem0: no free HPA for a region of 512 MiB");
	assert_true(has_record(&machine, "cxl-ram:0x1234", "refused"));
	assert_int_equal(told.counts[KMEMD_EVENT_FAILED], 1);
	assert_int_equal(apply(&machine, NULL), 0);
	assert_int_equal(told.counts[KMEMD_EVENT_FAILED], 1);
	assert_int_equal(apply(&machine, "mem0"), -EOPNOTSUPP);
	assert_int_equal(told.counts[KMEMD_EVENT_FAILED], 2);
	/* When there is room it goes on by itself. */
	write_number_to(cxl("decoder0.0", "size"), 4 * GIB);
	assert_done(&machine, apply(&machine, NULL));
	assert_blocks_are(WINDOW_START, "online", "Movable");
	assert_false(has_record(&machine, "cxl-ram:0x1234", "refused"));
	power_off(&machine);
}

/* A policy that wants nothing of the device any more: neither does what is known of it. */
static void a_refusal_is_forgotten_when_nothing_is_wanted(void **state)
{
	struct machine machine = boot(*state, "offline\n", RAM_POLICY);

	write_number_to(cxl("decoder0.0", "size"), 256 * MIB);
	assert_int_equal(apply(&machine, NULL), -EOPNOTSUPP);
	assert_true(has_record(&machine, "cxl-ram:0x1234", "refused"));
	kmemd_policy_free(machine.policy);
	machine.policy = policy_of("[Match]\nKind=cxl-ram\n[Memory]\nMode=ignore\n");
	assert_done(&machine, apply(&machine, NULL));
	assert_false(exists(at(machine.kmemd->run, "devices/cxl-ram:0x1234.json")));
	power_off(&machine);
}

/* --- the machine's own setting
 * ------------------------------------------------------------------------------------ */

static void change_setting(const char *path, const char *value)
{
	(void)value;
	if (strstr(path, "memory256/state") || strstr(path, "cxl_region/bind"))
		write_text(sysfs("devices/system/memory/auto_online_blocks"), "online_kernel\n");
}

/* auto_online_blocks is held during a job; what somebody else sets meanwhile is newer and stays. */
static void somebody_elses_setting_stays(void **state)
{
	struct machine machine = boot(*state, "online\n", RAM_POLICY);

	fault.before = change_setting;
	assert_done(&machine, apply(&machine, NULL));
	assert_string_equal(text_of(sysfs("devices/system/memory/auto_online_blocks")),
			    "online_kernel");
	power_off(&machine);
}

static char seen[64];

static void see_setting(const char *path, const char *value)
{
	(void)value;
	if (strstr(path, "cxl_region/bind") || strstr(path, "kmem/bind") ||
	    strstr(path, "kmem/new_id"))
		snprintf(seen, sizeof(seen), "%s",
			 text_of(sysfs("devices/system/memory/auto_online_blocks")));
}

static void the_setting_is_held_while_memory_is_added(void **state)
{
	static const struct {
		const char *before, *policy, *during;
	} cases[] = {
		{"online\n", RAM_POLICY, "online_movable"},
		{"online\n", RAM_POLICY "Zone=kernel\n", "online_kernel"},
		{"online\n", RAM_POLICY "MemmapOnMemory=no\n", "offline"},
		{"online_movable\n", RAM_POLICY, "online_movable"},
		{"offline\n", RAM_POLICY, "offline"},
		{"online\n", NVDIMM_POLICY("system-ram"), "online_movable"},
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		struct machine machine = boot(*state, cases[i].before, cases[i].policy);

		fault.before = see_setting;
		seen[0] = '\0';
		assert_done(&machine, apply(&machine, NULL));
		assert_string_equal(seen, cases[i].during);
		assert_contains(cases[i].before,
				text_of(sysfs("devices/system/memory/auto_online_blocks")));
		power_off(&machine);
		folder_remove(at(*state, "sys"));
		folder_remove(at(*state, "run"));
	}
}

/* --- the block engine
 * --------------------------------------------------------------------------------------------- */

/* The first write to a block fails, the second one does not. */
static void fail_first_block_write(const char *path, const char *value)
{
	(void)value;
	if (strstr(path, "memory514/state") && ++fault.counted == 1)
		fault.at = fault.writes;
}

static void a_block_that_fails_for_a_moment_is_tried_again(void **state)
{
	struct machine machine = boot(*state, "offline\n", RAM_POLICY);

	fault.before = fail_first_block_write;
	fault.errnum = EBUSY;
	assert_done(&machine, apply(&machine, "mem0"));
	assert_int_equal(fault.counted, 2);
	assert_int_equal(sleeps, 1);
	assert_blocks_are(WINDOW_START, "online", "Movable");
	assert_int_equal(told.counts[KMEMD_EVENT_UNDO], 0);
	power_off(&machine);
}

/* The kernel says that it was done, and a look says that it was not: the first times, or ever. */
static unsigned int idle_writes;

static int do_nothing(const char *path, const char *value)
{
	if (!strstr(path, "memory514/state") || strncmp(value, "online", strlen("online")) ||
	    !idle_writes)
		return 1;
	idle_writes--;
	return 0;
}

static void what_became_of_a_block_is_looked_at(void **state)
{
	struct machine machine = boot(*state, "offline\n", RAM_POLICY);

	write_dax_region = do_nothing;
	idle_writes = 1;
	assert_done(&machine, apply(&machine, "mem0"));
	assert_int_equal(sleeps, 1);
	assert_blocks_are(WINDOW_START, "online", "Movable");
	power_off(&machine);
	folder_remove(at(*state, "sys"));
	folder_remove(at(*state, "run"));
	machine = boot(*state, "offline\n", RAM_POLICY);
	idle_writes = UINT_MAX;
	assert_int_equal(apply(&machine, "mem0"), -EAGAIN);
	assert_contains(machine.error.message,
			"memory514 of dax0.0 stays offline after 3 of 4 blocks");
	write_dax_region = NULL;
	power_off(&machine);
}

static void a_block_that_stays_offline_rolls_everything_back(void **state)
{
	struct machine machine = boot(*state, "offline\n", RAM_POLICY);

	fault.path = "*/memory514/state";
	fault.value = "online*";
	fault.errnum = ENOMEM;
	assert_int_equal(apply(&machine, "mem0"), -ENOMEM);
	assert_contains(machine.error.message, "mem0: cannot online 4 memory blocks");
	assert_contains(machine.error.message,
			"memory514 of dax0.0 stays offline after 3 of 4 blocks");
	assert_int_equal(sleeps, 2); /* three attempts */
	assert_true(told.counts[KMEMD_EVENT_UNDO] >= 2);
	assert_as_before(&machine);
	assert_true(has_record(&machine, "cxl-ram:0x1234", "failed"));
	/* By itself it is not tried again; asked for it is. */
	fault.path = NULL;
	assert_done(&machine, apply(&machine, NULL));
	assert_as_before(&machine);
	assert_done(&machine, apply(&machine, "mem0"));
	assert_false(has_record(&machine, "cxl-ram:0x1234", "failed"));
	power_off(&machine);
}

static void what_is_done_is_kept_when_the_policy_says_so(void **state)
{
	struct machine machine = boot(
		*state, "offline\n",
		"[Match]\nKind=cxl-ram\n[Region]\nCreate=yes\n[Memory]\nMode=system-ram\n"
		"[Lifecycle]\nOnFailure=keep\n");

	fault.path = "*/memory514/state";
	fault.errnum = EBUSY;
	assert_int_equal(apply(&machine, "mem0"), -EBUSY);
	assert_int_equal(machine.error.result, KMEMD_PARTLY);
	assert_int_equal(told.counts[KMEMD_EVENT_UNDO], 0);
	assert_true(is_online(512));
	assert_true(is_online(513));
	assert_false(is_online(514));
	assert_true(is_online(515));
	power_off(&machine);
}

/* Offlining is tried until the time is over; then all blocks go back to where they were. */
static void a_block_that_stays_online_ends_a_drain(void **state)
{
	struct machine machine = boot(*state, "offline\n", RAM_POLICY);

	assert_done(&machine, apply(&machine, "mem0"));
	free(machine.before);
	machine.before = kernel_tree();
	fault.path = "*/memory512/state";
	fault.value = "offline";
	fault.errnum = EBUSY;
	assert_int_equal(drain(&machine, "mem0"), -EBUSY);
	assert_contains(machine.error.message,
			"memory512 of dax0.0 stays movable after 3 of 4 blocks");
	assert_true(sleeps > 10);
	assert_as_before(&machine);
	assert_false(has_record(&machine, "cxl-ram:0x1234", "held"));
	fault.path = NULL;
	assert_done(&machine, drain(&machine, "mem0"));
	power_off(&machine);
}

/* The message says who uses the memory. */
static void a_drain_that_fails_says_who_uses_the_memory(void **state)
{
	struct machine machine = boot(*state, "offline\n", RAM_POLICY);

	write_text(at(*state, "sys/devices/system/node/node1/meminfo"),
		   "Node 1 MemTotal:  524288 kB\nNode 1 MemFree:  102400 kB\n"
		   "Node 1 MemUsed:  421888 kB\nNode 1 Mlocked:  307200 kB\n");
	write_text(at(*state, "proc/meminfo"), "MemTotal: 2097152 kB\nMemFree: 204800 kB\n");
	write_text(at(*state, "proc/77/status"),
		   "Name:\tlocker one\nVmLck:\t  307200 kB\nVmPin: 0 kB\n");
	write_text(at(*state, "proc/78/status"), "Name:\tother\nVmLck:\t  1024 kB\nVmPin: 0 kB\n");
	write_text(at(*state, "proc/self/status"), "Name:\tself\nVmLck:\t  999999 kB\n");
	assert_done(&machine, apply(&machine, "mem0"));
	fault.path = "*/memory513/state";
	fault.value = "offline";
	fault.errnum = EBUSY;
	assert_int_equal(drain(&machine, "mem0"), -EBUSY);
	assert_contains(machine.error.message,
			"node 1 holds 412 MiB (300 MiB locked), 100 MiB are free "
			"elsewhere; process 77 (locker one) locks 300 MiB");
	fault.path = NULL;
	power_off(&machine);
}

static void remove_memory(const char *path, const char *value)
{
	(void)value;
	if (!strstr(path, "memory514/state"))
		return;
	for (unsigned int i = 512; i < 516; i++)
		forget_block(i);
	folder_remove(sysfs("bus/dax/devices/dax0.0"));
	folder_remove(sysfs("bus/cxl/devices/region0/dax_region0"));
}

static void a_device_that_vanishes_ends_the_job(void **state)
{
	struct machine machine = boot(*state, "offline\n", RAM_POLICY);

	fault.before = remove_memory;
	assert_int_equal(apply(&machine, "mem0"), -ENODEV);
	assert_int_equal(machine.error.result, KMEMD_NO_DEVICE);
	assert_contains(machine.error.message, "dax0.0 is gone");
	assert_in_range(sleeps, 0, 2);
	assert_as_before(&machine);
	power_off(&machine);
}

/* The process that writes, of which there is one at most. */
static unsigned int children(void)
{
	return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD ? 0 : 1;
}

static void a_job_that_is_cancelled_is_undone(void **state)
{
	struct machine machine = boot(*state, "offline\n", RAM_POLICY);

	fault.hang = "*/memory514/state";
	told.cancel_after = 2;
	assert_int_equal(apply(&machine, "mem0"), -ECANCELED);
	assert_int_equal(children(), 0);
	assert_contains(machine.error.message, "cancelled after 2 of 4 blocks");
	assert_as_before(&machine);
	/* That is nobody's failure: policy tries again. */
	assert_false(has_record(&machine, "cxl-ram:0x1234", "failed"));
	fault.hang = NULL;
	memset(&told, 0, sizeof(told));
	assert_done(&machine, apply(&machine, NULL));
	assert_blocks_are(WINDOW_START, "online", "Movable");
	memset(&told, 0, sizeof(told));
	told.cancel_after = 1;
	fault.hang = "*/memory513/state";
	fault.value = "offline";
	assert_int_equal(drain(&machine, "mem0"), -ECANCELED);
	assert_contains(machine.error.message, "cancelled after 2 of 4 blocks");
	assert_blocks_are(WINDOW_START, "online", "Movable");
	assert_int_equal(children(), 0);
	memset(&told, 0, sizeof(told));
	power_off(&machine);
}

/* In the page allocator no signal but SIGKILL reaches a write; the deadline holds all the same. */
static void a_write_that_never_returns_ends_at_the_deadline(void **state)
{
	struct machine machine = boot(*state, "offline\n", RAM_POLICY);
	struct timespec before, after;

	assert_done(&machine, apply(&machine, "mem0"));
	free(machine.before);
	machine.before = kernel_tree();
	fault.hang = "*/memory514/state";
	fault.value = "offline";
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(drain(&machine, "mem0"), -ETIMEDOUT); /* DrainTimeoutSec=1 */
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_in_range(after.tv_sec - before.tv_sec, 0, 10);
	assert_int_equal(children(), 0);
	assert_contains(machine.error.message,
			"memory514 of dax0.0 stays movable (and 2 more) after 1 of 4 blocks: not "
			"within the time allowed");
	assert_as_before(&machine);
	fault.hang = NULL;
	assert_done(&machine, drain(&machine, "mem0"));
	power_off(&machine);
}

/* Another process asks for the lock; what it gets is written into a file. */
static pid_t ask_for_the_lock(const struct machine *machine, const char *answer)
{
	pid_t pid = fork();
	int lock;

	if (pid)
		return pid;
	lock = lock_take(machine->kmemd, &job, NULL);
	write_text(answer, lock >= 0 ? "got it\n" : "failed\n");
	_exit(0);
}

/* The one who waits is killed; the writer dies with it, and only then is the lock free. */
static void the_writer_dies_with_its_job(void **state)
{
	struct machine machine = boot(*state, "offline\n", RAM_POLICY);
	char answer[600];
	pid_t pid, asker;
	int status;

	snprintf(answer, sizeof(answer), "%s/answer", (const char *)*state);
	fault.hang = "*/memory514/state";
	pid = fork();
	if (pid == 0)
		_exit(apply(&machine, "mem0") < 0);
	while (!is_online(513))
		usleep(1000);
	asker = ask_for_the_lock(&machine, answer);
	usleep(20000);
	assert_false(exists(answer));
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(waitpid(asker, &status, 0), asker); /* so the lock was let go */
	assert_string_equal(text_of(answer), "got it");
	fault.hang = NULL;
	assert_done(&machine, apply(&machine, "mem0")); /* which finishes it */
	assert_int_equal(told.counts[KMEMD_EVENT_RECOVERED], 1);
	assert_blocks_are(WINDOW_START, "online", "Movable");
	power_off(&machine);
}

/* By the kernel's OOM killer, say: the blocks go back, and the job says what happened. */
static void a_writer_that_is_killed_is_told(void **state)
{
	struct machine machine = boot(*state, "offline\n", RAM_POLICY);

	fault.kill = "*/memory514/state";
	assert_int_equal(apply(&machine, "mem0"), -ESRCH);
	assert_contains(machine.error.message, "the process that writes was killed");
	fault.kill = NULL;
	assert_as_before(&machine);
	power_off(&machine);
}

static void blocks_in_the_wrong_zone_move(void **state)
{
	struct machine machine = boot(*state, "online_kernel\n", NVDIMM_POLICY("system-ram"));

	/* Somebody else has bound it, and the kernel has put its blocks where they do not belong.
	 */
	assert_int_equal(dax_unbind("dax1.0"), 0);
	write_text(sysfs("bus/dax/devices/dax1.0/memmap_on_memory"), "1\n");
	assert_int_equal(dax_bind("dax1.0", "kmem"), 0);
	assert_blocks_are(NVDIMM_START, "online", "Normal");
	assert_done(&machine, apply(&machine, NULL));
	assert_blocks_are(NVDIMM_START, "online", "Movable");
	power_off(&machine);
}

static void a_region_that_does_not_commit_says_why(void **state)
{
	struct machine machine = boot(*state, "offline\n", RAM_POLICY);

	write_text(at(*state, "proc/cpuinfo"),
		   "processor: 0\nflags : fpu vme hypervisor lahf_lm\n");
	fault.path = "*/region0/commit";
	fault.value = "1";
	fault.errnum = ENXIO;
	assert_int_equal(apply(&machine, "mem0"), -ENXIO);
	assert_contains(machine.error.message, "commit");
	assert_contains(machine.error.message, "under a hypervisor");
	assert_as_before(&machine);
	power_off(&machine);
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(an_expander_comes_online_and_is_drained),
		with_folder_without_input(an_expander_comes_online_and_is_drained),
		with_folder(an_expander_comes_online_in_the_kernel_zone),
		with_folder(an_nvdimm_becomes_system_ram_and_devdax_again),
		with_folder(the_shipped_policy_touches_nothing_persistent),
		with_folder(the_memmap_switch_is_set),
		with_folder(an_unknown_device_is_told),
		with_folder(a_refusal_is_told_once),
		with_folder(a_refusal_is_forgotten_when_nothing_is_wanted),
		with_folder(somebody_elses_setting_stays),
		with_folder(the_setting_is_held_while_memory_is_added),
		with_folder(a_block_that_fails_for_a_moment_is_tried_again),
		with_folder(what_became_of_a_block_is_looked_at),
		with_folder(a_block_that_stays_offline_rolls_everything_back),
		with_folder(what_is_done_is_kept_when_the_policy_says_so),
		with_folder(a_block_that_stays_online_ends_a_drain),
		with_folder(a_drain_that_fails_says_who_uses_the_memory),
		with_folder(a_device_that_vanishes_ends_the_job),
		with_folder(a_job_that_is_cancelled_is_undone),
		with_folder(a_write_that_never_returns_ends_at_the_deadline),
		with_folder(the_writer_dies_with_its_job),
		with_folder(a_writer_that_is_killed_is_told),
		with_folder(blocks_in_the_wrong_zone_move),
		with_folder(a_region_that_does_not_commit_says_why),
	};

	return cmocka_run_group_tests_name("apply", tests, NULL, NULL);
}
