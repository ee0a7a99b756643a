/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nsunshare.h"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "child.h"
#include "cred.h"
#include "diag.h"
#include "explain.h"
#include "ids.h"
#include "inside.h"
#include "kernel.h"
#include "lastwords.h"
#include "parent.h"
#include "pin.h"
#include "procdir.h"
#include "spawn.h"
#include "untraceable.h"

/* One launch. */
struct launch {
	const struct nsunshare *n;
	struct helper helper;
	struct parent parent; /* of the child, where there is one */
};

/* As whoever is to be the owner; inside_build() takes the ids of the new world. */
static int go_through(const struct nsunshare *n, struct diag *d)
{
	int flags = (int)(n->plan.flags & ~n->plan.late) | n->other_flags;

	if (ids_at_door(&n->plan, NULL, d) < 0)
		return -1;
	if (!flags || unshare(flags) == 0)
		return 0;
	diag_fail(d, NULL, "unshare");
	explain_new(n->plan.flags, d);
	return -1;
}

/* Another mount namespace in the place of the one that we have made. */
static int pin_again(void *arg, const cpu_set_t *one, const cpu_set_t *all, struct diag *d)
{
	struct launch *l = arg;
	int ret;

	if (sched_setaffinity(0, sizeof(*one), one) < 0)
		return diag_fail(d, NULL, "move to another CPU");
	if (unshare(CLONE_NEWNS) < 0)
		return diag_fail(d, NULL, "unshare");
	ret = helper_pin(&l->helper, 0, d);
	if (ret == 0 && sched_setaffinity(0, sizeof(*all), all) < 0)
		return diag_fail(d, NULL, "move back to all CPUs");
	return ret;
}

static int pin(struct launch *l, struct diag *d)
{
	int ret;

	if (!plan_has_pins(&l->n->plan))
		return 0;
	ret = helper_pin(&l->helper, 0, d);
	return ret == PIN_TRY_ANOTHER_CPU ? pin_try_cpus(pin_again, l, d) : ret;
}

static int set_clocks(void *helper, struct diag *d)
{
	return helper_clocks(helper, d);
}

/* Everything that the new namespaces need before somebody lives in them. */
static int build(struct launch *l, struct diag *d)
{
	const struct plan *plan = &l->n->plan;
	const struct inside_outside out = { .set_clocks = set_clocks, .arg = &l->helper };

	if (helper_start(&l->helper, plan, !l->n->fork, d) < 0 || go_through(l->n, d) < 0)
		return -1;
	if (helper_map(&l->helper, d) < 0 || inside_map(plan, d) < 0)
		return -1;
	return inside_build(plan, plan->late, &out, d) < 0 ? -1 : pin(l, d);
}

/* Returns only if the program has not been executed. */
static void run_in_place(struct launch *l, struct diag *d)
{
	const struct plan *plan = &l->n->plan;

	if (inside_enter(plan, -1, d) < 0 || cred_apply(&plan->cred, d) < 0)
		return;
	if (l->helper.gate.parent >= 0)
		lastwords_prepare(l->helper.gate.parent, d);
	if (helper_tell_exec(&l->helper, d) == 0)
		inside_exec(plan, l->helper.gate.parent, d);
}

/* We wait in the same user namespace, in which the program may be root, but not as we are. */
static int hide(const struct plan *plan, struct diag *d)
{
	return plan->foreign ? untraceable(d) : 0;
}

static int fork_at_once(struct launch *l, struct diag *d)
{
	struct birth birth = { .plan = &l->n->plan, .cgroup_procs = -1 };

	return hide(birth.plan, d) < 0 ? -1 : parent_fork(&l->parent, &birth, d);
}

static int fork_gated(struct launch *l, struct diag *d)
{
	struct birth birth = { .plan = &l->n->plan, .cgroup_procs = -1, .parent_fd = -1 };
	struct spawn_args plain = { .cgroup_fd = -1 };
	struct parent *parent = &l->parent;
	struct spawned child;
	pid_t number;
	int ret;

	if (mirror_open(&parent->mirror, d) < 0 || gate_open(&parent->gate, d) < 0)
		return -1;
	ret = spawn_fork(&plain, &child);
	if (ret < 0)
		return diag_fail(d, NULL, "fork");
	if (ret > 0)
		child_run_gated(&birth, &parent->gate);
	gate_keep_parent(&parent->gate);
	if (parent_adopt(parent, &child, d) < 0 || hide(birth.plan, d) < 0 ||
	    parent_say(parent, GATE_MAPPED, d) < 0 || parent_expect(parent, GATE_BUILT, d) < 0)
		return -1;
	if (birth.plan->pin[NS_PID] &&
	    (procdir_number(child.pidfd, &number, d) < 0 || helper_pin(&l->helper, number, d) != 0))
		return -1;
	return parent_let_go(parent, birth.plan, d) < 0 ? -1 : parent_see_exec(parent, d);
}

/* The same. */
static void run_as_child(struct launch *l, struct diag *d)
{
	const struct plan *plan = &l->n->plan;
	struct mirror *mirror = &l->parent.mirror;
	/* The end of a vfork(2) tells that the trampoline is executed, which pins must not rely on. */
	bool gated = plan->setup || plan->pin[NS_PID] || (plan->guard && plan_has_pins(plan));

	parent_init(&l->parent, plan);
	mirror->forward = l->n->forward;
	mirror->outlasts = true;
	mirror_block();
	if ((gated ? fork_gated(l, d) : fork_at_once(l, d)) < 0) {
		parent_end(&l->parent);
		return;
	}
	mirror_start(mirror);
	helper_end(&l->helper);
	mirror_wait_end(mirror);
	mirror_end(&mirror->end);
}

int nsunshare_launch(const struct nsunshare *n, struct diag *d)
{
	static struct launch l;

	l.n = n;
	if (build(&l, d) == 0) {
		if (n->fork)
			run_as_child(&l, d);
		else
			run_in_place(&l, d);
	}
	helper_take_back(&l.helper);
	if (l.parent.mirror.killed_for)
		mirror_end(&(struct ended){ .signal = l.parent.mirror.killed_for });
	return -1;
}
