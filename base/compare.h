/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_COMPARE_H
#define KMEMD_COMPARE_H
/* For qsort(): ascending numbers. A difference would not do, it does not fit an int. */
#include <stdint.h>

static inline int compare_numbers(uint64_t x, uint64_t y)
{
	return (x > y) - (x < y);
}

#endif
