/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/transition.h"

#include "base/cleanup.h"
#include "inventory/memory-block.h"
#include "step/block-writer.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* How often the one who waits looks up: often at first, seldom in the long run. */
#define LOOK_MS	    50
#define LOOK_MAX_MS 1000

static size_t changes_bytes(size_t count)
{
	return sizeof(struct changes) + count * sizeof(struct change);
}

int transition_new(struct transition *transition, const struct dax_device *dax, size_t count)
{
	struct changes *changes = mmap(NULL, changes_bytes(count), PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (changes == MAP_FAILED)
		return -ENOMEM;
	changes->room = count;
	changes->node = dax->target_node;
	changes->current = SIZE_MAX;
	memcpy(transition->dax, dax->name, sizeof(transition->dax));
	transition->node = dax->target_node;
	transition->changes = changes;
	return 0;
}

void transition_release(struct transition *transition)
{
	if (transition->changes)
		munmap(transition->changes, changes_bytes(transition->changes->room));
	transition->changes = NULL;
}

void transition_add(struct transition *transition, uint64_t index, enum block_state to)
{
	struct changes *changes = transition->changes;

	changes->items[changes->count++] = (struct change){
		.index = index,
		.to = to,
		.from = BLOCK_STATE_COUNT,
		.now = BLOCK_STATE_COUNT,
	};
}

size_t transition_turn(size_t count, enum block_state to, size_t turn)
{
	if (to == BLOCK_OFFLINE)
		turn = count - 1 - turn;
	if (count < MANY_BLOCKS || turn == 0)
		return turn;
	return turn == count - 1 ? 1 : turn + 1;
}

size_t transition_count(const struct transition *transition)
{
	return transition->changes->count;
}

const struct change *transition_change(const struct transition *transition, size_t i)
{
	return &transition->changes->items[i];
}

struct transition_sum transition_sum(const struct transition *transition)
{
	struct transition_sum sum = {0};

	for (size_t i = 0; i < transition->changes->count; i++) {
		const struct change *change = &transition->changes->items[i];

		sum.absent += change->absent;
		sum.total += !change->absent;
		sum.done += change->done && !change->absent;
		sum.moved += change->done && !change->absent && change->from != change->to;
		if (!sum.stuck && !change->done)
			sum.stuck = change;
	}
	return sum;
}

/* --- the process that writes --------------------------------------------------------------------
 */

static void become_writer(const struct transition *transition, int directory, pid_t parent,
			  unsigned int attempts)
{
	/* A parent that died before this line has left us to another one. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	writer_run(transition->changes, directory, attempts);
	_exit(0);
}

/*
 * All signals are blocked in the writer, so that a Ctrl-C for the whole terminal does not end it
 * between two of its notes: the parent hears it and decides.
 */
static pid_t start_writer(const struct transition *transition, int directory, unsigned int attempts)
{
	pid_t parent = getpid(), pid;
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		become_writer(transition, directory, parent, attempts);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid < 0 ? -errno : pid;
}

/* --- the one who waits --------------------------------------------------------------------------
 */

/* Tells progress when there is some. */
static void look(const struct run *run, const struct transition *transition,
		 struct deadline *deadline, unsigned int *told)
{
	unsigned int done = transition->changes->done;

	if (done == *told)
		return;
	*told = done;
	deadline_touch(deadline);
	run_progress(run, done, (unsigned int)transition->changes->count);
}

/*
 * Until the writer has ended, which is 0, or has to be ended: -ECANCELED or -ETIMEDOUT. It may have
 * done some already that nobody was told of: told is how many there were before it began.
 */
static int watch(const struct run *run, const struct transition *transition, int pidfd,
		 unsigned int told, struct deadline *deadline)
{
	struct pollfd pollfd = {.fd = pidfd, .events = POLLIN};
	unsigned int interval = LOOK_MS;

	for (;;) {
		int64_t left = deadline_left(deadline);

		if (run_is_cancelled(run))
			return -ECANCELED;
		if (!left)
			return -ETIMEDOUT;
		/* A signal ends the wait, and may be what cancels. */
		if (poll(&pollfd, 1, left < interval ? (int)left : (int)interval) > 0)
			break;
		look(run, transition, deadline, &told);
		interval = interval * 2 > LOOK_MAX_MS ? LOOK_MAX_MS : interval * 2;
	}
	look(run, transition, deadline, &told);
	return 0;
}

/* 0 when it ended by itself, -ESRCH when it was killed. */
static int reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -ESRCH;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ESRCH;
}

/* What a writer that was killed had begun: only the kernel knows how it ended. */
static void settle(struct changes *changes, int directory)
{
	struct change *change;

	if (changes->current >= changes->count)
		return;
	change = &changes->items[changes->current];
	if (change->done || block_read(directory, changes->node, change->index, &change->now) < 0)
		return;
	change->done = change_is_done(change);
	/* The kernel brings only blocks online that are offline. */
	if (change->from == BLOCK_STATE_COUNT && change->touched)
		change->from = BLOCK_OFFLINE;
}

static int outcome(const struct transition *transition)
{
	const struct change *stuck = transition_sum(transition).stuck;

	if (!stuck)
		return 0;
	return stuck->result < 0 ? stuck->result : -ETIMEDOUT;
}

bool transition_may_go_on(const struct transition *transition)
{
	return changes_may_go_on(transition->changes);
}

int transition_run(const struct run *run, struct transition *transition, struct deadline *deadline,
		   unsigned int attempts)
{
	_cleanup_close_ int directory = blocks_open(run->kmemd->sysfs);
	_cleanup_close_ int pidfd = -1;
	unsigned int told;
	int ended, reaped;
	pid_t pid;

	if (directory < 0)
		return directory;
	if (!transition->changes->count)
		return 0;
	told = transition->changes->done;
	pid = start_writer(transition, directory, attempts);
	if (pid < 0)
		return pid;
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	ended = pidfd < 0 ? -errno : watch(run, transition, pidfd, told, deadline);
	if (ended < 0)
		kill(pid, SIGKILL);
	reaped = reap(pid);
	if (ended < 0 || reaped < 0)
		settle(transition->changes, directory);
	if (!transition_sum(transition).stuck)
		return 0;
	if (ended < 0)
		return ended == -ETIMEDOUT && outcome(transition) != -ETIMEDOUT
			       ? outcome(transition)
			       : ended;
	return reaped < 0 ? reaped : outcome(transition);
}
