/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "child.h"

#include <unistd.h>

#include "cgroup.h"
#include "cred.h"
#include "file.h"
#include "init.h"
#include "inside.h"
#include "kernel.h"
#include "plan.h"
#include "spawn.h"

/* "0" is the writer itself. */
static int join_cgroup(const struct birth *birth, struct diag *d)
{
	if (!birth->spawned->cgroup_left_out)
		return 0;
	if (birth->cgroup_procs < 0)
		return diag_set(d, -birth->cgroup_procs, NULL, "open cgroup.procs");
	return file_write_once(birth->cgroup_procs, "0", 1) < 0 ? diag_fail(d, NULL, "write cgroup.procs") : 0;
}

/* What cannot be said or heard ends the launch: the launcher sees the gate closed. */
static void say(int gate, enum gate_word word)
{
	if (gate_say(gate, word) < 0)
		_exit(EXIT_OWN_FAILURE);
}

static void expect(int gate, enum gate_word word)
{
	struct gate_note note;

	if (gate_hear(gate, &note) < 0 || note.word != word)
		_exit(EXIT_OWN_FAILURE);
}

static int ask_for_clocks(void *arg, struct diag *d)
{
	const int *gate = arg;

	(void)d;
	say(*gate, GATE_CLOCKS);
	expect(*gate, GATE_SET);
	return 0;
}

/* Ids first, then what needs them. */
static int build(const struct birth *birth, int gate, struct diag *d)
{
	const struct inside_outside out = { .set_clocks = ask_for_clocks, .arg = &gate };
	unsigned int late = birth->plan->late;

	if (birth->cgroups && cgroup_join(birth->cgroups, d) < 0)
		return -1;
	/* It was the launcher that went through the door, and has built. */
	if (birth->plan->door != DOOR_CLONE)
		return 0;
	if (birth->spawned->time_left_out)
		late |= CLONE_NEWTIME;
	if (join_cgroup(birth, d) < 0 || inside_map(birth->plan, d) < 0)
		return -1;
	return inside_build(birth->plan, late, &out, d);
}

void child_run(void *arg, struct diag *report)
{
	const struct birth *birth = arg;
	const struct plan *plan = birth->plan;

	if (build(birth, -1, report) == 0 && inside_enter(plan, birth->parent_fd, report) == 0 &&
	    cred_apply(&plan->cred, report) == 0 &&
	    inside_bind(plan, birth->parent_fd, report) == 0)
		inside_exec(plan, -1, report);
	_exit(report->status);
}

static int start(const struct plan *plan, int gate, struct diag *d)
{
	if (plan->init)
		return inside_bind(plan, gate, d) < 0 ? -1 : init_run(plan, gate, d);
	if (cred_apply(&plan->cred, d) < 0 || inside_bind(plan, gate, d) < 0)
		return -1;
	say(gate, GATE_EXEC);
	return inside_exec(plan, gate, d);
}

void child_run_gated(const struct birth *birth, struct gate *gate)
{
	const struct plan *plan = birth->plan;
	struct gate_note failed = { .word = GATE_FAILED };
	struct diag *d = &failed.diag;

	gate_keep_child(gate);
	expect(gate->child, GATE_MAPPED);
	if (build(birth, gate->child, d) == 0) {
		say(gate->child, GATE_BUILT);
		expect(gate->child, GATE_GO);
		if (inside_enter(plan, gate->child, d) == 0)
			start(plan, gate->child, d);
	}
	gate_say_note(gate->child, &failed);
	_exit(d->status);
}
