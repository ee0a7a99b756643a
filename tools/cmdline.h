/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* cmdline: what the mains of the tools share: getopt, --help, --version. */

#include <getopt.h>
#include <stdbool.h>

struct diag;

/* Does it take the options of the types? And a file behind their letters, as in -n/run/netns/x? */
enum cmdline_types { TYPES_NONE, TYPES_PLAIN, TYPES_TAKE_FILES };

/* A tool's command line. Tables end with a zero row; they are joined. */
struct cmdline {
	const char *tool;
	const struct option *tables[3]; /* its own options, and those that it shares; or NULL */
	enum cmdline_types types;
	bool permute;			/* are there options behind operands, too? Not if these are a program */
	const char *letters;		/* of its own … */
	const char *more_letters;	/* … and of the others */
	const char *usage[4];		/* the text of --help in parts, NULL for none */
	const char *version;		/* what --version says besides, or NULL */
	/* Take option OPT (getopt's value) with VALUE into TO: 0, or -1 and *d. */
	int (*take)(void *to, int opt, const char *value, struct diag *d);
	/* Do what has been asked for, with OPERANDS up to a NULL: 0, or -1 and *d. */
	int (*run)(void *to, char **operands, struct diag *d);
	/* The exit status that a failure is worth; NULL: D's own. */
	int (*status)(const void *to, const struct diag *d);
};

/*
 * main() of a tool: parse ARGV into TO, run, and print what went wrong. The
 * exit status; 0 if help or the version was asked for.
 */
int cmdline_main(const struct cmdline *cmdline, void *to, int argc, char **argv);
