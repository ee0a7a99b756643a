/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* child: the new process, from its first instruction to exec. */

#include "diag.h"
#include "gate.h"

struct cgroup_set;
struct plan;
struct spawned;

/* What the launcher tells its child. */
struct birth {
	const struct plan *plan;
	const struct spawned *spawned; /* what the door had to leave out */
	int cgroup_procs;     /* to be written to, where the kernel does not place the child; or minus errno */
	const struct cgroup_set *cgroups; /* to be joined, besides; or NULL */
	int parent_fd;	      /* readable when the launcher is dead; or -1 */
};

/*
 * ARG is a struct birth. The child of spawn_vfork(): nobody does anything for
 * it from outside. Never returns.
 */
void child_run(void *arg, struct diag *report);

/* The child of spawn_fork(): talks to the launcher over GATE. Never returns. */
void child_run_gated(const struct birth *birth, struct gate *gate) __attribute__((noreturn));
