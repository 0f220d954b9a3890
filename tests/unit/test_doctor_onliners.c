// SPDX-License-Identifier: GPL-2.0-or-later
/* Who puts memory blocks online besides who adds them. */
#include "fixture.h"

#include "doctor/onliners.h"

static struct udev_hit hit;
static struct rule_fact rule = {(char *)"/etc/udev/rules.d/80-x.rules", {&hit, 1}};

static struct onliner_facts facts_with_rule(const char *value, bool conditional)
{
	hit = (struct udev_hit){.line = 5, .last_line = 6, .conditional = conditional};
	snprintf(hit.value, sizeof(hit.value), "%s", value);
	return (struct onliner_facts){
		.auto_online = "offline", .online_policy = "contig-zones", .onlining = {&rule, 1}};
}

/* The only one that is found. */
static struct onliner only(const struct onliner_facts *facts)
{
	onliner_list list = {0};
	struct onliner found;

	assert_int_equal(onliners_find(facts, &list), 0);
	assert_int_equal(list.count, 1);
	found = list.items[0];
	free(list.items);
	return found;
}

static void nobody(void **state)
{
	struct onliner_facts facts = {.auto_online = "offline"};
	onliner_list list = {0};
	char text[64] = "x";

	(void)state;
	assert_int_equal(onliners_find(&facts, &list), 0);
	facts.auto_online[0] = '\0'; /* a kernel without the setting */
	assert_int_equal(onliners_find(&facts, &list), 0);
	assert_int_equal(list.count, 0);
	assert_false(onliners_text(&list, text, sizeof(text)));
	assert_string_equal(text, "");
}

static void the_word_says_the_zone(void **state)
{
	static const struct {
		const char *value, *policy;
		enum zone zone;
	} cases[] = {
		{"online", "contig-zones", ZONE_KERNEL},
		{"1", "contig-zones", ZONE_KERNEL},
		{"online", "auto-movable", ZONE_COUNT},
		{"online_kernel", "auto-movable", ZONE_KERNEL},
		{"online_movable", "contig-zones", ZONE_MOVABLE},
		{"$env{.state}", "contig-zones", ZONE_COUNT},
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		struct onliner_facts facts = facts_with_rule(cases[i].value, false);
		struct onliner found;

		strcpy(facts.online_policy, cases[i].policy);
		found = only(&facts);
		assert_int_equal(found.type, ONLINER_RULE);
		assert_int_equal(found.zone, cases[i].zone);
		assert_string_equal(found.name, "/etc/udev/rules.d/80-x.rules:5");
		assert_false(found.conditional);
	}
}

static void the_kernel_is_one_and_not_said(void **state)
{
	struct onliner_facts facts = {.auto_online = "online_movable"};
	onliner_list list = {0};
	struct onliner found = only(&facts);
	char text[256];

	(void)state;
	assert_int_equal(found.type, ONLINER_KERNEL);
	assert_int_equal(found.zone, ZONE_MOVABLE);
	assert_string_equal(found.name, "auto_online_blocks");
	assert_int_equal(onliners_find(&facts, &list), 0);
	assert_false(onliners_text(&list, text, sizeof(text)));
	free(list.items);
}

static void daxctl_needs_its_rule_and_a_configuration(void **state)
{
	char *uuid = (char *)"ed93e918-e165-49d8-921d-383d7b9660c5";
	struct onliner_facts facts = {.daxctl_rules = {&rule, 1}};
	onliner_list list = {0};
	struct onliner found;

	(void)state;
	assert_int_equal(onliners_find(&facts, &list), 0);
	assert_int_equal(list.count, 0);
	facts.daxctl_uuids.items = &uuid;
	facts.daxctl_uuids.count = 1;
	found = only(&facts);
	assert_int_equal(found.type, ONLINER_DAXCTL);
	assert_int_equal(found.zone, ZONE_COUNT);
}

static void a_sentence_of_all(void **state)
{
	struct onliner_facts facts = facts_with_rule("online", true);
	onliner_list list = {0};
	char text[256], little[20];

	(void)state;
	facts.nvidia_persistenced = true;
	strcpy(facts.auto_online, "online");
	assert_int_equal(onliners_find(&facts, &list), 0);
	assert_int_equal(list.count, 3);
	assert_int_equal(list.items[2].type, ONLINER_DAEMON);
	assert_true(onliners_text(&list, text, sizeof(text)));
	assert_string_equal(text,
			    "/etc/udev/rules.d/80-x.rules:5 may put new memory blocks online, in a "
			    "kernel zone; nvidia-persistenced puts new memory blocks online, in "
			    "the movable zone");
	assert_true(onliners_text(&list, little, sizeof(little)));
	assert_string_equal(little, "/etc/udev/rules.d/8");
	free(list.items);
}

static void as_the_machine_has_it(void **state)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = NULL;
	onliner_list list = {0};
	char sys[300];

	snprintf(sys, sizeof(sys), "%s/sys", (char *)*state);
	assert_int_equal(kmemd_new(&kmemd, &(struct kmemd_paths){.sysfs = sys, .root = *state}), 0);
	write_text(at(*state, "sys/devices/system/memory/auto_online_blocks"), "online\n");
	write_text(at(*state, "etc/udev/rules.d/1.rules"),
		   "SUBSYSTEM==\"memory\", ATTR{state}=\"online_movable\"\n");
	write_text(
		at(*state, "sys/fs/cgroup/system.slice/nvidia-persistenced.service/cgroup.procs"),
		"7\n");
	assert_int_equal(onliners_read(kmemd, &list), 0);
	assert_int_equal(list.count, 3);
	assert_int_equal(list.items[0].zone, ZONE_KERNEL);
	assert_int_equal(list.items[1].zone, ZONE_MOVABLE);
	assert_string_equal(list.items[1].name, at(*state, "etc/udev/rules.d/1.rules:1"));
	assert_string_equal(list.items[2].name, "nvidia-persistenced");
	free(list.items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody),
		cmocka_unit_test(the_word_says_the_zone),
		cmocka_unit_test(the_kernel_is_one_and_not_said),
		cmocka_unit_test(daxctl_needs_its_rule_and_a_configuration),
		cmocka_unit_test(a_sentence_of_all),
		cmocka_unit_test_setup_teardown(as_the_machine_has_it, folder_setup,
						folder_teardown),
	};

	return cmocka_run_group_tests_name("doctor_onliners", tests, NULL, NULL);
}
