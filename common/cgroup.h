/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* cgroup: to be where another process is. cgroups(7), for both versions. */

#include <stdbool.h>
#include <stddef.h>

struct diag;
struct mountinfo;

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

/* A line of /proc/PID/cgroup: "4:cpu,cpuacct:/path", for v2 "0::/path". The path may hold anything but a newline. */
struct cgroup_membership {
	char *hierarchy; /* "4" */
	char *names;	 /* "cpu,cpuacct", "name=systemd" or "" */
	char *path;
};

/*
 * Cut the first line of *TEXT apart, in place; M points into it, and *TEXT is
 * what follows, or NULL at the end. Returns false if it is not such a line.
 */
bool cgroup_next(char **text, struct cgroup_membership *m);

/* Is there a line M in TEXT, a file of such lines? */
bool cgroup_is_in(const struct cgroup_membership *m, const char *text);

/* Does MOUNT show the cgroup M? Then the PATH of its cgroup.procs; false, too, if it does not fit. */
bool cgroup_procs(const struct mountinfo *mount, const struct cgroup_membership *m, char *path,
		  size_t size);
