/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMCTL_NEAR_H
#define KMEMCTL_NEAR_H

/* Of several names the one that somebody meant who wrote this, or NULL; next() gives them. */
const char *nearest_name(const char *written, const char *(*next)(const void *data, unsigned int i),
			 const void *data);

#endif
