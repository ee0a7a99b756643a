/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * inside: what a process does between the door and exec, in order. The same
 * for all doors; each step does nothing where the plan does not ask for it.
 */

struct diag;
struct plan;

/*
 * Right after the door, with all capabilities in the new user namespace but
 * (until inside_map() or somebody outside has been at work) no ids.
 */
int inside_map(const struct plan *plan, struct diag *d);

/* What the new process has done for it from outside. */
struct inside_outside {
	int (*set_clocks)(void *arg, struct diag *d); /* outside_clocks() there: 0, or -1 and *d */
	void *arg;
};

/*
 * Make the namespaces LATE (CLONE_NEW*) that the door left out: those that need
 * ids or a cgroup first. OUT may be NULL where the plan has no MAP_OUTSIDE.
 */
int inside_build(const struct plan *plan, unsigned int late, const struct inside_outside *out,
		 struct diag *d);

/*
 * Mounts, root, the ids of the new world, names, interfaces, the set-up command,
 * the working directory. PARENT_FD is readable, or its peer has gone, when the launcher is dead.
 */
int inside_enter(const struct plan *plan, int parent_fd, struct diag *d);

/*
 * Die when the launcher dies. A change of credentials clears the parent-death
 * signal, so this comes after the last; a launcher that has died before is
 * seen by looking at PARENT_FD.
 */
int inside_bind(const struct plan *plan, int parent_fd, struct diag *d);

/*
 * Descriptors and signals as the program shall find them, then exec. Returns on
 * failure: -1. GATE is our end of a gate, or -1: it is closed when the program is
 * executed, and with plan->guard the other side can hear GATE_UNEXECUTED instead.
 */
int inside_exec(const struct plan *plan, int gate, struct diag *d);
