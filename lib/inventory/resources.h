/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_RESOURCES_H
#define KMEMD_RESOURCES_H
/* The kernel's tree of physical addresses (/proc/iomem): what lies where, and in what. */
#include "inventory/inventory.h"

struct resource_line {
	struct range range;
	unsigned int depth; /* 0 at the top; children follow their parent and are one deeper */
	char name[64];
};

struct resources {
	/* Others than root are shown zeros for addresses (kernel/resource.c, r_show()). */
	bool known;
	ARRAY(struct resource_line) lines; /* in the kernel's order: none when not known */
};

/* From the text of the file. Lines that are none are left out. 0 or -ENOMEM. Pure. */
int resources_parse(const char *text, struct resources *ret);
/*
 * A file that cannot be read is a tree that is not known. Who opened the file decides what it shows
 * (CAP_SYS_ADMIN), not who reads it: a service without that right is given the open file as its
 * standard input, and it is read from there. 0 or -ENOMEM.
 */
int resources_read(const char *procfs, struct resources *ret);
/* From the beginning, even if it was read before. What cannot be read is not known. 0 or -ENOMEM.
 */
int resources_read_open(int fd, struct resources *ret);
void resources_release(struct resources *resources);

#endif
