// SPDX-License-Identifier: GPL-2.0-only
/* Unit test of btf.h in user space: make -C kmod check */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "btf.h"

#define INFO(kind, flag, vlen) \
	(((unsigned int)(flag) << 31) | ((unsigned int)(kind) << 24) | (vlen))

/* Offsets in the strings of blob. */
enum { ANONYMOUS = 0, INT = 1, PAIR = 5, A = 10, B = 12, WIDE = 14, COUNT = 19 };

/* What the compiler and pahole make of a few types. */
struct blob {
	struct btf_header header;
	struct btf_type number;
	__u32 number_tail;
	struct btf_type enumeration;
	struct btf_enum values[2];
	struct btf_type pointer;
	struct btf_type pair;
	struct btf_member pair_members[2];
	struct btf_type wide;
	struct btf_member wide_members[2];
	struct btf_type other_pair;
	struct btf_member other_pair_members[1];
	char strings[24];
};

static const struct blob blob = {
	.header = {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(struct btf_header),
		.type_len = offsetof(struct blob, strings) -
			    sizeof(struct btf_header),
		.str_off = offsetof(struct blob, strings) -
			   sizeof(struct btf_header),
		.str_len = sizeof(blob.strings),
	},
	.number = { .name_off = INT, .info = INFO(BTF_KIND_INT, 0, 0), .size = 4 },
	.enumeration = { .info = INFO(BTF_KIND_ENUM, 0, 2), .size = 4 },
	.pointer = { .info = INFO(BTF_KIND_PTR, 0, 0) },
	.pair = { .name_off = PAIR, .info = INFO(BTF_KIND_STRUCT, 0, 2),
		  .size = 16 },
	.pair_members = { { .name_off = A, .offset = 0 },
			  { .name_off = B, .offset = 64 } },
	/* With bit fields, the size of one stands above its offset. */
	.wide = { .name_off = WIDE, .info = INFO(BTF_KIND_STRUCT, 1, 2),
		  .size = 12 },
	.wide_members = { { .name_off = A, .offset = 3 << 24 },
			  { .name_off = COUNT, .offset = 32 } },
	/* Another file has a structure of the same name. */
	.other_pair = { .name_off = PAIR, .info = INFO(BTF_KIND_STRUCT, 0, 1),
			.size = 4 },
	.other_pair_members = { { .name_off = B, .offset = 0 } },
	.strings = "\0int\0pair\0a\0b\0wide\0nr",
};

static int check(const char *type, const char *member, unsigned int bytes)
{
	const struct kmem_btf_place place = { type, member, bytes };
	struct kmem_btf btf;

	assert_int_equal(kmem_btf_open(&btf, &blob, sizeof(blob)), 0);
	return kmem_btf_check(&btf, &place);
}

static void members_are_found_where_they_are(void **state)
{
	(void)state;
	assert_int_equal(check("pair", "a", 0), 0);
	assert_int_equal(check("pair", "b", 8), 0);
	assert_int_equal(check("pair", NULL, 16), 0);
	assert_int_equal(check("wide", "nr", 4), 0);
	assert_int_equal(check("wide", NULL, 12), 0);
}

static void members_elsewhere_are_wrong(void **state)
{
	(void)state;
	assert_int_equal(check("pair", "b", 4), -EINVAL);
	assert_int_equal(check("pair", "nr", 8), -EINVAL);
	assert_int_equal(check("pair", NULL, 24), -EINVAL);
	assert_int_equal(check("wide", "nr", 8), -EINVAL);
}

static void any_structure_of_the_name_will_do(void **state)
{
	(void)state;
	assert_int_equal(check("pair", "b", 0), 0);
	assert_int_equal(check("pair", NULL, 4), 0);
}

static void structures_may_be_missing(void **state)
{
	(void)state;
	assert_int_equal(check("pai", "a", 0), -ENOENT);
	/* Not a structure. */
	assert_int_equal(check("int", NULL, 4), -ENOENT);
}

/* Whatever is cut off or overwritten, nothing outside of the buffer is read. */
static void what_is_no_btf_is_refused(void **state)
{
	const struct kmem_btf_place place = { "wide", "nr", 4 };
	struct kmem_btf btf;
	struct blob broken;
	size_t at;

	(void)state;
	for (at = 0; at < sizeof(blob); at++)
		assert_int_equal(kmem_btf_open(&btf, &blob, at), -EINVAL);
	for (at = 0; at < sizeof(blob); at++) {
		memcpy(&broken, &blob, sizeof(blob));
		((unsigned char *)&broken)[at] ^= 0xff;
		if (!kmem_btf_open(&btf, &broken, sizeof(broken)))
			kmem_btf_check(&btf, &place);
	}
}

static void an_unknown_kind_ends_the_search(void **state)
{
	const struct kmem_btf_place place = { "pair", "b", 8 };
	struct kmem_btf btf;
	struct blob newer;

	(void)state;
	memcpy(&newer, &blob, sizeof(blob));
	newer.pointer.info = INFO(31, 0, 0);
	assert_int_equal(kmem_btf_open(&btf, &newer, sizeof(newer)), 0);
	assert_int_equal(kmem_btf_check(&btf, &place), -EOPNOTSUPP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_found_where_they_are),
		cmocka_unit_test(members_elsewhere_are_wrong),
		cmocka_unit_test(any_structure_of_the_name_will_do),
		cmocka_unit_test(structures_may_be_missing),
		cmocka_unit_test(what_is_no_btf_is_refused),
		cmocka_unit_test(an_unknown_kind_ends_the_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
