/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* cmdline: what the mains of the tools share: getopt, --help, --version. */

#include <getopt.h>

struct diag;

/* A tool's command line. Tables end with a zero row; they are joined. */
struct cmdline {
	const char *tool;
	const struct option *tables[3]; /* its own options, and those that it shares; or NULL */
	const char *letters;		/* of its own … */
	const char *more_letters;	/* … and of the others */
	const char *usage[4];		/* the text of --help in parts, NULL for none */
	/* Take option OPT (getopt's value) with VALUE into TO: 0, or -1 and *d. */
	int (*take)(void *to, int opt, const char *value, struct diag *d);
};

/*
 * Parse ARGV up to the first word that is no option; optind is its index then.
 * 1: go on; 0: help or version has been asked for, and printed on stdout; -1
 * and *d: a usage error, or stdout cannot be written to.
 */
int cmdline_parse(const struct cmdline *cmdline, void *to, int argc, char *const *argv,
		  struct diag *d);
