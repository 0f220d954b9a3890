// SPDX-License-Identifier: GPL-2.0-or-later
/* How jobs bring memory blocks online and take them offline, and what becomes of them otherwise. */
#include "apply-machine.h"

#include "step/block-writer.h"

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

/* A writer that is killed right after the kernel has done what it wrote. */
static int online_then_die(const char *path, const char *value)
{
	unsigned int block;

	if (sscanf(path, "devices/system/memory/memory%u/state", &block) != 1 ||
	    strncmp(value, "online", strlen("online")) || ++fault.counted != idle_writes)
		return 1;
	write_block(sysfs("devices/system/memory/memory%u", block), value);
	kill(getpid(), SIGKILL);
	return 0;
}

static void what_a_killed_writer_had_done_counts(void **state)
{
	struct machine machine = boot(*state, "offline\n", RAM_POLICY);

	write_dax_region = online_then_die;
	idle_writes = 4;
	assert_done(&machine, apply(&machine, "mem0"));
	assert_blocks_are(WINDOW_START, "online", "Movable");
	assert_int_equal(fault.counted, 4);
	assert_done(&machine, drain(&machine, "mem0"));
	assert_as_before(&machine);
	/* Of three, and the undo takes all of them offline again. */
	idle_writes = 3;
	fault.counted = 0;
	assert_int_equal(apply(&machine, "mem0"), -ESRCH);
	write_dax_region = NULL;
	assert_contains(machine.error.message, "after 3 of 4 blocks");
	assert_as_before(&machine);
	power_off(&machine);
}

/* The way back leaves alone what somebody else changed meanwhile. */
static void take_from_the_job(const char *path, const char *value)
{
	(void)value;
	if (!strstr(path, "memory515/state") || fault.counted++)
		return;
	write_block(sysfs("devices/system/memory/memory512"), "offline");
	write_block(sysfs("devices/system/memory/memory512"), "online_kernel");
}

static void the_way_back_leaves_others_changes_alone(void **state)
{
	struct machine machine = boot(*state, "offline\n", RAM_POLICY);

	assert_done(&machine, apply(&machine, "mem0"));
	for (unsigned int i = 512; i < 516; i++)
		write_block(sysfs("devices/system/memory/memory%u", i), "offline");
	fault.before = take_from_the_job;
	fault.path = "*/memory515/state";
	fault.errnum = EBUSY;
	assert_int_equal(apply(&machine, "mem0"), -EBUSY);
	assert_int_equal(machine.error.result, KMEMD_FAILED);
	assert_string_equal(text_of(sysfs("devices/system/memory/memory512/valid_zones")),
			    "Normal");
	assert_true(is_online(512));
	assert_false(is_online(513) || is_online(514) || is_online(515));
	power_off(&machine);
}

/* What the writer opens it closes, by ranges of numbers where it can; what others have stays. */
static void the_writer_closes_only_its_own_files(void **state)
{
	struct machine machine = boot(*state, "offline\n", RAM_POLICY);
	struct changes *changes = calloc(1, sizeof(*changes) + 4 * sizeof(*changes->items));
	bool open_before[64];
	int directory, between;

	assert_non_null(changes);
	assert_done(&machine, apply(&machine, "mem0"));
	directory = open(sysfs("devices/system/memory"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	between = fcntl(directory, F_DUPFD_CLOEXEC, directory + 2);
	assert_int_equal(between, directory + 2);
	for (unsigned int gap = 0; gap < 2; gap++) {
		changes->room = changes->count = 4;
		changes->done = 0;
		changes->node = 1;
		for (unsigned int i = 0; i < 4; i++)
			changes->items[i] = (struct change){.index = 512 + i,
							    .from = BLOCK_STATE_COUNT,
							    .to = gap ? BLOCK_MOVABLE
								      : BLOCK_OFFLINE};
		for (int fd = 0; fd < (int)array_size(open_before); fd++)
			open_before[fd] = fcntl(fd, F_GETFD) >= 0;
		writer_run(changes, directory, 1);
		assert_int_equal(changes->done, 4);
		for (int fd = 0; fd < (int)array_size(open_before); fd++)
			assert_int_equal(fcntl(fd, F_GETFD) >= 0, open_before[fd]);
		/* Then the numbers that it gets follow each other. */
		close(between);
		between = directory;
	}
	close(directory);
	free(changes);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
		with_folder(what_a_killed_writer_had_done_counts),
		with_folder(the_way_back_leaves_others_changes_alone),
		with_folder(the_writer_closes_only_its_own_files),
		with_folder(blocks_in_the_wrong_zone_move),
		with_folder(a_region_that_does_not_commit_says_why),
	};

	return cmocka_run_group_tests_name("apply_blocks", tests, NULL, NULL);
}
