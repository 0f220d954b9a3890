/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMCTL_LIST_TEXT_H
#define KMEMCTL_LIST_TEXT_H
/* What the tables of list and status have in common. */
#include "base/json.h"

/* "8 movable" or "6 movable, 2 offline", from a dax device's "blocks". */
void list_blocks_text(const struct json_object *dax, char *buffer, size_t size);
/* "device", "dram", "asked: device" or "", from its "memmap". */
const char *list_memmap_text(const struct json_object *dax);

#endif
