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
		cmocka_unit_test(sizes_are_shown_in_the_largest_unit),
	};

	return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
