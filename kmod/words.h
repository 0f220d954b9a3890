/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The words of a dax device's `state`, as Linux 7.3 has them, and which of them
 * is true of given numbers of memory blocks. Pure functions, so that the same
 * file is compiled into the module and into the unit test in user space.
 */
#ifndef KMEM_WORDS_H
#define KMEM_WORDS_H

#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/types.h>
#else
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#endif

enum kmem_state {
	KMEM_UNPLUGGED,
	KMEM_OFFLINE,
	KMEM_ONLINE,
	KMEM_ONLINE_KERNEL,
	KMEM_ONLINE_MOVABLE,
	KMEM_NR_STATES
};

static const char * const kmem_state_words[KMEM_NR_STATES] = {
	[KMEM_UNPLUGGED] = "unplugged",
	[KMEM_OFFLINE] = "offline",
	[KMEM_ONLINE] = "online",
	[KMEM_ONLINE_KERNEL] = "online_kernel",
	[KMEM_ONLINE_MOVABLE] = "online_movable",
};

/*
 * The state of a device. @added: its blocks that are memory of the system;
 * @kernel, @movable: those that are online, by zone; @kernel_chose: "online"
 * was written for all of them, and no block has changed since.
 *
 * "online" is also what is left when no other word is true of all blocks. While
 * blocks are being added they may be online before they are counted as added.
 */
static inline enum kmem_state kmem_state_of(unsigned int added,
					    unsigned int kernel,
					    unsigned int movable,
					    bool kernel_chose)
{
	if (!kernel && !movable)
		return added ? KMEM_OFFLINE : KMEM_UNPLUGGED;
	if (kernel_chose || (kernel && movable) || kernel + movable < added)
		return KMEM_ONLINE;
	return movable ? KMEM_ONLINE_MOVABLE : KMEM_ONLINE_KERNEL;
}

/*
 * What may be written: every word but "offline", with or without a newline.
 * Return: the state, or -EINVAL.
 */
static inline int kmem_state_parse(const char *text)
{
	unsigned int i;

	for (i = 0; i < KMEM_NR_STATES; i++) {
		size_t len = strlen(kmem_state_words[i]);

		if (i == KMEM_OFFLINE || strncmp(text, kmem_state_words[i], len))
			continue;
		if (!text[len] || (text[len] == '\n' && !text[len + 1]))
			return i;
	}
	return -EINVAL;
}

/*
 * Is everything already as wanted? As in Linux 7.3, "online" is not what blocks in
 * a certain zone are; and here not what is read while some are offline.
 */
static inline bool kmem_state_reached(enum kmem_state wanted,
				      unsigned int added, unsigned int kernel,
				      unsigned int movable, bool kernel_chose)
{
	if (wanted == KMEM_ONLINE && kernel + movable < added)
		return false;
	return kmem_state_of(added, kernel, movable, kernel_chose) == wanted;
}

#endif
