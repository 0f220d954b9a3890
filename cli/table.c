/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/table.h"

#include "base/array.h"
#include "base/printable.h"

#include <stdarg.h>
#include <stdio.h>

struct table {
	unsigned int columns;
	ARRAY(char *) cells; /* row by row, the titles first */
};

struct table *table_new(unsigned int columns, const char *const *titles)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->columns = columns;
	for (unsigned int i = 0; i < columns; i++)
		table_add(table, "%s", titles[i]);
	return table;
}

/* A cell for which there is no memory is left out of the table together with the rest. */
void table_add(struct table *table, const char *format, ...)
{
	char **cell = table ? array_add(&table->cells) : NULL;
	_cleanup_free_ char *text = NULL;
	va_list arguments;

	if (!cell)
		return;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	*cell = text ? printable(text) : NULL;
}

static const char *cell_text(const struct table *table, size_t index)
{
	const char *text = table->cells.items[index];

	return text && text[0] ? text : "-";
}

static size_t column_width(const struct table *table, unsigned int column)
{
	size_t width = 0;

	for (size_t i = column; i < table->cells.count; i += table->columns)
		if (strlen(cell_text(table, i)) > width)
			width = strlen(cell_text(table, i));
	return width;
}

void table_print(const struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->cells.count; i++) {
		unsigned int column = i % table->columns;

		if (column + 1 == table->columns)
			printf("%s\n", cell_text(table, i));
		else
			printf("%-*s  ", (int)column_width(table, column), cell_text(table, i));
	}
}

struct table *table_free(struct table *table)
{
	if (!table)
		return NULL;
	array_foreach(cell, &table->cells)
		free(*cell);
	free(table->cells.items);
	free(table);
	return NULL;
}
