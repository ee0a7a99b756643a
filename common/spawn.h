/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * spawn: clone3(2), with what stands in for it where it is not there.
 *
 * Errors are errno's, so that the caller can tell EPERM from ENOSPC.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct diag;

/* What a new process is born with. */
struct spawn_args {
	uint64_t flags;	       /* CLONE_NEW* */
	int cgroup_fd;	       /* a cgroup v2 directory to be born in (5.7), or -1 */
	const int *set_tid;    /* PIDs, innermost PID namespace first (5.5) */
	unsigned int n_set_tid;
};

/* What came of it, for the parent. */
struct spawned {
	pid_t pid;
	int pidfd;	    /* owned by the caller; close-on-exec */
	bool time_left_out; /* clone(2) cannot make a time namespace: still to be unshared */
	bool cgroup_left_out; /* CLONE_INTO_CGROUP is not there: still to be moved */
};

/* What a child of spawn_vfork() does; it does not return. */
typedef void spawn_fn(void *arg, struct diag *report);

/*
 * The new process runs FN(ARG, REPORT); this one is suspended until it has
 * called execve(2) or _exit(2), and then finds in *REPORT what it wrote there:
 * a status of 0 if it wrote nothing. Where the architecture is known, memory is
 * shared meanwhile (CLONE_VM), as vfork(2) does.
 */
int spawn_vfork(const struct spawn_args *args, spawn_fn *fn, void *arg, struct diag *report,
		struct spawned *out);

/* As fork(2): 1 in the new process, 0 in this one, -1 with errno. */
int spawn_fork(const struct spawn_args *args, struct spawned *out);
