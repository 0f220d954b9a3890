// SPDX-License-Identifier: GPL-2.0-only
/* Unit test of words.h in user space: make -C kmod check */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "words.h"

#define TOTAL	5u

static void nothing_added_is_unplugged(void **state)
{
	(void)state;
	assert_int_equal(kmem_state_of(0, 0, 0, false), KMEM_UNPLUGGED);
	assert_int_equal(kmem_state_of(1, 0, 0, false), KMEM_OFFLINE);
	/* It cannot outlive the blocks. */
	assert_int_equal(kmem_state_of(0, 0, 0, true), KMEM_UNPLUGGED);
	assert_int_equal(kmem_state_of(1, 0, 0, true), KMEM_OFFLINE);
}

/* A word with a zone is true of every block or is not said. */
static void a_zone_is_named_only_when_all_are_in_it(void **state)
{
	unsigned int kernel, movable;

	(void)state;
	for (kernel = 0; kernel <= TOTAL; kernel++) {
		for (movable = 0; kernel + movable <= TOTAL; movable++) {
			enum kmem_state of = kmem_state_of(TOTAL, kernel,
							   movable, false);

			assert_int_equal(of == KMEM_OFFLINE,
					 !kernel && !movable);
			assert_int_equal(of == KMEM_ONLINE_KERNEL,
					 kernel == TOTAL);
			assert_int_equal(of == KMEM_ONLINE_MOVABLE,
					 movable == TOTAL);
			assert_int_not_equal(of, KMEM_UNPLUGGED);
		}
	}
}

static void online_was_left_to_the_kernel(void **state)
{
	(void)state;
	assert_int_equal(kmem_state_of(TOTAL, TOTAL, 0, true), KMEM_ONLINE);
	assert_int_equal(kmem_state_of(TOTAL, 0, TOTAL, true), KMEM_ONLINE);
	assert_int_equal(kmem_state_of(TOTAL, 2, 3, true), KMEM_ONLINE);
}

static void blocks_may_be_online_before_they_count_as_added(void **state)
{
	(void)state;
	assert_int_equal(kmem_state_of(0, 0, 1, false), KMEM_ONLINE_MOVABLE);
	assert_int_equal(kmem_state_of(1, 2, 0, false), KMEM_ONLINE_KERNEL);
	assert_int_equal(kmem_state_of(0, 1, 1, false), KMEM_ONLINE);
}

static void every_word_but_offline_can_be_written(void **state)
{
	(void)state;
	assert_int_equal(kmem_state_parse("unplugged"), KMEM_UNPLUGGED);
	assert_int_equal(kmem_state_parse("online\n"), KMEM_ONLINE);
	assert_int_equal(kmem_state_parse("online_kernel"), KMEM_ONLINE_KERNEL);
	assert_int_equal(kmem_state_parse("online_movable\n"),
			 KMEM_ONLINE_MOVABLE);
	assert_int_equal(kmem_state_parse("offline"), -EINVAL);
	assert_int_equal(kmem_state_parse("offline\n"), -EINVAL);
}

static void other_words_are_refused(void **state)
{
	static const char * const wrong[] = {
		"", "\n", " ", "on", "onlin", "onlines", "Online", " online",
		"online ", "online\n\n", "online\nonline", "online_", "online_k",
		"online_movable ", "unplug", "unpluggedd", "0", "1",
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(kmem_state_parse(wrong[i]), -EINVAL);
}

/* A zone that was asked for, or came by itself, is another state. */
static void online_is_reached_where_the_kernel_chose(void **state)
{
	(void)state;
	assert_true(kmem_state_reached(KMEM_ONLINE, TOTAL, TOTAL, 0, true));
	assert_true(kmem_state_reached(KMEM_ONLINE, TOTAL, 0, TOTAL, true));
	assert_true(kmem_state_reached(KMEM_ONLINE, TOTAL, 1, TOTAL - 1, false));
	assert_false(kmem_state_reached(KMEM_ONLINE, TOTAL, TOTAL, 0, false));
	assert_false(kmem_state_reached(KMEM_ONLINE, TOTAL, 0, TOTAL, false));
	assert_false(kmem_state_reached(KMEM_ONLINE, TOTAL, 0, 0, true));
	assert_false(kmem_state_reached(KMEM_ONLINE, 0, 0, 0, false));
}

/* It reads "online", but there is something to do. */
static void online_is_not_reached_while_blocks_are_offline(void **state)
{
	(void)state;
	assert_int_equal(kmem_state_of(TOTAL, 1, TOTAL - 2, false), KMEM_ONLINE);
	assert_false(kmem_state_reached(KMEM_ONLINE, TOTAL, 1, TOTAL - 2, false));
	assert_false(kmem_state_reached(KMEM_ONLINE, TOTAL, 0, 1, false));
}

static void other_words_are_reached_when_they_are_true(void **state)
{
	(void)state;
	assert_true(kmem_state_reached(KMEM_UNPLUGGED, 0, 0, 0, false));
	assert_false(kmem_state_reached(KMEM_UNPLUGGED, TOTAL, 0, 0, false));
	assert_true(kmem_state_reached(KMEM_ONLINE_MOVABLE, TOTAL, 0, TOTAL,
				       false));
	assert_false(kmem_state_reached(KMEM_ONLINE_MOVABLE, TOTAL, 1,
					TOTAL - 1, false));
	assert_true(kmem_state_reached(KMEM_ONLINE_KERNEL, TOTAL, TOTAL, 0,
				       false));
	assert_false(kmem_state_reached(KMEM_ONLINE_KERNEL, TOTAL, TOTAL, 0,
					true));
	assert_false(kmem_state_reached(KMEM_ONLINE_KERNEL, TOTAL, 0, TOTAL,
					false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_added_is_unplugged),
		cmocka_unit_test(a_zone_is_named_only_when_all_are_in_it),
		cmocka_unit_test(online_was_left_to_the_kernel),
		cmocka_unit_test(blocks_may_be_online_before_they_count_as_added),
		cmocka_unit_test(every_word_but_offline_can_be_written),
		cmocka_unit_test(other_words_are_refused),
		cmocka_unit_test(online_is_reached_where_the_kernel_chose),
		cmocka_unit_test(online_is_not_reached_while_blocks_are_offline),
		cmocka_unit_test(other_words_are_reached_when_they_are_true),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
