/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rounds: command lines that do the same work, timed against each other
 *
 * Each one is run once in every round, in an order that is shuffled anew, so
 * that what one leaves behind for the kernel to clean up falls on all the
 * others alike. The time is the wall time from spawn to wait; what prepares a
 * run is not in it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
	ROWS_MAX = 16,
	WORDS_MAX = 36,		/* of a command line, with the NULL at its end */
	BASES_MAX = 4,		/* whom the others are compared with */
};

/* A command line. One that has failed is not timed (any longer). */
struct row {
	const char *name;	/* in the table */
	const char *path;	/* of the program */
	int kind;		/* the caller's */
	const char *argv[WORDS_MAX];
	const char *input, *output;	/* files for stdin and stdout, or NULL */
	bool quiet;			/* stderr is /dev/null */
	double *times;		/* µs, one for each round; the caller's */
	bool failed;
};

struct table {
	const char *title;
	struct row rows[ROWS_MAX];
	size_t count;
	int runs;
	size_t bases[BASES_MAX];	/* indexes of rows */
	size_t n_bases;
	/* Called with CONTEXT before each run; false: it cannot be run. Or NULL. */
	bool (*prepare)(void *context, const struct row *row);
	void *context;
};

/* A line on stderr that begins with the name of this program. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Does it end with status 0? Whatever prepares it has been done. */
bool row_succeeds(const struct row *row);

/* And is "ok" all that it prints? */
bool row_says_ok(const struct row *row);

/* Fills times, after some rounds without a clock. */
void table_run(struct table *t);

/*
 * For every row the median and the least time, and for every base two ratios:
 * that of the medians, and the median of those within one round. ROOM is for
 * t->runs numbers.
 */
void table_print(const struct table *t, double *room);

/* A row's time as a multiple of a base's: the median of those within one round. */
double table_ratio(const struct table *t, size_t row, size_t base, double *room);

/* How many rows have failed. */
int table_failures(const struct table *t);
