/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parent.h"

#include <errno.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "diag.h"
#include "guard.h"
#include "kernel.h"
#include "plan.h"
#include "procdir.h"
#include "spawn.h"

void parent_init(struct parent *p, const struct plan *plan)
{
	*p = (struct parent){
		.gate = { -1, -1 },
		.mirror = {
			.pid = -1, .pidfd = -1, .signal_fd = -1,
			.bare_init = plan->door != DOOR_SETNS && (plan->flags & CLONE_NEWPID) && !plan->init,
			.has_init = plan->init,
			.pty = plan->pty,
		},
	};
}

int parent_adopt(struct parent *p, const struct spawned *child, struct diag *d)
{
	p->mirror.pid = child->pid;
	p->mirror.pidfd = child->pidfd;
	p->mirror.ended = false;
	return child->pidfd < 0 ? diag_set(d, ENOSYS, NULL, "clone: no pidfd (Linux 5.2)") : 0;
}

int parent_watch(const struct plan *plan, int *fd, struct diag *d)
{
	*fd = -1;
	if (!plan->parent_death)
		return 0;
	*fd = kernel_pidfd_open(getpid(), 0);
	return *fd < 0 ? diag_fail(d, NULL, "pidfd_open") : 0;
}

int parent_fork(struct parent *p, struct birth *birth, struct diag *d)
{
	struct spawn_args plain = { .cgroup_fd = -1 };
	cleanup_close int self = -1;
	struct spawned child;
	struct diag report;

	if (guard_hide_launcher(birth->plan, d) < 0 || parent_watch(birth->plan, &self, d) < 0)
		return -1;
	if (p->mirror.pty && mirror_open(&p->mirror, d) < 0)
		return -1;
	birth->parent_fd = self;
	p->mirror.alone = !birth->plan->setup;
	if (spawn_vfork(&plain, child_run, birth, &report, &child) < 0)
		return diag_fail(d, NULL, "fork");
	if (parent_adopt(p, &child, d) < 0)
		return -1;
	if (report.status) {
		*d = report;
		return -1;
	}
	/* What was made for a program that never ran is to be taken back. */
	return plan_has_pins(birth->plan) && !procdir_has_executed(child.pidfd) ? parent_lost(p, d) : 0;
}

int parent_say(const struct parent *p, enum gate_word word, struct diag *d)
{
	if (gate_say(p->gate.parent, word) < 0 && errno != EPIPE)
		return diag_fail(d, NULL, "talk to the child");
	return 0;
}

int parent_let_go(const struct parent *p, const struct plan *plan, struct diag *d)
{
	return guard_hide_launcher(plan, d) < 0 ? -1 : parent_say(p, GATE_GO, d);
}

int parent_lost(struct parent *p, struct diag *d)
{
	mirror_wait_end(&p->mirror);
	return mirror_tell_lost(&p->mirror, d);
}

/* The trampoline has told the user why, and ends when the gate is closed. */
static int see_unexecuted(struct parent *p, struct diag *d)
{
	gate_close(&p->gate);
	mirror_wait_end(&p->mirror);
	return p->mirror.end.signal ? mirror_tell_lost(&p->mirror, d) : diag_told(d, p->mirror.end.status);
}

int parent_expect(struct parent *p, enum gate_word word, struct diag *d)
{
	struct gate_note note;

	/* It may have ended, but not without a last word. */
	mirror_wait_fd(&p->mirror, p->gate.parent);
	if (gate_hear(p->gate.parent, &note) < 0)
		return diag_fail(d, NULL, "hear from the child");
	if (note.word == word)
		return 0;
	if (note.word == GATE_UNEXECUTED)
		return see_unexecuted(p, d);
	if (note.word != GATE_FAILED)
		return parent_lost(p, d);
	*d = note.diag;
	return -1;
}

int parent_see_exec(struct parent *p, struct diag *d)
{
	if (parent_expect(p, GATE_EXEC, d) < 0 || parent_expect(p, GATE_CLOSED, d) < 0)
		return -1;
	/* Closed by exec, or by its end? Our own SIGKILL is for a signal that came before. */
	return p->mirror.killed_for || p->mirror.ended_before_exec || !procdir_has_executed(p->mirror.pidfd) ?
	       parent_lost(p, d) : 0;
}

void parent_end(struct parent *p)
{
	gate_close(&p->gate);
	mirror_kill(&p->mirror);
	cleanup_close_fd(&p->mirror.pidfd);
	p->mirror.pidfd = -1;
}
