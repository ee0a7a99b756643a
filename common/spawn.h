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

/*
 * The new process runs FN(ARG), which does not return; this one is suspended
 * until it has called execve(2) or _exit(2). Where the architecture is known,
 * memory is shared meanwhile (CLONE_VM), as vfork(2) does; so FN writes what it has to report into memory of spawn_shared().
 */
int spawn_vfork(const struct spawn_args *args, void (*fn)(void *), void *arg,
		struct spawned *out);

/* As fork(2): 1 in the new process, 0 in this one, -1 with errno. */
int spawn_fork(const struct spawn_args *args, struct spawned *out);

/*
 * SIZE bytes of zeroed memory that a process made by either way writes to for
 * us to read, too. Never freed: one page a launch. NULL with errno ENOMEM.
 */
void *spawn_shared(size_t size);
