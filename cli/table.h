/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMCTL_TABLE_H
#define KMEMCTL_TABLE_H
/* A table on standard output: add cells row by row, print once. Cells are made printable. */
#include "base/cleanup.h"

struct table;

struct table *table_new(unsigned int columns, const char *const *titles);
void table_add(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_print(const struct table *table);
struct table *table_free(struct table *table);
DEFINE_CLEANUP(struct table *, table_free);

#endif
