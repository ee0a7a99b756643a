/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* options: the command line: the options that the launchers share. */

#include <getopt.h>

struct diag;
struct plan;

/* Values of long options without a letter; a tool's own begin at OPT_TOOL. */
enum { OPT_LAUNCH = 256, OPT_TOOL = 512 };

/*
 * The options of those who make namespaces, besides those of the types, the
 * letters that they have, and their part of the usage text; the table ends with
 * a zero row.
 */
extern const struct option options_launch[];
extern const char options_launch_letters[];
extern const char options_launch_usage[];

/* The same for what concerns the program, whoever starts it; there are no letters. */
extern const struct option options_program[];
extern const char options_program_usage[];

/* Take option OPT (getopt's value) if it is one of those: 1, 0 if it is none, -1 and *d. */
int options_launch_take(struct plan *plan, int opt, const char *arg, struct diag *d);

/* --kill-child[=SIGNAL]: KILL, if no signal has been named. -1 and *d. */
int options_take_kill(struct plan *plan, const char *arg, struct diag *d);

/* "TERM", "SIGTERM" or "15". -1 and *d. */
int options_parse_signal(const char *text, const char *option, int *sig, struct diag *d);
