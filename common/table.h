/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * table: rows of chosen columns, as text, raw, or JSON, flat or as a tree.
 * libsmartcols. One list of columns serves the choice, the help and the output.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct diag;

enum table_kind {
	TABLE_TEXT,
	TABLE_NUMBER, /* to the right; in JSON a number */
	TABLE_RIGHT,  /* a text, to the right */
	TABLE_LONG,   /* a text that may be cut where a terminal ends */
	TABLE_LINES,  /* any number of texts, each on a line of its own */
};

/* A list of them ends with a zero row; what is said of COLUMN is its index there. */
struct table_column {
	const char *name; /* in capitals; in small letters in JSON */
	enum table_kind kind;
	const char *help;
};

enum { TABLE_MAX_COLUMNS = 48 };

/* Which columns, in which order, each once. */
struct table_choice {
	size_t n;
	int column[TABLE_MAX_COLUMNS];
};

/* Add those of LIST, "NAME,NAME", capitals or not. -1 and *d: a usage error that names all there are. */
int table_choose(struct table_choice *choice, const struct table_column *columns,
		 const char *list, struct diag *d);

/* The value of --output: LIST in place of what is chosen, or "+LIST" besides. */
int table_choose_output(struct table_choice *choice, const struct table_column *columns,
			const char *list, struct diag *d);

/*
 * Add the columns that the filter EXPRESSION (scols-filter(5)) asks about. -1
 * and *d: a usage error: it is no such expression, there is no such column, or
 * this library has no filters.
 */
int table_choose_filter(struct table_choice *choice, const struct table_column *columns,
			const char *expression, struct diag *d);

bool table_has(const struct table_choice *choice, int column);

/* For --help, a line a column. Returns TEXT. */
char *table_help(char *text, size_t size, const struct table_column *columns);

struct table_style {
	bool json;
	bool raw;	   /* one blank between, and what is no plain character as \xNN */
	bool no_headings;
	bool no_wrap;	   /* TABLE_LINES on one line, with commas; so, too, when raw */
	bool cut;	   /* TABLE_LONG is cut, if stdout is a terminal */
	bool tree;	   /* rows are nested: drawn in tree_column, if that is chosen; else it is flat */
	int tree_column;
	const char *filter; /* an expression: only rows that fit; or NULL */
	const unsigned char *widths; /* by column, for what is as wide as its heading, at least; or NULL */
};

struct table;

/* NAME is that of the array in JSON. NULL and *d. */
struct table *table_new(const char *name, const struct table_column *columns,
			const struct table_choice *choice, const struct table_style *style,
			struct diag *d);

/* Begin a row. -1 and *d. */
int table_row(struct table *t, struct diag *d);

/*
 * Fill a cell of the last row, if its column is chosen; what is not filled, or
 * with NULL, is empty, or null. -1 and *d.
 */
int table_text(struct table *t, int column, const char *text, struct diag *d);
int table_number(struct table *t, int column, uint64_t number, struct diag *d);

/* The same for TABLE_LINES: N texts. */
int table_lines(struct table *t, int column, const char *const *texts, size_t n, struct diag *d);

/*
 * The last row, to be nested; owned by the table. NULL: it has been filled, and
 * does not pass the filter, and is gone. -1 and *d.
 */
struct table_row;
int table_end_row(struct table *t, struct table_row **row, struct diag *d);

/*
 * Put ROW, which has not been put anywhere yet, beneath PARENT, behind those that
 * are there. Nothing is done where that would make a circle.
 */
void table_nest(struct table_row *row, struct table_row *parent);

/*
 * So many levels of a tree are drawn, or nested in JSON: a row that is deeper stands
 * beside its parent. Or a chain of N rows would be indented by N * N characters.
 * Namespaces are not nested as deep as that: 33 user namespaces, and what they own.
 */
enum { TABLE_MAX_DEPTH = 40 };

/*
 * In text, a column is at most so wide; a longer text pushes what is behind it in
 * its row to the right, or N rows would be padded to the length of the longest.
 */
enum { TABLE_MAX_WIDTH = 256 };

/*
 * Write it to stdout: nothing is cut but what may be, and nothing depends on the
 * locale. -1 and *d.
 */
int table_print(struct table *t, struct diag *d);

void table_free(struct table *t);
