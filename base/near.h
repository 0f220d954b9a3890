/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_NEAR_H
#define KMEMD_NEAR_H

/*
 * The name that somebody meant who mistyped it, or NULL when none is near. next returns the names
 * one by one, and NULL after the last.
 */
const char *nearest_name(const char *written, const char *(*next)(const void *data, unsigned int i),
			 const void *data);

#endif
