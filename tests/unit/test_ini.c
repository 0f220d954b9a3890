// SPDX-License-Identifier: GPL-2.0-or-later
/* The reader of [Section] and Key = value. */
#include "fixture.h"

#include "base/ini.h"

static const char *const type_names[] = {"section", "key", "nonsense", "zero"};

/* All lines as text: "3 key name|value". */
static char *lines_of(const char *text, size_t length, bool quotes)
{
	char *all = calloc(1, 4096);
	struct ini_reader reader;
	struct ini_line line;
	size_t used = 0;

	/* Of exactly that size, so that a sanitizer sees a byte too far. */
	char *exact = malloc(length ? length : 1);

	assert_non_null(all);
	assert_non_null(exact);
	memcpy(exact, text, length);
	assert_int_equal(ini_open(&reader, exact, length, quotes), 0);
	free(exact);
	while (ini_next(&reader, &line)) {
		used += (size_t)snprintf(all + used, 4096 - used, "%u %s %s", line.number,
					 type_names[line.type], line.name);
		if (line.type == INI_KEY)
			used += (size_t)snprintf(all + used, 4096 - used, "|%s", line.value);
		used += (size_t)snprintf(all + used, 4096 - used, "\n");
	}
	ini_close(&reader);
	assert_null(reader.text);
	return all;
}

static void assert_lines(const char *text, const char *wanted)
{
	_cleanup_free_ char *lines = lines_of(text, strlen(text), false);

	assert_string_equal(lines, wanted);
}

static void assert_quoted(const char *text, const char *wanted)
{
	_cleanup_free_ char *lines = lines_of(text, strlen(text), true);

	assert_string_equal(lines, wanted);
}

static void sections_and_keys_have_their_lines(void **state)
{
	(void)state;
	assert_lines("[A]\nb=c\n\n# d\n; e\n[F g]\n\th = i j \t\nk=",
		     "1 section A\n2 key b|c\n"
		     "6 section F g\n7 key h|i j\n8 key k|\n");
	assert_lines("", "");
	assert_lines("\n\n \n\t\r\n", "");
	assert_lines("=x\n", "1 key |x\n");
	assert_lines("a=b=c\n", "1 key a|b=c\n");
	assert_lines("[ A ]\n[]\n", "1 section A\n2 section \n");
	assert_lines("a=1\r\n[B]\r\nc\r\n", "1 key a|1\n2 section B\n3 nonsense c\n");
}

static void comments_begin_a_line_or_follow_a_blank(void **state)
{
	(void)state;
	assert_lines("a=b # c\nd=e\t;f\ng=h#i;j\nk=#l\nm=;\n",
		     "1 key a|b\n2 key d|e\n3 key g|h#i;j\n4 key k|\n5 key m|\n");
	assert_lines("[A] # b\n[C];d\n[E]f\n[G] h # i\n  # j = k\n",
		     "1 section A\n2 section C\n3 nonsense [E]f\n4 nonsense [G] h # i\n");
	assert_lines("[a#b]\n", "1 section a#b\n");
}

static void what_is_neither_is_nonsense(void **state)
{
	(void)state;
	assert_lines("a\n [b\n]\na: c\n", "1 nonsense a\n2 nonsense [b\n3 nonsense ]\n"
					  "4 nonsense a: c\n");
}

static void a_line_has_no_limit(void **state)
{
	enum { LENGTH = 200000 };
	char *text = malloc(LENGTH + 8);
	struct ini_reader reader;
	struct ini_line line;

	(void)state;
	memset(text, 'x', LENGTH + 8);
	text[1] = '=';
	text[LENGTH] = '\n';
	text[LENGTH + 3] = '=';
	assert_int_equal(ini_open(&reader, text, LENGTH + 8, false), 0);
	free(text);
	assert_true(ini_next(&reader, &line));
	assert_int_equal(strlen(line.value), LENGTH - 2);
	assert_true(ini_next(&reader, &line));
	assert_int_equal(line.number, 2);
	assert_string_equal(line.value, "xxxx");
	assert_false(ini_next(&reader, &line));
	assert_false(ini_next(&reader, &line));
	ini_close(&reader);
}

static void zero_bytes_are_seen(void **state)
{
	static const char text[] = "a=b\0c\n\0\nd=e\n\0";
	_cleanup_free_ char *lines = lines_of(text, sizeof(text) - 1, false);

	(void)state;
	assert_string_equal(lines, "1 zero a=b\n2 zero \n3 key d|e\n4 zero \n");
}

static void a_byte_order_mark_is_passed_over_once(void **state)
{
	(void)state;
	assert_lines("\xef\xbb\xbf[A]\n", "1 section A\n");
	assert_lines("\xef\xbb\xbf", "");
	assert_lines("\xef\xbb", "1 nonsense \xef\xbb\n");
	assert_lines("\n\xef\xbb\xbf[A]\n", "2 nonsense \xef\xbb\xbf[A]\n");
}

static void quotes_are_iniparsers(void **state)
{
	(void)state;
	assert_quoted("a=\"b # c\" d\ne='f;g'\nh=i#j\nk=l ; m\nn=\"o\np='\n",
		      "1 key a|b # c\n2 key e|f;g\n3 key h|i\n4 key k|l\n5 key n|\"o\n6 key p|'\n");
	assert_lines("a=\"b\"\n", "1 key a|\"b\"\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_and_keys_have_their_lines),
		cmocka_unit_test(comments_begin_a_line_or_follow_a_blank),
		cmocka_unit_test(what_is_neither_is_nonsense),
		cmocka_unit_test(a_line_has_no_limit),
		cmocka_unit_test(zero_bytes_are_seen),
		cmocka_unit_test(a_byte_order_mark_is_passed_over_once),
		cmocka_unit_test(quotes_are_iniparsers),
	};

	return cmocka_run_group_tests_name("ini", tests, NULL, NULL);
}
