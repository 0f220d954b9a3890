/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_JOURNAL_H
#define KMEMD_JOURNAL_H
#include "base/error.h"
#include "context.h"
#include "inventory/inventory.h"

/* One job at a time, hence one journal. Empty strings: nothing of the kind is under way. */
struct journal {
	char job[32]; /* "apply", "drain", the verb of a request */
	char device[128];
	int pid;
	char auto_online_was[32], auto_online_is[32];
	/* A region between its creation and its commit. */
	char region[DEVICE_NAME_MAX], root_decoder[DEVICE_NAME_MAX];
	char endpoint_decoder[DEVICE_NAME_MAX];
};

/* 0, -ENOENT when there is none, or another negative errno. */
int journal_read(const struct kmemd *kmemd, struct journal *ret);
int journal_write(const struct kmemd *kmemd, const struct journal *journal,
		  struct kmemd_error *error);
void journal_remove(const struct kmemd *kmemd);

#endif
