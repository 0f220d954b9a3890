// SPDX-License-Identifier: GPL-2.0-or-later
/* udev rules that put memory online, or start daxctl, found without running anything. */
#include "fixture.h"

#include "doctor/udev-rules.h"

static const struct udev_event memory = {
	.subsystem = "memory",
	.action = "add",
	.kernel = "memory32",
	.devpath = "/devices/system/memory/memory32",
	.arch = "x86-64",
	.sys_vendor = "Some Vendor",
	.product_name = "Some Machine",
};

static const struct udev_event dax = {
	.subsystem = "dax", .action = "add", .kernel = "dax0.0", .devpath = "/x"};

static void assert_onlines(const char *text, unsigned int line, bool conditional, const char *value)
{
	struct udev_hit hit = {0};

	if (!udev_finds(text, &memory, UDEV_ONLINES, &hit))
		fail_msg("no rule found that onlines in:\n%s", text);
	assert_int_equal(hit.line, line);
	assert_int_equal(hit.conditional, conditional);
	assert_string_equal(hit.value, value);
}

static void assert_silent(const char *text)
{
	struct udev_hit hit;

	if (udev_finds(text, &memory, UDEV_ONLINES, &hit))
		fail_msg("line %u should not online:\n%s", hit.line, text);
}

static void a_plain_rule_is_found_with_its_line(void **state)
{
	(void)state;
	assert_onlines("# comment\n\nSUBSYSTEM==\"memory\", ACTION==\"add\", "
		       "ATTR{state}==\"offline\", ATTR{state}=\"online_movable\"\n",
		       3, false, "online_movable");
	assert_onlines("ATTR{state}=\"online\"", 1, false, "online");
}

/* As SUSE's 80-hotplug-cpu-mem.rules does it. */
static void a_rule_behind_a_jump_that_is_not_taken(void **state)
{
	static const char text[] = "ACTION!=\"add\", GOTO=\"end\"\n"
				   "SUBSYSTEM!=\"cpu|memory\", GOTO=\"end\"\n"
				   "SUBSYSTEM==\"cpu\", TEST==\"online\", ATTR{online}=\"1\"\n"
				   "SUBSYSTEM==\"memory\", CONST{arch}!=\"s390x\", \\\n"
				   "  # why not\n"
				   "  ATTR{state}==\"offline\", ATTR{state}=\"online\", \\\n"
				   "  RUN+=\"/bin/sh -c ' mount \\\"$$dst\\\" '\"\n"
				   "LABEL=\"end\"\n";

	struct udev_hit hit;

	(void)state;
	assert_onlines(text, 4, false, "online");
	assert_true(udev_finds(text, &memory, UDEV_ONLINES, &hit));
	assert_int_equal(hit.last_line, 7);
}

/* As Red Hat's 40-redhat.rules does it: a program decides about leaving. */
static void a_program_makes_it_conditional(void **state)
{
	static const char text[] = "SUBSYSTEM!=\"memory\", GOTO=\"end\"\n"
				   "ACTION!=\"add\", GOTO=\"end\"\n"
				   "PROGRAM=\"/bin/uname -p\", RESULT==\"s390*\", GOTO=\"end\"\n"
				   "ENV{.state}=\"online\"\n"
				   "PROGRAM=\"/bin/systemd-detect-virt\", RESULT==\"none\", "
				   "ENV{.state}=\"online_movable\"\n"
				   "ATTR{state}==\"offline\", ATTR{state}=\"$env{.state}\"\n"
				   "LABEL=\"end\"\n";

	(void)state;
	assert_onlines(text, 6, true, "$env{.state}");
}

/* As Ubuntu's 40-vm-hotadd.rules does it: only in two sorts of virtual machine. */
static void the_kind_of_machine_decides(void **state)
{
	static const char text[] =
		"ATTR{[dmi/id]sys_vendor}==\"Microsoft Corporation\", "
		"ATTR{[dmi/id]product_name}==\"Virtual Machine\", GOTO=\"apply\"\n"
		"ATTR{[dmi/id]sys_vendor}==\"Xen\", GOTO=\"apply\"\n"
		"GOTO=\"end\"\n"
		"LABEL=\"apply\"\n"
		"SUBSYSTEM==\"memory\", ACTION==\"add\", "
		"DEVPATH==\"/devices/system/memory/memory[0-9]*\", "
		"TEST==\"state\", ATTR{state}!=\"online\", ATTR{state}=\"online\"\n"
		"LABEL=\"end\"\n";
	struct udev_event xen = memory;
	struct udev_hit hit;

	(void)state;
	assert_silent(text);
	xen.sys_vendor = "Xen";
	assert_true(udev_finds(text, &xen, UDEV_ONLINES, &hit));
	assert_int_equal(hit.line, 5);
	assert_true(hit.conditional); /* TEST */
}

static void other_subsystems_actions_and_states_are_not_meant(void **state)
{
	(void)state;
	assert_silent("SUBSYSTEM==\"power\", ATTR{state}=\"online\"\n");
	assert_silent("SUBSYSTEM==\"memory\", ACTION==\"remove\", ATTR{state}=\"online\"\n");
	assert_silent("SUBSYSTEM==\"memory\", ATTR{state}=\"offline\"\n");
	assert_silent("SUBSYSTEM==\"memory\", ATTR{state}==\"online\", TAG+=\"x\"\n");
	assert_silent("SUBSYSTEM==\"memory\", ATTR{state}==\"going-offline\", "
		      "ATTR{state}=\"online\"\n");
	assert_silent("SUBSYSTEM==\"memory\", CONST{arch}==\"s390x\", ATTR{state}=\"online\"\n");
	assert_silent("#SUBSYSTEM==\"memory\", ATTR{state}=\"online\"\n");
	assert_silent("");
	assert_silent("SUBSYSTEM==\"memory\", ATTR{state}=\"online\nno closing quote");
	assert_silent("SUBSYSTEM==\"memory\", ATTR{state=\"online\"");
	assert_silent("\\\n\\\n");
	assert_silent("GOTO=\"nowhere\"\nSUBSYSTEM==\"memory\", ATTR{state}=\"online\"\n");
}

static void a_program_that_onlines_is_found(void **state)
{
	(void)state;
	assert_onlines("SUBSYSTEM==\"memory\", ACTION==\"add\", "
		       "RUN+=\"/bin/sh -c 'echo online > /sys$devpath/state'\"\n",
		       1, false, "/bin/sh -c 'echo online > /sys$devpath/state'");
	assert_silent("SUBSYSTEM==\"memory\", ACTION==\"add\", RUN+=\"/usr/bin/logger online\"\n");
}

static void daxctls_own_rule_is_found(void **state)
{
	static const char text[] = "ACTION==\"add\", SUBSYSTEM==\"dax\", TAG+=\"systemd\",\\\n"
				   "  PROGRAM=\"/usr/bin/systemd-escape -p "
				   "--template=daxdev-reconfigure@.service $env{DEVNAME}\",\\\n"
				   "  ENV{SYSTEMD_WANTS}=\"%c\"\n";
	struct udev_hit hit;

	(void)state;
	assert_true(udev_finds(text, &dax, UDEV_STARTS_DAXCTL, &hit));
	assert_int_equal(hit.line, 1);
	assert_false(udev_finds(text, &memory, UDEV_STARTS_DAXCTL, &hit));
	assert_true(udev_finds("ACTION==\"add\", SUBSYSTEM==\"dax\", "
			       "RUN+=\"/usr/bin/daxctl reconfigure-device -C $env{DEVNAME}\"",
			       &dax, UDEV_STARTS_DAXCTL, &hit));
}

static void memory_has_two_switches(void **state)
{
	(void)state;
	assert_onlines("SUBSYSTEM==\"memory\", ATTR{online}==\"0\", ATTR{online}=\"1\"\n", 1, false,
		       "1");
	assert_onlines("SUBSYSTEM==\"memory\", ATTR{state}:=\"online_kernel\"\n", 1, false,
		       "online_kernel");
	assert_onlines("SUBSYSTEM==\"memory\", RUN+=\"/usr/bin/chmem -e 128M\"\n", 1, false,
		       "/usr/bin/chmem -e 128M");
	assert_onlines("SUBSYSTEM==\"memory\", RUN+=\"/usr/bin/chmem --enable 1\"\n", 1, false,
		       "/usr/bin/chmem --enable 1");
	assert_onlines("SUBSYSTEM==\"memory\", RUN+=\"/bin/sh -c 'echo 1 >/sys%p/online'\"\n", 1,
		       false, "/bin/sh -c 'echo 1 >/sys%p/online'");
	assert_onlines("SUBSYSTEM==\"memory\", PROGRAM=\"/usr/bin/daxctl online-memory x\"\n", 1,
		       true, "/usr/bin/daxctl online-memory x");
	assert_silent("SUBSYSTEM==\"memory\", ATTR{online}=\"0\"\n");
	assert_silent("SUBSYSTEM==\"memory\", ATTR{online}==\"1\", ATTR{state}=\"online\"\n");
	assert_silent("SUBSYSTEM==\"cpu\", ATTR{online}=\"1\"\n");
	assert_silent("SUBSYSTEM==\"memory\", RUN+=\"/usr/bin/chmem --disable 1\"\n");
	assert_silent("SUBSYSTEM==\"memory\", ENV{x}=\"/state online\"\n");
}

/* udev takes no such rule either; what is left of it is not looked at. */
static void a_key_that_is_too_long(void **state)
{
	(void)state;
	assert_silent(
		"SUBSYSTEM==\"memory\", "
		"ENV{a_name_that_is_longer_than_any_that_udev_or_a_person_would_ever_think_of}"
		"=\"1\", ATTR{state}=\"online\"\n");
}

/* What sed would have to make comments of until nothing is left that onlines. */
static void all_rules_that_have_to_go(void **state)
{
	static const char text[] = "SUBSYSTEM!=\"memory\", GOTO=\"end\"\n"
				   "ATTR{state}==\"offline\", \\\n"
				   "\n"
				   "  ATTR{state}=\"online\", GOTO=\"end\"\n"
				   "ATTR{online}=\"1\"\n"
				   "LABEL=\"end\"\n"
				   "SUBSYSTEM==\"memory\", ATTR{state}=\"online_movable\"";
	udev_hit_list hits = {0};

	(void)state;
	assert_int_equal(udev_find_all(text, &memory, UDEV_ONLINES, &hits), 0);
	assert_int_equal(hits.count, 3);
	assert_int_equal(hits.items[0].line, 2);
	assert_int_equal(hits.items[0].last_line, 4);
	assert_int_equal(hits.items[1].line, 5);
	assert_int_equal(hits.items[2].line, 7);
	assert_string_equal(hits.items[2].value, "online_movable");
	free(hits.items);
	hits = (udev_hit_list){0};
	assert_int_equal(udev_find_all(text, &dax, UDEV_ONLINES, &hits), 0);
	assert_int_equal(hits.count, 0);
}

/* As Red Hat's, Debian's and SUSE's rules do it. */
static void kdump_is_loaded_again(void **state)
{
	static const char redhat[] =
		"SUBSYSTEM==\"cpu\", ACTION==\"add\", GOTO=\"kdump_reload\"\n"
		"SUBSYSTEM==\"memory\", ACTION==\"online\", GOTO=\"kdump_reload\"\n"
		"GOTO=\"kdump_reload_end\"\n"
		"LABEL=\"kdump_reload\"\n"
		"RUN+=\"/bin/sh -c 'systemctl is-active kdump.service || exit 0; systemd-run "
		"--no-block /usr/lib/udev/kdump-udev-throttler'\"\n"
		"LABEL=\"kdump_reload_end\"\n";
	static const char debian[] = "SUBSYSTEM==\"memory\", ACTION==\"online\", "
				     "PROGRAM=\"/bin/systemctl try-restart kdump-tools.service\"\n";
	static const char suse[] =
		"SUBSYSTEM==\"memory\", ATTRS{crash_hotplug}==\"1\", GOTO=\"end\"\n"
		"SUBSYSTEM==\"memory\", ACTION==\"add|remove\", GOTO=\"restart\"\n"
		"GOTO=\"end\"\n"
		"LABEL=\"restart\"\n"
		"PROGRAM=\"/bin/cat /sys/kernel/kexec_crash_loaded\", RESULT==\"0\", GOTO=\"end\"\n"
		"RUN+=\"/usr/sbin/systemctl reload kdump\"\n"
		"LABEL=\"end\"\n";
	struct udev_event online = memory, updated = memory;
	struct udev_hit hit;

	(void)state;
	online.action = "online";
	updated.crash_hotplug = "1";
	assert_true(udev_finds(redhat, &online, UDEV_RELOADS_KDUMP, &hit));
	assert_int_equal(hit.line, 5);
	assert_false(udev_finds(redhat, &memory, UDEV_RELOADS_KDUMP, &hit));
	assert_true(udev_finds(debian, &online, UDEV_RELOADS_KDUMP, &hit));
	assert_true(udev_finds(suse, &memory, UDEV_RELOADS_KDUMP, &hit));
	assert_int_equal(hit.line, 6);
	assert_false(udev_finds(suse, &updated, UDEV_RELOADS_KDUMP, &hit));
	assert_false(udev_finds(redhat, &online, UDEV_ONLINES, &hit));
	/* Looking is no reload, and other things are reloaded as well. */
	assert_false(udev_finds("PROGRAM=\"/bin/systemctl is-active kdump\"", &memory,
				UDEV_RELOADS_KDUMP, &hit));
	assert_false(
		udev_finds("RUN+=\"/bin/systemctl reload x\"", &memory, UDEV_RELOADS_KDUMP, &hit));
	assert_false(udev_finds("ENV{x}=\"reload kdump\"", &memory, UDEV_RELOADS_KDUMP, &hit));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_rule_is_found_with_its_line),
		cmocka_unit_test(a_rule_behind_a_jump_that_is_not_taken),
		cmocka_unit_test(a_program_makes_it_conditional),
		cmocka_unit_test(the_kind_of_machine_decides),
		cmocka_unit_test(other_subsystems_actions_and_states_are_not_meant),
		cmocka_unit_test(a_program_that_onlines_is_found),
		cmocka_unit_test(daxctls_own_rule_is_found),
		cmocka_unit_test(memory_has_two_switches),
		cmocka_unit_test(a_key_that_is_too_long),
		cmocka_unit_test(all_rules_that_have_to_go),
		cmocka_unit_test(kdump_is_loaded_again),
	};

	return cmocka_run_group_tests_name("doctor_udev", tests, NULL, NULL);
}
