/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * contest: the command line of a benchmark, and what it names: who is measured
 *
 *	[-l] [-c CPU] [-n RUNS] [-w WORKLOAD] NAME=PATH...
 *
 * -c runs all on one CPU. The locale is C, the best case of those who would
 * load another one; -l keeps the caller's.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "rounds.h"

/* What a benchmark has. */
struct contest_rules {
	const char *usage;
	/* NULL at the end; the first is the floor, which always takes part. */
	const char *const *kinds;
	const char *const *workloads;
	/* Its own options: getopt(3)'s letters, and who takes them; or NULL. */
	const char *letters;
	bool (*take)(int option, const char *value);
};

/* NAME is a kind's, or one's with a suffix: unshare-2.43. */
struct candidate {
	const char *name;
	const char *path;
	int kind;
};

struct contest {
	const char *only;	/* one workload by name, or NULL */
	int runs, cpu;		/* cpu: -1 is any */
	bool keep_locale;
	char floor[PATH_MAX], probe[PATH_MAX];	/* beside this program */
	struct candidate list[ROWS_MAX];
	size_t count;
	double *room;		/* of runs numbers, and as many for each candidate */
};

/*
 * From the command line, and ready to run. False when there is nothing to be
 * done, and *status is what to exit with.
 */
bool contest_open(struct contest *c, const struct contest_rules *rules,
		  int argc, char **argv, int *status);

/* A row for that candidate, whose command line is still to be written. */
struct row *contest_row(const struct contest *c, struct table *t, size_t candidate);

/* Compare with the first row of each of these kinds; KINDS ends with -1. */
void contest_bases(struct table *t, const int *kinds);
