/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nsenter-lite.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "caps.h"
#include "child.h"
#include "cleanup.h"
#include "cred.h"
#include "diag.h"
#include "inside.h"
#include "kernel.h"
#include "parent.h"
#include "untraceable.h"

/* One's groups are one's power over files: what the target has, too, gives nothing away. */
static bool groups_are_its(struct opened *o)
{
	struct diag ignored;
	int n = getgroups(0, NULL);
	cleanup_free gid_t *groups = n > 0 ? malloc((size_t)n * sizeof(*groups)) : NULL;

	if (n <= 0)
		return n == 0;
	if (!groups || o->target.pidfd < 0 || target_look(&o->target, &ignored) < 0)
		return false;
	n = getgroups(n, groups);
	return n >= 0 && target_has_groups(&o->target, groups, n);
}

static bool enters_user(const struct opened *o)
{
	return o->source[NS_USER].fd >= 0 || (o->flags & CLONE_NEWUSER);
}

/* Is the program somebody else than the caller? */
static bool changes_identity(const struct opened *o, const struct nsenter *n)
{
	return n->uid != ID_DEFAULT || n->gid != ID_DEFAULT || (enters_user(o) && !n->preserve);
}

/*
 * A user namespace may forbid setgroups(2) inside, so what can be dropped is
 * dropped out here.
 */
static void drop_groups(struct opened *o, const struct nsenter *n)
{
	if (!n->preserve && setgroups(0, NULL) < 0)
		o->groups_may_stay = groups_are_its(o);
}

/*
 * Reachable from the root, as getcwd(2) sees it, which names what is not
 * "(unreachable)/...". errno is 0, if it has been found out.
 */
static bool is_inside_root(void)
{
	char path[PATH_MAX];

	errno = 0;
	return syscall(SYS_getcwd, path, sizeof(path)) > 0 && path[0] == '/';
}

/*
 * A working directory that nobody has named by its path must lie inside the
 * root: outside, it would be a way out (CVE-2024-21626).
 */
static int check_cwd(const struct nsenter *n, struct diag *d)
{
	if (n->wd.path || is_inside_root())
		return 0;
	/* ENOENT: it has been removed. */
	if ((n->wdns || n->wd.target) && errno)
		return diag_fail(d, n->wdns, n->wdns ? "the working directory" : "the target's working directory");
	if (n->wdns)
		return diag_set(d, 0, n->wdns, "the working directory lies outside of the root directory");
	if (n->wd.target)
		return diag_set(d, 0, NULL, "the target's working directory lies outside of its root directory");
	return chdir("/") < 0 ? diag_fail(d, "/", "change the working directory") : 0;
}

static int go_to_places(const struct opened *o, const struct nsenter *n, struct diag *d)
{
	if (o->root >= 0 && (fchdir(o->root) < 0 || chroot(".") < 0))
		return diag_fail(d, n->root.path, "enter the root directory");
	if (n->wdns && chdir(n->wdns) < 0)
		return diag_fail(d, n->wdns, "change the working directory");
	/* One that is inherited may be closed to us by now; then we are in the root directory. */
	if (o->wd >= 0 && fchdir(o->wd) < 0 && (n->wd.path || n->wd.target))
		return diag_fail(d, n->wd.path, "change the working directory");
	return o->root >= 0 || n->wdns || n->wd.target ? check_cwd(n, d) : 0;
}

/* Ids that only the inside can tell. */
static int follow(const struct opened *o, const struct nsenter *n, struct cred_plan *cred,
		  struct diag *d)
{
	if (n->uid == ID_FOLLOW) {
		if (target_id(&o->target, "Uid", &cred->uid, d) < 0)
			return -1;
		cred->set_uid = true;
	}
	if (n->gid == ID_FOLLOW) {
		if (target_id(&o->target, "Gid", &cred->gid, d) < 0)
			return -1;
		cred->set_gid = true;
	}
	return n->uid == ID_FOLLOW || n->gid == ID_FOLLOW ? target_check(&o->target, d) : 0;
}

static void plan_ids(const struct opened *o, const struct nsenter *n, struct cred_plan *cred)
{
	const bool entered = n->plan.flags & CLONE_NEWUSER;

	cred->proc = o->proc;
	cred->untraceable = true;
	cred->groups_may_stay = o->groups_may_stay;
	/* The kernel has emptied them with the change of the user namespace. */
	cred->inherit_none = !entered;
	if (!entered || n->preserve)
		return;
	if (n->uid == ID_DEFAULT)
		cred->set_uid = cred->uid_or_own = true;
	if (n->gid == ID_DEFAULT)
		cred->set_gid = cred->gid_or_own = true;
}

/* What goes with the ids; CHANGES_WITH_RIGHT: they change, and we had the right to that before we joined. */
static void plan_rest(const struct nsenter *n, bool changes_with_right, struct cred_plan *cred)
{
	const bool entered = n->plan.flags & CLONE_NEWUSER;

	/* A caller without CAP_SETGID has its groups anyway; but --setgid promises that there are none. */
	cred->drop_groups = cred->set_gid || (cred->set_uid && caps_has(KERNEL_CAP_SETGID));
	if (!entered)
		cred->keep_caps = false;
	if (cred->keyring == KEYRING_KEEP && changes_with_right)
		cred->keyring = KEYRING_TRY;
}

/* "A=1\0B=2\0", as /proc/PID/environ has it. */
static char **split_environ(char *text, size_t size)
{
	size_t n = 0, at = 0;
	char **env;

	for (size_t i = 0; i < size; i++)
		n += !text[i];
	env = malloc((n + 2) * sizeof(*env));
	if (!env)
		return NULL;
	for (n = 0; at < size; at += strlen(text + at) + 1)
		env[n++] = text + at;
	env[n] = NULL;
	return env;
}

static int take_environ(struct opened *o, struct nsenter *n, struct diag *d)
{
	struct plan *plan = &n->plan;
	char **env;

	if (!n->target_env)
		return 0;
	if (!o->environ && (nsenter_read_environ(o, d) < 0 || target_check(&o->target, d) < 0))
		return -1;
	env = split_environ(o->environ, o->environ_size);
	plan->env = env ? env_build(&plan->env_plan, env) : NULL;
	if (!plan->env)
		return diag_fail(d, NULL, "make the environment");
	environ = env;
	plan_take_shell(plan, getenv("SHELL"));
	return 0;
}

static void open_pty_outside(struct pty *pty, struct diag *why_not)
{
	if (!pty)
		return;
	pty_look(pty);
	pty_open(pty, "/dev/ptmx", why_not);
}

/* The one out there stays if there is none in here; if there was none either, OUTSIDE is why. */
static int open_pty_inside(struct pty *pty, const struct diag *outside, struct diag *d)
{
	struct diag ignored;

	if (!pty || pty_open(pty, "/dev/ptmx", &ignored) == 0 || pty->master >= 0)
		return 0;
	*d = *outside;
	return -1;
}

/*
 * Processes inside must not trace us. Where we enter no user namespace, that
 * concerns only processes that have the ids which we take; then fs.suid_dumpable,
 * which would undo it, is no reason to fail.
 */
static int close_to_others(const struct opened *o, struct diag *d)
{
	return untraceable_again(d) < 0 || (enters_user(o) && untraceable_lasts(d) < 0) ? -1 : 0;
}

static int enter(struct opened *o, struct nsenter *n, struct diag *d)
{
	struct cred_plan *cred = &n->plan.cred;
	bool changes_with_right;
	struct diag no_pty;

	if (nsenter_open(o, n, d) < 0)
		return -1;
	changes_with_right = changes_identity(o, n) && (caps_has(KERNEL_CAP_SETGID) || caps_has(KERNEL_CAP_SETUID));
	open_pty_outside(n->plan.pty, &no_pty);
	if (enters_user(o)) {
		cred->own_uid = geteuid();
		cred->own_gid = getegid();
		drop_groups(o, n);
	}
	if (close_to_others(o, d) < 0)
		return -1;
	if (nsenter_join(o, &n->plan.flags, d) < 0 || go_to_places(o, n, d) < 0 ||
	    open_pty_inside(n->plan.pty, &no_pty, d) < 0)
		return -1;
	plan_ids(o, n, cred);
	n->plan.context = o->context;
	if (follow(o, n, cred, d) < 0)
		return -1;
	plan_rest(n, changes_with_right, cred);
	return take_environ(o, n, d);
}

static int run_in_place(const struct opened *o, const struct plan *plan, struct diag *d)
{
	if (cgroup_join(&o->cgroups, d) < 0 || cred_apply(&plan->cred, d) < 0)
		return -1;
	return inside_exec(plan, -1, d);
}

static int run_as_child(struct opened *o, const struct nsenter *n, struct diag *d)
{
	struct birth birth = { .plan = &n->plan, .cgroup_procs = -1, .cgroups = &o->cgroups };
	static struct parent parent;

	parent_init(&parent, &n->plan);
	parent.mirror.forward = n->forward;
	mirror_block();
	if (parent_fork(&parent, &birth, d) < 0) {
		parent_end(&parent);
		if (d->err == ENOMEM && !strcmp(d->what, "fork") && (n->plan.flags & CLONE_NEWPID))
			diag_hint(d, "the init of the PID namespace has ended");
		return -1;
	}
	nsenter_close(o);
	mirror_start(&parent.mirror);
	mirror_wait_end(&parent.mirror);
	if (mirror_check_output(&parent.mirror, d) < 0)
		return -1;
	mirror_end(&parent.mirror.end);
}

int nsenter_launch(struct nsenter *n, struct diag *d)
{
	static struct opened o;

	if (enter(&o, n, d) < 0)
		return -1;
	if (*o.cgroups.left_out)
		diag_note("nsenter-lite", "not joined, of cgroup v1: %s", o.cgroups.left_out);
	if (n->fork || ((n->plan.flags & CLONE_NEWPID) && !n->no_fork))
		return run_as_child(&o, n, d);
	return run_in_place(&o, &n->plan, d);
}
