/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_CLEANUP_H
#define KMEMD_CLEANUP_H
/* Release at the end of the scope, in the manner of the kernel's cleanup.h and of systemd. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(function) __attribute__((cleanup(function)))

/* Defines NAMEp(), which releases what a variable of type TYPE holds; release(NULL) is fine. */
#define DEFINE_CLEANUP(type, release)                                                              \
	static inline void release##p(type *pointer)                                               \
	{                                                                                          \
		if (*pointer)                                                                      \
			release(*pointer);                                                         \
	}                                                                                          \
	struct cleanup_needs_a_semicolon

static inline void freep(void *pointer)
{
	free(*(void **)pointer);
}

static inline void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

DEFINE_CLEANUP(FILE *, fclose);
DEFINE_CLEANUP(DIR *, closedir);

#define _cleanup_free_	_cleanup_(freep)
#define _cleanup_close_ _cleanup_(closep)
#define _cleanup_file_	_cleanup_(fclosep)
#define _cleanup_dir_	_cleanup_(closedirp)

/* Hands a pointer out of the scope that would have released it. */
#define take_pointer(pointer)                                                                      \
	({                                                                                         \
		__typeof__(pointer) taken_ = (pointer);                                            \
		(pointer) = NULL;                                                                  \
		taken_;                                                                            \
	})

#endif
