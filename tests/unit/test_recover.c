// SPDX-License-Identifier: GPL-2.0-or-later
/* What a job finds that was cut short: its journal, its settings, and those of jobs that wait. */
#include "apply-machine.h"

#include "job/journal.h"
#include "job/parking.h"

#include <sys/file.h>

#define SETTING "devices/system/memory/auto_online_blocks"
#define HELD	"\"held\":[{\"setting\":\"" SETTING "\",\"was\":\"online\",\"is\":\"offline\"}]"
/* A region that was being made when its job was killed. */
#define MADE                                                                                       \
	"\"undo\":[{\"step\":\"create-region\",\"text\":\"destroy region0\",\"what\":{"            \
	"\"region\":\"region0\",\"root_decoder\":\"decoder0.0\",\"decoders\":[\"decoder2.0\"],"    \
	"\"granularity\":256,\"ways\":1,\"size\":536870912}}]"
#define IGNORE "[Match]\nKind=cxl-ram\n[Memory]\nMode=ignore\n"

static void write_journal(const struct machine *machine, const char *more)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "{\"job\":\"apply\",\"device\":\"cxl-ram:0x1234\",\"program\":\"kmemctl\","
		 "\"pid\":4711,%s}",
		 more);
	write_text(at(machine->kmemd->run, "journal.json"), text);
}

/* Another job, of which policy wants nothing: it only puts right. */
static void recover(struct machine *machine)
{
	told.messages[0] = '\0';
	told.counts[KMEMD_EVENT_RECOVERED] = 0;
	assert_done(machine, apply(machine, NULL));
}

static const char *setting(void)
{
	return text_of(sysfs(SETTING));
}

static void a_setting_is_put_back_unless_it_is_somebody_elses(void **state)
{
	static const struct {
		const char *now, *then;
		bool told;
	} cases[] = {
		{"offline\n", "online", true},
		/* It is what it was before the job: that it was read as such is told, too. */
		{"online\n", "online", true},
		{"online_kernel\n", "online_kernel", false},
	};
	struct machine machine = boot(*state, "offline\n", IGNORE);

	for (size_t i = 0; i < array_size(cases); i++) {
		write_text(sysfs(SETTING), cases[i].now);
		write_journal(&machine, HELD);
		recover(&machine);
		assert_string_equal(setting(), cases[i].then);
		assert_int_equal(told.counts[KMEMD_EVENT_RECOVERED], 1);
		assert_contains(told.messages,
				"job 'apply' of cxl-ram:0x1234 by kmemctl (pid 4711) was cut "
				"short: it had changed nothing");
		assert_int_equal(!!strstr(told.messages, "; auto_online_blocks is 'online' again"),
				 cases[i].told);
		assert_false(exists(at(machine.kmemd->run, "journal.json")));
	}
	power_off(&machine);
}

static void a_setting_that_cannot_be_put_back_is_tried_again(void **state)
{
	struct machine machine = boot(*state, "offline\n", IGNORE);

	write_journal(&machine, HELD);
	fault.path = "*/auto_online_blocks";
	fault.errnum = EPERM;
	recover(&machine);
	assert_contains(told.messages, "auto_online_blocks cannot be put back to 'online': "
				       "Operation not permitted; set it by hand");
	assert_null(strstr(told.messages, "again"));
	assert_true(exists(at(machine.kmemd->run, "journal.json")));
	fault.path = NULL;
	recover(&machine);
	assert_string_equal(setting(), "online");
	assert_false(exists(at(machine.kmemd->run, "journal.json")));
	/* A value that the kernel does not take is not tried for ever. */
	write_text(sysfs(SETTING), "offline\n");
	write_journal(&machine, HELD);
	fault.path = "*/auto_online_blocks";
	fault.errnum = EINVAL;
	recover(&machine);
	fault.path = NULL;
	assert_contains(told.messages, "cannot be put back");
	assert_false(exists(at(machine.kmemd->run, "journal.json")));
	power_off(&machine);
}

/* Such a kernel brings nothing online by itself. */
static void a_kernel_without_the_setting_needs_no_hold(void **state)
{
	struct machine machine = boot(*state, "online\n", RAM_POLICY);

	write_journal(&machine, HELD);
	assert_int_equal(unlink(sysfs(SETTING)), 0);
	assert_done(&machine, apply(&machine, "mem0"));
	assert_blocks_are(WINDOW_START, "online", "Movable");
	assert_false(exists(at(machine.kmemd->run, "journal.json")));
	assert_done(&machine, drain(&machine, "mem0"));
	/* One that cannot be read might bring memory online by itself. */
	make_folders(sysfs(SETTING));
	assert_int_equal(apply(&machine, "mem0"), -EISDIR);
	assert_contains(machine.error.message, "auto_online_blocks: Is a directory");
	assert_false(exists(cxl("region0", "size")));
	power_off(&machine);
}

/* --- what was half done --- */

static void half_make_region(void)
{
	assert_int_equal(create_region("region0"), 0);
	assert_int_equal(write_region_size("region0", 4 * BLOCK), 0);
	write_number_to(cxl("decoder2.0", "dpa_size"), 4 * BLOCK);
	assert_int_equal(write_target("region0", "target0", "decoder2.0"), 0);
}

static void assert_half_made(struct machine *machine, const char *forward)
{
	char more[600];

	half_make_region();
	snprintf(more, sizeof(more), "%s" MADE, forward);
	write_journal(machine, more);
}

static void what_was_half_made_is_taken_away(void **state)
{
	static const struct {
		const char *forward, *done, *partly;
	} cases[] = {
		{"", "it is undone", "a part of it is not undone"},
		{"\"forward\":true,", "it is finished from what is there now",
		 "a part of it stays half done"},
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		struct machine machine = boot(*state, "offline\n", IGNORE);

		assert_half_made(&machine, cases[i].forward);
		recover(&machine);
		assert_contains(told.messages, cases[i].done);
		assert_as_before(&machine);
		assert_half_made(&machine, cases[i].forward);
		fault.path = "*/delete_region";
		fault.errnum = EIO;
		recover(&machine);
		fault.path = NULL;
		assert_contains(told.messages, cases[i].partly);
		assert_contains(told.messages, "could not destroy region0: ");
		assert_true(exists(cxl("region0", "size")));
		power_off(&machine);
		folder_remove(at(*state, "sys"));
		folder_remove(at(*state, "run"));
	}
}

/* It is another program's: its memdev is not ours to take. */
static void a_region_of_other_parts_is_left_alone(void **state)
{
	struct machine machine = boot(*state, "offline\n", IGNORE);

	assert_half_made(&machine, "\"forward\":true,");
	write_text(cxl("region0", "target0"), "decoder7.0\n");
	recover(&machine);
	assert_contains(told.messages, "it is finished from what is there now");
	assert_string_equal(text_of(cxl("region0", "target0")), "decoder7.0");
	power_off(&machine);
}

static void a_job_that_was_done_is_not_undone(void **state)
{
	struct machine machine = boot(*state, "offline\n", IGNORE);

	assert_half_made(&machine, "\"done\":true,");
	recover(&machine);
	assert_contains(told.messages, "was cut short: it was done");
	assert_true(exists(cxl("region0", "size")));
	power_off(&machine);
}

static void a_device_that_is_gone_took_it_along(void **state)
{
	struct machine machine = boot(*state, "offline\n", IGNORE);

	assert_half_made(&machine, "\"instance_path\":\"bus/cxl/devices/mem9\",\"instance\":7,");
	recover(&machine);
	assert_contains(told.messages, "its device is gone, and with it what it did");
	assert_true(exists(cxl("region0", "size")));
	power_off(&machine);
}

/* --- jobs that wait --- */

static void a_job_that_waits_is_found_until_it_dies(void **state)
{
	struct machine machine = boot(*state, "offline\n", IGNORE);
	struct journal journal = {.device = "cxl-ram:0x1234"}, found = {0};
	const char *kept;
	int fd;

	assert_int_equal(parking_enter(machine.kmemd, &journal), -ENOENT);
	assert_false(parking_has_orphan(machine.kmemd->run));
	assert_int_equal(parking_read(machine.kmemd, &found), -ENOENT);
	write_journal(&machine, HELD);
	fd = parking_enter(machine.kmemd, &journal);
	assert_true(fd >= 0);
	assert_false(exists(at(machine.kmemd->run, "journal.json")));
	/* Whoever lives is no orphan. */
	assert_false(parking_has_orphan(machine.kmemd->run));
	assert_false(parking_adopt_orphan(machine.kmemd));
	assert_int_equal(parking_read(machine.kmemd, &found), 0);
	assert_int_equal(found.pid, 4711);
	journal_release(&found);
	/* One that nobody can read may be about anything. */
	kept = text_of(at(machine.kmemd->run, "waiting-cxl-ram:0x1234.json"));
	write_text(at(machine.kmemd->run, "waiting-cxl-ram:0x1234.json"), "{");
	assert_int_equal(parking_read(machine.kmemd, &found), -EBADMSG);
	write_text(at(machine.kmemd->run, "waiting-cxl-ram:0x1234.json"), kept);
	/* What errno was before is no failure. */
	errno = EIO;
	assert_int_equal(parking_leave(machine.kmemd, &journal, fd), 0);
	assert_true(exists(at(machine.kmemd->run, "journal.json")));
	assert_int_equal(parking_leave(machine.kmemd, &journal, -1), -ENOENT);
	/* One that dies leaves its journal to the next job. */
	fd = parking_enter(machine.kmemd, &journal);
	close(fd);
	assert_true(parking_has_orphan(machine.kmemd->run));
	assert_int_equal(parking_read(machine.kmemd, &found), -ENOENT);
	recover(&machine);
	assert_int_equal(told.counts[KMEMD_EVENT_RECOVERED], 1);
	assert_false(parking_has_orphan(machine.kmemd->run));
	power_off(&machine);
}

/* The journal of who had the lock, and those of all that waited, in one go. */
static void all_that_were_cut_short_are_put_right(void **state)
{
	struct machine machine = boot(*state, "offline\n", IGNORE);
	struct journal journal = {0};

	for (unsigned int i = 0; i < 3; i++) {
		snprintf(journal.device, sizeof(journal.device), "cxl-ram:0x%u", i);
		write_journal(&machine, HELD);
		if (i < 2)
			close(parking_enter(machine.kmemd, &journal));
	}
	recover(&machine);
	assert_int_equal(told.counts[KMEMD_EVENT_RECOVERED], 3);
	assert_false(parking_has_orphan(machine.kmemd->run));
	assert_false(exists(at(machine.kmemd->run, "journal.json")));
	power_off(&machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(a_setting_is_put_back_unless_it_is_somebody_elses),
		with_folder(a_setting_that_cannot_be_put_back_is_tried_again),
		with_folder(a_kernel_without_the_setting_needs_no_hold),
		with_folder(what_was_half_made_is_taken_away),
		with_folder(a_region_of_other_parts_is_left_alone),
		with_folder(a_job_that_was_done_is_not_undone),
		with_folder(a_device_that_is_gone_took_it_along),
		with_folder(a_job_that_waits_is_found_until_it_dies),
		with_folder(all_that_were_cut_short_are_put_right),
		with_folder_without_input(a_job_that_waits_is_found_until_it_dies),
	};

	return cmocka_run_group_tests_name("recover", tests, NULL, NULL);
}
