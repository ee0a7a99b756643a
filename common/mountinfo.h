/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* mountinfo: a line of /proc/PID/mountinfo. proc_pid_mountinfo(5). */

#include <stdbool.h>
#include <stdint.h>

struct mountinfo {
	uint64_t id;
	char *root;    /* of the mount, inside its file system; no longer escaped, as the next one */
	char *point;   /* where it is mounted, beneath the root directory of the process */
	char *type;    /* of the file system, */
	char *options; /* and its options, as the kernel writes them */
	bool shared;
};

/*
 * Cut LINE, with or without its newline, in place: M points into it. Returns
 * false if it is not such a line; then it is cut all the same.
 */
bool mountinfo_cut(char *line, struct mountinfo *m);
