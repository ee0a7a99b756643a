/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nsclone.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "diag.h"
#include "explain.h"
#include "guard.h"
#include "ids.h"
#include "outside.h"
#include "parent.h"
#include "pin.h"
#include "procdir.h"
#include "pty.h"
#include "spawn.h"

/* One launch: the child, and what has been made for it. */
struct launch {
	const struct nsclone *n;
	struct parent parent;
	int cgroup_fd;	  /* where to be born … */
	int cgroup_procs; /* … and what to write to where that cannot be had, or minus errno */
	bool pid_file;	  /* has been made by us */
	struct kept kept;
};

/* Our own options first: they are less usual than what else may be the matter. */
static int explain_clone(const struct nsclone *n, struct diag *d)
{
	diag_fail(d, NULL, "clone");
	if (n->n_set_tid && d->err == EPERM)
		diag_hint(d, "--set-pid takes CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE over the PID namespaces");
	else if (n->n_set_tid && d->err == EEXIST)
		diag_hint(d, "a PID of --set-pid is in use");
	else if (n->n_set_tid && (d->err == ENOSYS || d->err == E2BIG))
		diag_hint(d, "--set-pid takes clone3(2) with set_tid, Linux 5.5");
	else if (n->n_set_tid && d->err == EINVAL)
		diag_hint(d, "--set-pid has more PIDs than there are nested PID namespaces, or a first one in a new namespace that is not 1");
	else if (n->cgroup && d->err == EACCES)
		diag_hint(d, "the cgroup %s is not delegated to this user", n->cgroup);
	explain_new(n->plan.flags, d);
	return -1;
}

static int open_cgroup(struct launch *l, struct diag *d)
{
	const char *dir = l->n->cgroup;
	struct statfs fs;

	if (!dir)
		return 0;
	l->cgroup_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->cgroup_fd < 0)
		return diag_fail(d, dir, "open the cgroup");
	if (fstatfs(l->cgroup_fd, &fs) < 0)
		return diag_fail(d, dir, "look at the cgroup");
	if ((uint32_t)fs.f_type != KERNEL_CGROUP2_MAGIC)
		return diag_set(d, 0, dir, "not a directory of cgroup v2");
	/* Only for kernels before 5.7; failing to open it is no failure elsewhere. */
	l->cgroup_procs = openat(l->cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (l->cgroup_procs < 0)
		l->cgroup_procs = -errno;
	return 0;
}

static int open_pty(struct pty *pty, struct diag *d)
{
	if (!pty)
		return 0;
	pty_look(pty);
	return pty_open(pty, "/dev/ptmx", d);
}

static struct spawn_args spawn_args(const struct launch *l)
{
	return (struct spawn_args){
		.flags = l->n->plan.flags & ~l->n->plan.late,
		.cgroup_fd = l->cgroup_fd,
		.set_tid = l->n->set_tid,
		.n_set_tid = (unsigned int)l->n->n_set_tid,
	};
}

/*
 * spawn_vfork(), or without REPORT spawn_fork(), as whoever is to be the owner.
 * 1 in the child of the latter.
 */
static int open_door(struct launch *l, struct birth *birth, struct diag *report,
		     struct spawned *child, struct diag *d)
{
	const struct plan *plan = &l->n->plan;
	struct spawn_args args = spawn_args(l);
	struct ids_caller caller = { .n_groups = 0 };
	int ret;

	if (ids_at_door(plan, &caller, d) < 0)
		return -1;
	birth->spawned = child;
	ret = report ? spawn_vfork(&args, child_run, birth, report, child) : spawn_fork(&args, child);
	if (ret > 0)
		return 1;
	if (ret < 0)
		explain_clone(l->n, d);
	else
		ret = parent_adopt(&l->parent, child, d);
	if (ids_back(plan, &caller, ret < 0 ? &(struct diag){ 0 } : d) < 0)
		ret = -1;
	return ret;
}

/* Is there anything to be done for the child, or to be heard of it, before it executes the program? */
static bool needs_gate(const struct nsclone *n)
{
	const struct plan *plan = &n->plan;

	return plan->user.writer == MAP_OUTSIDE || plan->init || plan->setup || plan->late ||
	       n->host_setup || n->pid_file || n->pid_fd >= 0 || n->status_fd >= 0 || n->block_fd >= 0 ||
	       n->background || plan_has_pins(plan);
}

/* End the child, if it has not, and take back what was made for it. */
static void take_back(struct launch *l)
{
	parent_end(&l->parent);
	outside_let_go(&l->kept);
	if (l->pid_file)
		unlink(l->n->pid_file);
	l->pid_file = false;
}

/* The child, as who is outside sees it; in /proc only where that is asked for. */
static int look_from_outside(struct launch *l, struct outside *o, struct diag *d)
{
	const struct plan *plan = &l->n->plan;

	*o = (struct outside){ .mirror = &l->parent.mirror, .peer = -1 };
	if (plan->user.writer != MAP_OUTSIDE && !plan_has_pins(plan))
		return 0;
	if (procdir_number(l->parent.mirror.pidfd, &o->number, d) < 0)
		return -1;
	snprintf(o->proc, sizeof(o->proc), "%d", (int)o->number);
	return 0;
}

static int run_host_setup(struct launch *l, struct diag *d)
{
	char *argv[] = { "/bin/sh", "-c", (char *)(uintptr_t)l->n->host_setup, NULL };
	char variable[32];
	struct env_plan plan = { .clear = false };
	const struct outside out = { .mirror = &l->parent.mirror, .peer = -1 };
	cleanup_free char **env = NULL;

	snprintf(variable, sizeof(variable), "NSCLONE_PID=%d", (int)l->parent.mirror.pid);
	if (env_add_set(&plan, variable) < 0 || !(env = env_build(&plan, environ)))
		return diag_fail(d, NULL, "host set-up command");
	free(plan.set);
	return outside_run(&out, &(struct run){
		.argv = argv, .env = env, .mask = &l->n->plan.mask, .stdout_fd = -1, .stderr_fd = -1,
	}, "host set-up command", d);
}

/* What others learn, and do, while the child waits for GATE_GO. */
static int announce(struct launch *l, struct diag *d)
{
	const struct nsclone *n = l->n;

	if (n->pid_fd >= 0 && nsclone_report_pid_fd(n->pid_fd, l->parent.mirror.pid, d) < 0)
		return -1;
	if (n->pid_file) {
		if (nsclone_report_pid_file(n->pid_file, l->parent.mirror.pid, d) < 0)
			return -1;
		l->pid_file = true;
	}
	if (n->status_fd >= 0 && nsclone_report_start(n->status_fd, l->parent.mirror.pid, l->parent.mirror.pidfd,
						      n->plan.flags, d) < 0)
		return -1;
	if (n->host_setup && run_host_setup(l, d) < 0)
		return -1;
	if (n->block_fd >= 0 && !mirror_wait_fd(&l->parent.mirror, n->block_fd))
		return parent_lost(&l->parent, d);
	return n->background ? nsclone_report_pid(l->parent.mirror.pid, d) : 0;
}

static int set_clocks(struct launch *l, const struct outside *out, struct diag *d)
{
	struct parent *parent = &l->parent;

	if (parent_expect(parent, GATE_CLOCKS, d) < 0 || outside_clocks(out, &l->n->plan, d) < 0)
		return -1;
	return parent_say(parent, GATE_SET, d);
}

/* From birth to exec, with the child at the gate. 0, -1 or PIN_TRY_ANOTHER_CPU. */
static int lead(struct launch *l, struct diag *d)
{
	const struct plan *plan = &l->n->plan;
	struct parent *parent = &l->parent;
	struct outside out;
	int kept;

	if (look_from_outside(l, &out, d) < 0)
		return -1;
	if (outside_map(&out, plan, d) < 0 || parent_say(parent, GATE_MAPPED, d) < 0)
		return -1;
	if (plan->user.set_owner && plan_sets_clocks(plan) && set_clocks(l, &out, d) < 0)
		return -1;
	if (parent_expect(parent, GATE_BUILT, d) < 0)
		return -1;
	kept = plan_has_pins(plan) ? outside_keep(&l->kept, out.proc, plan, NSTYPE_ALL_FLAGS, d) : 0;
	if (kept)
		return kept;
	if (announce(l, d) < 0 || parent_let_go(parent, plan, d) < 0)
		return -1;
	return plan->init ? parent_expect(parent, GATE_RUNNING, d) : parent_see_exec(parent, d);
}

/* Back to all CPUs, and the child with us, long before its program starts. */
static int spread_out(const struct launch *l, const cpu_set_t *all, struct diag *d)
{
	if (sched_setaffinity(0, sizeof(*all), all) < 0 ||
	    sched_setaffinity(l->parent.mirror.pid, sizeof(*all), all) < 0)
		return diag_fail(d, NULL, "move back to all CPUs");
	return 0;
}

/* With the child at the gate: 0, -1 or PIN_TRY_ANOTHER_CPU. ON is where it shall be born, one of ALL, or NULL. */
static int try_gated(struct launch *l, const cpu_set_t *on, const cpu_set_t *all, struct diag *d)
{
	struct birth birth = {
		.plan = &l->n->plan, .cgroup_procs = l->cgroup_procs, .parent_fd = -1,
	};
	struct spawned child;
	int ret;

	if (on && sched_setaffinity(0, sizeof(*on), on) < 0)
		return diag_fail(d, NULL, "move to another CPU");
	if (gate_open(&l->parent.gate, d) < 0)
		return -1;
	ret = open_door(l, &birth, NULL, &child, d);
	if (ret > 0)
		child_run_gated(&birth, &l->parent.gate);
	gate_keep_parent(&l->parent.gate);
	if (ret == 0 && on)
		ret = spread_out(l, all, d);
	if (ret == 0)
		ret = lead(l, d);
	if (ret)
		take_back(l);
	return ret;
}

static int gate_again(void *arg, const cpu_set_t *one, const cpu_set_t *all, struct diag *d)
{
	return try_gated(arg, one, all, d);
}

static int launch_gated(struct launch *l, struct diag *d)
{
	int ret = mirror_open(&l->parent.mirror, d) < 0 ? -1 : try_gated(l, NULL, NULL, d);

	return ret == PIN_TRY_ANOTHER_CPU ? pin_try_cpus(gate_again, l, d) : ret;
}

static int launch_at_once(struct launch *l, struct diag *d)
{
	cleanup_close int self = -1;
	struct birth birth = {
		.plan = &l->n->plan,
		.cgroup_procs = l->cgroup_procs,
		.parent_fd = -1,
	};
	struct spawned child;
	struct diag report;

	if (guard_hide_launcher(&l->n->plan, d) < 0 || parent_watch(&l->n->plan, &self, d) < 0)
		return -1;
	if (l->parent.mirror.pty && mirror_open(&l->parent.mirror, d) < 0)
		return -1;
	birth.parent_fd = self;
	if (open_door(l, &birth, &report, &child, d) == 0) {
		if (!report.status)
			return 0;
		*d = report;
	}
	take_back(l);
	return -1;
}

/* An init of ours says what became of the program; more exactly than its own status can. */
static void wait_init(struct launch *l)
{
	struct gate_note note = { .word = GATE_RUNNING };

	/* One that has ended may still be to be heard. */
	while (note.word != GATE_ENDED && note.word != GATE_CLOSED) {
		mirror_wait_fd(&l->parent.mirror, l->parent.gate.parent);
		gate_hear(l->parent.gate.parent, &note);
		if (note.word == GATE_STOPPED)
			mirror_stop(&l->parent.mirror, note.number);
	}
	mirror_wait_end(&l->parent.mirror);
	if (note.word == GATE_ENDED)
		l->parent.mirror.end = note.ended;
}

/* The program has ended as it has, whether or not anybody can read of it: our status is the program's. */
static void report_end(const struct launch *l)
{
	struct diag d;

	if (l->n->status_fd >= 0 && nsclone_report_end(l->n->status_fd, &l->parent.mirror.end, &d) < 0)
		diag_print(&d, "nsclone");
}

int nsclone_launch(const struct nsclone *n, struct diag *d)
{
	static struct launch l;
	int ret;

	l = (struct launch){
		.n = n, .cgroup_fd = -1, .cgroup_procs = -1,
	};
	parent_init(&l.parent, &n->plan);
	l.parent.mirror.forward = n->forward;
	mirror_block();
	ret = open_pty(n->plan.pty, d) < 0 ? -1 : open_cgroup(&l, d);
	if (ret == 0)
		ret = needs_gate(n) ? launch_gated(&l, d) : launch_at_once(&l, d);
	if (ret < 0 && l.parent.mirror.killed_for)
		mirror_end(&(struct ended){ .signal = l.parent.mirror.killed_for });
	if (ret < 0)
		return -1;
	mirror_start(&l.parent.mirror);
	if (n->background)
		_exit(0);
	set_leave(&l.kept.set);
	if (n->plan.init)
		wait_init(&l);
	else
		mirror_wait_end(&l.parent.mirror);
	report_end(&l);
	if (mirror_check_output(&l.parent.mirror, d) < 0)
		return -1;
	mirror_end(&l.parent.mirror.end);
}
