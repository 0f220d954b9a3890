// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers, sizes and words. */
#include "fixture.h"

#include "base/parse.h"

#define UNTOUCHED UINT64_C(0x5a5a)

static void assert_number(const char *text, uint64_t wanted)
{
	uint64_t value = UNTOUCHED;

	assert_int_equal(parse_u64(text, &value), 0);
	assert_int_equal(value, wanted);
}

static void assert_no_number(const char *text, int wanted)
{
	uint64_t value = UNTOUCHED;

	assert_int_equal(parse_u64(text, &value), wanted);
	assert_int_equal(value, UNTOUCHED);
}

static void numbers_are_decimal_or_hexadecimal(void **state)
{
	(void)state;
	assert_number("0", 0);
	assert_number("4660", 0x1234);
	assert_number("0x1234", 0x1234);
	assert_number("0XaBcD", 0xabcd);
	assert_number("010", 10); /* never octal */
	assert_number("18446744073709551615", UINT64_MAX);
	assert_number("0xffffffffffffffff", UINT64_MAX);
}

static void what_is_no_number_is_refused(void **state)
{
	static const char *const texts[] = {
		"",    " ",    " 1",   "1 ",  "-1",  "+1", "1.5", "12Q", "0x",
		"0xg", "0x-1", "0x 1", "abc", "1\n", "1K", "x12", "12x", "--1",
	};

	(void)state;
	for (size_t i = 0; i < array_size(texts); i++)
		assert_no_number(texts[i], -EINVAL);
}

static void numbers_beyond_64_bits_are_out_of_range(void **state)
{
	(void)state;
	assert_no_number("18446744073709551616", -ERANGE);
	assert_no_number("0x10000000000000000", -ERANGE);
	assert_no_number("99999999999999999999999999", -ERANGE);
}

static void assert_size(const char *text, uint64_t wanted)
{
	uint64_t value = UNTOUCHED;

	assert_int_equal(parse_size(text, &value), 0);
	assert_int_equal(value, wanted);
}

static void sizes_have_suffixes(void **state)
{
	(void)state;
	assert_size("0", 0);
	assert_size("123", 123);
	assert_size("1K", 1024);
	assert_size("256M", 256 * MIB);
	assert_size("64G", 64 * GIB);
	assert_size("2T", 2048 * GIB);
	assert_size("1P", UINT64_C(1) << 50);
	assert_size("0x10M", 16 * MIB);
	assert_size("16383P", UINT64_C(16383) << 50);
}

static void what_is_no_size_is_refused(void **state)
{
	static const char *const texts[] = {
		"",    "12Q", "12k",  "12m",  "1GB", "1GiB", "1 G", "G",  "-1G",
		"1G ", " 1G", "1.5G", "1,5G", "0xG", "1G1",  "1KK", "1E",
	};

	(void)state;
	for (size_t i = 0; i < array_size(texts); i++) {
		uint64_t value = UNTOUCHED;

		assert_int_equal(parse_size(texts[i], &value), -EINVAL);
		assert_int_equal(value, UNTOUCHED);
	}
}

static void sizes_that_overflow_are_out_of_range(void **state)
{
	static const char *const texts[] = {"16384P", "18446744073709551615K", "16777216T",
					    "18446744073709551616"};

	(void)state;
	for (size_t i = 0; i < array_size(texts); i++) {
		uint64_t value = UNTOUCHED;

		assert_int_equal(parse_size(texts[i], &value), -ERANGE);
		assert_int_equal(value, UNTOUCHED);
	}
}

static void booleans_are_the_words_of_systemd(void **state)
{
	static const char *const yes[] = {"yes", "true", "on", "1", "YES", "On"};
	static const char *const no[] = {"no", "false", "off", "0", "NO", "Off"};
	static const char *const neither[] = {"", "y", "2", "yes ", "maybe", "10"};
	bool value;

	(void)state;
	for (size_t i = 0; i < array_size(yes); i++) {
		value = false;
		assert_int_equal(parse_bool(yes[i], &value), 0);
		assert_true(value);
	}
	for (size_t i = 0; i < array_size(no); i++) {
		value = true;
		assert_int_equal(parse_bool(no[i], &value), 0);
		assert_false(value);
	}
	for (size_t i = 0; i < array_size(neither); i++)
		assert_int_equal(parse_bool(neither[i], &value), -EINVAL);
}

static void names_are_found_by_their_index(void **state)
{
	static const char *const names[] = {"movable", "kernel"};

	(void)state;
	assert_int_equal(parse_name("movable", names, 2), 0);
	assert_int_equal(parse_name("Kernel", names, 2), 1);
	assert_int_equal(parse_name("kernel", names, 1), -EINVAL);
	assert_int_equal(parse_name("kern", names, 2), -EINVAL);
	assert_int_equal(parse_name("", names, 2), -EINVAL);
}

static void assert_format(uint64_t bytes, const char *wanted)
{
	char text[SIZE_TEXT_MAX];

	assert_string_equal(format_size(bytes, text), wanted);
}

static void sizes_are_shown_in_the_largest_unit(void **state)
{
	(void)state;
	assert_format(0, "0 bytes");
	assert_format(1023, "1023 bytes");
	assert_format(1024, "1 KiB");
	assert_format(1536, "1.5 KiB");
	assert_format(128 * MIB, "128 MiB");
	assert_format(GIB + GIB / 2, "1.5 GiB");
	assert_format(2048 * GIB, "2 TiB");
	assert_format(UINT64_MAX, "16384.0 PiB");
}

static void times_have_units(void **state)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} good[] = {
		{"0", 0},	   {"90", 90},	       {"90s", 90},
		{"1min", 60},	   {"2m", 120},	       {"1min 30s", 90},
		{"1min30s", 90},   {"1h", 3600},       {"1 h 1 sec", 3601},
		{"1d", 86400},	   {"2 days", 172800}, {"1hour 2minutes 3seconds", 3723},
		{"5 minute", 300}, {"1hr", 3600},      {"1s ", 1},
	};
	static const char *const bad[] = {"",	  " ",	    "s",   "1x", "1 2",	  "1min 2",
					  "1,5s", "1.5min", "-1s", "1S", "1 s s", "1secondsandmore",
					  "1m!",  "1e",	    "1 "};
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < array_size(good); i++) {
		if (parse_seconds(good[i].text, &value) < 0 || value != good[i].seconds)
			fail_msg("'%s' is not %lu", good[i].text, (unsigned long)good[i].seconds);
	}
	for (size_t i = 0; i < array_size(bad); i++) {
		value = UNTOUCHED;
		if (parse_seconds(bad[i], &value) != -EINVAL || value != UNTOUCHED)
			fail_msg("'%s' is taken as %lu", bad[i], (unsigned long)value);
	}
	assert_int_equal(parse_seconds("18446744073709551615min", &value), -ERANGE);
	assert_int_equal(parse_seconds("18446744073709551615s 1s", &value), -ERANGE);
	assert_int_equal(parse_seconds("18446744073709551616s", &value), -ERANGE);
}

static void uuids_have_their_form(void **state)
{
	static const char *const bad[] = {"",
					  "0123",
					  "01234567-89ab-cdef-0123-456789abcde",
					  "01234567-89ab-cdef-0123-456789abcdef0",
					  "01234567_89ab-cdef-0123-456789abcdef",
					  "01234567-89ab_cdef-0123-456789abcdef",
					  "01234567-89ab-cdef_0123-456789abcdef",
					  "01234567-89ab-cdef-0123_456789abcdef",
					  "g1234567-89ab-cdef-0123-456789abcdef"};

	(void)state;
	assert_true(is_uuid("01234567-89ab-cdef-0123-456789abcdef"));
	assert_true(is_uuid("01234567-89AB-CDEF-0123-456789ABCDEF"));
	for (size_t i = 0; i < array_size(bad); i++)
		if (is_uuid(bad[i]))
			fail_msg("'%s'", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_decimal_or_hexadecimal),
		cmocka_unit_test(what_is_no_number_is_refused),
		cmocka_unit_test(numbers_beyond_64_bits_are_out_of_range),
		cmocka_unit_test(sizes_have_suffixes),
		cmocka_unit_test(what_is_no_size_is_refused),
		cmocka_unit_test(sizes_that_overflow_are_out_of_range),
		cmocka_unit_test(booleans_are_the_words_of_systemd),
		cmocka_unit_test(names_are_found_by_their_index),
		cmocka_unit_test(times_have_units),
		cmocka_unit_test(uuids_have_their_form),
		cmocka_unit_test(sizes_are_shown_in_the_largest_unit),
	};

	return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
