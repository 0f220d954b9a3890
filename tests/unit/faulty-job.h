/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_TEST_FAULTY_JOB_H
#define KMEMD_TEST_FAULTY_JOB_H
/*
 * A job of any kind on the fake kernel, whose every write and every read fails once: what it says
 * is done is done, what it says is not is as it was, or is said, and the next try finds nothing in
 * its way. Include this once in a test program, in place of fake-kernel.h.
 */
#include "fake-kernel.h"

#include "base/error.h"
#include "context.h"
#include "job/event.h"
#include "job/records.h"

#define READS_MAX  2000 /* no job needs more; more means that it does not end */
#define WRITES_MAX 200

static char messages[8192];
static unsigned int recovered;

static void on_event(void *userdata, const struct kmemd_event *event)
{
	size_t used = strlen(messages);

	(void)userdata;
	recovered += event->type == KMEMD_EVENT_RECOVERED;
	if (event->message)
		snprintf(messages + used, sizeof(messages) - used, "%d: %s\n", event->type,
			 event->message);
}

static unsigned int cancel_at; /* the number of the write after which a job is cancelled, 0: none */

/* Not while a child writes: it would be killed, and has no kernel that ends its write for it. */
static bool is_cancelled(void *userdata)
{
	siginfo_t info;

	(void)userdata;
	return cancel_at && fault.writes >= cancel_at &&
	       waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0;
}

struct machine {
	struct kmemd *kmemd;
	struct kmemd_policy *policy;
	struct kmemd_error error;
	struct json_object *results; /* of the last request */
	char *before;		     /* the picture that was taken last */
};

static inline void take_picture(struct machine *machine)
{
	free(machine->before);
	machine->before = kernel_tree();
}

/* An empty folder for the next machine. */
static void clear_folder(const char *folder)
{
	folder_remove(at(folder, "sys"));
	folder_remove(at(folder, "run"));
	messages[0] = '\0';
	recovered = 0;
	write_dax_region = NULL;
}

/* The kernel has been booted. */
static struct machine start_kmemd(const char *folder, const char *policy)
{
	char run[600], proc[600];
	struct kmemd_paths paths = {.sysfs = kernel, .run = run, .procfs = proc};
	struct machine machine = {.policy = policy_of(policy)};

	snprintf(run, sizeof(run), "%s/run", folder);
	snprintf(proc, sizeof(proc), "%s/proc", folder);
	assert_int_equal(kmemd_new(&machine.kmemd, &paths), 0);
	return machine;
}

static inline bool has_journal(const struct machine *machine)
{
	return exists(at(machine->kmemd->run, "journal.json"));
}

static void power_off(struct machine *machine)
{
	if (fault.violation)
		fail_msg("%s\n%s", fault.violation, messages);
	assert_false(has_journal(machine));
	assert_true(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD); /* no zombies */
	kmemd_free(machine->kmemd);
	kmemd_policy_free(machine->policy);
	json_object_put(machine->results);
	free(machine->before);
}

/* --- comparing
 * -----------------------------------------------------------------------------------------------
 */

static bool is_tree(const char *wanted)
{
	_cleanup_free_ char *now = kernel_tree();

	return !strcmp(now, wanted);
}

/* The first line in which the tree is not as it was; valid until the next call. */
static const char *first_difference(const char *before)
{
	static char line[1024];
	_cleanup_free_ char *now = kernel_tree();
	size_t same = 0;

	while (now[same] && now[same] == before[same])
		same++;
	while (same && now[same - 1] != '\n')
		same--;
	snprintf(line, sizeof(line), "'%.*s' instead of '%.*s'", (int)strcspn(now + same, "\n"),
		 now + same, (int)strcspn(before + same, "\n"), before + same);
	return line;
}

static inline void assert_same_tree(const char *before, const struct machine *machine,
				    const char *when)
{
	if (!is_tree(before))
		fail_msg("%s: the tree is not as it was: %s (%s)\n%s", when,
			 first_difference(before), machine->error.message, messages);
}

/* --- every write, every read
 * ---------------------------------------------------------------------------------
 */

/* A kind of job. */
struct faulty_job {
	const char *name, *auto_online;
	const void *trial; /* of begin and run */
	/* Boots, and brings the machine to where the job begins. */
	struct machine (*begin)(const char *folder, const void *trial);
	int (*run)(struct machine *machine, const void *trial);
	/*
	 * What is on record, and has to be as it was or as is wanted like the tree. NULL: a failure
	 * leaves a record.
	 */
	const char *(*describe)(const struct machine *machine);
	bool once;     /* there is no second time: another one is made, or none is left */
	bool in_parts; /* when one thing fails, others stay done */
};

static inline void add_record_to(const struct record *record, void *line)
{
	size_t used = strlen(line);

	snprintf((char *)line + used, 256 - used, "%s is %s; ", record->device,
		 record_state_names[record->state]);
}

/* What is on record, which is what keeps policy from undoing what was asked for. */
static inline const char *describe_records(const struct machine *machine)
{
	static char line[256];

	line[0] = '\0';
	assert_int_equal(records_each(machine->kmemd, add_record_to, line), 0);
	return line;
}

/* What a job makes of the machine when nothing comes in between. */
struct outcome {
	char *before, *after;
	char was[256], is[256]; /* of describe() */
};

static void describe(const struct faulty_job *job, const struct machine *machine, char line[256])
{
	snprintf(line, 256, "%s", job->describe ? job->describe(machine) : "");
}

static inline struct outcome outcome_of(const char *folder, const struct faulty_job *job)
{
	struct machine machine = job->begin(folder, job->trial);
	struct outcome outcome = {.before = kernel_tree()};

	describe(job, &machine, outcome.was);
	if (job->run(&machine, job->trial) < 0)
		fail_msg("%s: %s\n%s", job->name, machine.error.message, messages);
	outcome.after = kernel_tree();
	describe(job, &machine, outcome.is);
	power_off(&machine);
	return outcome;
}

static inline void outcome_release(struct outcome *outcome)
{
	free(outcome->before);
	free(outcome->after);
}

/* One fault after the other for one kind of job. */
struct rounds {
	const char *folder;
	const struct faulty_job *job;
	struct outcome outcome;
	struct machine machine;
	bool on;		  /* the machine, which is as at the beginning */
	bool tried;		  /* on such a one, a second time */
	bool has_text[READS_MAX]; /* the n-th read; up to `texts` */
	unsigned int texts;
	unsigned int failed; /* so far */
	bool left; /* half done, as was said: the same again need not end where it would have */
	unsigned int last; /* the last read, of what was done, whose failure undoes it all */
	bool twice;	   /* it fails in every round */
	char when[512];	   /* the fault of this round */
};

static void assert_described(const struct rounds *rounds, const char *wanted)
{
	char line[256];

	describe(rounds->job, &rounds->machine, line);
	if (strcmp(line, wanted))
		fail_msg("%s: '%s' instead of '%s' (%s)\n%s", rounds->when, line, wanted,
			 rounds->machine.error.message, messages);
}

static void assert_tree(const struct rounds *rounds, const char *wanted)
{
	assert_same_tree(wanted, &rounds->machine, rounds->when);
}

/* Whether the job says that something of it is left. */
static bool says_partly(const struct machine *machine)
{
	return machine->error.result == KMEMD_PARTLY || strstr(messages, ": could not ");
}

static void try_again(struct rounds *rounds)
{
	const struct faulty_job *job = rounds->job;
	bool afresh = is_tree(rounds->outcome.before);

	if (job->once && (rounds->left || is_tree(rounds->outcome.after)))
		return;
	if (job->run(&rounds->machine, job->trial) < 0)
		fail_msg("%s, second try: %s\n%s", rounds->when, rounds->machine.error.message,
			 messages);
	/* What is left of the first time may be more than is made in one go. */
	if ((!job->once || afresh) && !rounds->left)
		assert_described(rounds, rounds->outcome.is);
}

/*
 * A job that failed. `whole`: one that says that it is done in part is done, but for what comes
 * after. True when nothing at all is different from before.
 */
static bool check_failure(struct rounds *rounds, bool whole)
{
	const struct machine *machine = &rounds->machine;

	rounds->failed++;
	rounds->left = rounds->twice && says_partly(machine);
	assert_int_not_equal(machine->error.result, KMEMD_DONE);
	assert_true(machine->error.message[0]);
	if (!says_partly(machine)) {
		assert_tree(rounds, rounds->outcome.before);
		assert_described(rounds, rounds->outcome.was);
		if (rounds->tried && rounds->job->describe && !has_journal(machine))
			return true;
		rounds->tried = true;
	} else if (whole) {
		assert_tree(rounds, rounds->outcome.after);
	}
	try_again(rounds);
	return false;
}

/* After a job with a fault that is over. */
static void check_after(struct rounds *rounds, int r, bool whole)
{
	/* As it asks for. */
	if (strstr(messages, "auto_online_blocks cannot be put back"))
		write_text(sysfs("devices/system/memory/auto_online_blocks"),
			   rounds->job->auto_online);
	rounds->on = r < 0 && check_failure(rounds, whole);
	if (rounds->on)
		return;
	if (r == 0)
		assert_described(rounds, rounds->outcome.is);
	/* A setting that could not be read stays in the journal for the next job. */
	if (r < 0 && has_journal(&rounds->machine))
		rounds->job->run(&rounds->machine, rounds->job->trial);
	if (!rounds->left)
		assert_tree(rounds, rounds->outcome.after);
	power_off(&rounds->machine);
}

static struct rounds begin_rounds(const char *folder, const struct faulty_job *job)
{
	return (struct rounds){
		.folder = folder,
		.job = job,
		.outcome = outcome_of(folder, job),
	};
}

static unsigned int end_rounds(struct rounds *rounds)
{
	if (rounds->on)
		power_off(&rounds->machine);
	outcome_release(&rounds->outcome);
	return rounds->failed;
}

static void begin_round(struct rounds *rounds)
{
	if (!rounds->on)
		rounds->machine = rounds->job->begin(rounds->folder, rounds->job->trial);
	messages[0] = '\0';
	rounds->left = false;
	fault.reads = fault.writes = 0;
}

/* True when the job ended without an n-th write. */
static bool fail_write(struct rounds *rounds, unsigned int n, int errnum)
{
	bool ran_out;
	int r;

	begin_round(rounds);
	fault.errnum = errnum;
	fault.at = n;
	r = rounds->job->run(&rounds->machine, rounds->job->trial);
	ran_out = fault.writes < n;
	fault.at = 0;
	snprintf(rounds->when, sizeof(rounds->when), "%s, write %u (%s): %s", rounds->job->name, n,
		 fault.write_path, strerror(errnum));
	if (ran_out && r < 0)
		fail_msg("%s\n%s", rounds->machine.error.message, messages);
	check_after(rounds, r, !rounds->job->in_parts);
	return ran_out;
}

/* Returns how many jobs failed by it. */
static inline unsigned int fail_each_write(const char *folder, const struct faulty_job *job)
{
	static const int errnums[] = {EBUSY, EIO, EPERM};
	struct rounds rounds = begin_rounds(folder, job);

	for (size_t i = 0; i < array_size(errnums); i++) {
		unsigned int n = 1;

		while (!fail_write(&rounds, n, errnums[i]))
			assert_true(++n < WRITES_MAX);
	}
	return end_rounds(&rounds);
}

/* True when the job ended without an n-th write. */
static bool cancel_after(struct rounds *rounds, unsigned int n)
{
	bool ran_out;
	int r;

	begin_round(rounds);
	cancel_at = n;
	r = rounds->job->run(&rounds->machine, rounds->job->trial);
	cancel_at = 0;
	ran_out = fault.writes < n;
	snprintf(rounds->when, sizeof(rounds->when), "%s, cancelled after write %u",
		 rounds->job->name, n);
	if (r < 0)
		assert_int_equal(rounds->machine.error.errnum, ECANCELED);
	check_after(rounds, r, !rounds->job->in_parts);
	return ran_out;
}

/* Returns how many jobs failed by it. */
static inline unsigned int cancel_after_each_write(const char *folder, const struct faulty_job *job)
{
	struct rounds rounds = begin_rounds(folder, job);
	unsigned int n = 1;

	while (!cancel_after(&rounds, n))
		assert_true(++n < WRITES_MAX);
	return end_rounds(&rounds);
}

/* True when the job ended without an n-th read. */
static bool fail_read(struct rounds *rounds, unsigned int n, int errnum)
{
	bool ran_out;
	int r;

	begin_round(rounds);
	fault.read_errnum = errnum;
	fault.read_at = n;
	fault.read_also = rounds->twice ? rounds->last : 0;
	r = rounds->job->run(&rounds->machine, rounds->job->trial);
	ran_out = fault.reads < n;
	fault.read_at = fault.read_also = 0;
	if (errnum == EIO) {
		rounds->has_text[n] = fault.read_has_text;
		rounds->texts = n;
	}
	snprintf(rounds->when, sizeof(rounds->when), "%s%s, read %u (%s): %s", rounds->job->name,
		 rounds->twice ? ", which fails in the end" : "", n, fault.read_path,
		 errnum == READ_SHORT	  ? "short"
		 : errnum == READ_NOTHING ? "empty"
					  : strerror(errnum));
	if (r < 0 && !rounds->twice && !says_partly(&rounds->machine) &&
	    strstr(rounds->machine.error.message, "not as it should be afterwards"))
		rounds->last = n;
	check_after(rounds, r, false);
	return ran_out;
}

/* From n on: what has no text cannot have less of it. */
static unsigned int next_read(struct rounds *rounds, unsigned int *n, int errnum)
{
	while (errnum < 0 && *n < rounds->texts && !rounds->has_text[*n])
		++*n;
	return *n;
}

static void fail_reads(struct rounds *rounds, const int *kinds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		unsigned int n = 1;

		while (!fail_read(rounds, next_read(rounds, &n, kinds[i]), kinds[i]))
			assert_true(++n < READS_MAX);
	}
}

/*
 * Returns how many jobs failed by it. In the end once more, while the job fails after its last
 * step: what could not be read on the way there is not undone as if it were nothing. (A kernel that
 * says then of what is there that it is not, ENOENT, is beyond help.)
 */
static inline unsigned int fail_each_read(const char *folder, const struct faulty_job *job)
{
	static const int kinds[] = {EIO, ENOENT, READ_SHORT, READ_NOTHING};
	static const int kinds_twice[] = {EIO, READ_NOTHING};
	struct rounds rounds = begin_rounds(folder, job);

	fail_reads(&rounds, kinds, array_size(kinds));
	rounds.twice = rounds.last > 0;
	if (rounds.twice)
		fail_reads(&rounds, kinds_twice, array_size(kinds_twice));
	return end_rounds(&rounds);
}

#endif
