/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* cgroup: to be where another process is. cgroups(7), for both versions. */

#include <stddef.h>

struct diag;

/* cgroup.procs of where to go, one for each hierarchy, opened for writing. */
struct cgroup_set {
	int n;
	int fd[16];	  /* owned by the set; close-on-exec */
	char left_out[200]; /* v1 hierarchies that cannot be joined, and why, or empty */
};

/*
 * Open those of the process whose directory in /proc is PROC, as far as they
 * are not our own already: of cgroup v2, or -1 and *d; of each v1 hierarchy,
 * or its name in left_out.
 */
int cgroup_open(struct cgroup_set *set, int proc, struct diag *d);

/*
 * Move the calling process there. The kernel asks whether who opened the files
 * may do that (5.17), so it works in other namespaces, too.
 */
int cgroup_join(const struct cgroup_set *set, struct diag *d);
