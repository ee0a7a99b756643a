/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* options: the command line: the launch options that the launchers share. */

#include <getopt.h>

struct diag;
struct plan;

/* Values of long options without a letter; a tool's own begin at OPT_TOOL. */
enum { OPT_LAUNCH = 256, OPT_TOOL = 512 };

/* The launch options and the letters that they have; ended by a zero row. */
extern const struct option options_launch[];
extern const char options_launch_letters[];

/* Their part of the usage text. */
extern const char options_launch_usage[];

/* Take option OPT (getopt's value) if it is a launch option: 1, 0 if it is none, -1 and *d. */
int options_launch_take(struct plan *plan, int opt, const char *arg, struct diag *d);

/* What getopt_long() stumbled over (it returned OPT, '?' or ':'), as a usage error. Returns -1. */
int options_explain(int opt, char *const *argv, const struct option *all, struct diag *d);

/* "TERM", "SIGTERM" or "15". -1 and *d. */
int options_parse_signal(const char *text, const char *option, int *sig, struct diag *d);
