/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_ARRAY_H
#define KMEMD_ARRAY_H
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* A growable array declared as ARRAY(struct x) xs; its items move when it grows. */
#define ARRAY(type)                                                                                \
	struct {                                                                                   \
		type *items;                                                                       \
		size_t count;                                                                      \
	}

#define array_foreach(item, array)                                                                 \
	for (__typeof__((array)->items[0]) *item = (array)->items;                                 \
	     item && item < (array)->items + (array)->count; item++)

/* Appends a zeroed item; NULL when memory is short. Capacity is the next power of two. */
static inline void *array_grow(void **items, size_t *count, size_t size)
{
	if ((*count & (*count - 1)) == 0) {
		size_t capacity = *count ? *count * 2 : 1;
		void *grown = reallocarray(*items, capacity, size);

		if (!grown)
			return NULL;
		*items = grown;
	}
	return memset((char *)*items + size * (*count)++, 0, size);
}

#define array_add(array)                                                                           \
	((__typeof__((array)->items))array_grow((void **)&(array)->items, &(array)->count,         \
						sizeof(*(array)->items)))

#define array_size(array) (sizeof(array) / sizeof((array)[0]))

#endif
