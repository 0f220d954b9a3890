/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text of other people's making never reaches a terminal with what the terminal acts on. */
#include "base/printable.h"
#include "fixture.h"

static const struct {
	const char *text, *shown;
} cases[] = {
	{"", ""},
	{"plain text, 100 %", "plain text, 100 %"},
	{"back\\slash", "back\\slash"},
	{"\033[2Jgone", "\\x1b[2Jgone"},
	{"\a\b\t\r\n\x7f", "\\x07\\x08\\x09\\x0d\\x0a\\x7f"},
	{"Grüße, 内存, 🙂", "Grüße, 内存, 🙂"},
	{"\xc2\x9b"
	 "31m",
	 "\\xc2\\x9b31m"},			      /* CSI as a C1 character */
	{"\x9b", "\\x9b"},			      /* and as a byte */
	{"\xc0\xaf", "\\xc0\\xaf"},		      /* a slash in two bytes */
	{"\xe0\x80\x9b", "\\xe0\\x80\\x9b"},	      /* CSI in three */
	{"\xed\xa0\x80", "\\xed\\xa0\\x80"},	      /* half of a surrogate pair */
	{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* above U+10FFFF */
	{"\xf5", "\\xf5"},
	{"cut\xe2\x82", "cut\\xe2\\x82"},
	{"\xe2\x80\xae"
	 "txt.exe",
	 "\\xe2\\x80\\xaetxt.exe"}, /* right-to-left override */
	{"a\xe2\x80\xa8"
	 "b",
	 "a\\xe2\\x80\\xa8"
	 "b"}, /* line separator */
};

static void test_escapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_free_ char *shown = printable(cases[i].text);

		assert_string_equal(shown, cases[i].shown);
		assert_int_equal(is_printable(cases[i].text),
				 !strcmp(cases[i].text, cases[i].shown));
	}
}

/* What is shown once is shown the same when it is escaped again. */
static void test_every_pair_of_bytes(void **state)
{
	(void)state;
	for (unsigned int a = 1; a < 256; a++) {
		for (unsigned int b = 1; b < 256; b++) {
			char text[] = {(char)a, (char)b, '\0'};
			_cleanup_free_ char *shown = printable(text);

			assert_true(is_printable(shown));
			for (const char *at = shown; *at; at++)
				assert_false((unsigned char)*at < 0x20 || *at == 0x7f);
		}
	}
}

static void test_buffer_too_small(void **state)
{
	char buffer[8];

	(void)state;
	for (size_t size = 1; size <= sizeof(buffer); size++) {
		memset(buffer, '!', sizeof(buffer));
		printable_copy("\033€\033", buffer, size);
		assert_true(strlen(buffer) < size);
		assert_true(is_printable(buffer));
		for (size_t i = size; i < sizeof(buffer); i++)
			assert_int_equal(buffer[i], '!');
	}
	printable_copy("\033€\033", buffer, sizeof(buffer));
	assert_string_equal(buffer, "\\x1b€");
	printable_copy("\033€", buffer, 7);
	assert_string_equal(buffer, "\\x1b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_every_pair_of_bytes),
		cmocka_unit_test(test_buffer_too_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
